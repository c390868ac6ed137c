/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A connection: reads requests, which are lines up to an empty one, and answers
   each. A client that sends what Postfix never would is disconnected, so memory
   is bounded and no client can delay another. */

#include "lib.h"
#include "connection.h"
#include "ioloop.h"
#include "istream.h"
#include "master-service.h"
#include "ostream.h"
#include "geotrip-policy-client.h"

/* Postfix sends nothing that is longer than its line_length_limit of 2048
   bytes, and about 30 attributes. */
#define MAX_LINE_BYTES (16 * 1024)
#define MAX_REQUEST_BYTES (64 * 1024)
/* A reply is shorter than 1 kB, and Postfix reads it before it sends the next
   request. */
#define MAX_OUTPUT_BYTES (16 * 1024)
/* A connection may be idle between requests for any time, but not within
   one. */
#define REQUEST_MSECS (10 * 1000)

struct policy_client {
	struct connection conn;
	struct geotrip_policy_request request;
	/* of the request, so far */
	size_t bytes;
	/* for completing the request */
	struct timeout *to_request;
};

static struct geotrip_policy *policy;
static struct event *policy_event;
static struct connection_list *clients;

static void client_destroy(struct connection *conn)
{
	struct policy_client *client =
		container_of(conn, struct policy_client, conn);

	if (conn->disconnect_reason == CONNECTION_DISCONNECT_BUFFER_FULL) {
		geotrip_policy_complain(policy, "Disconnecting a policy "
			"client: it sent a line that is too long");
	}
	timeout_remove(&client->to_request);
	geotrip_policy_request_clear(&client->request);
	connection_deinit(conn);
	i_free(client);
	master_service_client_connection_destroyed(master_service);
}

static void client_hang_up(struct policy_client *client, const char *why)
{
	geotrip_policy_complain(policy, t_strdup_printf(
		"Disconnecting a policy client: %s", why));
	client_destroy(&client->conn);
}

static void client_is_slow(struct policy_client *client)
{
	client_hang_up(client, "it did not complete its request");
}

/* Returns NULL, or the client's protocol error. */
static const char *client_answer(struct policy_client *client)
{
	const char *answer = t_strdup_printf("action=%s\n\n",
		geotrip_policy_action(policy, &client->request));
	size_t len = strlen(answer);

	geotrip_policy_request_clear(&client->request);
	client->bytes = 0;
	timeout_remove(&client->to_request);
	if (o_stream_send(client->conn.output, answer, len) == (ssize_t)len)
		return NULL;
	return client->conn.output->stream_errno != 0 ?
		"it did not wait for the reply" : "it does not read replies";
}

static const char *
client_line(struct policy_client *client, const char *line)
{
	if (*line == '\0')
		return client_answer(client);
	client->bytes += strlen(line) + 1;
	if (client->bytes > MAX_REQUEST_BYTES)
		return "it sent a request that is too long";
	geotrip_policy_request_add(&client->request, line);
	return NULL;
}

static void client_input(struct connection *conn)
{
	struct policy_client *client =
		container_of(conn, struct policy_client, conn);
	const char *line, *wrong = NULL;

	if (connection_input_read(conn) < 0) {
		/* the client has been destroyed */
		return;
	}
	while (wrong == NULL &&
	       (line = i_stream_next_line(conn->input)) != NULL) T_BEGIN {
		/* these are constants and outlive the data stack frame */
		wrong = client_line(client, line);
	} T_END;
	if (wrong != NULL) {
		client_hang_up(client, wrong);
		return;
	}
	if (client->to_request == NULL &&
	    (client->bytes > 0 || i_stream_get_data_size(conn->input) > 0)) {
		client->to_request =
			timeout_add(REQUEST_MSECS, client_is_slow, client);
	}
}

/* Disconnect the client that has been connected for longest and is between two
   requests. */
static void make_room(void)
{
	struct connection *conn;
	struct policy_client *client, *oldest = NULL;

	/* new ones are put in front */
	for (conn = clients->connections; conn != NULL; conn = conn->next) {
		client = container_of(conn, struct policy_client, conn);
		if (client->to_request == NULL)
			oldest = client;
	}
	if (oldest != NULL) {
		client_hang_up(oldest, "there are too many of them: Postfix "
			       "may have more smtpd processes than fit");
	}
}

void geotrip_policy_client_create(struct master_service_connection *conn)
{
	struct policy_client *client;

	if (clients->connections_count >= GEOTRIP_POLICY_MAX_CLIENTS)
		make_room();
	/* not accepted, it is closed */
	if (clients->connections_count >= GEOTRIP_POLICY_MAX_CLIENTS)
		return;
	client = i_new(struct policy_client, 1);

	master_service_client_connection_accept(conn);
	client->conn.event_parent = policy_event;
	connection_init_server(clients, &client->conn, conn->name,
			       conn->fd, conn->fd);
}

static const struct connection_settings client_set = {
	.input_max_size = MAX_LINE_BYTES,
	.output_max_size = MAX_OUTPUT_BYTES,
	.input_full_behavior = CONNECTION_BEHAVIOR_DESTROY,
};

static const struct connection_vfuncs client_vfuncs = {
	.destroy = client_destroy,
	.input = client_input,
};

void geotrip_policy_clients_init(struct geotrip_policy *_policy,
				 struct event *event)
{
	policy = _policy;
	policy_event = event;
	clients = connection_list_init(&client_set, &client_vfuncs);
}

void geotrip_policy_clients_deinit(void)
{
	connection_list_deinit(&clients);
}
