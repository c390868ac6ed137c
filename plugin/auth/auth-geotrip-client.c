/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Decides when a client is answered, and by what. Owns the outbox, the known
   suspensions and the connection. */

#include "lib.h"
#include "buffer.h"
#include "ioloop.h"
#include "randgen.h"
#include "time-util.h"
#include "geotrip-alarm.h"
#include "auth-geotrip-client.h"
#include "auth-geotrip-connection.h"
#include "auth-geotrip-held.h"
#include "auth-geotrip-known.h"
#include "auth-geotrip-outbox.h"

/* More than this at a time wait for a guard that has no chance. */
#define MAX_HELD 10000
#define MAX_KNOWN_USERS 100000
/* About what goes into one write. */
#define FILL_BYTES (16 * 1024)

struct geotrip_client {
	const struct geotrip_config *config;
	struct event *event;
	struct geotrip_alarm *alarm;
	struct geotrip_outbox *outbox;
	struct geotrip_known *known;
	struct geotrip_connection *conn;

	struct timeout *to_deadline;
	/* A login waited in vain. Over when a later one than this is answered;
	   0: nobody has given up. */
	uint64_t gave_up_seq;
	/* the guard has lost its database: what we know is to be sent */
	bool tell_known;
	bool stopped;
};

static void client_deadline(struct geotrip_client *client);

static uint64_t monotonic_usecs(void)
{
	return i_nanoseconds() / 1000;
}

/*
 * Answers
 */

static bool
is_suspendable(const struct geotrip_client *client, const char *service)
{
	return geotrip_services_have(client->config->suspend_services,
				     service);
}

/* What to do with a login that the guard does not judge. */
static enum geotrip_wire_told
tell_without_guard(struct geotrip_client *client,
		   const struct geotrip_wire_login *login)
{
	if (client->config->enforce &&
	    is_suspendable(client, login->service) &&
	    geotrip_known_suspended(client->known, login->user,
				    geotrip_now()))
		return GEOTRIP_WIRE_TOLD_BLOCKED;
	/* as the guard does when it cannot tell */
	return client->config->deny_on_error &&
		geotrip_services_have(client->config->services,
				      login->service) ?
		GEOTRIP_WIRE_TOLD_TEMPFAIL : GEOTRIP_WIRE_TOLD_ALLOW;
}

static enum geotrip_verdict told_verdict(enum geotrip_wire_told told)
{
	switch (told) {
	case GEOTRIP_WIRE_TOLD_NOTHING:
		break;
	case GEOTRIP_WIRE_TOLD_ALLOW:
		return GEOTRIP_VERDICT_ALLOW;
	case GEOTRIP_WIRE_TOLD_BLOCKED:
		return GEOTRIP_VERDICT_BLOCKED;
	case GEOTRIP_WIRE_TOLD_TEMPFAIL:
		return GEOTRIP_VERDICT_TEMPFAIL;
	}
	i_unreached();
}

static enum geotrip_wire_told verdict_told(enum geotrip_verdict verdict)
{
	switch (verdict) {
	case GEOTRIP_VERDICT_UNKNOWN:
		break;
	case GEOTRIP_VERDICT_ALLOW:
	case GEOTRIP_VERDICT_OBSERVE:
		return GEOTRIP_WIRE_TOLD_ALLOW;
	case GEOTRIP_VERDICT_TRIP:
	case GEOTRIP_VERDICT_BLOCKED:
		return GEOTRIP_WIRE_TOLD_BLOCKED;
	case GEOTRIP_VERDICT_TEMPFAIL:
		return GEOTRIP_WIRE_TOLD_TEMPFAIL;
	}
	i_unreached();
}

static void
client_answer(struct geotrip_client *client, struct geotrip_held *held,
	      enum geotrip_verdict verdict)
{
	T_BEGIN {
		geotrip_held_answer(&held, verdict, client->config->message);
	} T_END;
}

/* Take the entry away, and answer its client by what is known here. Returns what
   it was told. */
static enum geotrip_wire_told
client_answer_without_guard(struct geotrip_client *client,
			    struct geotrip_outbox_entry *entry)
{
	struct geotrip_wire_login login;
	enum geotrip_wire_told told = GEOTRIP_WIRE_TOLD_TEMPFAIL;
	struct geotrip_held *held;
	uint64_t seq = entry->seq;

	if (!client->stopped) {
		geotrip_outbox_login(entry, &login);
		told = tell_without_guard(client, &login);
	}
	/* removes one that is committed */
	held = geotrip_outbox_take(client->outbox, entry, told);
	entry = geotrip_outbox_get(client->outbox, seq);
	if (entry != NULL)
		geotrip_outbox_remove(client->outbox, entry);
	client_answer(client, held, told_verdict(told));
	return told;
}

