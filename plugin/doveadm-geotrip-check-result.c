/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: what was found, a line each. */

#include "lib.h"
#include "doveadm-geotrip.h"
#include "doveadm-geotrip-check-result.h"

static bool all_ok;

void geotrip_check_results_begin(void)
{
	all_ok = TRUE;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("check");
	doveadm_print_header_simple("result");
	doveadm_print_header("detail", "detail",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void geotrip_check_result(const char *what, bool ok, const char *detail)
{
	doveadm_print(what);
	doveadm_print(ok ? "ok" : "failed");
	doveadm_print(detail);
	all_ok = all_ok && ok;
}

bool geotrip_check_results_ok(void)
{
	return all_ok;
}
