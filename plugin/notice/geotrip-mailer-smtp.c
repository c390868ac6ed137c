/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Uses Dovecot's SMTP client directly: smtp_submit would open a connection for
   each message, which is too slow for ten thousand of them. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "str.h"
#include "smtp-client.h"
#include "smtp-client-connection.h"
#include "smtp-client-transaction.h"
#include "time-util.h"
#include "geotrip-mailer-input.h"
#include "geotrip-mailer-smtp.h"

#define DEFAULT_PORT 25
/* The text of a reply. One that is meant to be read has only a few lines. */
#define MAX_REPLY_BYTES 8192
/* When told to stop, wait this long for the current message. */
#define STOP_MSECS 1000
#define STOP_LOOK_MSECS 100

struct geotrip_mailer_smtp {
	const struct geotrip_mailer_settings *set;
	bool (*told_to_stop)(void);
	struct event *event;
	/* the connection is kept in it between messages */
	struct ioloop *ioloop;
	struct smtp_client *client;
	struct geotrip_mailer_input input;
	struct smtp_client_connection *conn;
	/* it has carried a message already */
	bool conn_used;
};

/* A message being sent. */
struct delivery {
	struct geotrip_mailer_smtp *mailer;
	pool_t pool;
	struct smtp_client_transaction *trans;
	ARRAY_TYPE(geotrip_mailer_recipient) *recipients;
	/* replies received: to MAIL, and to RCPT */
	bool sender_answered, sender_accepted;
	unsigned int recipients_answered, recipients_accepted;
	bool finished, given_up;
	unsigned int stop_msecs;
	/* why the server cannot be used; NULL: it can */
	const char *error;
};

/* The context of a recipient's callback. */
struct delivery_recipient {
	struct delivery *delivery;
	unsigned int idx;
};

struct geotrip_mailer_smtp *
geotrip_mailer_smtp_init(const struct geotrip_mailer_settings *set,
			 bool (*told_to_stop)(void))
{
	struct geotrip_mailer_smtp *mailer =
		i_new(struct geotrip_mailer_smtp, 1);
	struct smtp_client_settings client_set;
	struct ioloop *outer = current_ioloop;

	mailer->set = set;
	mailer->told_to_stop = told_to_stop;
	i_zero(&client_set);
	client_set.my_hostname = set->submit->hostname;
	client_set.connect_timeout_msecs =
		set->submit->submission_timeout * 1000;
	client_set.command_timeout_msecs =
		set->submit->submission_timeout * 1000;
	client_set.max_reply_size = MAX_REPLY_BYTES;
	client_set.debug = set->submit->mail_debug;
	client_set.ssl = set->ssl;
	/* it logs a warning for each invalid line in the EHLO reply */
	mailer->event = event_create(set->input.event_parent);
	event_set_min_log_level(mailer->event, LOG_TYPE_ERROR);
	client_set.event_parent = mailer->event;

	mailer->ioloop = io_loop_create();
	mailer->client = smtp_client_init(&client_set);
	geotrip_mailer_input_init(&mailer->input, mailer->client);
	io_loop_set_current(outer);
	return mailer;
}

static void mailer_disconnect(struct geotrip_mailer_smtp *mailer)
{
	if (mailer->conn != NULL)
		smtp_client_connection_close(&mailer->conn);
	mailer->conn_used = FALSE;
}

void geotrip_mailer_smtp_deinit(struct geotrip_mailer_smtp **_mailer)
{
	struct geotrip_mailer_smtp *mailer = *_mailer;
	struct ioloop *outer = current_ioloop;

	if (mailer == NULL)
		return;
	*_mailer = NULL;
	io_loop_set_current(mailer->ioloop);
	mailer_disconnect(mailer);
	smtp_client_deinit(&mailer->client);
	geotrip_mailer_input_deinit(&mailer->input);
	io_loop_destroy(&mailer->ioloop);
	io_loop_set_current(outer);
	event_unref(&mailer->event);
	i_free(mailer);
}

static int
mailer_connect(struct geotrip_mailer_smtp *mailer, const char **error_r)
{
	const struct smtp_submit_settings *set = mailer->set->submit;
	enum smtp_client_connection_ssl_mode ssl_mode =
		SMTP_CLIENT_SSL_MODE_NONE;
	const char *host;
	in_port_t port;

	/* it may have failed while it was idle */
	if (mailer->conn != NULL &&
	    (smtp_client_connection_get_state(mailer->conn) !=
	     SMTP_CLIENT_CONNECTION_STATE_READY ||
	     !geotrip_mailer_input_has_room(&mailer->input)))
		mailer_disconnect(mailer);
	if (mailer->conn != NULL)
		return 0;

	if (net_str2hostport(set->submission_host, DEFAULT_PORT,
			     &host, &port) < 0) {
		*error_r = t_strdup_printf(
			"submission_host = %s: is not a host or host:port",
			set->submission_host);
		return -1;
	}
	if (strcmp(set->submission_ssl, "smtps") == 0 ||
	    strcmp(set->submission_ssl, "submissions") == 0)
		ssl_mode = SMTP_CLIENT_SSL_MODE_IMMEDIATE;
	else if (strcmp(set->submission_ssl, "starttls") == 0)
		ssl_mode = SMTP_CLIENT_SSL_MODE_STARTTLS;
	mailer->conn = smtp_client_connection_create(
		mailer->client, SMTP_PROTOCOL_SMTP, host, port, ssl_mode,
		NULL);
	return 0;
}

