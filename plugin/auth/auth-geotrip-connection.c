/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the socket: connects, reads messages, and sends what its owner has when
   there is room. */

#include "lib.h"
#include "buffer.h"
#include "connection.h"
#include "ioloop.h"
#include "istream.h"
#include "ostream.h"
#include "geotrip-alarm.h"
#include "auth-geotrip-connection.h"

#define MAX_INPUT_BYTES (64 * 1024)
/* How often the guard is looked for: soon at first, because at a reload it is
   away for some milliseconds only. */
#define CONNECT_SOON_MSECS 20
#define CONNECT_SOON_COUNT 50
#define CONNECT_MSECS 1000

struct geotrip_connection {
	struct connection conn;
	struct connection_list *list;
	char *path;
	uint64_t instance;
	struct geotrip_alarm *alarm;
	const struct geotrip_connection_callbacks *callbacks;
	void *context;

	buffer_t *output;
	struct timeout *to_send;
	struct timeout *to_connect;
	/* since the guard spoke last */
	unsigned int attempts;
	bool connected;
	/* the guard said hello */
	bool ready;
};

static void connection_connect(struct geotrip_connection *conn);
static void connection_lost(struct connection *_conn);

/*
 * Sending
 */

/* Returns 1 if all is sent, 0 if the socket is full, -1 if it is broken. */
static int connection_send(struct geotrip_connection *conn)
{
	int ret;

	while ((ret = o_stream_flush(conn->conn.output)) > 0) {
		buffer_set_used_size(conn->output, 0);
		conn->callbacks->fill(conn->output, conn->context);
		if (conn->output->used == 0)
			break;
		o_stream_nsend(conn->conn.output, conn->output->data,
			       conn->output->used);
	}
	return ret;
}

/* The socket has room again. */
static int connection_output(struct geotrip_connection *conn)
{
	return connection_send(conn);
}

void geotrip_connection_flush(struct geotrip_connection *conn)
{
	timeout_remove(&conn->to_send);
	/* if the socket is broken, that is noticed when it is read */
	if (conn->ready && connection_send(conn) == 0)
		o_stream_set_flush_pending(conn->conn.output, TRUE);
}

void geotrip_connection_wake(struct geotrip_connection *conn)
{
	if (conn->ready && conn->to_send == NULL) {
		conn->to_send = timeout_add_short(0, geotrip_connection_flush,
						  conn);
	}
}

static void connection_send_hello(struct geotrip_connection *conn)
{
	const struct geotrip_wire_hello hello = {
		.version = GEOTRIP_WIRE_VERSION,
		.instance = conn->instance,
	};

	buffer_set_used_size(conn->output, 0);
	geotrip_wire_write_hello(conn->output, &hello);
	o_stream_nsend(conn->conn.output, conn->output->data,
		       conn->output->used);
}

/*
 * Reading
 */

/* Returns -1 with an error if the guard says what it must not. */
static int
connection_handle(struct geotrip_connection *conn,
		  const struct geotrip_wire_message *message,
		  const char **error_r)
{
	if (message->type == GEOTRIP_WIRE_HELLO) {
		if (message->hello.version != GEOTRIP_WIRE_VERSION) {
			*error_r = t_strdup_printf(
				"it speaks version %u, this process %u: "
				"restart Dovecot", message->hello.version,
				GEOTRIP_WIRE_VERSION);
			return -1;
		}
		conn->ready = TRUE;
		conn->callbacks->ready(&message->hello, conn->context);
		geotrip_connection_wake(conn);
		return 0;
	}
	if (!conn->ready) {
		*error_r = "it did not say hello first";
		return -1;
	}
	switch (message->type) {
	case GEOTRIP_WIRE_VERDICT:
		conn->callbacks->verdict(&message->verdict, conn->context);
		return 0;
	case GEOTRIP_WIRE_COMMITTED:
		/* it works, and does not only begin to */
		conn->attempts = 0;
		conn->callbacks->committed(message->committed.seq,
					   conn->context);
		return 0;
	default:
		*error_r = "it sent what only an auth process sends";
		return -1;
	}
}

