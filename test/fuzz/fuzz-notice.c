/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Notices: what a suspension is told by, with names, reasons, countries,
   addresses and times from anywhere, and the templates that come with
   geotrip. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-notice.h"
#include "fuzz.h"
#include "message-check.h"

#include <stdlib.h>

static struct geotrip_config config;

/* Once: the settings are none of this harness' business. */
static struct geotrip_notice_writer *get_writer(void)
{
	static struct geotrip_notice_writer *writer;
	static const char *const services[] = { "smtp", NULL };
	static const struct smtp_address admin = {
		.localpart = "admin", .domain = "example.com"
	};
	const struct smtp_address *admin_p = &admin;

	if (writer == NULL) {
		config.suspend_services = services;
		config.notify.language = "en";
		config.notify.templates = getenv("GEOTRIP_TEST_NOTICES");
		config.notify.from_name = "B\xc3\xbcro, \"Mail\"";
		i_array_init(&config.notify.admin, 1);
		array_push_back(&config.notify.admin, &admin_p);
		writer = geotrip_notice_writer_init(&config,
						    "mail.example.com");
	}
	return writer;
}

static void
read_evidence(struct fuzz_input *input,
	      ARRAY_TYPE(geotrip_notice_login) *evidence)
{
	unsigned int i, count = fuzz_number(input) % 6;

	for (i = 0; i < count; i++) {
		struct geotrip_notice_login *login =
			array_append_space(evidence);
		const char *country;

		login->time = fuzz_number(input);
		country = fuzz_text(input);
		(void)i_strocpy(login->country.code, country,
				sizeof(login->country.code));
		if (net_addr2ip(fuzz_text(input), &login->ip) < 0)
			i_zero(&login->ip);
	}
}

static void
read_notice(struct fuzz_input *input, struct geotrip_notice *notice_r)
{
	struct geotrip_suspension *suspension = &notice_r->suspension;

	i_zero(notice_r);
	notice_r->kind = GEOTRIP_NOTICE_SUSPENDED + fuzz_number(input) % 4;
	suspension->id = fuzz_number(input);
	suspension->user = fuzz_text(input);
	suspension->since = fuzz_number(input);
	suspension->until = fuzz_number(input);
	suspension->reason = fuzz_text(input);
	suspension->rule = fuzz_text(input);
	if (*suspension->rule == '\0')
		suspension->rule = NULL;
	suspension->reason_from = suspension->rule == NULL ?
		GEOTRIP_REASON_GIVEN : GEOTRIP_REASON_RULE;
	suspension->countries = fuzz_text(input);
	suspension->released_at = fuzz_number(input);
	notice_r->owner_error = fuzz_text(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	ARRAY_TYPE(geotrip_notice_login) evidence;
	ARRAY_TYPE(smtp_address_const) to;
	struct geotrip_notice_writer *writer;
	struct geotrip_notice notice;
	struct fuzz_input input;
	const char *error, *line, *addresses;
	string_t *str;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		writer = get_writer();
		read_notice(&input, &notice);
		t_array_init(&to, 4);
		t_array_init(&evidence, 4);
		addresses = fuzz_text(&input);
		(void)geotrip_addresses_parse(
			pool_datastack_create(), addresses,
			notice.suspension.user, "example.com", &to, &error);
		read_evidence(&input, &evidence);

		str = t_str_new(1024);
		if (array_count(&to) > 0) {
			if (geotrip_notice_write(writer, &notice, &evidence,
						 &to, "ja", str, &error) < 0)
				i_panic("%s", error);
			message_check(str);
		}
		line = geotrip_notice_list_line(writer, &notice);
		str_truncate(str, 0);
		if (geotrip_notice_write_list(writer, &notice, 1, line, str,
					      &error) < 0)
			i_panic("%s", error);
		message_check(str);
	} T_END;
	return 0;
}
