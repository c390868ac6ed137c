/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: would the mail server accept a connection from
   notify? */

#include "lib.h"
#include "smtp-client.h"
#include "doveadm-geotrip-check.h"

#include <unistd.h>

#define MAIL_SERVER "mail server"
/* The command is interactive. */
#define MAX_WAIT_SECS 5

/* Dovecot's SMTP client says "Failed to connect", and logs why. */
static char *client_error;

static void ATTR_FORMAT(2, 0)
keep_client_error(const struct failure_context *ctx ATTR_UNUSED,
		  const char *format, va_list args)
{
	i_free(client_error);
	client_error = i_strdup_vprintf(format, args);
}

static const char *what_to_do(unsigned int status)
{
	switch (status) {
	case SMTP_CLIENT_COMMAND_ERROR_HOST_LOOKUP_FAILED:
		return "Is this the right host name, and does DNS work here?";
	case SMTP_CLIENT_COMMAND_ERROR_CONNECT_FAILED:
	case SMTP_CLIENT_COMMAND_ERROR_TIMED_OUT:
		return "Does a mail server listen there, does the firewall "
			"allow it, and is submission_ssl right?";
	case SMTP_CLIENT_COMMAND_ERROR_CONNECTION_LOST:
	case SMTP_CLIENT_COMMAND_ERROR_BAD_REPLY:
		return "Is it a mail server, and is submission_ssl right?";
	default:
		return "The server must accept mail from this machine: see "
			"its log";
	}
}

/* Returns 0, or -1 with an error that says how to fix it. */
static int
try_server(const struct geotrip_mailer_settings *set, const char **error_r)
{
	struct geotrip_mailer *mailer = geotrip_mailer_init(set, NULL);
	failure_callback_t *fatal, *error, *info, *debug;
	unsigned int status;
	int ret;

	i_get_failure_handlers(&fatal, &error, &info, &debug);
	i_set_error_handler(keep_client_error);
	ret = geotrip_mailer_connect(mailer, &status, error_r);
	i_set_error_handler(error);
	geotrip_mailer_deinit(&mailer);
	if (ret < 0 && status != 0) {
		*error_r = t_strdup_printf("submission_host = %s: %s. %s",
			set->submit->submission_host,
			client_error != NULL ? client_error : *error_r,
			what_to_do(status));
	}
	i_free(client_error);
	return ret;
}

static void
check_server(struct geotrip_check *check,
	     const struct geotrip_mailer_settings *set)
{
	struct smtp_submit_settings submit = *set->submit;
	struct geotrip_mailer_settings quick = *set;
	const char *error;

	quick.submit = &submit;
	submit.submission_timeout = I_MIN(submit.submission_timeout,
					  MAX_WAIT_SECS);
	if (try_server(&quick, &error) < 0) {
		geotrip_check_row(check, MAIL_SERVER, GEOTRIP_CHECK_FAILED,
				  "%s", error);
	} else {
		geotrip_check_row(check, MAIL_SERVER, GEOTRIP_CHECK_OK,
				  "submission_host = %s: answers",
				  submit.submission_host);
	}
}

static void check_program(struct geotrip_check *check, const char *command)
{
	const char *program = t_strcut(command, ' ');

	if (access(program, X_OK) < 0) {
		geotrip_check_row(check, MAIL_SERVER, GEOTRIP_CHECK_FAILED,
			"sendmail_path: %s: %m. Set submission_host, or "
			"sendmail_path to a program that sends mail", program);
	} else {
		geotrip_check_row(check, MAIL_SERVER, GEOTRIP_CHECK_OK,
				  "sendmail_path = %s", command);
	}
}

void geotrip_check_mailer(struct geotrip_check *check)
{
	struct geotrip_mailer_settings set;
	const char *error;

	if (geotrip_cmd_read_mailer(check->cctx, check->pool, &set,
				    &error) < 0) {
		geotrip_check_row(check, MAIL_SERVER, GEOTRIP_CHECK_FAILED,
				  "%s", error);
	} else if (*set.submit->submission_host != '\0') {
		check_server(check, &set);
	} else {
		check_program(check, set.submit->sendmail_path);
	}
}