/* Drop the oldest entries until there is room for one more. */
static void client_make_room(struct geotrip_client *client)
{
	struct geotrip_outbox_entry *entry;
	unsigned int dropped = 0;

	while (geotrip_outbox_is_full(client->outbox)) {
		entry = geotrip_outbox_first(client->outbox);
		if (entry->held != NULL)
			client_answer_without_guard(client, entry);
		else
			geotrip_outbox_remove(client->outbox, entry);
		dropped++;
	}
	if (dropped > 0) {
		geotrip_alarm_raise(client->alarm,
			"Too many logins wait for the guard: the oldest of "
			"them will not be recorded");
	}
}

/* No client waits for this login: the guard is only told of it. */
static void
client_note(struct geotrip_client *client, struct geotrip_wire_login *login)
{
	login->deadline = 0;
	/* whether the guard answers again is known by its verdict */
	login->wants_verdict = client->gave_up_seq != 0;
	client_make_room(client);
	if (geotrip_outbox_add(client->outbox, login) != NULL)
		geotrip_connection_wake(client->conn);
}

/* The client of the entry cannot wait any longer. */
static void client_replace(struct geotrip_client *client,
			   struct geotrip_outbox_entry *entry)
{
	bool committed = geotrip_outbox_is_committed(client->outbox, entry);
	struct geotrip_wire_login login;

	geotrip_outbox_login(entry, &login);
	login.instead_of = entry->seq;
	login.user = t_strdup(login.user);
	login.service = t_strdup(login.service);
	login.mechanism = t_strdup(login.mechanism);
	login.session = t_strdup(login.session);
	login.told = client_answer_without_guard(client, entry);
	if (!committed)
		client_note(client, &login);
}

static void client_give_up(struct geotrip_client *client, uint64_t seq)
{
	if (client->gave_up_seq == 0) {
		geotrip_alarm_raise(client->alarm, t_strdup_printf(
			"The guard did not answer within geotrip_timeout: "
			"logins are answered without it "
			"(geotrip_on_error = %s) until it does. See what the "
			"service geotrip logs, and whether it runs",
			client->config->deny_on_error ? "deny" : "allow"));
	}
	client->gave_up_seq = I_MAX(client->gave_up_seq, seq);
}

static void client_set_deadline(struct geotrip_client *client)
{
	struct geotrip_outbox_entry *entry =
		geotrip_outbox_first_held(client->outbox);
	uint64_t now;

	if (entry == NULL || client->to_deadline != NULL)
		return;
	now = monotonic_usecs();
	client->to_deadline = timeout_add_short(
		entry->deadline <= now ? 0 : (entry->deadline - now) / 1000 + 1,
		client_deadline, client);
}

static void client_deadline(struct geotrip_client *client)
{
	struct geotrip_outbox_entry *entry;
	uint64_t now;

	timeout_remove(&client->to_deadline);
	/* it may be us who did not get to run */
	geotrip_connection_read(client->conn);
	now = monotonic_usecs();
	while ((entry = geotrip_outbox_first_held(client->outbox)) != NULL &&
	       entry->deadline <= now) T_BEGIN {
		client_give_up(client, entry->seq);
		client_replace(client, entry);
	} T_END;
	client_set_deadline(client);
}

/*
 * What the guard says
 */

/* A verdict that the guard is not sure of does not undo what is known. */
static enum geotrip_verdict
client_final_verdict(struct geotrip_client *client,
		     const struct geotrip_wire_login *login,
		     const struct geotrip_wire_verdict *verdict)
{
	if (!verdict->sure &&
	    tell_without_guard(client, login) == GEOTRIP_WIRE_TOLD_BLOCKED)
		return GEOTRIP_VERDICT_BLOCKED;
	return verdict->verdict;
}

static void client_verdict(const struct geotrip_wire_verdict *verdict,
			   void *context)
{
	struct geotrip_client *client = context;
	struct geotrip_outbox_entry *entry =
		geotrip_outbox_get(client->outbox, verdict->seq);
	enum geotrip_verdict final;
	struct geotrip_wire_login login;

	if (verdict->seq > client->gave_up_seq)
		client->gave_up_seq = 0;
	if (entry == NULL)
		return;
	geotrip_outbox_login(entry, &login);
	if (verdict->sure || verdict->until != 0)
		geotrip_known_set(client->known, login.user, verdict->until);
	geotrip_outbox_keep(client->outbox, entry, verdict->blob,
			    verdict->blob_size);
	if (entry->held == NULL)
		return;
	final = client_final_verdict(client, &login, verdict);
	client_answer(client, geotrip_outbox_take(client->outbox, entry,
						  verdict_told(final)),
		      final);
	if (geotrip_outbox_first_held(client->outbox) == NULL)
		timeout_remove(&client->to_deadline);
}

