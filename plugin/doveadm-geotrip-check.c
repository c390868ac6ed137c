/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: is everything in place? One line for each thing that
   has to be; for operators and for monitoring. */

#include "lib.h"
#include "array.h"
#include "geotrip-geo.h"
#include "doveadm-geotrip.h"
#include "doveadm-geotrip-check-brake.h"
#include "doveadm-geotrip-check-notices.h"
#include "doveadm-geotrip-check-result.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makers of country databases publish at least once a month. */
#define MMDB_MAX_AGE_DAYS 60

static void check_module(void)
{
	const char *path = GEOTRIP_AUTH_MODULEDIR"/lib20_auth_geotrip.so";

	if (access(path, R_OK) == 0)
		geotrip_check_result("auth module", TRUE, path);
	else {
		geotrip_check_result("auth module", FALSE, t_strdup_printf(
			"%s: %m. Run make install", path));
	}
}

static void check_rules(const struct geotrip_config *config)
{
	const struct geotrip_rule *rule;
	const char *rules = "";

	array_foreach(&config->rules, rule) {
		rules = t_strconcat(rules, *rules == '\0' ? "" : ", ",
				    rule->text, NULL);
	}
	geotrip_check_result("rules", TRUE, rules);
}

/* Dovecot knows no list of services, but a misspelt one is a hole. */
static void
check_services(const char *setting, const char *const *services)
{
	static const char *const known[] = {
		"*", "smtp", "submission", "imap", "pop3", "sieve", "lmtp",
		"doveadm", "imap-urlauth", "xmpp", "http", NULL
	};
	const char *const *service;

	for (service = services; *service != NULL; service++) {
		if (!str_array_icase_find(known, *service)) {
			geotrip_check_result(setting, FALSE, t_strdup_printf(
				"%s: is there a service of this name? "
				"Postfix and Exim are smtp",
				geotrip_escape(*service)));
			return;
		}
	}
	geotrip_check_result(setting, *services != NULL,
		     t_strarray_join(services, " "));
}

static bool check_file_owner(const char *path, uid_t uid)
{
	struct stat st;

	if (stat(path, &st) < 0 || st.st_uid == uid)
		return TRUE;
	geotrip_check_result("database", FALSE, t_strdup_printf(
		"%s: belongs to another user than its directory. Give it to "
		"the user that the auth process runs as", path));
	return FALSE;
}

/* The database belongs to the user that the auth process runs as, and so does
   its directory, where SQLite makes more files. */
static bool check_owner(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dir = t_strdup_until(path, slash);
	struct stat st_dir, st;

	if (*dir == '\0')
		dir = "/";
	if (stat(dir, &st_dir) < 0) {
		geotrip_check_result("directory", FALSE, t_strdup_printf(
			"%s: %m. Create it for the user that the auth process "
			"runs as, with mode 0750", dir));
		return FALSE;
	}
	if (st_dir.st_uid == 0) {
		geotrip_check_result("directory", FALSE, t_strdup_printf(
			"%s: belongs to root. Give it to the user that the "
			"auth process runs as, mostly dovecot", dir));
		return FALSE;
	}
	if ((st_dir.st_mode & 0022) != 0) {
		geotrip_check_result("directory", FALSE, t_strdup_printf(
			"%s: others can write in it. Give it mode 0750", dir));
		return FALSE;
	}
	geotrip_check_result("directory", TRUE, dir);

	if (stat(path, &st) < 0) {
		geotrip_check_result("database", FALSE, errno == ENOENT ?
			t_strdup_printf("%s: does not exist yet. Dovecot's "
				"auth process creates it when it starts",
				path) :
			t_strdup_printf("%s: %m", path));
		return FALSE;
	}
	return check_file_owner(path, st_dir.st_uid) &&
		check_file_owner(t_strconcat(path, "-wal", NULL),
				 st_dir.st_uid) &&
		check_file_owner(t_strconcat(path, "-shm", NULL),
				 st_dir.st_uid);
}

