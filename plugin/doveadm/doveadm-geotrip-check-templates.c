/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the templates of notices. */

#include "lib.h"
#include "array.h"
#include "eacces-error.h"
#include "geotrip-notice.h"
#include "doveadm-geotrip-check.h"

#include <dirent.h>

#define TEMPLATE_SUFFIX ".txt"

static void ATTR_FORMAT(2, 3)
failed(struct geotrip_check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	geotrip_check_row(check, "templates", GEOTRIP_CHECK_FAILED, "%s",
			  t_strdup_vprintf(format, args));
	va_end(args);
}

/* geotrip's own directory may be missing if the operator's has the
   templates. */
static bool
may_be_missing(struct geotrip_check *check, const char *directory)
{
	if (strcmp(directory, check->config.notify.templates) != 0)
		return TRUE;
	if (errno != EACCES) {
		failed(check, "geotrip_notify_templates = %s: %m. Create the "
		       "directory, or remove the setting", directory);
	} else if (geotrip_check_may_look(check)) {
		failed(check, "geotrip_notify_templates: %s. Change its mode "
		       "to 0755, and check the directories above it",
		       eacces_error_get("opendir", directory));
	} else {
		geotrip_check_row(check, "templates", GEOTRIP_CHECK_UNKNOWN,
			"geotrip_notify_templates: %s. Run doveadm as root",
			eacces_error_get("opendir", directory));
	}
	return FALSE;
}

/* Check the templates in a directory. Returns FALSE if one of them is
   invalid. */
static bool
check_directory(struct geotrip_check *check, const char *directory)
{
	const char *const directories[] = { directory, NULL };
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool ok = TRUE;

	if (dir == NULL)
		return may_be_missing(check, directory);
	while ((entry = readdir(dir)) != NULL) T_BEGIN {
		const char *dot = strrchr(entry->d_name, '.');
		struct geotrip_template *template;
		const char *error;

		if (dot != NULL && strcmp(dot, TEMPLATE_SUFFIX) == 0 &&
		    geotrip_template_read(pool_datastack_create(), directories,
					  t_strdup_until(entry->d_name, dot),
					  &template, &error) < 0) {
			failed(check, "%s", error);
			ok = FALSE;
		}
	} T_END;
	(void)closedir(dir);
	return ok;
}

static bool
has_all_parts(struct geotrip_check *check,
	      const struct geotrip_template *template)
{
	unsigned int part;

	/* only those for operators may be missing */
	if (array_count(&check->config.notify.admin) == 0)
		return TRUE;
	for (part = 0; part < GEOTRIP_TEMPLATE_PART_COUNT; part++) {
		if (geotrip_template_has(template, part))
			continue;
		failed(check, "Template %s: has no part [%s], which is needed "
		       "for geotrip_notify_admin",
		       geotrip_template_name(template),
		       geotrip_template_part_name(part));
		return FALSE;
	}
	return TRUE;
}

void geotrip_check_templates(struct geotrip_check *check)
{
	const struct geotrip_notify_config *config = &check->config.notify;
	const char *const *directories = geotrip_notice_directories(config);
	const char *const *dir;
	struct geotrip_template *template;
	const char *error;
	bool ok = TRUE;
	int ret;

	for (dir = directories; *dir != NULL; dir++)
		ok = check_directory(check, *dir) && ok;
	if (!ok)
		return;
	ret = geotrip_template_read(pool_datastack_create(), directories,
				    config->language, &template, &error);
	if (ret == 0) {
		failed(check, "geotrip_notify_language = %s: there is no %s"
		       TEMPLATE_SUFFIX" in %s", config->language,
		       config->language, t_strarray_join(directories, " or "));
	} else if (ret < 0) {
		failed(check, "%s", error);
	} else if (has_all_parts(check, template)) {
		geotrip_check_row(check, "templates", GEOTRIP_CHECK_OK, "%s",
				  geotrip_template_name(template));
	}
}
