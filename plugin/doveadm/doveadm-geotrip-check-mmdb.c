/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: can the country database be used, also by the auth
   process, and is it recent? */

#include "lib.h"
#include "eacces-error.h"
#include "geotrip-geo.h"
#include "doveadm-geotrip-check.h"

#include <unistd.h>

/* Country databases are published at least once a month. */
#define MMDB_MAX_AGE_DAYS 60

static void
check_info(struct geotrip_check *check, const struct geotrip_geo_info *info)
{
	/* the file may claim anything */
	int64_t built = I_MIN(info->build_epoch, INT64_MAX);
	int64_t days = (geotrip_now() / 1000000 - built) / (24 * 60 * 60);

	geotrip_check_row(check, "mmdb", info->ipv4_only ?
			  GEOTRIP_CHECK_FAILED : GEOTRIP_CHECK_OK, "%s (%s)%s",
			  check->config.mmdb_path, geotrip_escape(info->type),
			  !info->ipv4_only ? "" :
			  " has IPv4 only: logins over IPv6 have no country");
	if (days <= MMDB_MAX_AGE_DAYS) {
		geotrip_check_row(check, "mmdb age", GEOTRIP_CHECK_OK,
				  "%s", geotrip_count(I_MAX(days, 0), "day",
						      "days"));
	} else {
		geotrip_check_row(check, "mmdb age", GEOTRIP_CHECK_FAILED,
			"%"PRId64" days. Update it regularly, for example "
			"with geoipupdate", days);
	}
}

/* A file that root can read may be unreadable for the auth process. */
static void check_access(struct geotrip_check *check)
{
	const char *error;

	if (!geotrip_check_may_look(check) || !check->have_owner)
		return;
	if (geotrip_check_access(check, check->config.mmdb_path, R_OK,
				 &error)) {
		geotrip_check_row(check, "mmdb access", GEOTRIP_CHECK_OK,
			"%s can read it",
			geotrip_check_user_name(check->owner_uid));
	} else {
		geotrip_check_row(check, "mmdb access", GEOTRIP_CHECK_FAILED,
			"%s. Change its mode to 0644, and check the "
			"directories above it", error);
	}
}

void geotrip_check_mmdb(struct geotrip_check *check)
{
	const char *path = check->config.mmdb_path;
	struct geotrip_geo *geo;
	struct geotrip_geo_info info;
	const char *error;

	if (!geotrip_check_may_look(check) &&
	    access(path, R_OK) < 0 && errno == EACCES) {
		/* it does not have to be world-readable */
		geotrip_check_row(check, "mmdb", GEOTRIP_CHECK_UNKNOWN,
			"%s. Run doveadm as root, or as the user that the "
			"auth process runs as",
			eacces_error_get("open", path));
		return;
	}
	geo = geotrip_geo_init(path);
	if (geotrip_geo_refresh(geo, &error) < 0) {
		geotrip_check_row(check, "mmdb", GEOTRIP_CHECK_FAILED, "%s",
				  error);
	} else if (geotrip_geo_get_info(geo, &info)) {
		check_info(check, &info);
		check_access(check);
	}
	geotrip_geo_deinit(&geo);
}