static void client_committed(uint64_t seq, void *context)
{
	struct geotrip_client *client = context;

	geotrip_outbox_committed(client->outbox, seq);
}

static void client_ready(const struct geotrip_wire_hello *hello, void *context)
{
	struct geotrip_client *client = context;

	geotrip_outbox_committed(client->outbox, hello->committed);
	geotrip_outbox_rewind(client->outbox);
	client->tell_known = hello->forgot;
	geotrip_known_rewind(client->known);
}

static void
fill_entry(buffer_t *dest, const struct geotrip_outbox_entry *entry)
{
	const struct geotrip_wire_kept kept = {
		.seq = entry->seq,
		.blob = entry->blob,
		.blob_size = entry->blob_size,
	};

	/* it says what the login led to: the login itself follows */
	if (entry->blob != NULL)
		geotrip_wire_write_kept(dest, &kept);
	buffer_append(dest, entry->message, entry->message_size);
}

static void client_fill(buffer_t *dest, void *context)
{
	struct geotrip_client *client = context;
	struct geotrip_outbox_entry *entry;
	struct geotrip_wire_known known;

	while (client->tell_known && dest->used < FILL_BYTES) {
		if (geotrip_known_next(client->known, &known.user,
				       &known.until))
			(void)geotrip_wire_write_known(dest, &known);
		else
			client->tell_known = FALSE;
	}
	while (dest->used < FILL_BYTES &&
	       (entry = geotrip_outbox_next(client->outbox)) != NULL)
		fill_entry(dest, entry);
}

static const struct geotrip_connection_callbacks client_callbacks = {
	.ready = client_ready,
	.verdict = client_verdict,
	.committed = client_committed,
	.fill = client_fill,
};

/*
 * Logins
 */

void geotrip_client_ask(struct geotrip_client *client,
			struct geotrip_wire_login *login,
			struct geotrip_held *held)
{
	struct geotrip_outbox_entry *entry = NULL;

	client_make_room(client);
	if (!client->stopped && client->gave_up_seq == 0 &&
	    geotrip_outbox_held_count(client->outbox) < MAX_HELD) {
		login->deadline = monotonic_usecs() + client->config->timeout;
		login->wants_verdict = TRUE;
		entry = geotrip_outbox_add(client->outbox, login);
	}
	if (entry == NULL) {
		login->told = client->stopped ? GEOTRIP_WIRE_TOLD_TEMPFAIL :
			tell_without_guard(client, login);
		client_note(client, login);
		client_answer(client, held, told_verdict(login->told));
		return;
	}
	geotrip_outbox_hold(client->outbox, entry, held);
	geotrip_connection_wake(client->conn);
	client_set_deadline(client);
}

void geotrip_client_stop(struct geotrip_client *client)
{
	struct geotrip_outbox_entry *entry;

	client->stopped = TRUE;
	geotrip_connection_read(client->conn);
	while ((entry = geotrip_outbox_first_held(client->outbox)) !=
	       NULL) T_BEGIN {
		client_replace(client, entry);
	} T_END;
	timeout_remove(&client->to_deadline);
	geotrip_connection_flush(client->conn);
}

static uint64_t make_instance(void)
{
	uint64_t instance;

	do {
		random_fill(&instance, sizeof(instance));
		/* SQLite's integers are signed */
		instance &= INT64_MAX;
	} while (instance == 0);
	return instance;
}

struct geotrip_client *
geotrip_client_init(const struct geotrip_config *config, const char *path,
		    struct event *event)
{
	struct geotrip_client *client = i_new(struct geotrip_client, 1);

	client->config = config;
	client->event = event;
	event_ref(event);
	client->alarm = geotrip_alarm_init(event);
	client->outbox = geotrip_outbox_init();
	client->known = geotrip_known_init(MAX_KNOWN_USERS);
	client->conn = geotrip_connection_init(path, make_instance(),
					       client->alarm,
					       &client_callbacks, client);
	return client;
}

void geotrip_client_deinit(struct geotrip_client **_client)
{
	struct geotrip_client *client = *_client;

	if (client == NULL)
		return;
	*_client = NULL;
	geotrip_client_stop(client);
	geotrip_connection_deinit(&client->conn);
	geotrip_known_deinit(&client->known);
	geotrip_outbox_deinit(&client->outbox);
	geotrip_alarm_deinit(&client->alarm);
	event_unref(&client->event);
	i_free(client);
}
