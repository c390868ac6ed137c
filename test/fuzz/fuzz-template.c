/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Templates and messages: a template that an operator wrote, and values from
   anywhere. Whatever is accepted becomes a valid message. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "geotrip-common.h"
#include "geotrip-message.h"
#include "geotrip-settings.h"
#include "geotrip-template.h"
#include "fuzz.h"
#include "message-check.h"

static const struct smtp_address from = {
	.localpart = "postmaster", .domain = "mail.example.com"
};

static void
write_message(struct geotrip_message *message, string_t *subject,
	      string_t *body)
{
	string_t *str = t_str_new(1024);

	message->from = &from;
	message->message_id = "id@mail.example.com";
	message->subject = str_c(subject);
	message->body = str_c(body);
	geotrip_message_write(message, str);
	message_check(str);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct geotrip_template_values values;
	struct geotrip_template *template;
	struct geotrip_message message;
	ARRAY_TYPE(smtp_address_const) to;
	struct fuzz_input input;
	const char *text, *addresses, *error = NULL;
	unsigned int i;
	pool_t pool;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		pool = pool_alloconly_create("fuzz", 4096);
		text = fuzz_text(&input);
		i_zero(&message);
		message.from_name = fuzz_text(&input);
		/* geotrip_notify_from is checked for this */
		if (*message.from_name == '\0' ||
		    !uni_utf8_str_is_valid(message.from_name) ||
		    strpbrk(message.from_name, "\r\n") != NULL)
			message.from_name = NULL;
		message.language = fuzz_text(&input);
		if (!geotrip_language_is_valid(message.language))
			message.language = "en";
		addresses = fuzz_text(&input);
		t_array_init(&to, 4);
		(void)geotrip_addresses_parse(pool, addresses,
					      fuzz_text(&input), "", &to,
					      &error);
		if (array_count(&to) == 0) {
			const struct smtp_address *address = &from;

			array_push_back(&to, &address);
		}
		message.to = &to;
		i_zero(&values);
		/* as names and reasons are */
		for (i = 0; i < GEOTRIP_PLACEHOLDER_NUMBER; i++)
			values.values[i] = geotrip_escape(fuzz_text(&input));

		if (geotrip_template_parse(pool, "fuzz", text, &template,
					   &error) < 0) {
			i_assert(strncmp(error, "Template fuzz: ", 15) == 0);
			i_assert(strchr(error, '\n') == NULL);
			text = NULL;
		}
		for (i = 0; text != NULL && i < GEOTRIP_TEMPLATE_PART_COUNT;
		     i++) {
			string_t *subject = t_str_new(128);
			string_t *body = t_str_new(128);

			if (!geotrip_template_has(template, i))
				continue;
			geotrip_template_expand(template, i, &values, subject,
						body);
			write_message(&message, subject, body);
		}
		pool_unref(&pool);
	} T_END;
	return 0;
}
