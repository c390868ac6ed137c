/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_CHECK_RESULT_H
#define DOVEADM_GEOTRIP_CHECK_RESULT_H

/* The table that doveadm geotrip check prints, and whether all of it is ok. */

/* Begin the table. Nothing has failed yet. */
void geotrip_check_results_begin(void);
/* Print a line. If it is not ok, the command fails, and the detail says what
   to do. */
void geotrip_check_result(const char *what, bool ok, const char *detail);
/* Returns TRUE if all lines since the beginning are ok. */
bool geotrip_check_results_ok(void);

#endif
