/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the active brakes. */

#include "lib.h"
#include "array.h"
#include "geotrip-event.h"
#include "doveadm-geotrip-check.h"

static void
brake_holds(struct geotrip_check *check, const struct geotrip_brake *brake)
{
	geotrip_check_row(check, "brake", GEOTRIP_CHECK_FAILED,
		"Since %s, %s that trip have not been suspended, because "
		"more than %s tripped: find out what is wrong with doveadm "
		"geotrip countries -s 1h and doveadm geotrip list -w, fix "
		"it, then run doveadm geotrip resume",
		geotrip_cmd_time(brake->since),
		geotrip_brake_accounts(brake->domain), brake->max);
}

void geotrip_check_brake(struct geotrip_check *check,
			 struct geotrip_store *store)
{
	const struct geotrip_limit *max = &check->config.max_suspensions;
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error;

	t_array_init(&brakes, 4);
	if (geotrip_store_brakes(store, pool_datastack_create(), &brakes,
				 &error) < 0) {
		geotrip_check_row(check, "brake", GEOTRIP_CHECK_FAILED, "%s",
				  error);
	} else if (array_count(&brakes) == 0) {
		geotrip_check_row(check, "brake", GEOTRIP_CHECK_OK,
			"geotrip_max_suspensions = %s: %s", max->text,
			max->count == 0 ? "no limit" : "not exceeded");
	}
	array_foreach(&brakes, brake)
		brake_holds(check, brake);
}
