/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Notices: the message, the words of a language, the patience. What mail
   programs make of the messages is for the end-to-end tests. */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "str.h"
#include "test-common.h"
#include "geotrip-locale.h"
#include "geotrip-message.h"
#include "geotrip-notice.h"

#include <stdlib.h>
#include <time.h>

/* 2026-11-24 08:08:00 UTC */
#define TIME GEOTRIP_USECS(1795507680)

static const char *
write_message(const char *from_name, const char *subject, const char *body)
{
	struct geotrip_message message = {
		.from_name = from_name,
		.message_id = "id@example.org",
		.language = "en",
		.subject = subject,
		.body = body,
	};
	ARRAY_TYPE(smtp_address_const) to;
	string_t *str = t_str_new(1024);
	const char *error;

	t_array_init(&to, 2);
	if (geotrip_addresses_parse(pool_datastack_create(),
				    "a@example.org b@example.org", NULL, "",
				    &to, &error) < 0)
		i_unreached();
	message.from = array_idx_elem(&to, 0);
	message.to = &to;
	geotrip_message_write(&message, str);
	return str_c(str);
}

static bool has_header(const char *message, const char *header)
{
	const char *headers =
		t_strdup_until(message, strstr(message, "\n\n") + 1);

	return strstr(t_strconcat("\n", headers, NULL),
		      t_strdup_printf("\n%s\n", header)) != NULL;
}

/* 0 is "there is no such field" */
static unsigned int count_headers(const char *message, const char *name)
{
	const char *p = message, *end = strstr(message, "\n\n");
	unsigned int count = 0;

	for (; p != NULL && p < end; p = strchr(p, '\n')) {
		p += *p == '\n' ? 1 : 0;
		if (strncasecmp(p, name, strlen(name)) == 0 &&
		    p[strlen(name)] == ':')
			count++;
	}
	return count;
}

static void test_message(void)
{
	const char *message;

	test_begin("message: plain");
	message = write_message(NULL, "Subject", "Body\n");
	test_assert(has_header(message, "From: a@example.org"));
	test_assert(has_header(message,
			       "To: a@example.org,\n b@example.org"));
	test_assert(has_header(message, "Subject: Subject"));
	test_assert(has_header(message, "Message-ID: <id@example.org>"));
	test_assert(has_header(message, "Auto-Submitted: auto-generated"));
	test_assert(has_header(message, "Content-Transfer-Encoding: 7bit"));
	test_assert_strcmp(strstr(message, "\n\n"), "\n\nBody\n");
	test_end();

	test_begin("message: UTF-8");
	message = write_message("\xe3\x82\xb5, \"x\"", "\xe6\x9c\xac",
				"\xe6\x9c\xac\n");
	test_assert(has_header(message,
		"From: =?utf-8?b?44K1LCAieCI=?= <a@example.org>"));
	test_assert(has_header(message, "Subject: =?utf-8?b?5pys?="));
	test_assert(has_header(message, "Content-Transfer-Encoding: base64"));
	/* the line end under base64 is CRLF */
	test_assert_strcmp(strstr(message, "\n\n"), "\n\n5pysDQo=\n");
	test_end();

	test_begin("message: a subject stays one field");
	message = write_message("a \"b\" c", "x\r\nBcc: y\r\n\r\nz", "b\n");
	test_assert(count_headers(message, "Subject") == 1);
	test_assert(count_headers(message, "Bcc") == 0);
	test_assert(has_header(message, "Subject: x  Bcc: y    z"));
	test_assert(has_header(message,
			       "From: \"a \\\"b\\\" c\" <a@example.org>"));
	test_end();

	test_begin("message: a name has no control characters");
	message = write_message("a\rb\x1d", "s", "b\n");
	test_assert(has_header(message,
			       "From: =?utf-8?b?YQ1iHQ==?= <a@example.org>"));
	test_end();

	test_begin("message: long lines are not sent as they are");
	message = write_message(NULL, "s", "0123456789012345678901234567890123"
		"456789012345678901234567890123456789012345678\n");
	test_assert(has_header(message, "Content-Transfer-Encoding: base64"));
	message = write_message(NULL, "s", "control \x01\n");
	test_assert(has_header(message, "Content-Transfer-Encoding: base64"));
	test_end();
}

static void test_retry(void)
{
	static const unsigned int minutes[] = { 1, 5, 15, 60, 60, 60 };
	unsigned int i;

	test_begin("notice: when it is tried again");
	for (i = 0; i < N_ELEMENTS(minutes); i++) {
		test_assert_idx(geotrip_notice_retry_delay(i + 1) ==
				GEOTRIP_USECS(minutes[i] * 60), i);
	}
	test_assert(geotrip_notice_retry_delay(76) == GEOTRIP_USECS(3600));
	test_assert(geotrip_notice_retry_delay(77) == 0);
	test_assert(geotrip_notice_retry_delay(1000) == 0);
	test_end();
}

static const char *short_ip(const char *text)
{
	struct ip_addr ip;

	i_zero(&ip);
	if (text != NULL && net_addr2ip(text, &ip) < 0)
		i_unreached();
	return geotrip_notice_short_ip(&ip);
}

