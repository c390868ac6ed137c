/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: what it takes to tell people. */

#include "lib.h"
#include "array.h"
#include "geotrip-notice.h"
#include "doveadm-geotrip-check-notices.h"
#include "doveadm-geotrip-check-result.h"

#include <dirent.h>
#include <unistd.h>

/* Notices that are due for longer show that nothing runs notify. */
#define MAX_WAIT GEOTRIP_USECS(10 * 60)
#define TEMPLATE_SUFFIX ".txt"

void geotrip_check_queue(struct geotrip_store *store)
{
	unsigned int count;
	const char *error;

	if (geotrip_store_notices_due(store, GEOTRIP_NOTICE_SUSPENDED,
				      geotrip_now() - MAX_WAIT, &count,
				      &error) < 0)
		geotrip_check_result("notices", FALSE, error);
	else if (count == 0)
		geotrip_check_result("notices", TRUE, "none is overdue");
	else {
		geotrip_check_result("notices", FALSE, t_strdup_printf(
			"%s for more than ten minutes: have cron or a timer "
			"run doveadm geotrip notify each minute",
			geotrip_count(count, "notice waits",
				      "notices wait")));
	}
}

void geotrip_check_mailer(struct doveadm_cmd_context *cctx, pool_t pool)
{
	struct geotrip_mailer_settings set;
	const char *error, *program;

	if (geotrip_cmd_read_mailer(cctx, pool, &set, &error) < 0) {
		geotrip_check_result("mail server", FALSE, error);
		return;
	}
	if (*set.submit->submission_host != '\0') {
		geotrip_check_result("mail server", TRUE, t_strdup_printf(
			"submission_host = %s", set.submit->submission_host));
		return;
	}
	program = t_strcut(set.submit->sendmail_path, ' ');
	if (access(program, X_OK) < 0) {
		geotrip_check_result("mail server", FALSE, t_strdup_printf(
			"sendmail_path: %s: %m. Set submission_host, or the "
			"path of a program that sends mail", program));
	} else {
		geotrip_check_result("mail server", TRUE, t_strdup_printf(
			"sendmail_path = %s", set.submit->sendmail_path));
	}
}

/* The templates of a directory. Returns FALSE if one is not in order. */
static bool check_directory(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool ok = TRUE;

	/* only that of the language is needed */
	if (dir == NULL)
		return TRUE;
	while ((entry = readdir(dir)) != NULL) T_BEGIN {
		const char *dot = strrchr(entry->d_name, '.');
		const char *const directories[] = { directory, NULL };
		struct geotrip_template *template;
		const char *error;

		if (dot != NULL && strcmp(dot, TEMPLATE_SUFFIX) == 0 &&
		    geotrip_template_read(pool_datastack_create(), directories,
					  t_strdup_until(entry->d_name, dot),
					  &template, &error) < 0) {
			geotrip_check_result("templates", FALSE, error);
			ok = FALSE;
		}
	} T_END;
	(void)closedir(dir);
	return ok;
}

static bool
check_parts(const struct geotrip_notify_config *config,
	    const struct geotrip_template *template)
{
	unsigned int part;

	for (part = 0; part < GEOTRIP_TEMPLATE_PART_COUNT; part++) {
		if (geotrip_template_has(template, part) ||
		    array_count(&config->admin) == 0)
			continue;
		geotrip_check_result("templates", FALSE, t_strdup_printf(
			"Template %s: has no part [%s], which is needed for "
			"geotrip_notify_admin",
			geotrip_template_name(template),
			geotrip_template_part_name(part)));
		return FALSE;
	}
	return TRUE;
}

void geotrip_check_templates(const struct geotrip_notify_config *config)
{
	const char *const *directories = geotrip_notice_directories(config);
	const char *const *dir;
	struct geotrip_template *template;
	const char *error;
	bool ok = TRUE;
	int ret;

	for (dir = directories; *dir != NULL; dir++)
		ok = check_directory(*dir) && ok;
	if (!ok)
		return;
	ret = geotrip_template_read(pool_datastack_create(), directories,
				    config->language, &template, &error);
	if (ret == 0) {
		geotrip_check_result("templates", FALSE, t_strdup_printf(
			"geotrip_notify_language = %s: there is no %s"
			TEMPLATE_SUFFIX" in %s", config->language,
			config->language,
			t_strarray_join(directories, " or ")));
	} else if (ret < 0) {
		geotrip_check_result("templates", FALSE, error);
	} else if (check_parts(config, template)) {
		geotrip_check_result("templates", TRUE,
				     geotrip_template_name(template));
	}
}
