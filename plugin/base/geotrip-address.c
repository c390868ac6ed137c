/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Parsing and formatting mail addresses. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-address.h"
#include "geotrip-common.h"

/* The path of an SMTP command has at most 256 bytes (RFC 5321, 4.5.3.1.3). */
#define MAX_ADDRESS_BYTES 254
/* For addresses from settings and the userdb. The name of an account may be
   anything. */
#define PARSE_FLAGS (SMTP_ADDRESS_PARSE_FLAG_STRICT | \
		     SMTP_ADDRESS_PARSE_FLAG_ALLOW_LOCALPART)

static bool is_printable_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return FALSE;
	}
	return TRUE;
}

static const char *
expand_user(const char *word, const char *user, const char **error_r)
{
	size_t len = strlen(GEOTRIP_ADDRESS_USER);
	string_t *str = t_str_new(128);
	const char *p;

	while ((p = strchr(word, '%')) != NULL) {
		if (strncmp(p, GEOTRIP_ADDRESS_USER, len) != 0) {
			*error_r = t_strdup_printf(
				"\"%s\" has a %% that is not allowed: only "
				"%s is known", geotrip_escape(word),
				GEOTRIP_ADDRESS_USER);
			return NULL;
		}
		str_append_data(str, word, p - word);
		str_append(str, user);
		word = p + len;
	}
	str_append(str, word);
	return str_c(str);
}

static int
parse_word(pool_t pool, const char *word, const char *user, const char *domain,
	   const struct smtp_address **address_r, const char **error_r)
{
	struct smtp_address *address;
	const char *error = "has characters other than printable ASCII";
	bool has_user = user != NULL && strchr(word, '%') != NULL;

	if (has_user) {
		word = expand_user(word, user, error_r);
		if (word == NULL)
			return -1;
	}
	if (!is_printable_ascii(word) || (has_user ?
	    smtp_address_parse_username(pool, word, &address, &error) :
	    smtp_address_parse_mailbox(pool, word, PARSE_FLAGS, &address,
				       &error)) < 0) {
		*error_r = t_strdup_printf("\"%s\" is not a mail address: %s",
					   geotrip_escape(word), error);
		return -1;
	}
	if (address->domain == NULL && *domain != '\0')
		address->domain = p_strdup(pool, domain);
	/* some mail servers treat it as a pipe, a file or a list */
	if (address->domain == NULL &&
	    strchr("|/:\\-", address->localpart[0]) != NULL) {
		*error_r = t_strdup_printf(
			"\"%s\" needs a domain to be a mail address",
			geotrip_escape(word));
		return -1;
	}
	if (strlen(smtp_address_encode(address)) > MAX_ADDRESS_BYTES) {
		*error_r = t_strdup_printf(
			"\"%s\" is too long for a mail address",
			geotrip_escape(word));
		return -1;
	}
	*address_r = address;
	return 0;
}

static bool
addresses_have(const ARRAY_TYPE(smtp_address_const) *addresses,
	       const struct smtp_address *address)
{
	const struct smtp_address *known;

	array_foreach_elem(addresses, known) {
		if (smtp_address_equals_icase(known, address))
			return TRUE;
	}
	return FALSE;
}

int geotrip_addresses_parse(pool_t pool, const char *text, const char *user,
			    const char *domain,
			    ARRAY_TYPE(smtp_address_const) *addresses,
			    const char **error_r)
{
	const char *const *words = t_strsplit_spaces(text, ", \t");
	const struct smtp_address *address;
	int ret = 0;

	if (*words == NULL) {
		*error_r = "there is no address";
		return -1;
	}
	for (; *words != NULL; words++) {
		if (parse_word(pool, *words, user, domain, &address,
			       error_r) < 0)
			ret = -1;
		else if (!addresses_have(addresses, address))
			array_push_back(addresses, &address);
	}
	return ret;
}

bool geotrip_domain_is_valid(const char *domain)
{
	const char *error;

	return *domain == '\0' ||
		(is_printable_ascii(domain) &&
		 smtp_address_parse_mailbox(pool_datastack_create(),
					    t_strconcat("a@", domain, NULL),
					    SMTP_ADDRESS_PARSE_FLAG_STRICT,
					    NULL, &error) == 0);
}

const char *
geotrip_addresses_join(const ARRAY_TYPE(smtp_address_const) *addresses,
		       const char *separator)
{
	const struct smtp_address *address;
	string_t *str = t_str_new(128);

	array_foreach_elem(addresses, address) {
		if (str_len(str) > 0)
			str_append(str, separator);
		str_append(str, smtp_address_encode(address));
	}
	return str_c(str);
}
