/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: can the database be used, are notices overdue, and how
   many logins had no country? */

#include "lib.h"
#include "geotrip-rights.h"
#include "doveadm-geotrip-check.h"

/* The command is interactive. */
#define LOCK_WAIT_MSECS 1000
/* Notices overdue by more than this mean that nothing runs notify. */
#define MAX_WAIT GEOTRIP_USECS(10 * 60)
/* Of the logins of the last day. Country databases miss less than 1 % of the
   addresses in use. */
#define UNKNOWN_MAX_PERCENT 5

#define UNKNOWN_COUNTRIES "unknown countries"

static void
check_queue(struct geotrip_check *check, struct geotrip_store *store)
{
	unsigned int count;
	const char *error;

	if (geotrip_store_notices_due(store, GEOTRIP_NOTICE_SUSPENDED,
				      geotrip_now() - MAX_WAIT, &count,
				      &error) < 0) {
		geotrip_check_row(check, "notices", GEOTRIP_CHECK_FAILED,
				  "%s", error);
	} else if (count == 0) {
		geotrip_check_row(check, "notices", GEOTRIP_CHECK_OK,
				  "none overdue");
	} else {
		geotrip_check_row(check, "notices", GEOTRIP_CHECK_FAILED,
			"%s for more than ten minutes: have cron or a timer "
			"run doveadm geotrip notify every minute",
			geotrip_count(count, "notice has been waiting",
				      "notices have been waiting"));
	}
}

struct login_count {
	const struct geotrip_config *config;
	uint64_t logins, unknown;
};

static void
add_service(const struct geotrip_service_count *service, void *context)
{
	struct login_count *count = context;

	if (geotrip_services_have(count->config->services, service->name)) {
		count->logins += service->logins;
		count->unknown += service->unknown;
	}
}

static void
check_unknown(struct geotrip_check *check, struct geotrip_store *store)
{
	struct login_count count = { .config = &check->config };
	int64_t since = geotrip_now() - GEOTRIP_USECS(24 * 60 * 60);
	const char *error, *share;

	if (geotrip_store_services(store, since, add_service, &count,
				   &error) < 0) {
		geotrip_check_row(check, UNKNOWN_COUNTRIES,
				  GEOTRIP_CHECK_FAILED, "%s", error);
		return;
	}
	if (count.logins == 0) {
		geotrip_check_row(check, UNKNOWN_COUNTRIES, GEOTRIP_CHECK_OK,
				  "no login since yesterday, 0:00 UTC");
		return;
	}
	share = t_strdup_printf(
		"%"PRIu64" of %s since yesterday, 0:00 UTC, had no country "
		"(%.1f %%)", count.unknown,
		geotrip_count(count.logins, "login", "logins"),
		100.0 * count.unknown / count.logins);
	if (count.unknown * 100 <= count.logins * UNKNOWN_MAX_PERCENT) {
		geotrip_check_row(check, UNKNOWN_COUNTRIES, GEOTRIP_CHECK_OK,
				  "%s", share);
	} else {
		geotrip_check_row(check, UNKNOWN_COUNTRIES,
			GEOTRIP_CHECK_WARNING,
			"%s, and do not count for the rules. See doveadm "
			"geotrip history for the addresses. If they belong "
			"to a webmail host or a proxy, make it pass on the "
			"client address, or exempt it; otherwise try another "
			"country database", share);
	}
}

void geotrip_check_database(struct geotrip_check *check)
{
	const struct geotrip_store_settings set = {
		.path = check->config.db_path,
		.lock_wait_msecs = LOCK_WAIT_MSECS,
	};
	struct geotrip_rights rights;
	struct geotrip_store *store;
	const char *error;

	if (geotrip_rights_take(&rights, set.path, &error) < 0) {
		geotrip_check_row(check, "database", GEOTRIP_CHECK_FAILED,
				  "%s", error);
		return;
	}
	store = geotrip_store_init(&set);
	if (geotrip_store_open(store, &error) < 0 ||
	    geotrip_store_try_write(store, &error) < 0) {
		geotrip_check_row(check, "database", GEOTRIP_CHECK_FAILED,
				  "%s", error);
	} else {
		geotrip_check_row(check, "database", GEOTRIP_CHECK_OK,
				  "%s", set.path);
		geotrip_check_brake(check, store);
		check_queue(check, store);
		check_unknown(check, store);
	}
	geotrip_store_deinit(&store);
	geotrip_rights_give_back(&rights);
}
