/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Mail addresses from settings and the userdb. What is accepted can stand in a
   header field and in an SMTP command as it is. */

#include "lib.h"
#include "array.h"
#include "geotrip-address.h"
#include "fuzz.h"

#define MAX_BYTES 256

static void check(const struct smtp_address *address)
{
	const char *text = smtp_address_encode(address), *p, *error;
	struct smtp_address *again;

	i_assert(*text != '\0' && strlen(text) <= MAX_BYTES);
	for (p = text; *p != '\0'; p++)
		i_assert(*p >= 0x20 && *p < 0x7f);
	/* it is read as what it was */
	if (smtp_address_parse_mailbox(pool_datastack_create(), text,
				       SMTP_ADDRESS_PARSE_FLAG_ALLOW_LOCALPART,
				       &again, &error) < 0)
		i_panic("%s: %s", text, error);
	i_assert(smtp_address_equals(address, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	ARRAY_TYPE(smtp_address_const) addresses;
	const char *text, *user, *domain, *error = NULL;
	const struct smtp_address *address;
	struct fuzz_input input;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		text = fuzz_text(&input);
		user = fuzz_text(&input);
		domain = fuzz_text(&input);
		if (!geotrip_domain_is_valid(domain))
			domain = "example.com";
		t_array_init(&addresses, 4);
		if (geotrip_addresses_parse(pool_datastack_create(), text,
					    *user == '\0' ? NULL : user,
					    domain, &addresses, &error) < 0) {
			i_assert(error != NULL);
			i_assert(strpbrk(error, "\r\n") == NULL);
		} else {
			i_assert(array_count(&addresses) > 0);
		}
		array_foreach_elem(&addresses, address)
			check(address);
		i_assert(strpbrk(geotrip_addresses_join(&addresses, ", "),
				 "\r\n") == NULL);
	} T_END;
	return 0;
}
