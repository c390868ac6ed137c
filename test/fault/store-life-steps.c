/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The steps of a life, and how each one shows in the database. */

#include "lib.h"
#include "array.h"
#include "test-store-fixture.h"
#include "store-life-private.h"

#define HOUR GEOTRIP_USECS(60 * 60)
#define DAY (24 * HOUR)
#define RULE "3 countries in 1h"

/*
 * Recording
 */

static void
add_login(struct store_life *life, ARRAY_TYPE(geotrip_store_login) *logins,
	  enum life_user user, const char *service, const char *country,
	  int64_t time, enum geotrip_verdict verdict)
{
	static const struct geotrip_store_mark mark = {
		.cause = GEOTRIP_MARK_OBSERVE,
		.rule = RULE,
		.countries = "JP BR US",
	};
	struct geotrip_store_login *login = array_append_space(logins);

	login->user = &life->users[user];
	login->time = time;
	memcpy(login->country.code, country, strlen(country));
	if (net_addr2ip(time % 2 == 0 ? "192.0.2.1" : "2001:db8::1",
			&login->ip) < 0)
		i_unreached();
	login->service = service;
	login->mechanism = "PLAIN";
	login->session = time % 2 == 0 ? NULL : "session";
	login->verdict = verdict;
	if (verdict == GEOTRIP_VERDICT_OBSERVE)
		login->mark = &mark;
}

static void
keep_result(enum geotrip_store_commit_result result, const char *error,
	    void *context)
{
	struct store_life *life = context;

	life->error = result == GEOTRIP_STORE_COMMITTED ? NULL :
		result == GEOTRIP_STORE_SUSPENDED_ALREADY ?
		"(suspended already)" : error;
}

static bool
commit(struct store_life *life, ARRAY_TYPE(geotrip_store_login) *logins,
       const struct geotrip_store_trip *trip)
{
	life->error = "(no callback)";
	geotrip_store_commit(life->store, logins, trip, keep_result, life);
	return life->error == NULL;
}

static bool record_old(struct store_life *life)
{
	ARRAY_TYPE(geotrip_store_login) logins;

	t_array_init(&logins, 2);
	add_login(life, &logins, OLD, "old", "JP", life->now - 100 * DAY,
		  GEOTRIP_VERDICT_ALLOW);
	add_login(life, &logins, OLD, "old", "", life->now - 99 * DAY,
		  GEOTRIP_VERDICT_ALLOW);
	return commit(life, &logins, NULL);
}

static bool record(struct store_life *life, const char *service)
{
	ARRAY_TYPE(geotrip_store_login) logins;
	int64_t time = life->now;

	t_array_init(&logins, 5);
	add_login(life, &logins, ALICE, service, "JP", time - 5,
		  GEOTRIP_VERDICT_ALLOW);
	add_login(life, &logins, BOB, service, "US", time - 4,
		  GEOTRIP_VERDICT_OBSERVE);
	add_login(life, &logins, ALICE, service, "US", time - 3,
		  GEOTRIP_VERDICT_ALLOW);
	add_login(life, &logins, BOB, service, "", time - 2,
		  GEOTRIP_VERDICT_ALLOW);
	add_login(life, &logins, ALICE, service, "JP", time - 1,
		  GEOTRIP_VERDICT_BLOCKED);
	return commit(life, &logins, NULL);
}

static bool record_batch(struct store_life *life)
{
	return record(life, "batch");
}

static bool record_batch_2(struct store_life *life)
{
	return record(life, "batch2");
}

static bool
trip(struct store_life *life, enum life_user user, int64_t time, int64_t until)
{
	static const char *const countries[] = { "JP", "US", "BR" };
	struct geotrip_store_trip trip = {
		.until = until,
		.reason = RULE,
		.rule = RULE,
		.countries = "JP US BR",
	};
	ARRAY_TYPE(geotrip_store_login) logins;
	struct geotrip_sighting *seen;
	unsigned int i, last = N_ELEMENTS(countries) - 1;

	/* the evidence comes in the same transaction, as it does when it was
	   still waiting to be written */
	t_array_init(&logins, 3);
	t_array_init(&trip.evidence, 3);
	for (i = 0; i <= last; i++) {
		add_login(life, &logins, user, life->users[user].name,
			  countries[i], time - 2 + i,
			  i < last ? GEOTRIP_VERDICT_ALLOW :
			  GEOTRIP_VERDICT_TRIP);
		seen = array_append_space(&trip.evidence);
		seen->time = time - 2 + i;
		memcpy(seen->country.code, countries[i], 2);
	}
	return commit(life, &logins, &trip);
}

