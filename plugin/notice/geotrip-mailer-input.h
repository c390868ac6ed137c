/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_INPUT_H
#define GEOTRIP_MAILER_INPUT_H

/* A bound for what a mail server says. Dovecot's SMTP client has one for the
   text of a reply, but reads on as long as there is input, so that an endless
   reply of empty lines takes all memory and keeps it from everything else. */

struct connection;
struct smtp_client;

struct geotrip_mailer_input {
	/* bytes that the server may still send, as they come over the network:
	   with TLS, encrypted */
	size_t left;
	/* Dovecot's own */
	void (*client_connected)(struct connection *conn, bool success);
};

/* Bound what comes over the connections that the client makes from now on. It
   must be freed before the input is. */
void geotrip_mailer_input_init(struct geotrip_mailer_input *input,
			       struct smtp_client *client);

/* From now on the server may send that much. With more, reading fails. */
void geotrip_mailer_input_allow(struct geotrip_mailer_input *input,
				size_t bytes);

/* Returns TRUE if the server has sent as much as it may. */
bool geotrip_mailer_input_is_used_up(const struct geotrip_mailer_input *input);

#endif
