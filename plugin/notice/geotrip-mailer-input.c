/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A stream between the socket and everything that reads from it, including
   TLS. */

#include "lib.h"
#include "connection.h"
#include "istream-private.h"
#include "smtp-client-private.h"
#include "geotrip-mailer-input.h"

#define EVENT_KEY "geotrip-mailer-input"

struct bounded_istream {
	struct istream_private istream;
	struct geotrip_mailer_input *input;
};

static ssize_t i_stream_bounded_read(struct istream_private *stream)
{
	struct bounded_istream *bstream =
		container_of(stream, struct bounded_istream, istream);
	size_t *left = &bstream->input->left;
	ssize_t ret;

	if (*left == 0) {
		io_stream_set_error(&stream->iostream,
				    "The server sends too much");
		stream->istream.stream_errno = EMSGSIZE;
		return -1;
	}
	i_stream_seek(stream->parent, stream->parent_start_offset +
		      stream->istream.v_offset);
	ret = i_stream_read_copy_from_parent(&stream->istream);
	if (ret > 0)
		*left -= I_MIN(*left, (size_t)ret);
	return ret;
}

static struct istream *
i_stream_create_bounded(struct istream *parent,
			struct geotrip_mailer_input *input)
{
	struct bounded_istream *bstream = i_new(struct bounded_istream, 1);

	bstream->input = input;
	bstream->istream.max_buffer_size = parent->real_stream->max_buffer_size;
	bstream->istream.read = i_stream_bounded_read;
	bstream->istream.istream.readable_fd = parent->readable_fd;
	bstream->istream.istream.blocking = parent->blocking;
	bstream->istream.istream.seekable = FALSE;
	return i_stream_create(&bstream->istream, parent,
			       i_stream_get_fd(parent), 0);
}

/* The connection has its streams, but the SMTP client has not used them yet. */
static void bounded_client_connected(struct connection *conn, bool success)
{
	struct smtp_client_connection *sconn =
		container_of(conn, struct smtp_client_connection, conn);
	struct geotrip_mailer_input *input =
		event_get_ptr(sconn->client->event, EVENT_KEY);
	struct istream *stream = conn->input;

	if (success) {
		conn->input = i_stream_create_bounded(stream, input);
		i_stream_unref(&stream);
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

void geotrip_mailer_input_allow(struct geotrip_mailer_input *input,
				size_t bytes)
{
	input->left = bytes;
}

bool geotrip_mailer_input_is_used_up(const struct geotrip_mailer_input *input)
{
	return input->left == 0;
}