/* Returns 1 if there was a message, 0 if none is complete, -1 with an error. */
static int
connection_read_message(struct geotrip_connection *conn, const char **error_r)
{
	struct geotrip_wire_message message;
	struct istream *input = conn->conn.input;
	const unsigned char *data;
	size_t data_size, size;
	int ret;

	data = i_stream_get_data(input, &data_size);
	ret = geotrip_wire_read(data, data_size, &message, &size, error_r);
	if (ret > 0 && connection_handle(conn, &message, error_r) < 0)
		ret = -1;
	if (ret > 0)
		i_stream_skip(input, size);
	return ret;
}

static void connection_input(struct connection *_conn)
{
	struct geotrip_connection *conn =
		container_of(_conn, struct geotrip_connection, conn);
	const char *error = NULL;
	int ret = 1;

	if (connection_input_read(_conn) < 0) {
		/* connection_lost() was called */
		return;
	}
	while (ret > 0) T_BEGIN {
		ret = connection_read_message(conn, &error);
	} T_END_PASS_STR_IF(ret < 0, &error);
	if (ret < 0) {
		geotrip_alarm_raise(conn->alarm, t_strdup_printf(
			"The guard on %s cannot be understood: %s",
			conn->path, error));
		connection_lost(_conn);
	}
}

void geotrip_connection_read(struct geotrip_connection *conn)
{
	if (conn->connected)
		connection_input(&conn->conn);
}

/*
 * Connecting
 */

static void connection_connect_later(struct geotrip_connection *conn)
{
	unsigned int msecs = CONNECT_MSECS;

	if (conn->attempts == 0)
		msecs = 0;
	else if (conn->attempts <= CONNECT_SOON_COUNT)
		msecs = CONNECT_SOON_MSECS;
	conn->to_connect = timeout_add_short(msecs, connection_connect, conn);
}

static void connection_close(struct geotrip_connection *conn)
{
	conn->connected = FALSE;
	conn->ready = FALSE;
	timeout_remove(&conn->to_send);
	connection_deinit(&conn->conn);
}

static void connection_lost(struct connection *_conn)
{
	struct geotrip_connection *conn =
		container_of(_conn, struct geotrip_connection, conn);

	connection_close(conn);
	connection_connect_later(conn);
}

static const struct connection_settings connection_set = {
	.client = TRUE,
	.dont_send_version = TRUE,
	.input_max_size = MAX_INPUT_BYTES,
	.output_max_size = SIZE_MAX,
};

static const struct connection_vfuncs connection_vfuncs = {
	.destroy = connection_lost,
	.input = connection_input,
};

static void connection_connect(struct geotrip_connection *conn)
{
	int connect_errno;

	timeout_remove(&conn->to_connect);
	connection_init_client_unix(conn->list, &conn->conn, conn->path);
	if (connection_client_connect(&conn->conn) < 0) {
		connect_errno = errno;
		connection_deinit(&conn->conn);
		if (++conn->attempts > CONNECT_SOON_COUNT) {
			errno = connect_errno;
			geotrip_alarm_raise(conn->alarm, t_strdup_printf(
				"The guard cannot be reached: connect(%s) "
				"failed: %m", conn->path));
		}
		connection_connect_later(conn);
		return;
	}
	/* one that accepts and says nothing is looked for again later */
	conn->attempts++;
	conn->connected = TRUE;
	o_stream_set_flush_callback(conn->conn.output, connection_output,
				    conn);
	connection_send_hello(conn);
}

struct geotrip_connection *
geotrip_connection_init(const char *path, uint64_t instance,
			struct geotrip_alarm *alarm,
			const struct geotrip_connection_callbacks *callbacks,
			void *context)
{
	struct geotrip_connection *conn = i_new(struct geotrip_connection, 1);

	conn->path = i_strdup(path);
	conn->instance = instance;
	conn->alarm = alarm;
	conn->callbacks = callbacks;
	conn->context = context;
	conn->output = buffer_create_dynamic(default_pool, 4096);
	conn->list = connection_list_init(&connection_set, &connection_vfuncs);
	connection_connect(conn);
	return conn;
}

void geotrip_connection_deinit(struct geotrip_connection **_conn)
{
	struct geotrip_connection *conn = *_conn;

	if (conn == NULL)
		return;
	*_conn = NULL;
	if (conn->connected)
		connection_close(conn);
	timeout_remove(&conn->to_connect);
	connection_list_deinit(&conn->list);
	buffer_free(&conn->output);
	i_free(conn->path);
	i_free(conn);
}