static void check_store(const struct geotrip_config *config)
{
	const char *path = config->db_path;
	const struct geotrip_store_settings set = {
		.path = path,
		.lock_wait_msecs = 1000,
	};
	struct geotrip_store *store;
	const char *error;

	if (!check_owner(path))
		return;
	store = geotrip_store_init(&set);
	if (geotrip_store_open(store, &error) < 0 ||
	    geotrip_store_try_write(store, &error) < 0)
		geotrip_check_result("database", FALSE, error);
	else {
		geotrip_check_result("database", TRUE, path);
		geotrip_check_brake(store, config);
		geotrip_check_queue(store);
	}
	geotrip_store_deinit(&store);
}

/* What root can read, the auth process may not. */
static bool can_read(const char *path, uid_t uid, gid_t gid)
{
	bool ret = TRUE;

	if (setegid(gid) == 0 && seteuid(uid) == 0) {
		ret = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
		if (seteuid(0) < 0)
			i_fatal("seteuid(0) failed: %m");
	}
	if (geteuid() == 0 && setegid(0) < 0)
		i_fatal("setegid(0) failed: %m");
	return ret;
}

static void check_mmdb_access(const char *path, const char *db_path)
{
	struct stat st;

	/* who owns the database is who has to read this */
	if (stat(db_path, &st) == 0 && !can_read(path, st.st_uid, st.st_gid)) {
		geotrip_check_result("mmdb access", FALSE, t_strdup_printf(
			"%s: the user that the auth process runs as cannot "
			"read it. Give it mode 0644, and see the directories "
			"above it", path));
	}
}

static void check_mmdb(const char *path)
{
	struct geotrip_geo *geo = geotrip_geo_init(path);
	struct geotrip_geo_info info;
	const char *error;
	int64_t built, days;

	if (geotrip_geo_refresh(geo, &error) < 0)
		geotrip_check_result("mmdb", FALSE, error);
	else if (geotrip_geo_get_info(geo, &info)) {
		/* whatever it says */
		built = I_MIN(info.build_epoch, INT64_MAX);
		days = (geotrip_now() / 1000000 - built) / (24 * 60 * 60);
		geotrip_check_result("mmdb", !info.ipv4_only, t_strdup_printf(
			"%s (%s)%s", path, geotrip_escape(info.type),
			!info.ipv4_only ? "" : " knows IPv4 only: logins by "
			"IPv6 have no country"));
		geotrip_check_result("mmdb age", days <= MMDB_MAX_AGE_DAYS,
			t_strdup_printf("%"PRId64" days%s", days,
				days <= MMDB_MAX_AGE_DAYS ? "" :
				". Have it updated, for example by "
				"geoipupdate"));
	}
	geotrip_geo_deinit(&geo);
}

static void cmd_geotrip_check(struct doveadm_cmd_context *cctx)
{
	struct geotrip_config config;
	const char *error;
	pool_t pool;

	pool = pool_alloconly_create("geotrip check", 4096);
	geotrip_check_results_begin();

	if (geotrip_cmd_read_settings(cctx, pool, &config, &error) < 0)
		geotrip_check_result("settings", FALSE, error);
	else if (*config.db_path == '\0')
		geotrip_check_result("settings", FALSE, "geotrip is switched "
				     "off: the setting geotrip_db is empty");
	else {
		geotrip_check_result("settings", TRUE, config.enforce ?
			     "geotrip_mode = enforce" :
			     "geotrip_mode = observe: nobody is refused");
		check_module();
		check_rules(&config);
		check_services("counted services", config.services);
		check_services("suspended services", config.suspend_services);
		check_store(&config);
		check_mmdb(config.mmdb_path);
		check_mmdb_access(config.mmdb_path, config.db_path);
		geotrip_check_mailer(cctx, pool);
		geotrip_check_templates(&config.notify);
	}
	if (!geotrip_check_results_ok())
		doveadm_exit_code = 1;
	pool_unref(&pool);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_check = {
	.name = "geotrip check",
	.cmd = cmd_geotrip_check,
	.usage = "# is everything in place",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
