/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Over Dovecot's lib-smtp. Its smtp_submit opens a connection for each message:
   good enough for sendmail, but not for ten thousand messages by SMTP. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "smtp-client.h"
#include "smtp-client-connection.h"
#include "smtp-client-transaction.h"
#include "geotrip-mailer.h"

#include <time.h>
#include <unistd.h>

#define DEFAULT_PORT 25

struct geotrip_mailer {
	const struct geotrip_mailer_settings *set;
	/* the connection lives in it from one message to the next */
	struct ioloop *ioloop;
	struct smtp_client *client;
	struct smtp_client_connection *conn;
	/* it has carried a message already */
	bool conn_used;
};

/* A message on its way. */
struct delivery {
	struct geotrip_mailer *mailer;
	pool_t pool;
	struct smtp_client_transaction *trans;
	ARRAY_TYPE(geotrip_mailer_recipient) *recipients;
	/* answers that have come: to MAIL, and to RCPT */
	bool sender_answered, sender_accepted;
	unsigned int recipients_answered, recipients_accepted;
	bool finished, timed_out;
	/* why the server cannot be talked to; NULL: it can */
	const char *error;
};

/* What a callback for one recipient needs. */
struct delivery_recipient {
	struct delivery *delivery;
	unsigned int idx;
};

struct geotrip_mailer *
geotrip_mailer_init(const struct geotrip_mailer_settings *set)
{
	struct geotrip_mailer *mailer = i_new(struct geotrip_mailer, 1);
	struct smtp_client_settings client_set;
	struct ioloop *outer = current_ioloop;

	mailer->set = set;
	i_zero(&client_set);
	client_set.my_hostname = set->submit->hostname;
	client_set.connect_timeout_msecs =
		set->submit->submission_timeout * 1000;
	client_set.command_timeout_msecs =
		set->submit->submission_timeout * 1000;
	client_set.debug = set->submit->mail_debug;
	client_set.ssl = set->ssl;
	client_set.event_parent = set->input.event_parent;

	mailer->ioloop = io_loop_create();
	mailer->client = smtp_client_init(&client_set);
	io_loop_set_current(outer);
	return mailer;
}

static void mailer_disconnect(struct geotrip_mailer *mailer)
{
	if (mailer->conn != NULL)
		smtp_client_connection_close(&mailer->conn);
	mailer->conn_used = FALSE;
}

void geotrip_mailer_deinit(struct geotrip_mailer **_mailer)
{
	struct geotrip_mailer *mailer = *_mailer;
	struct ioloop *outer = current_ioloop;

	if (mailer == NULL)
		return;
	*_mailer = NULL;
	io_loop_set_current(mailer->ioloop);
	mailer_disconnect(mailer);
	smtp_client_deinit(&mailer->client);
	io_loop_destroy(&mailer->ioloop);
	io_loop_set_current(outer);
	i_free(mailer);
}

static int
mailer_connect(struct geotrip_mailer *mailer, const char **error_r)
{
	const struct smtp_submit_settings *set = mailer->set->submit;
	enum smtp_client_connection_ssl_mode ssl_mode =
		SMTP_CLIENT_SSL_MODE_NONE;
	const char *host;
	in_port_t port;

	/* what became of it while nothing was sent? */
	if (mailer->conn != NULL &&
	    smtp_client_connection_get_state(mailer->conn) !=
	    SMTP_CLIENT_CONNECTION_STATE_READY)
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
   makes up codes for what went wrong on its side, and 421 when the server
   closes the connection. */
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
		/* The server does not want us: that is nothing that the
		   recipient could mend. */
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

/* What the server says to the message is the last word for all whom it
   accepted before. */
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
	/* it is on its way out */
	delivery->trans = NULL;
	io_loop_stop(delivery->mailer->ioloop);
}

static void timeout_callback(struct delivery *delivery)
{
	delivery->timed_out = TRUE;
	delivery->error = "Did not take the message in time";
	io_loop_stop(delivery->mailer->ioloop);
}

