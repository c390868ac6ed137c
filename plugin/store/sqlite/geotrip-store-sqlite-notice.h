/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_STORE_SQLITE_NOTICE_H
#define GEOTRIP_STORE_SQLITE_NOTICE_H

/* How a notice is read, and when it is unclaimed. Only for
   geotrip-store-sqlite-notice.c and geotrip-store-sqlite-withdraw.c. */

#include "geotrip-store-sqlite.h"

#define NOTICE_COLUMNS \
	"notice.id, notice.kind, notice.state, notice.attempts, " \
	"notice.next_attempt, notice.lease_until, notice.pending_to, " \
	"notice.sent_at, notice.error"
#define NOTICE_COLUMN_COUNT 9
/* Times further in the future were written while the clock was ahead. */
#define MAX_AHEAD "7200000000" /* two hours */
#define IS_OVER(column, now) \
	"("column" <= "now" OR "column" > "now" + "MAX_AHEAD") "
/* Queued, and not claimed by another process. */
#define IS_FREE(now) \
	"notice.state = 'queued' AND (notice.lease_until IS NULL OR " \
	IS_OVER("notice.lease_until", now)") "

/* A row that begins with NOTICE_COLUMNS. Its texts come from the pool. */
void geotrip_sqlite_notice(pool_t pool, sqlite3_stmt *stmt,
			   struct geotrip_notice *notice_r);

#endif