/* Is it about the connection rather than about what was sent? Dovecot's client
   uses internal codes for its own errors, and 421 when the server closes the
   connection. */
static bool reply_is_about_connection(const struct smtp_reply *reply)
{
	return !smtp_reply_is_remote(reply) || reply->status == 421;
}

static void
delivery_fail(struct delivery *delivery, const struct smtp_reply *reply)
{
	if (delivery->error == NULL) {
		delivery->error = p_strdup(delivery->pool,
					   smtp_reply_log(reply));
	}
}

static void
mail_callback(const struct smtp_reply *reply, struct delivery *delivery)
{
	delivery->sender_answered = TRUE;
	if (smtp_reply_is_success(reply))
		delivery->sender_accepted = TRUE;
	else {
		/* The server rejects us: that is not the recipient's fault. */
		delivery_fail(delivery, reply);
	}
	io_loop_stop(delivery->mailer->ioloop);
}

static void
set_answer(struct delivery_recipient *rcpt, const struct smtp_reply *reply)
{
	struct delivery *delivery = rcpt->delivery;
	struct geotrip_mailer_recipient *recipient =
		array_idx_modifiable(delivery->recipients, rcpt->idx);

	if (smtp_reply_is_success(reply)) {
		recipient->answer = GEOTRIP_MAILER_ACCEPTED;
		recipient->error = NULL;
		return;
	}
	if (reply_is_about_connection(reply))
		delivery_fail(delivery, reply);
	recipient->answer = reply_is_about_connection(reply) ||
		smtp_reply_is_temp_fail(reply) ?
		GEOTRIP_MAILER_DEFERRED : GEOTRIP_MAILER_REFUSED;
	recipient->error = p_strdup(delivery->pool, smtp_reply_log(reply));
}

static void
rcpt_callback(const struct smtp_reply *reply, struct delivery_recipient *rcpt)
{
	struct delivery *delivery = rcpt->delivery;

	set_answer(rcpt, reply);
	delivery->recipients_answered++;
	if (smtp_reply_is_success(reply))
		delivery->recipients_accepted++;
	io_loop_stop(delivery->mailer->ioloop);
}

/* The reply to the message is final for all recipients that were accepted
   before. */
static void
data_callback(const struct smtp_reply *reply, struct delivery_recipient *rcpt)
{
	set_answer(rcpt, reply);
	if (!smtp_reply_is_success(reply))
		rcpt->delivery->recipients_accepted--;
}

static void
ignore_callback(const struct smtp_reply *reply ATTR_UNUSED,
		struct delivery *delivery ATTR_UNUSED)
{
}

static void finished_callback(struct delivery *delivery)
{
	delivery->finished = TRUE;
	/* it is being destroyed */
	delivery->trans = NULL;
	io_loop_stop(delivery->mailer->ioloop);
}

static void delivery_give_up(struct delivery *delivery, const char *error)
{
	delivery->given_up = TRUE;
	delivery->error = error;
	io_loop_stop(delivery->mailer->ioloop);
}

static void timeout_callback(struct delivery *delivery)
{
	delivery_give_up(delivery, "Timed out before it accepted the message");
}

/* A working server has accepted the message before then. */
static void look_for_stop(struct delivery *delivery)
{
	if (!delivery->mailer->told_to_stop())
		return;
	if (delivery->stop_msecs < STOP_MSECS)
		delivery->stop_msecs += STOP_LOOK_MSECS;
	else {
		delivery_give_up(delivery, "Had not accepted the message yet "
				 "when this run was told to stop");
	}
}

static bool is_over(const struct delivery *delivery)
{
	return delivery->finished || delivery->given_up;
}

static bool send_sender(struct delivery *delivery)
{
	smtp_client_transaction_start(delivery->trans, mail_callback, delivery);
	while (!delivery->sender_answered && !is_over(delivery))
		io_loop_run(delivery->mailer->ioloop);
	return delivery->sender_accepted && !is_over(delivery);
}

static bool
send_recipients(struct delivery *delivery, struct delivery_recipient *rcpts)
{
	unsigned int i, count = array_count(delivery->recipients);
	const struct geotrip_mailer_recipient *recipient;

	for (i = 0; i < count; i++) {
		recipient = array_idx(delivery->recipients, i);
		rcpts[i].delivery = delivery;
		rcpts[i].idx = i;
		smtp_client_transaction_add_rcpt(
			delivery->trans, recipient->address, NULL,
			rcpt_callback, data_callback, &rcpts[i]);
	}
	while (delivery->recipients_answered < count && !is_over(delivery))
		io_loop_run(delivery->mailer->ioloop);
	return delivery->recipients_accepted > 0 && !is_over(delivery);
}

