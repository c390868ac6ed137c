/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What the database says of a life, and what must be true of it. */

#include "lib.h"
#include "geotrip-migrations.h"
#include "test-store-fixture.h"
#include "store-life-private.h"

/* The first column of the first row; i_fatal() if the query fails: nothing
   does now. */
static const char *query(sqlite3 *db, const char *statement)
{
	sqlite3_stmt *stmt;
	const char *result = NULL;
	int ret;

	if (sqlite3_prepare_v2(db, statement, -1, &stmt, NULL) != SQLITE_OK)
		i_fatal("%s: %s", statement, sqlite3_errmsg(db));
	ret = sqlite3_step(stmt);
	if (ret == SQLITE_ROW)
		result = t_strdup((const char *)sqlite3_column_text(stmt, 0));
	else if (ret != SQLITE_DONE)
		result = t_strdup(sqlite3_errmsg(db));
	(void)sqlite3_finalize(stmt);
	return result;
}

sqlite3 *life_open_db(void)
{
	sqlite3 *db;

	if (sqlite3_open(test_store_path, &db) != SQLITE_OK)
		i_fatal("%s: %s", test_store_path, sqlite3_errmsg(db));
	return db;
}

static const char *present_version(void)
{
	unsigned int count = 0;

	while (geotrip_migrations[count] != NULL)
		count++;
	return dec2str(count);
}

/* Not yet made, or not yet migrated. */
static bool db_is_before(struct store_life *life, sqlite3 *db)
{
	const char *version = query(db, "PRAGMA user_version");

	if (strcmp(version, present_version()) == 0)
		return FALSE;
	if (strcmp(version, life->begin == STORE_LIFE_NEW ? "0" : "1") != 0)
		life_wrong(life, "the schema has version %s", version);
	if (life->begin == STORE_LIFE_NEW &&
	    strcmp(query(db, "SELECT count(*) FROM sqlite_schema"), "0") != 0)
		life_wrong(life, "a part of the schema is there");
	return TRUE;
}

const char *
life_step_state(struct store_life *life, sqlite3 *db,
		const struct life_step *step)
{
	return step->state == NULL ? NULL : db_is_before(life, db) ? "none" :
		query(db, step->state);
}

/* What is always true, once with each thing that must not be found. */
static const char *const invariants[] = {
	"SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check "
	"WHERE integrity_check <> 'ok'",
	"SELECT 'foreign key: ' || \"table\" FROM pragma_foreign_key_check",
	NULL
};
/* the same, from the first version of the schema on */
static const char *const invariants_old[] = {
	"SELECT 'two active suspensions of user ' || user_id FROM suspension "
	"WHERE released_at IS NULL GROUP BY user_id HAVING count(*) > 1",
	"SELECT 'without notice: suspension ' || id FROM suspension "
	"WHERE NOT EXISTS (SELECT 1 FROM notice "
	"WHERE suspension_id = suspension.id)",
	"SELECT 'evidence of somebody else: suspension ' || s.id "
	"FROM suspension s JOIN evidence e ON e.suspension_id = s.id "
	"JOIN login l ON l.id = e.login_id WHERE l.user_id <> s.user_id",
	NULL
};
/* the same, in the present one */
static const char *const invariants_new[] = {
	"SELECT 'two notices of a kind: suspension ' || suspension_id "
	"FROM notice WHERE suspension_id IS NOT NULL "
	"GROUP BY suspension_id, kind HAVING count(*) > 1",
	"SELECT 'not one notice: brake ' || id FROM brake "
	"WHERE 1 <> (SELECT count(*) FROM notice WHERE brake_id = brake.id)",
	"SELECT 'not counted: ' || l.service FROM login l LEFT JOIN "
	"(SELECT service, sum(logins) AS sum FROM country_day "
	"GROUP BY service) c ON c.service = l.service "
	"GROUP BY l.service HAVING count(*) > coalesce(sum, 0) "
	"AND l.service <> 'before'",
	"SELECT 'place of login not known: ' || l.id FROM login l "
	"WHERE NOT EXISTS (SELECT 1 FROM place p "
	"WHERE p.user_id = l.user_id AND p.service = l.service "
	"AND p.country = coalesce(l.country, ''))",
	"SELECT 'login of nobody: ' || id FROM login "
	"WHERE user_id NOT IN (SELECT id FROM user)",
	"SELECT 'not marked: login ' || id FROM login l "
	"WHERE verdict = 'observe' AND NOT EXISTS (SELECT 1 FROM mark m "
	"WHERE m.user_id = l.user_id AND m.time = l.time)",
	"SELECT 'tripped and is not counted: login ' || l.id "
	"FROM login l JOIN user u ON u.id = l.user_id "
	"WHERE verdict IN ('trip', 'observe') AND NOT EXISTS "
	"(SELECT 1 FROM tripped t JOIN tripped_domain d "
	"ON d.domain = t.domain WHERE t.user_id = l.user_id "
	"AND t.time >= l.time AND d.time >= t.time)",
	"SELECT 'two brakes: ' || coalesce(domain, 'for all') FROM brake "
	"WHERE ended_at IS NULL GROUP BY domain HAVING count(*) > 1",
	"SELECT 'login that is not found: ' || id FROM login "
	"WHERE id <= (SELECT login_id FROM user_login_end) "
	"AND id NOT IN (SELECT login_id FROM user_login)",
	NULL
};

