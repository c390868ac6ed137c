/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip notify: notify the owners, and end the sessions that were
   open when their accounts were suspended. Run it every minute from cron or a
   timer. */

#include "lib.h"
#include "array.h"
#include "auth-master.h"
#include "lib-signals.h"
#include "geotrip-delivery.h"
#include "geotrip-sessions.h"
#include "doveadm-geotrip.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The only Dovecot service that sends mail. */
#define SUBMISSION "submission"
#define USERDB_SOCKET "auth-userdb"
/* For one lookup. */
#define USERDB_TIMEOUT_MSECS (30 * 1000)
/* Somebody who watches wants to see progress. */
#define PROGRESS_STEP 10

/* Dovecot's own signal handlers need a running ioloop, but none runs while
   notices are delivered. */
static volatile sig_atomic_t stop_signal;

static void
remember_signal(const siginfo_t *si, void *context ATTR_UNUSED)
{
	stop_signal = si->si_signo;
}

static bool told_to_stop(void)
{
	return stop_signal != 0;
}

static void show_progress(unsigned int done, unsigned int total)
{
	if (total == 0)
		fprintf(stderr, "\n");
	else if (done % PROGRESS_STEP == 0 || done == total)
		fprintf(stderr, "\r%u of %u", done, total);
}

static const char *socket_path(const char *name)
{
	return t_strconcat(doveadm_settings->base_dir, "/", name, NULL);
}

/* The owner of the socket may look up all users. Others may need root to
   connect to it, or to look up users other than themselves. */
static bool userdb_needs_root(const struct geotrip_cmd *cmd)
{
	struct stat st;

	if (stat(socket_path(USERDB_SOCKET), &st) < 0)
		return errno != ENOENT;
	return st.st_uid != cmd->rights.uid;
}

static void
deliver(struct geotrip_cmd *cmd, const struct geotrip_mailer_settings *mailer,
	bool on_terminal, struct geotrip_delivery_count *count_r)
{
	struct geotrip_delivery_input input = {
		.config = &cmd->config,
		.store = cmd->store,
		.mailer = *mailer,
		.rights = &cmd->rights,
		.event = cmd->event,
		.told_to_stop = told_to_stop,
		.progress = on_terminal ? show_progress : NULL,
	};

	stop_signal = 0;
	lib_signals_set_handler(SIGINT, 0, remember_signal, NULL);
	lib_signals_set_handler(SIGTERM, 0, remember_signal, NULL);
	input.auth = auth_master_init(socket_path(USERDB_SOCKET), 0);
	auth_master_set_timeout(input.auth, USERDB_TIMEOUT_MSECS);
	if (geotrip_deliver(&input, count_r) < 0)
		doveadm_exit_code = EX_TEMPFAIL;
	auth_master_deinit(&input.auth);
	lib_signals_unset_handler(SIGTERM, remember_signal, NULL);
	lib_signals_unset_handler(SIGINT, remember_signal, NULL);
}

struct suspended_users {
	struct geotrip_cmd *cmd;
	ARRAY_TYPE(const_string) names;
};

static void
collect_user(const struct geotrip_suspension *suspension, void *context)
{
	struct suspended_users *users = context;
	struct geotrip_cmd *cmd = users->cmd;
	const char *name;

	if (geotrip_config_user_exempt(&cmd->config, suspension->user))
		return;
	name = p_strdup(cmd->pool, suspension->user);
	array_push_back(&users->names, &name);
}

/* Clients that were connected before the suspension could go on sending. */
static unsigned int end_sessions(struct geotrip_cmd *cmd)
{
	struct suspended_users users = { .cmd = cmd };
	const char *error;
	int ended = 0;

	if (!geotrip_services_have(cmd->config.suspend_services, SUBMISSION))
		return 0;
	p_array_init(&users.names, cmd->pool, 16);
	if (geotrip_store_suspensions(cmd->store,
				      GEOTRIP_STORE_SUSPENSIONS_ACTIVE, NULL,
				      collect_user, &users, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return 0;
	}
	if (array_count(&users.names) == 0)
		return 0;
	array_sort(&users.names, i_strcmp_p);
	geotrip_rights_be_root(&cmd->rights);
	ended = geotrip_sessions_end(doveadm_settings->base_dir, SUBMISSION,
				     &users.names, &cmd->config, &error);
	geotrip_rights_be_owner(&cmd->rights);
	if (ended < 0) {
		geotrip_cmd_fail(cmd, t_strdup_printf(
			"The open sessions could not be ended: %s", error));
		return 0;
	}
	if (ended > 0) {
		e_info(cmd->event, "%s of suspended users ended",
		       geotrip_count(ended, "submission session",
				     "submission sessions"));
	}
	return ended;
}

static void print_header(const char *name)
{
	doveadm_print_header(name, name, DOVEADM_PRINT_HEADER_FLAG_NUMBER);
}

static void
print_counts(const struct geotrip_delivery_count *count, unsigned int ended)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	print_header("sent");
	print_header("deferred");
	print_header("failed");
	print_header("withdrawn");
	print_header("sessions");
	doveadm_print_num(count->sent);
	doveadm_print_num(count->deferred);
	doveadm_print_num(count->failed);
	doveadm_print_num(count->withdrawn);
	doveadm_print_num(ended);
}

static void notify(struct geotrip_cmd *cmd, struct doveadm_cmd_context *cctx)
{
	bool on_terminal = cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI &&
		isatty(STDERR_FILENO) > 0;
	struct geotrip_delivery_count count;
	struct geotrip_mailer_settings mailer;
	unsigned int ended = 0;
	const char *error;

	i_zero(&count);
	if (!cmd->config.enforce) {
		e_debug(cmd->event, "geotrip_mode = observe: no notices are "
			"sent, and no sessions are ended");
	} else if (geotrip_cmd_expire(cmd)) {
		/* first, because a thief could go on sending while we talk to
		   the mail server */
		ended = end_sessions(cmd);
		if (!userdb_needs_root(cmd))
			geotrip_cmd_stay_owner(cctx, cmd);
		if (geotrip_cmd_read_mailer(cctx, cmd->pool, &mailer,
					    &error) < 0)
			geotrip_cmd_fail(cmd, error);
		else
			deliver(cmd, &mailer, on_terminal, &count);
	}
	/* once a minute is often enough to leave little of this to the auth
	   process */
	if (geotrip_store_index_logins(cmd->store, &error) < 0 ||
	    geotrip_store_checkpoint(cmd->store, &error) < 0)
		geotrip_cmd_fail(cmd, error);
	print_counts(&count, ended);
}

static void cmd_geotrip_notify(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;

	if (!geotrip_cmd_begin_with_root(cctx, &cmd))
		return;
	notify(&cmd, cctx);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_notify = {
	.name = "geotrip notify",
	.cmd = cmd_geotrip_notify,
	.usage = "# notify owners, end open sessions: run it every minute",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