static bool trip_thief(struct store_life *life)
{
	return trip(life, THIEF, life->now, GEOTRIP_NEVER);
}

static bool trip_brief(struct store_life *life)
{
	return trip(life, BRIEF, life->now - 2 * HOUR, life->now - HOUR);
}

static bool trip_again(struct store_life *life)
{
	return trip(life, AGAIN, life->now, life->now + DAY);
}

static bool trip_last(struct store_life *life)
{
	return trip(life, LAST, life->now, life->now + DAY);
}

#define RECORDED(service, count) \
	"SELECT CASE WHEN rows = "count" AND sum = "count" THEN 'done' " \
	"WHEN rows = 0 AND sum = 0 THEN 'none' " \
	"ELSE rows || ' rows, ' || sum || ' counted' END FROM " \
	"(SELECT count(*) AS rows FROM login WHERE service = '"service"'), " \
	"(SELECT coalesce(sum(logins), 0) AS sum FROM country_day " \
	"WHERE service = '"service"')"
/* it may have ended since */
#define TRIPPED(user) \
	"SELECT CASE x WHEN '1 1 3 3' THEN 'done' WHEN '0 0 0 0' THEN 'none' " \
	"ELSE x END FROM (SELECT " \
	"(SELECT count(*) FROM suspension s JOIN user u ON u.id = s.user_id " \
	"WHERE name = '"user"' AND source = 'rule') || ' ' || " \
	"(SELECT count(*) FROM notice n JOIN suspension s " \
	"ON s.id = n.suspension_id JOIN user u ON u.id = s.user_id " \
	"WHERE name = '"user"' AND kind = 'suspended') || ' ' || " \
	"(SELECT count(*) FROM evidence e JOIN suspension s " \
	"ON s.id = e.suspension_id JOIN user u ON u.id = s.user_id " \
	"WHERE name = '"user"') || ' ' || " \
	"(SELECT count(*) FROM login WHERE service = '"user"') AS x)"

/*
 * Opening
 */

static bool open_store_as(struct store_life *life, bool create)
{
	const struct geotrip_store_settings set = {
		.path = test_store_path,
		.create = create,
		.lock_wait_msecs = 100,
	};

	if (life->store == NULL)
		life->store = geotrip_store_init(&set);
	return geotrip_store_open(life->store, &life->error) == 0;
}

bool life_open_auth(struct store_life *life)
{
	return open_store_as(life, TRUE);
}

static bool reopen_doveadm(struct store_life *life)
{
	store_life_close(life);
	return open_store_as(life, FALSE);
}

static bool reopen_auth(struct store_life *life)
{
	store_life_close(life);
	return open_store_as(life, TRUE);
}

/*
 * Suspensions
 */

static bool suspend_spammer(struct store_life *life)
{
	return geotrip_store_suspend(life->store, "spammer", GEOTRIP_NEVER,
				     "complaints", &life->error) == 0;
}

static bool suspend_spammer_2(struct store_life *life)
{
	return geotrip_store_suspend(life->store, "spammer2", GEOTRIP_NEVER,
				     "complaints", &life->error) == 0;
}

#define SUSPENDED(user) \
	"SELECT CASE x WHEN '1 1' THEN 'done' WHEN '0 0' THEN 'none' " \
	"ELSE x END FROM (SELECT " \
	"(SELECT count(*) FROM active_suspension WHERE user = '"user"') " \
	"|| ' ' || (SELECT count(*) FROM notice n JOIN suspension s " \
	"ON s.id = n.suspension_id JOIN user u ON u.id = s.user_id " \
	"WHERE name = '"user"' AND kind = 'suspended') AS x)"

static bool release_thief(struct store_life *life)
{
	int ret = geotrip_store_release(life->store, "thief", "called us",
					&life->error);

	if (ret == 0)
		life->error = "(is not suspended)";
	return ret > 0;
}