static void
send_data(struct delivery *delivery, const string_t *message)
{
	struct istream *input = i_stream_create_from_data(
		str_data(message), str_len(message));

	smtp_client_transaction_send(delivery->trans, input, ignore_callback,
				     delivery);
	i_stream_unref(&input);
	while (!is_over(delivery))
		io_loop_run(delivery->mailer->ioloop);
}

/* Wait for each reply before the next command: Dovecot 2.4.5's client aborts
   when a command is rejected and others were pipelined after it. */
static void
run_transaction(struct delivery *delivery, const struct smtp_address *from,
		const string_t *message, const struct timeval *deadline)
{
	struct delivery_recipient *rcpts =
		p_new(delivery->pool, struct delivery_recipient,
		      array_count(delivery->recipients));
	struct timeout *to, *to_stop;

	delivery->trans = smtp_client_transaction_create(
		delivery->mailer->conn, from, NULL, 0, finished_callback,
		delivery);
	to = timeout_add_absolute(deadline, timeout_callback, delivery);
	to_stop = timeout_add_short(STOP_LOOK_MSECS, look_for_stop, delivery);
	if (send_sender(delivery) && send_recipients(delivery, rcpts))
		send_data(delivery, message);
	timeout_remove(&to_stop);
	timeout_remove(&to);
	if (delivery->trans != NULL)
		smtp_client_transaction_destroy(&delivery->trans);
}

int geotrip_mailer_smtp_send(struct geotrip_mailer_smtp *mailer,
			     const struct smtp_address *from,
			     ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
			     const string_t *message, pool_t pool,
			     const char **error_r)
{
	struct delivery delivery;
	struct ioloop *outer = current_ioloop;
	struct timeval deadline;
	bool again;

	i_gettimeofday(&deadline);
	timeval_add_usecs(&deadline, GEOTRIP_MAILER_MAX_TIME);
	do {
		i_zero(&delivery);
		delivery.mailer = mailer;
		delivery.pool = pool;
		delivery.recipients = recipients;

		io_loop_set_current(mailer->ioloop);
		if (mailer_connect(mailer, error_r) < 0) {
			io_loop_set_current(outer);
			return -1;
		}
		run_transaction(&delivery, from, message, &deadline);
		/* It may have been closed while idle: that says nothing about a
		   new connection. */
		again = delivery.error != NULL && mailer->conn_used &&
			!delivery.sender_accepted && !delivery.given_up;
		mailer->conn_used = TRUE;
		/* After a rejection a transaction may be left open, in which
		   the server would reject the next message. */
		if (delivery.error != NULL ||
		    delivery.recipients_accepted < array_count(recipients))
			mailer_disconnect(mailer);
		io_loop_set_current(outer);
	} while (again);

	if (delivery.error == NULL)
		return 0;
	if (geotrip_mailer_input_is_used_up(&mailer->input))
		delivery.error = "Sends too much";
	*error_r = t_strdup_printf("submission_host = %s: %s",
				   mailer->set->submit->submission_host,
				   delivery.error);
	return -1;
}

/* A test of the connection. */
struct trial {
	struct geotrip_mailer_smtp *mailer;
	bool over;
	unsigned int status;
	char *error;
};

static void trial_callback(const struct smtp_reply *reply, void *context)
{
	struct trial *trial = context;

	trial->over = TRUE;
	if (!smtp_reply_is_success(reply)) {
		trial->status = reply->status;
		trial->error = i_strdup(smtp_reply_log(reply));
	}
	io_loop_stop(trial->mailer->ioloop);
}

static void trial_timeout(struct trial *trial)
{
	trial->over = TRUE;
	trial->status = SMTP_CLIENT_COMMAND_ERROR_TIMED_OUT;
	trial->error = i_strdup("Timed out waiting for a reply");
	io_loop_stop(trial->mailer->ioloop);
}

static void
run_trial(struct geotrip_mailer_smtp *mailer, struct trial *trial)
{
	unsigned int msecs = mailer->set->submit->submission_timeout * 1000;
	struct timeout *to;

	/* The client's own timeout is per address, and restarts at each
	   step. */
	to = timeout_add_short(msecs, trial_timeout, trial);
	smtp_client_connection_connect(mailer->conn, trial_callback, trial);
	while (!trial->over)
		io_loop_run(mailer->ioloop);
	timeout_remove(&to);
	mailer_disconnect(mailer);
}

int geotrip_mailer_smtp_connect(struct geotrip_mailer_smtp *mailer,
				unsigned int *status_r, const char **error_r)
{
	struct trial trial = { .mailer = mailer };
	struct ioloop *outer = current_ioloop;
	int ret;

	*status_r = 0;
	io_loop_set_current(mailer->ioloop);
	ret = mailer_connect(mailer, error_r);
	if (ret == 0)
		run_trial(mailer, &trial);
	io_loop_set_current(outer);
	if (trial.error != NULL) {
		*status_r = trial.status;
		*error_r = t_strdup(trial.error);
		i_free(trial.error);
		ret = -1;
	}
	return ret;
}
