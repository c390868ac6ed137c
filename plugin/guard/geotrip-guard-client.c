/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* One connection of an auth process: reads logins, in the order in which they
   came, and answers those that want a verdict, together in one write. */

#include "lib.h"
#include "buffer.h"
#include "connection.h"
#include "istream.h"
#include "master-service.h"
#include "ostream.h"
#include "time-util.h"
#include "geotrip-alarm.h"
#include "geotrip-guard-client.h"
#include "geotrip-login.h"
#include "geotrip-wire.h"

/* At most this much is decided together. */
#define MAX_INPUT_BYTES (64 * 1024)
/* Verdicts are shorter than logins, and an auth process has at most 10,000
   clients waiting. One that does not read them is disconnected. */
#define MAX_OUTPUT_BYTES (4 * 1024 * 1024)
/* About thirty verdicts. */
#define SEND_BYTES 1024
/* The number of the last logins of a connection that are remembered: as many
   as an auth process keeps. */
#define JUDGED_BITS 32768

struct guard_client {
	struct connection conn;
	buffer_t *output;
	bool greeted;
	/* the last login that was read, and the last one of which the auth
	   process knows that it is committed */
	uint64_t read_seq, committed_seq;
	/* the logins that were judged, by the remainders of their numbers:
	   another message may come for one of them */
	unsigned char judged[JUDGED_BITS / 8];
	/* what the clock said when the input was read */
	int64_t now;
};

static struct geotrip *guard;
static bool serving;
static struct event *guard_event;
static struct geotrip_alarm *guard_alarm;
static struct connection_list *clients;
static void (*all_gone_callback)(void);

static void client_input(struct connection *conn);

/*
 * Logins
 */

static bool client_has_judged(const struct guard_client *client, uint64_t seq)
{
	unsigned int bit = seq % JUDGED_BITS;

	return seq != 0 && seq <= client->read_seq &&
		client->read_seq - seq < JUDGED_BITS &&
		(client->judged[bit / 8] & (1U << (bit % 8))) != 0;
}

static void
client_set_judged(struct guard_client *client, uint64_t seq, bool judged)
{
	unsigned int bit = seq % JUDGED_BITS;

	if (judged)
		client->judged[bit / 8] |= 1U << (bit % 8);
	else
		client->judged[bit / 8] &= ~(1U << (bit % 8));
}

static void
client_set_read(struct guard_client *client, uint64_t seq, bool judged)
{
	uint64_t skipped = seq - I_MIN(seq, JUDGED_BITS);

	/* numbers of logins that were never sent have the bits of old ones */
	for (skipped = I_MAX(skipped, client->read_seq) + 1; skipped < seq;
	     skipped++)
		client_set_judged(client, skipped, FALSE);
	client->read_seq = seq;
	client_set_judged(client, seq, judged);
}

/* Is there any sense in judging the login? */
static bool client_judges(const struct guard_client *client,
			  const struct geotrip_wire_login *login)
{
	/* the client was let in by nobody */
	if (login->told == GEOTRIP_WIRE_TOLD_TEMPFAIL)
		return FALSE;
	/* the verdict would come too late: another message says what the client
	   has been told instead */
	if (login->deadline != 0 && i_nanoseconds() / 1000 > login->deadline)
		return FALSE;
	return !client_has_judged(client, login->instead_of);
}

static void
client_verdict(enum geotrip_verdict verdict, int64_t until, void *context)
{
	struct geotrip_wire_verdict *answer = context;

	answer->verdict = verdict;
	answer->until = until;
}

static void client_login(struct guard_client *client,
			 const struct geotrip_wire_login *wire)
{
	const struct geotrip_login login = {
		.user = wire->user,
		.ip = wire->ip,
		.service = wire->service,
		.mechanism = wire->mechanism,
		.session = *wire->session == '\0' ? NULL : wire->session,
		/* the clock may have been set back since */
		.time = I_MIN(wire->time, client->now),
		.now = client->now,
	};
	struct geotrip_wire_verdict answer = {
		.seq = wire->seq,
		.verdict = GEOTRIP_VERDICT_ALLOW,
	};
	bool judges = client_judges(client, wire);

	if (judges && guard != NULL)
		geotrip_login_check(guard, &login, client_verdict, &answer);
	/* only now: what is told as committed includes this one from here on */
	client_set_read(client, wire->seq, judges);
	/* One that came too late gets no answer: the auth process is about to
	   give its own. */
	if (!wire->wants_verdict || (!judges && wire->deadline != 0))
		return;
	answer.sure = judges && (guard == NULL || geotrip_knows(guard));
	geotrip_wire_write_verdict(client->output, &answer);
}

/*
 * Messages
 */

static int client_hello(struct guard_client *client,
			const struct geotrip_wire_hello *hello,
			const char **error_r)
{
	if (hello->version != GEOTRIP_WIRE_VERSION) {
		*error_r = t_strdup_printf(
			"it speaks version %u, the guard %u: restart Dovecot",
			hello->version, GEOTRIP_WIRE_VERSION);
		return -1;
	}
	client->greeted = TRUE;
	return 0;
}

