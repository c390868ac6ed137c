/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The names of causes, states and kinds: there and back, and the same in the
   code as in the tables of the database. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

#include <sqlite3.h>

static void test_names_unknown(void)
{
	static const char *const unknown[] = {
		"", "-", "Trip", "trip ", "operators", "brakes", "queue", NULL
	};
	unsigned int i;

	test_begin("names: a name that is not known is no other one");
	for (i = 0; i < N_ELEMENTS(unknown); i++) {
		test_assert_idx(geotrip_verdict_parse(unknown[i]) ==
				GEOTRIP_VERDICT_UNKNOWN, i);
		test_assert_idx(geotrip_source_parse(unknown[i]) ==
				GEOTRIP_SOURCE_UNKNOWN, i);
		test_assert_idx(geotrip_end_parse(unknown[i]) ==
				GEOTRIP_END_UNKNOWN, i);
		test_assert_idx(geotrip_notice_kind_parse(unknown[i]) ==
				GEOTRIP_NOTICE_KIND_UNKNOWN, i);
		test_assert_idx(geotrip_notice_state_parse(unknown[i]) ==
				GEOTRIP_NOTICE_STATE_UNKNOWN, i);
	}
	test_assert_strcmp(geotrip_verdict_name(0), "-");
	test_assert_strcmp(geotrip_source_name(0), "-");
	test_assert_strcmp(geotrip_end_name(0), "-");
	test_assert_strcmp(geotrip_notice_kind_name(0), "-");
	test_assert_strcmp(geotrip_notice_state_name(0), "-");
	test_end();
}

static const char *join_sorted(ARRAY_TYPE(const_string) *words)
{
	array_sort(words, i_strcmp_p);
	array_append_zero(words);
	return t_strarray_join(array_front(words), " ");
}

/* The words that the CHECK of a column allows, as the statement that made the
   table has them: "kind IN ('a', 'b')" or "kind = 'a' OR ...". */
static const char *allowed(const char *table, const char *column)
{
	const char *p = sql(t_strdup_printf(
		"SELECT sql FROM sqlite_schema WHERE name = '%s'", table));
	ARRAY_TYPE(const_string) words;
	unsigned int depth = 0;
	const char *word;

	p = strstr(p, t_strdup_printf("(%s ", column));
	if (p == NULL)
		i_fatal("%s.%s has no CHECK", table, column);
	t_array_init(&words, 8);
	do {
		if (*p == '(')
			depth++;
		else if (*p == ')')
			depth--;
		else if (*p == '\'') {
			word = t_strcut(p + 1, '\'');
			array_push_back(&words, &word);
			p += strlen(word) + 1;
		}
		p++;
	} while (depth > 0);
	return join_sorted(&words);
}

/* The names up to the last value are those of the column, and lead back. */
#define ASSERT_NAMES(type, last, table, column) STMT_START{ \
		ARRAY_TYPE(const_string) _words; \
		unsigned int _i; \
		t_array_init(&_words, 8); \
		for (_i = 1; _i <= last; _i++) { \
			const char *_name = geotrip_##type##_name(_i); \
			test_assert_idx( \
				geotrip_##type##_parse(_name) == _i, _i); \
			array_push_back(&_words, &_name); \
		} \
		test_assert_strcmp(join_sorted(&_words), \
				   allowed(table, column)); \
	}STMT_END

static void test_names_schema(void)
{
	struct geotrip_store *store = open_store(TRUE);

	test_begin("names: those of the tables, no more and no less");
	/* tempfail, the last one, is not stored */
	ASSERT_NAMES(verdict, GEOTRIP_VERDICT_OBSERVE, "login", "verdict");
	test_assert(geotrip_verdict_parse("tempfail") ==
		    GEOTRIP_VERDICT_TEMPFAIL);
	ASSERT_NAMES(source, GEOTRIP_SOURCE_OPERATOR, "suspension", "source");
	ASSERT_NAMES(reason, GEOTRIP_REASON_REWRITTEN, "suspension",
		     "reason_from");
	/* the settings end the brake only */
	ASSERT_NAMES(end, GEOTRIP_END_TIME, "suspension", "released_by");
	ASSERT_NAMES(end, GEOTRIP_END_SETTINGS, "brake", "ended_by");
	ASSERT_NAMES(notice_kind, GEOTRIP_NOTICE_BRAKE, "notice", "kind");
	ASSERT_NAMES(notice_state, GEOTRIP_NOTICE_FAILED, "notice", "state");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void
print_source(const struct geotrip_suspension *suspension, void *context)
{
	string_t *str = context;

	str_printfa(str, "%s %s %s", geotrip_source_name(suspension->source),
		    geotrip_end_name(suspension->released_by),
		    geotrip_notice_state_name(suspension->notice_state));
}

static void
print_verdict(const struct geotrip_store_login *login, void *context)
{
	string_t *str = context;

	str_printfa(str, " %s", geotrip_verdict_name(login->verdict));
}

/* What nothing of ours does: another program that ignores the CHECKs. */
static void break_row(const char *statement)
{
	sqlite3 *db;

	if (sqlite3_open(test_store_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL,
			 NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, statement, NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s: %s", statement, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void test_names_foreign(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	string_t *str = t_str_new(64);
	const char *error;

	test_begin("names: words in the database that nobody knows");
	commit_login(store, &user, "JP", 1);
	test_assert(geotrip_store_suspend(store, "u", GEOTRIP_NEVER, NULL,
					  &error) == 0);
	break_row("UPDATE suspension SET source = 'x', "
		  "released_at = 1, released_by = 'y'");
	break_row("UPDATE notice SET state = 'z'");
	break_row("UPDATE login SET verdict = 'v'");
	test_assert(geotrip_store_suspensions(
		store, GEOTRIP_STORE_SUSPENSIONS_LAST, "u", print_source, str,
		&error) == 0);
	test_assert(geotrip_store_logins(store, "u", 0, 1, print_verdict, str,
					 &error) == 0);
	test_assert_strcmp(str_c(str), "- - - -");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_names_unknown,
		test_names_schema,
		test_names_foreign,
		NULL
	};

	return test_store_run(tests);
}
