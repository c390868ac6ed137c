/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the table of results. */

#include "lib.h"
#include "doveadm-geotrip-check.h"

static const char *const result_names[] = {
	[GEOTRIP_CHECK_OK] = "ok",
	[GEOTRIP_CHECK_WARNING] = "warning",
	[GEOTRIP_CHECK_FAILED] = "failed",
	[GEOTRIP_CHECK_UNKNOWN] = "unknown",
};

void geotrip_check_begin(struct geotrip_check *check)
{
	check->failed = FALSE;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("check");
	doveadm_print_header_simple("result");
	doveadm_print_header("detail", "detail",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void geotrip_check_row(struct geotrip_check *check, const char *what,
		       enum geotrip_check_result result,
		       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	T_BEGIN {
		/* before anything else: it may contain %m */
		const char *detail = t_strdup_vprintf(format, args);

		doveadm_print(what);
		doveadm_print(result_names[result]);
		doveadm_print(detail);
	} T_END;
	va_end(args);
	if (result == GEOTRIP_CHECK_FAILED || result == GEOTRIP_CHECK_UNKNOWN)
		check->failed = TRUE;
}