/* The thief's owner was told, or not: then the notice was withdrawn. */
#define RELEASED \
	"SELECT CASE x WHEN 'operator 1 1' THEN 'done' " \
	"WHEN 'none 0 0' THEN 'none' ELSE x END FROM (SELECT " \
	"coalesce((SELECT released_by FROM suspension s JOIN user u " \
	"ON u.id = s.user_id WHERE name = 'thief'), 'none') || ' ' || " \
	"coalesce((SELECT cleared_at > 0 FROM user WHERE name = 'thief'), 0) " \
	"|| ' ' || (SELECT count(*) FROM notice n JOIN suspension s " \
	"ON s.id = n.suspension_id JOIN user u ON u.id = s.user_id " \
	"WHERE name = 'thief' " \
	"AND (kind = 'released' OR state = 'withdrawn')) AS x)"

static void
note_ended(const struct geotrip_suspension *suspension, void *context)
{
	struct store_life *life = context;

	if (suspension->user == NULL)
		life_wrong(life, "an ended suspension is nobody's");
	else if (strcmp(suspension->user, "brief") == 0)
		life->error = NULL;
}

static bool expire(struct store_life *life)
{
	const char *error;

	life->error = "(nothing had ended)";
	if (geotrip_store_expire(life->store, note_ended, life, &error) < 0) {
		life->error = error;
		return FALSE;
	}
	return life->error == NULL;
}

#define EXPIRED \
	"SELECT coalesce((SELECT CASE WHEN released_at IS NULL THEN 'none' " \
	"WHEN released_by = 'time' AND released_at = until " \
	"AND cleared_at = until THEN 'done' ELSE released_by END " \
	"FROM suspension s JOIN user u ON u.id = s.user_id " \
	"WHERE name = 'brief'), 'none')"

/*
 * The brake
 */

static bool begin_brake(struct store_life *life, const char *domain)
{
	int ret = geotrip_store_brake_begin(life->store, domain, "1 in 1h",
					    life->now, TRUE, &life->error);

	if (ret == 0)
		life->error = "(it holds already)";
	return ret > 0;
}

static bool brake_domain(struct store_life *life)
{
	return begin_brake(life, "example.org");
}

static bool brake_all(struct store_life *life)
{
	return begin_brake(life, NULL);
}

#define BRAKED(which) \
	"SELECT CASE x WHEN '1 1' THEN 'done' WHEN '0 0' THEN 'none' " \
	"ELSE x END FROM (SELECT " \
	"(SELECT count(*) FROM brake WHERE "which") || ' ' || " \
	"(SELECT count(*) FROM notice JOIN brake ON brake.id = brake_id " \
	"WHERE "which") AS x)"

/* Get the brake of the domain, or the one for all (NULL). */
static bool
find_brake(struct store_life *life, const char *domain,
	   struct geotrip_brake *brake_r)
{
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;

	t_array_init(&brakes, 2);
	if (geotrip_store_brakes(life->store, pool_datastack_create(), &brakes,
				 &life->error) < 0)
		return FALSE;
	array_foreach(&brakes, brake) {
		if (null_strcmp(brake->domain, domain) == 0) {
			*brake_r = *brake;
			return TRUE;
		}
	}
	life->error = "(it does not hold)";
	return FALSE;
}

static bool brake_prolong(struct store_life *life)
{
	struct geotrip_brake brake;

	return find_brake(life, "example.org", &brake) &&
		geotrip_store_brake_prolong(life->store, brake.id,
					    life->now + 1, &life->error) == 0;
}

#define PROLONGED \
	"SELECT CASE count(*) WHEN 1 THEN 'done' ELSE 'none' END FROM brake " \
	"WHERE domain = 'example.org' AND over_at > since"

static bool resume(struct store_life *life)
{
	struct geotrip_brake brake;

	return find_brake(life, NULL, &brake) &&
		geotrip_store_brake_end(life->store, brake.id,
					GEOTRIP_END_OPERATOR,
					&life->error) > 0;
}

#define RESUMED \
	"SELECT CASE count(*) WHEN 1 THEN 'done' ELSE 'none' END FROM brake " \
	"WHERE domain IS NULL AND ended_by = 'operator' AND ended_at > 0"

/*
 * Notices
 */

