/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_INPUT_H
#define GEOTRIP_MAILER_INPUT_H

/* Limits how much a mail server may send. Dovecot's SMTP client limits the text
   of a reply, but keeps reading as long as there is input, so an endless reply
   of empty lines would use up all memory and block everything else. */

struct connection;
struct istream;
struct smtp_client;

struct geotrip_mailer_input {
	/* from the server to which there was a connection last, or NULL */
	struct istream *stream;
	/* Dovecot's own */
	void (*client_connected)(struct connection *conn, bool success);
};

/* Bound what comes over each connection that the client makes from now on:
   behind 512 kB, as they come over the network, reading fails. */
void geotrip_mailer_input_init(struct geotrip_mailer_input *input,
			       struct smtp_client *client);
/* To be called after the client is gone. */
void geotrip_mailer_input_deinit(struct geotrip_mailer_input *input);

/* Returns TRUE if the server of the last connection may say as much as belongs
   to a message, which is at least 256 kB. */
bool geotrip_mailer_input_has_room(const struct geotrip_mailer_input *input);
/* Returns TRUE if it has said as much as it may. */
bool geotrip_mailer_input_is_used_up(const struct geotrip_mailer_input *input);

#endif