static bool is_over(const struct delivery *delivery)
{
	return delivery->finished || delivery->timed_out;
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

/* Each answer is waited for before the next command: Dovecot 2.4.5's client
   aborts when a command is refused and others were sent behind it. */
static void
run_transaction(struct delivery *delivery, const struct smtp_address *from,
		const string_t *message)
{
	struct delivery_recipient *rcpts =
		p_new(delivery->pool, struct delivery_recipient,
		      array_count(delivery->recipients));
	struct timeout *to;

	delivery->trans = smtp_client_transaction_create(
		delivery->mailer->conn, from, NULL, 0, finished_callback,
		delivery);
	to = timeout_add(GEOTRIP_MAILER_MAX_TIME / 1000, timeout_callback,
			 delivery);
	if (send_sender(delivery) && send_recipients(delivery, rcpts))
		send_data(delivery, message);
	timeout_remove(&to);
	if (delivery->trans != NULL)
		smtp_client_transaction_destroy(&delivery->trans);
}

static int
send_smtp(struct geotrip_mailer *mailer, const struct smtp_address *from,
	  ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
	  const string_t *message, pool_t pool, const char **error_r)
{
	struct delivery delivery;
	struct ioloop *outer = current_ioloop;
	bool again;

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
		run_transaction(&delivery, from, message);
		/* It may have closed while nothing was sent: that says nothing
		   about a new connection. */
		again = delivery.error != NULL && mailer->conn_used &&
			!delivery.sender_accepted;
		mailer->conn_used = TRUE;
		/* After a refusal there may be a transaction left open, to
		   which the server would refuse the next message. */
		if (delivery.error != NULL ||
		    delivery.recipients_accepted < array_count(recipients))
			mailer_disconnect(mailer);
		io_loop_set_current(outer);
	} while (again);

	if (delivery.error == NULL)
		return 0;
	*error_r = t_strdup_printf("submission_host = %s: %s",
				   mailer->set->submit->submission_host,
				   delivery.error);
	return -1;
}

static int
send_sendmail(struct geotrip_mailer *mailer, const struct smtp_address *from,
	      ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
	      const string_t *message, pool_t pool, const char **error_r)
{
	const char *program =
		t_strcut(mailer->set->submit->sendmail_path, ' ');
	const struct geotrip_mailer_recipient *recipient;
	struct geotrip_mailer_recipient *answered;
	time_t begin = time(NULL);
	struct smtp_submit *submit;
	const char *error;
	int ret;

	submit = smtp_submit_init_simple(&mailer->set->input,
					 mailer->set->submit, from);
	array_foreach(recipients, recipient)
		smtp_submit_add_rcpt(submit, recipient->address);
	o_stream_nsend(smtp_submit_send(submit), str_data(message),
		       str_len(message));
	ret = smtp_submit_run(submit, &error);
	smtp_submit_deinit(&submit);
	error = ret > 0 ? NULL : p_strdup_printf(pool, "sendmail_path = %s: %s",
		mailer->set->submit->sendmail_path, error);
	*error_r = error;
	/* That it does not run, or does not end, is about the program. What it
	   says may be about the recipients. */
	if (ret <= 0 && (access(program, X_OK) < 0 || time(NULL) - begin >=
			 (time_t)mailer->set->submit->submission_timeout))
		return -1;
	array_foreach_modifiable(recipients, answered) {
		answered->answer = ret > 0 ? GEOTRIP_MAILER_ACCEPTED :
			GEOTRIP_MAILER_DEFERRED;
		answered->error = error;
	}
	return 0;
}

int geotrip_mailer_send(struct geotrip_mailer *mailer,
			const struct smtp_address *from,
			ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
			const string_t *message, pool_t pool,
			const char **error_r)
{
	struct geotrip_mailer_recipient *recipient;
	int ret;

	array_foreach_modifiable(recipients, recipient) {
		recipient->answer = GEOTRIP_MAILER_DEFERRED;
		recipient->error = NULL;
	}
	if (*mailer->set->submit->submission_host != '\0') {
		ret = send_smtp(mailer, from, recipients, message, pool,
				error_r);
	} else {
		ret = send_sendmail(mailer, from, recipients, message, pool,
				    error_r);
	}
	if (ret < 0) {
		array_foreach_modifiable(recipients, recipient) {
			recipient->answer = GEOTRIP_MAILER_DEFERRED;
			recipient->error = p_strdup(pool, *error_r);
		}
	}
	return ret;
}

struct trial {
	struct geotrip_mailer *mailer;
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
	trial->error = i_strdup("Does not answer in time");
	io_loop_stop(trial->mailer->ioloop);
}

static void run_trial(struct geotrip_mailer *mailer, struct trial *trial)
{
	unsigned int msecs = mailer->set->submit->submission_timeout * 1000;
	struct timeout *to;

	/* The client's own timeout is for each address, and begins again with
	   each step. */
	to = timeout_add_short(msecs, trial_timeout, trial);
	smtp_client_connection_connect(mailer->conn, trial_callback, trial);
	while (!trial->over)
		io_loop_run(mailer->ioloop);
	timeout_remove(&to);
	mailer_disconnect(mailer);
}

int geotrip_mailer_connect(struct geotrip_mailer *mailer,
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