static bool notify(struct store_life *life)
{
	const struct geotrip_notice_outcome outcome = {
		.state = GEOTRIP_NOTICE_SENT,
		.queue_copy = TRUE,
	};
	struct geotrip_notice notice;
	int64_t lease_until = geotrip_now();
	bool told = FALSE;
	pool_t pool = pool_datastack_create();
	int ret;

	/* a lease that is over at once: a second try gets the notice again */
	while ((ret = geotrip_store_notice_claim(
			life->store, GEOTRIP_NOTICE_SUSPENDED, geotrip_now(),
			++lease_until, NULL, pool, &notice,
			&life->error)) > 0) {
		if (notice.suspension.user == NULL) {
			life_wrong(life, "a notice is to nobody");
			return FALSE;
		}
		ret = geotrip_store_notice_finish(life->store, &notice,
						  &outcome, &life->error);
		if (ret < 0)
			break;
		if (strcmp(notice.suspension.user, "thief") == 0)
			told = TRUE;
	}
	if (ret == 0 && !told)
		life->error = "(there was no notice to be sent)";
	return ret == 0 && told;
}

/* or released before */
#define NOTIFIED \
	"SELECT CASE x WHEN 'sent 1' THEN 'done' WHEN 'queued 0' THEN 'none' " \
	"WHEN 'withdrawn 0' THEN 'done' WHEN 'none 0' THEN 'none' " \
	"ELSE x END FROM (SELECT coalesce((SELECT state " \
	"FROM notice n JOIN suspension s ON s.id = n.suspension_id " \
	"JOIN user u ON u.id = s.user_id " \
	"WHERE name = 'thief' AND kind = 'suspended'), 'none') || ' ' || " \
	"(SELECT count(*) FROM notice n JOIN suspension s " \
	"ON s.id = n.suspension_id JOIN user u ON u.id = s.user_id " \
	"WHERE name = 'thief' AND kind = 'copy') AS x)"

static bool withdraw(struct store_life *life)
{
	unsigned int count;

	return geotrip_store_notices_withdraw(life->store, FALSE, &count,
					      &life->error) == 0;
}

static void
find_spammer_2(const struct geotrip_notice *notice, void *context)
{
	int64_t *id = context;

	if (null_strcmp(notice->suspension.user, "spammer2") == 0)
		*id = notice->id;
}

static bool withdraw_spammer_2(struct store_life *life)
{
	int64_t id = 0;
	int ret;

	if (geotrip_store_notices_queued(life->store, GEOTRIP_NOTICE_SUSPENDED,
					 find_spammer_2, &id,
					 &life->error) < 0)
		return FALSE;
	ret = geotrip_store_notice_withdraw(life->store, id, &life->error);
	if (ret == 0)
		life->error = "(there was no notice to be withdrawn)";
	return ret > 0;
}

#define WITHDRAWN \
	"SELECT CASE x WHEN 'withdrawn' THEN 'done' WHEN 'queued' THEN 'none' " \
	"ELSE x END FROM (SELECT coalesce((SELECT state " \
	"FROM notice n JOIN suspension s ON s.id = n.suspension_id " \
	"JOIN user u ON u.id = s.user_id WHERE name = 'spammer2'), " \
	"'queued') AS x)"

/*
 * Reading: what cannot be read is an error, not an empty answer.
 */

/* Of the step, by the function that takes it. */
static enum life_outcome
outcome_of(struct store_life *life, bool (*take)(struct store_life *))
{
	unsigned int i;

	for (i = 0; i < life_step_count; i++) {
		if (life_steps[i].take == take)
			return life->outcomes[i];
	}
	i_unreached();
}

static void
expect(struct store_life *life, bool (*take)(struct store_life *),
       const char *what, uint64_t count, uint64_t expected)
{
	if (outcome_of(life, take) == DONE && count != expected) {
		life_wrong(life, "%s: %"PRIu64", not %"PRIu64, what, count,
			   expected);
	}
}

struct answer {
	struct store_life *life;
	uint64_t rows;
	int64_t id;
};

static void
answer_history(const struct geotrip_store_history *history, const char *error,
	       void *context)
{
	struct answer *answer = context;
	const struct geotrip_sighting *seen;

	answer->life->error = error;
	if (history == NULL)
		return;
	array_foreach(&history->seen, seen) {
		if (seen->country.code[0] != '\0')
			answer->rows++;
	}
	answer->id = history->suspended ? 1 : 0;
}

static bool load(struct store_life *life)
{
	struct answer alice = { .life = life }, spammer = { .life = life };
	struct geotrip_store_user user = { .name = "spammer" };
	int64_t now = life->now;

	geotrip_store_load(life->store, &life->users[ALICE], now - HOUR, now,
			   answer_history, &alice);
	if (life->error != NULL)
		return FALSE;
	expect(life, record_batch, "countries of alice", alice.rows, 2);
	geotrip_store_load(life->store, &user, now - HOUR, now,
			   answer_history, &spammer);
	if (life->error != NULL)
		return FALSE;
	expect(life, suspend_spammer, "suspensions of spammer", spammer.id, 1);
	return TRUE;
}