/* Returns -1 with an error if an auth process would not say that. */
static int client_handle(struct guard_client *client,
			 const struct geotrip_wire_message *message,
			 const char **error_r)
{
	if (message->type == GEOTRIP_WIRE_HELLO && !client->greeted)
		return client_hello(client, &message->hello, error_r);
	if (!client->greeted) {
		*error_r = "it did not say hello first";
		return -1;
	}
	if (message->type == GEOTRIP_WIRE_KNOWN) {
		if (guard != NULL) {
			geotrip_remember_suspension(guard, message->known.user,
						    message->known.until,
						    client->now);
		}
		return 0;
	}
	if (message->type != GEOTRIP_WIRE_LOGIN) {
		*error_r = "it sent what an auth process does not send";
		return -1;
	}
	if (message->login.seq <= client->read_seq) {
		*error_r = "its logins are not in order";
		return -1;
	}
	client_login(client, &message->login);
	return 0;
}

/* Returns 1 if there was a message, 0 if none is complete, -1 with an error. */
static int
client_read_message(struct guard_client *client, const char **error_r)
{
	struct geotrip_wire_message message;
	struct istream *input = client->conn.input;
	const unsigned char *data;
	size_t data_size, size;
	int ret;

	data = i_stream_get_data(input, &data_size);
	ret = geotrip_wire_read(data, data_size, &message, &size, error_r);
	if (ret > 0 && client_handle(client, &message, error_r) < 0)
		ret = -1;
	if (ret > 0)
		i_stream_skip(input, size);
	return ret;
}

static void client_destroy(struct connection *conn)
{
	struct guard_client *client =
		container_of(conn, struct guard_client, conn);

	connection_deinit(conn);
	buffer_free(&client->output);
	i_free(client);
	master_service_client_connection_destroyed(master_service);
	if (all_gone_callback != NULL && clients->connections_count == 0)
		all_gone_callback();
}

/* Returns FALSE if the client does not read. */
static bool client_send(struct guard_client *client)
{
	struct ostream *output = client->conn.output;

	if (o_stream_get_buffer_used_size(output) + client->output->used >
	    MAX_OUTPUT_BYTES)
		return FALSE;
	o_stream_nsend(output, client->output->data, client->output->used);
	buffer_set_used_size(client->output, 0);
	return TRUE;
}

static void
client_disconnect(struct guard_client *client, const char *reason)
{
	geotrip_alarm_raise(guard_alarm, t_strdup_printf(
		"Disconnecting an auth process: %s", reason));
	client_destroy(&client->conn);
}

static void client_write_committed(struct guard_client *client)
{
	if (client->committed_seq == client->read_seq)
		return;
	client->committed_seq = client->read_seq;
	geotrip_wire_write_committed(client->output, client->read_seq);
}

static void client_input(struct connection *conn)
{
	struct guard_client *client =
		container_of(conn, struct guard_client, conn);
	const char *error = NULL;
	int ret = 1;

	if (!serving) {
		connection_input_halt(conn);
		return;
	}
	if (connection_input_read(conn) < 0) {
		/* it is destroyed */
		return;
	}
	client->now = geotrip_now();
	while (ret > 0) T_BEGIN {
		ret = client_read_message(client, &error);
		/* the first of many should not wait for the last */
		if (client->output->used >= SEND_BYTES)
			(void)client_send(client);
	} T_END_PASS_STR_IF(ret < 0, &error);
	if (ret < 0) {
		client_disconnect(client, error);
		return;
	}
	if (guard == NULL || geotrip_all_written(guard))
		client_write_committed(client);
	if (!client_send(client))
		client_disconnect(client, "it does not read its answers");
}

void geotrip_guard_clients_committed(void)
{
	struct connection *conn;

	for (conn = clients->connections; conn != NULL; conn = conn->next) {
		struct guard_client *client =
			container_of(conn, struct guard_client, conn);

		client_write_committed(client);
		/* what does not fit goes with the next answers */
		(void)client_send(client);
	}
}

static const struct connection_settings client_set = {
	.dont_send_version = TRUE,
	.input_max_size = MAX_INPUT_BYTES,
	.output_max_size = SIZE_MAX,
};

static const struct connection_vfuncs client_vfuncs = {
	.destroy = client_destroy,
	.input = client_input,
};

static void client_send_hello(struct guard_client *client)
{
	const struct geotrip_wire_hello hello = {
		.version = GEOTRIP_WIRE_VERSION,
		.forgot = guard != NULL && geotrip_forgot(guard),
	};

	geotrip_wire_write_hello(client->output, &hello);
	(void)client_send(client);
}

void geotrip_guard_client_create(struct master_service_connection *conn)
{
	struct guard_client *client = i_new(struct guard_client, 1);

	master_service_client_connection_accept(conn);
	client->conn.event_parent = guard_event;
	client->output = buffer_create_dynamic(default_pool, 1024);
	connection_init_server(clients, &client->conn, conn->name,
			       conn->fd, conn->fd);
	if (serving)
		client_send_hello(client);
}

void geotrip_guard_clients_set_all_gone_callback(void (*callback)(void))
{
	all_gone_callback = callback;
}

unsigned int geotrip_guard_clients_count(void)
{
	return clients->connections_count;
}

void geotrip_guard_clients_init(struct event *event)
{
	guard_event = event;
	guard_alarm = geotrip_alarm_init(event);
	clients = connection_list_init(&client_set, &client_vfuncs);
}

void geotrip_guard_clients_serve(struct geotrip *gt)
{
	struct connection *conn;

	guard = gt;
	serving = TRUE;
	for (conn = clients->connections; conn != NULL; conn = conn->next) {
		client_send_hello(container_of(conn, struct guard_client,
					       conn));
		connection_input_resume(conn);
	}
}

void geotrip_guard_clients_deinit(void)
{
	connection_list_deinit(&clients);
	geotrip_alarm_deinit(&guard_alarm);
	guard = NULL;
	serving = FALSE;
}
