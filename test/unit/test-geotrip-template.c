/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Templates: what they may say, where they are wrong, and what comes out. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "geotrip-template.h"

#include <stdlib.h>

#define RELEASED "[released]\nSubject: s\n\nb\n"

static struct geotrip_template *
parse(pool_t pool, const char *text, const char **error_r)
{
	struct geotrip_template *template;

	*error_r = "";
	if (geotrip_template_parse(pool, "x.txt", text, &template,
				   error_r) < 0)
		return NULL;
	return template;
}

static const char *
expand(const char *body, const struct geotrip_template_values *values)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	string_t *subject_str = t_str_new(64), *body_str = t_str_new(64);
	struct geotrip_template *template;
	const char *error;

	template = parse(pool, t_strdup_printf(
		"# a comment\n\n[suspended]\nSubject: for {user}\n\n%s\n\n"
		RELEASED, body), &error);
	if (template == NULL)
		i_fatal("%s", error);
	geotrip_template_expand(template, GEOTRIP_TEMPLATE_SUSPENDED, values,
				subject_str, body_str);
	pool_unref(&pool);
	return t_strconcat(str_c(subject_str), "|", str_c(body_str), NULL);
}

static void test_template_expand(void)
{
	struct geotrip_template_values values = { { NULL } };

	values.values[GEOTRIP_PLACEHOLDER_USER] = "{until}{{x";
	values.values[GEOTRIP_PLACEHOLDER_SINCE] = "S";
	values.values[GEOTRIP_PLACEHOLDER_REASON] = "";

	test_begin("template: placeholders and conditions");
	test_assert_strcmp(expand("a {since} b", &values),
			   "for {until}{{x|a S b\n");
	/* a value is not looked at again */
	test_assert_strcmp(expand("{user}", &values),
			   "for {until}{{x|{until}{{x\n");
	test_assert_strcmp(expand("{{since} {{", &values),
			   "for {until}{{x|{since} {\n");
	test_assert_strcmp(expand("{?since}A\n{!since}B\n{?until}C\n{!until}D",
				  &values), "for {until}{{x|A\nD\n");
	test_assert_strcmp(expand("{?since}{!until}A\n{?since}{?until}B\nC",
				  &values), "for {until}{{x|A\nC\n");
	test_assert_strcmp(expand("{?reason}A\n{!reason}B[{reason}]", &values),
			   "for {until}{{x|B[]\n");
	test_assert_strcmp(expand("a\n\nb\n[c] d\n# e", &values),
			   "for {until}{{x|a\n\nb\n[c] d\n# e\n");
	test_assert_strcmp(expand("a\r\n\r\nb\r", &values),
			   "for {until}{{x|a\n\nb\n");
	test_end();
}

static void test_template_errors(void)
{
	static const struct {
		const char *text, *error;
	} tests[] = {
		{ "", "the parts [suspended] and [released] are" },
		{ "text\n", "line 1: text before the first part" },
		{ "[suspended]\nSubject: s\n\nb\n", "[released] are required" },
		{ "[suspnded]\n", "line 1: unknown part [suspnded]" },
		{ "#\n[suspended]\n\nbody\n",
		  "line 3: a part must begin with \"Subject: \"" },
		{ "[suspended]\nSubject: \n", "line 2: a part must begin" },
		{ "[suspended]\n[released]\n", "line 2: the previous part" },
		{ "[suspended]\nSubject: s\n\nb\n[released]",
		  "the last part has no Subject" },
		{ RELEASED RELEASED, "line 5: there is a part [released]" },
		{ "[suspended]\nSubject: {usr}\n",
		  "line 2: unknown placeholder \"{usr}\"" },
		{ "[suspended]\nSubject: s\n\nfine\n{ user}\n",
		  "line 5: unknown placeholder \"{\"" },
		{ "[suspended]\nSubject: s\n\na {?user} b\n",
		  "line 4: the condition \"{?user}\" must be at the" },
		{ "[suspended]\nSubject: s\n\n{user\n",
		  "line 4: unknown placeholder" },
		/* each part has placeholders of its own */
		{ "[suspended]\nSubject: s\n\n{list}\n",
		  "line 4: unknown placeholder \"{list}\"" },
		{ "[released]\nSubject: {max}\n", "known in [released] are "
		  "user, address, since, until, ended, countries, logins, "
		  "reason, reading and contact;" },
		{ "[digest]\nSubject: {user}\n",
		  "line 2: unknown placeholder \"{user}\": known in "
		  "[digest] are count, list and contact;" },
		{ "[undelivered]\nSubject: {max}\n",
		  "known in [undelivered] are count, list and contact;" },
		{ "[brake]\nSubject: {count}\n",
		  "line 2: unknown placeholder \"{count}\": known in "
		  "[brake] are since, ended, max, domain, domainless "
		  "and contact;" },
		{ "[break]\n", "known are [suspended], [released], [digest], "
		  "[undelivered] and [brake]" },
		{ "[suspended]\nSubject: s\n\n{?domain}x\n",
		  "line 4: unknown placeholder \"{?domain}x\"" },
		{ "[digest]\nSubject: {domainless}\n",
		  "line 2: unknown placeholder \"{domainless}\"" },
		{ "[suspended]\nSubject: s\n\n\xff\n", "line 4: is not UTF-8" },
	};
	const char *error;
	unsigned int i;

	test_begin("template: errors name the place");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		pool_t pool = pool_alloconly_create("test", 1024);

		test_assert_idx(parse(pool, tests[i].text, &error) == NULL, i);
		test_assert_idx(strncmp(error, "Template x.txt: ", 16) == 0,
				i);
		test_assert_idx(strstr(error, tests[i].error) != NULL, i);
		if (strstr(error, tests[i].error) == NULL)
			i_error("%u: %s", i, error);
		pool_unref(&pool);
	} T_END;
	test_end();
}

static void test_template_files(void)
{
	const char *const directories[] = {
		"/nonexistent", getenv("GEOTRIP_TEST_NOTICES"), NULL
	};
	static const char *const languages[] = { "en", "ja" };
	struct geotrip_template *template;
	const char *error = "";
	unsigned int i, part;
	pool_t pool;

	test_begin("template: those that come with geotrip are complete");
	for (i = 0; i < N_ELEMENTS(languages); i++) T_BEGIN {
		pool = pool_alloconly_create("test", 1024);
		if (geotrip_template_read(pool, directories, languages[i],
					  &template, &error) <= 0)
			i_fatal("%s: %s", languages[i], error);
		for (part = 0; part < GEOTRIP_TEMPLATE_PART_COUNT; part++)
			test_assert_idx(geotrip_template_has(template, part),
					part);
		pool_unref(&pool);
	} T_END;
	pool = pool_alloconly_create("test", 1024);
	test_assert(geotrip_template_read(pool, directories, "xx", &template,
					  &error) == 0);
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_template_expand,
		test_template_errors,
		test_template_files,
		NULL
	};

	return test_run(tests);
}