static void
check_invariants(struct store_life *life, sqlite3 *db,
		 const char *const *queries)
{
	const char *found;

	for (; *queries != NULL; queries++) {
		found = query(db, *queries);
		if (found != NULL)
			life_wrong(life, "%s", found);
	}
}

/* As the first version of geotrip left its database. */
static const char old_contents[] =
	"INSERT INTO user (name) VALUES ('veteran');"
	"INSERT INTO login "
	"(user_id, time, country, service, mechanism, verdict) "
	"VALUES (1, strftime('%s') * 1000000, 'JP', 'before', 'PLAIN', 'trip'),"
	"(1, strftime('%s') * 1000000 - 5, 'US', 'before', 'PLAIN', 'observe');"
	"INSERT INTO suspension (user_id, since, reason, source)"
	"VALUES (1, strftime('%s') * 1000000, 'old', 'rule');"
	"INSERT INTO evidence VALUES (1, 1);"
	"INSERT INTO notice (suspension_id, next_attempt) VALUES (1, 1);"
	"PRAGMA application_id = 1734700884; PRAGMA user_version = 1";
static const char old_contents_sql[] =
	"SELECT count(DISTINCT n.suspension_id) FROM active_suspension a "
	"JOIN user u ON u.name = a.user "
	"JOIN suspension s ON s.user_id = u.id "
	"JOIN evidence e ON e.suspension_id = s.id "
	"JOIN login l ON l.id = e.login_id "
	"JOIN notice n ON n.suspension_id = s.id "
	"WHERE a.user = 'veteran' AND service = 'before'";

void life_make_old_database(void)
{
	sqlite3 *db = life_open_db();

	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, geotrip_migrations[0], NULL, NULL,
			 NULL) != SQLITE_OK ||
	    sqlite3_exec(db, old_contents, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

/* How many of the first steps must have left what they did. */
static unsigned int
steps_for_sure(struct store_life *life, enum store_life_power power)
{
	unsigned int count = life_step_count;

	if (power == STORE_LIFE_POWER_CUT) {
		while (count > 0 && (!life_steps[count - 1].durable ||
				     life->outcomes[count - 1] != DONE))
			count--;
	}
	return count;
}

const char *
store_life_check(struct store_life *life, enum store_life_power power)
{
	unsigned int i, sure = steps_for_sure(life, power);
	sqlite3 *db = life_open_db();
	const char *state;

	check_invariants(life, db, invariants);
	if (life->begin == STORE_LIFE_OLD || !db_is_before(life, db))
		check_invariants(life, db, invariants_old);
	if (!db_is_before(life, db))
		check_invariants(life, db, invariants_new);
	if (life->begin == STORE_LIFE_OLD &&
	    strcmp(query(db, old_contents_sql), "1") != 0)
		life_wrong(life, "what was there before is not");
	/* the last ones first: it is they that made others sure */
	for (i = life_step_count; i-- > 0; ) {
		state = life_step_state(life, db, &life_steps[i]);
		if (state == NULL || strcmp(state, "done") == 0)
			continue;
		if (life->outcomes[i] == DONE && i < sure)
			life_wrong(life, "%s: was done, and is not: %s",
				   life_steps[i].name, state);
		if (strcmp(state, "none") != 0)
			life_wrong(life, "%s: is half-done: %s",
				   life_steps[i].name, state);
	}
	(void)sqlite3_close(db);
	return life->wrong;
}