static void
answer_suspension(const struct geotrip_suspension *suspension, void *context)
{
	struct answer *answer = context;

	if (suspension->user == NULL || suspension->reason == NULL)
		life_wrong(answer->life, "a suspension without its texts");
	else if (strcmp(suspension->user, "thief") == 0) {
		answer->rows++;
		answer->id = suspension->id;
	}
}

static void
answer_login(const struct geotrip_store_login *login, void *context)
{
	struct answer *answer = context;

	if (login->verdict == GEOTRIP_VERDICT_UNKNOWN ||
	    login->service == NULL || login->mechanism == NULL)
		life_wrong(answer->life, "a login without all of its texts");
	if (login->country.code[0] != '\0')
		answer->rows++;
}

static void
answer_notice(const struct geotrip_notice *notice ATTR_UNUSED, void *context)
{
	struct answer *answer = context;

	answer->rows++;
}

static void
answer_country(const struct geotrip_country_count *count, void *context)
{
	struct answer *answer = context;

	if (count->country.code[0] != '\0')
		answer->rows += count->logins;
}

static void
answer_service(const struct geotrip_service_count *count, void *context)
{
	struct answer *answer = context;

	if (count->name == NULL)
		life_wrong(answer->life, "a service without a name");
	else if (strcmp(count->name, "batch") == 0)
		answer->rows += count->logins - count->unknown;
}

static bool list_thief(struct store_life *life)
{
	struct answer suspensions = { .life = life };
	struct answer evidence = { .life = life };
	struct answer counted = { .life = life };
	struct answer notices = { .life = life };

	if (geotrip_store_suspensions(life->store,
				      GEOTRIP_STORE_SUSPENSIONS_ALL, NULL,
				      answer_suspension, &suspensions,
				      &life->error) < 0)
		return FALSE;
	expect(life, trip_thief, "suspensions", suspensions.rows, 1);
	if (geotrip_store_evidence(life->store, suspensions.id, answer_login,
				   &evidence, &life->error) < 0)
		return FALSE;
	expect(life, trip_thief, "evidence", evidence.rows, 3);
	if (geotrip_store_counted(life->store, suspensions.id, HOUR,
				  answer_login, &counted, &life->error) < 0)
		return FALSE;
	expect(life, trip_thief, "counted logins", counted.rows, 3);
	if (geotrip_store_notices(life->store, suspensions.id, answer_notice,
				  &notices, &life->error) < 0)
		return FALSE;
	expect(life, notify, "notices", I_MIN(notices.rows, 2), 2);
	return TRUE;
}

static void answer_mark(const struct geotrip_mark *mark, void *context)
{
	struct answer *answer = context;

	if (mark->user == NULL || mark->countries == NULL ||
	    mark->cause == GEOTRIP_MARK_UNKNOWN)
		life_wrong(answer->life, "a mark without its texts");
	else if (strcmp(mark->user, "bob") == 0)
		answer->rows++;
}

static bool list_marks(struct store_life *life)
{
	struct answer marks = { .life = life }, bob = { .life = life };
	struct geotrip_tripped_query query = {
		.domain_max = 10, .since = life->now - HOUR, .now = life->now,
	};
	unsigned int count;

	if (geotrip_store_marks(life->store, answer_mark, &marks,
				&life->error) < 0)
		return FALSE;
	expect(life, record_batch, "marks", marks.rows, 1);
	if (geotrip_store_user_marks(life->store, "bob", 10, answer_mark, &bob,
				     &life->error) < 0)
		return FALSE;
	expect(life, record_batch, "marks of bob", bob.rows, 1);
	if (geotrip_store_count_tripped(life->store, &query, 10, &count,
					&life->error) < 0)
		return FALSE;
	/* after that, nobody who tripped before counts */
	if (outcome_of(life, resume) == NOT_TAKEN)
		expect(life, record_batch, "who tripped", I_MIN(count, 1), 1);
	return TRUE;
}

