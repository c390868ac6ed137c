/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A stream between the socket and everything that reads from it, including
   TLS. */

#include "lib.h"
#include "connection.h"
#include "istream.h"
#include "istream-failure-at.h"
#include "smtp-client-private.h"
#include "geotrip-mailer-input.h"

#define EVENT_KEY "geotrip-mailer-input"
#define MAX_BYTES (512 * 1024)
/* What a server sends for one message is some hundred bytes, and its
   certificates, for which OpenSSL allows 100 kB. */
#define MAX_MESSAGE_BYTES (256 * 1024)

/* The connection has its streams, but the SMTP client has not used them yet. */
static void bounded_client_connected(struct connection *conn, bool success)
{
	struct smtp_client_connection *sconn =
		container_of(conn, struct smtp_client_connection, conn);
	struct geotrip_mailer_input *input =
		event_get_ptr(sconn->client->event, EVENT_KEY);
	struct istream *stream = conn->input;

	if (success) {
		conn->input = i_stream_create_failure_at(
			stream, MAX_BYTES, EMSGSIZE,
			"The server sends too much");
		i_stream_unref(&stream);
		i_stream_unref(&input->stream);
		input->stream = conn->input;
		i_stream_ref(input->stream);
	}
	input->client_connected(conn, success);
}

void geotrip_mailer_input_init(struct geotrip_mailer_input *input,
			       struct smtp_client *client)
{
	i_zero(input);
	input->client_connected = client->conn_list->v.client_connected;
	client->conn_list->v.client_connected = bounded_client_connected;
	event_set_ptr(client->event, EVENT_KEY, input);
}

void geotrip_mailer_input_deinit(struct geotrip_mailer_input *input)
{
	i_stream_unref(&input->stream);
}

bool geotrip_mailer_input_has_room(const struct geotrip_mailer_input *input)
{
	return input->stream == NULL ||
		input->stream->v_offset <= MAX_BYTES - MAX_MESSAGE_BYTES;
}

bool geotrip_mailer_input_is_used_up(const struct geotrip_mailer_input *input)
{
	return input->stream != NULL && input->stream->v_offset >= MAX_BYTES;
}
