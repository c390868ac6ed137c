/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the brakes that hold. */

#include "lib.h"
#include "array.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"
#include "doveadm-geotrip-check-brake.h"
#include "doveadm-geotrip-check-result.h"

static void check_failed(const struct geotrip_brake *brake)
{
	const char *accounts = geotrip_brake_accounts(brake->domain);

	geotrip_check_result("brake", FALSE, t_strdup_printf(
		"Since %s %s that trip have not been suspended, because more "
		"than %s tripped: see doveadm geotrip countries -s 1h and "
		"doveadm geotrip list -w for what is wrong, mend it, then "
		"doveadm geotrip resume", geotrip_cmd_time(brake->since),
		accounts, brake->max));
}

void geotrip_check_brake(struct geotrip_store *store,
			 const struct geotrip_config *config)
{
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error;

	t_array_init(&brakes, 4);
	if (geotrip_store_brakes(store, pool_datastack_create(), &brakes,
				 &error) < 0)
		geotrip_check_result("brake", FALSE, error);
	else if (array_count(&brakes) == 0) {
		geotrip_check_result("brake", TRUE, t_strdup_printf(
			"geotrip_max_suspensions = %s: %s",
			config->max_suspensions.text,
			config->max_suspensions.count == 0 ? "no limit" :
			"not exceeded"));
	}
	array_foreach(&brakes, brake)
		check_failed(brake);
}
