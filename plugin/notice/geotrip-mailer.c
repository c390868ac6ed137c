/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* By SMTP or with a program, depending on the settings. */

#include "lib.h"
#include "array.h"
#include "ostream.h"
#include "str.h"
#include "geotrip-mailer.h"
#include "geotrip-mailer-smtp.h"

#include <time.h>
#include <unistd.h>

struct geotrip_mailer {
	const struct geotrip_mailer_settings *set;
	/* NULL: messages go to a program */
	struct geotrip_mailer_smtp *smtp;
};

struct geotrip_mailer *
geotrip_mailer_init(const struct geotrip_mailer_settings *set,
		    bool (*told_to_stop)(void))
{
	struct geotrip_mailer *mailer = i_new(struct geotrip_mailer, 1);

	mailer->set = set;
	if (*set->submit->submission_host != '\0')
		mailer->smtp = geotrip_mailer_smtp_init(set, told_to_stop);
	return mailer;
}

void geotrip_mailer_deinit(struct geotrip_mailer **_mailer)
{
	struct geotrip_mailer *mailer = *_mailer;

	if (mailer == NULL)
		return;
	*_mailer = NULL;
	geotrip_mailer_smtp_deinit(&mailer->smtp);
	i_free(mailer);
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
	/* If the program cannot be run or does not exit, that is not about the
	   recipients. Other errors may be. */
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
	if (mailer->smtp != NULL) {
		ret = geotrip_mailer_smtp_send(mailer->smtp, from, recipients,
					       message, pool, error_r);
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

int geotrip_mailer_connect(struct geotrip_mailer *mailer,
			   unsigned int *status_r, const char **error_r)
{
	i_assert(mailer->smtp != NULL);
	return geotrip_mailer_smtp_connect(mailer->smtp, status_r, error_r);
}