static void test_short_ip(void)
{
	test_begin("notice: addresses are shortened");
	test_assert_strcmp(short_ip("203.0.113.10"), "203.0.113.x");
	test_assert_strcmp(short_ip("2001:db8:1:2:3:4:5:6"), "2001:db8:1:x");
	test_assert_strcmp(short_ip("2001:db8::1"), "2001:db8:x");
	test_assert_strcmp(short_ip(NULL), "-");
	test_end();
}

static void test_locale(void)
{
	const char *text;

	if (setenv("TZ", "Asia/Tokyo", 1) < 0)
		i_fatal("setenv() failed: %m");
	tzset();

	test_begin("locale: countries and times in words");
	test_assert_strcmp(geotrip_locale_country("en", "JP"), "Japan");
	test_assert_strcmp(geotrip_locale_country("ja", "JP"),
			   "\xe6\x97\xa5\xe6\x9c\xac");
	test_assert_strcmp(geotrip_locale_country("de", "JP"), "Japan");
	test_assert_strcmp(geotrip_locale_country("xx", "JP"), "Japan");
	test_assert_strcmp(geotrip_locale_country("en", "??"), "??");
	test_assert_strcmp(geotrip_locale_countries("en", "JP US"),
			   "Japan, United States");
	test_assert_strcmp(geotrip_locale_countries("ja", "JP US"),
			   "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x81"
			   "\xe3\x82\xa2\xe3\x83\xa1\xe3\x83\xaa\xe3\x82\xab"
			   "\xe5\x90\x88\xe8\xa1\x86\xe5\x9b\xbd");
	test_assert_strcmp(geotrip_locale_countries("en", ""), "");
	/* how exactly is ICU's business */
	text = geotrip_locale_time("en", TIME);
	test_assert(strstr(text, "November 24, 2026") != NULL);
	test_assert(strstr(text, "5:08") != NULL);
	test_assert(strstr(text, "GMT+9") != NULL);
	text = geotrip_locale_time("ja", TIME);
	test_assert(strstr(text, "2026\xe5\xb9\xb4" "11\xe6\x9c\x88" "24")
		    != NULL);
	test_assert(strstr(text, "17:08") != NULL);
	test_end();
}

/* The body of what the operators get, decoded if it is base64. */
static const char *
brake_body(const char *language, const char *domain, int64_t ended_at)
{
	static const struct smtp_address from = {
		.localpart = "a", .domain = "example.org"
	};
	const struct smtp_address *from_p = &from;
	struct geotrip_brake brake = {
		.since = TIME, .domain = domain, .max = "3 in 1h",
		.ended_at = ended_at,
	};
	struct geotrip_config config = {
		.notify.language = language,
		.notify.templates = getenv("GEOTRIP_TEST_NOTICES"),
		.notify.from = from_p,
	};
	struct geotrip_notice_writer *writer;
	string_t *str = t_str_new(4096);
	const char *error, *text;

	t_array_init(&config.notify.admin, 1);
	array_push_back(&config.notify.admin, &from_p);
	writer = geotrip_notice_writer_init(&config, "mail.example.org");
	if (geotrip_notice_write_brake(writer, &brake, str, &error) < 0)
		i_fatal("%s", error);
	geotrip_notice_writer_deinit(&writer);
	text = strstr(str_c(str), "\n\n") + 2;
	if (!has_header(str_c(str), "Content-Transfer-Encoding: base64"))
		return text;
	return str_c(t_base64_decode_str(text));
}

static unsigned int count_lines(const char *text, const char *word)
{
	unsigned int count = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		count++;
	return count;
}

static void test_brake(void)
{
	static const char *const languages[] = { "en", "ja" };
	static const char *const domains[] = { NULL, "", "x\ny.example" };
	const char *text, *other;
	unsigned int i, j, k;

	test_begin("notice: who is not suspended, in each language");
	for (i = 0; i < N_ELEMENTS(languages); i++) T_BEGIN {
		for (j = 0; j < 2 * N_ELEMENTS(domains); j++) {
			text = brake_body(languages[i], domains[j / 2],
					  j % 2 == 0 ? 0 : TIME + 1);
			test_assert(strstr(text, "3 in 1h") != NULL);
			test_assert(strpbrk(text, "{}") == NULL);
			test_assert(strstr(text, "\n\n\n") == NULL);
			/* of a domain, its name, once */
			test_assert_idx(count_lines(text, "x\\x0ay.example") ==
					(j / 2 == 2 ? 1 : 0), j);
			/* resume only what is not over */
			test_assert_idx((strstr(text, "geotrip resume") !=
					 NULL) == (j % 2 == 0), j);
			/* no two say the same */
			for (k = 0; k < j; k++) {
				other = brake_body(languages[i],
						   domains[k / 2],
						   k % 2 == 0 ? 0 : TIME + 1);
				test_assert_idx(strcmp(text, other) != 0, j);
			}
		}
	} T_END;
	test_assert(strncmp(brake_body("en", NULL, 0),
			    "More accounts tripped than", 26) == 0);
	test_assert(strncmp(brake_body("en", "", 0),
			    "More accounts without a domain", 30) == 0);
	test_assert(strncmp(brake_body("en", "a.b", 0),
			    "More accounts of the domain a.b", 31) == 0);
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_message,
		test_retry,
		test_short_ip,
		test_locale,
		test_brake,
		NULL
	};

	return test_run(tests);
}
