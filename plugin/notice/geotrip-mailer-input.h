/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_INPUT_H
#define GEOTRIP_MAILER_INPUT_H

/* Limits how much a mail server may send. Dovecot's SMTP client limits the text
   of a reply, but keeps reading as long as there is input, so an endless reply
   of empty lines would use up all memory and block everything else. */

struct connection;
struct smtp_client;

struct geotrip_mailer_input {
	/* bytes that the server may still send, counted on the wire: with TLS,
	   encrypted */
	size_t left;
	/* Dovecot's own */
	void (*client_connected)(struct connection *conn, bool success);
};

/* Limit the input of connections that the client creates from now on. The
   client must be freed before the input. */
void geotrip_mailer_input_init(struct geotrip_mailer_input *input,
			       struct smtp_client *client);

/* From now on the server may send this much. If it sends more, reading
   fails. */
void geotrip_mailer_input_allow(struct geotrip_mailer_input *input,
				size_t bytes);

/* Returns TRUE if the server has used up its limit. */
bool geotrip_mailer_input_is_used_up(const struct geotrip_mailer_input *input);

#endif