static bool list_logins(struct store_life *life)
{
	struct answer alice = { .life = life };
	struct answer countries = { .life = life };
	struct answer today = { .life = life };
	struct answer services = { .life = life };
	unsigned int due;
	int ret;

	if (geotrip_store_logins(life->store, "alice", 0, 100, answer_login,
				 &alice, &life->error) < 0)
		return FALSE;
	expect(life, record_batch, "logins", alice.rows, 3);
	ret = geotrip_store_user_exists(life->store, "alice", &life->error);
	if (ret < 0)
		return FALSE;
	expect(life, record_batch, "alice", ret, 1);
	if (geotrip_store_countries(life->store, 0, "batch", answer_country,
				    &countries, &life->error) < 0)
		return FALSE;
	expect(life, record_batch, "countries", countries.rows, 4);
	if (geotrip_store_countries(life->store, life->now - HOUR, "batch",
				    answer_country, &today, &life->error) < 0)
		return FALSE;
	expect(life, record_batch, "countries today", today.rows, 4);
	if (geotrip_store_services(life->store, 0, answer_service, &services,
				   &life->error) < 0)
		return FALSE;
	expect(life, record_batch, "services", services.rows, 4);
	if (geotrip_store_notices_due(life->store, GEOTRIP_NOTICE_COPY,
				      geotrip_now(), &due, &life->error) < 0)
		return FALSE;
	expect(life, notify, "copies", I_MIN(due, 1), 1);
	return TRUE;
}

/*
 * Upkeep
 */

static bool purge(struct store_life *life)
{
	struct geotrip_purge_count count;

	return geotrip_store_purge(life->store, life->now - 30 * DAY, &count,
				   &life->error) == 0;
}

#define PURGED \
	"SELECT CASE count(*) WHEN 0 THEN 'done' ELSE 'none' END " \
	"FROM login WHERE service = 'old'"

static bool index_logins(struct store_life *life)
{
	return geotrip_store_index_logins(life->store, &life->error) == 0;
}

static bool checkpoint(struct store_life *life)
{
	return geotrip_store_checkpoint(life->store, &life->error) == 0;
}

static bool look(struct store_life *life)
{
	return geotrip_store_sync(life->store, &life->error) == 0 &&
		geotrip_store_try_write(life->store, &life->error) == 0;
}

const struct life_step life_steps[] = {
	{ "open", life_open_auth, "SELECT 'done'", FALSE },
	/* what it recorded is purged later, but stays counted */
	{ "record what is old", record_old,
	  "SELECT CASE coalesce(sum(logins), 0) WHEN 2 THEN 'done' "
	  "WHEN 0 THEN 'none' ELSE sum(logins) END "
	  "FROM country_day WHERE service = 'old'", FALSE },
	{ "record", record_batch, RECORDED("batch", "5"), FALSE },
	{ "trip", trip_thief, TRIPPED("thief"), TRUE },
	{ "trip for a short time", trip_brief, TRIPPED("brief"), TRUE },
	{ "look", look, NULL, FALSE },
	{ "expire", expire, EXPIRED, FALSE },
	{ "suspend", suspend_spammer, SUSPENDED("spammer"), TRUE },
	{ "load", load, NULL, FALSE },
	{ "list marks", list_marks, NULL, FALSE },
	{ "brake a domain", brake_domain, BRAKED("domain = 'example.org'"),
	  FALSE },
	{ "brake all", brake_all, BRAKED("domain IS NULL"), FALSE },
	{ "prolong", brake_prolong, PROLONGED, FALSE },
	{ "resume", resume, RESUMED, FALSE },
	{ "notify", notify, NOTIFIED, FALSE },
	{ "release", release_thief, RELEASED, TRUE },
	{ "withdraw", withdraw, NULL, FALSE },
	{ "list what is known of the thief", list_thief, NULL, FALSE },
	{ "list logins", list_logins, NULL, FALSE },
	{ "index logins", index_logins, NULL, FALSE },
	{ "checkpoint", checkpoint, NULL, FALSE },
	{ "trip once more", trip_again, TRIPPED("again"), TRUE },
	{ "purge", purge, PURGED, FALSE },
	{ "reopen in doveadm", reopen_doveadm, NULL, FALSE },
	{ "suspend in doveadm", suspend_spammer_2, SUSPENDED("spammer2"),
	  TRUE },
	{ "withdraw one notice", withdraw_spammer_2, WITHDRAWN, FALSE },
	{ "reopen in auth", reopen_auth, NULL, FALSE },
	{ "record after reopening", record_batch_2, RECORDED("batch2", "5"),
	  FALSE },
	{ "trip after reopening", trip_last, TRIPPED("last"), TRUE },
};
const unsigned int life_step_count = N_ELEMENTS(life_steps);
