/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Time and text that every part shares. No state. */

#include "lib.h"
#include "array.h"
#include "hex-dec.h"
#include "iso8601-date.h"
#include "str.h"
#include "time-util.h"
#include "unichar.h"
#include "geotrip-common.h"

#include <ctype.h>

int64_t geotrip_now(void)
{
	struct timeval tv;

	i_gettimeofday(&tv);
	return GEOTRIP_USECS(tv.tv_sec) + tv.tv_usec;
}

const char *geotrip_format_time(int64_t time)
{
	return iso8601_date_create(time / 1000000);
}

const char *geotrip_user_domain(const char *user)
{
	const char *at = strrchr(user, '@');

	return at == NULL ? "" : t_str_lcase(at + 1);
}

const char *
geotrip_join_countries(const ARRAY_TYPE(geotrip_sighting) *sightings)
{
	const struct geotrip_sighting *sighting;
	string_t *str = t_str_new(32);

	array_foreach(sightings, sighting) {
		if (str_len(str) > 0)
			str_append_c(str, ' ');
		str_append(str, sighting->country.code);
	}
	return str_c(str);
}

static bool hex_escape_begins(const char *p)
{
	return p[0] == '\\' && p[1] == 'x' &&
		i_isxdigit(p[2]) && i_isxdigit(p[3]);
}

/* Characters that change how the surrounding text is displayed. */
static bool is_unfit(unichar_t chr)
{
	return chr < 0x20 || (chr >= 0x7f && chr < 0xa0) ||
		(chr >= 0x200b && chr <= 0x200f) ||
		(chr >= 0x2028 && chr <= 0x202e) ||
		(chr >= 0x2060 && chr <= 0x206f) || chr == 0xfeff;
}

const char *geotrip_escape(const char *text)
{
	const char *p = text;
	string_t *str = NULL;

	while (*p != '\0') {
		unichar_t chr;
		int len = uni_utf8_get_char(p, &chr);
		bool fit = len > 0 && uni_is_valid_ucs4(chr) &&
			!is_unfit(chr) && !hex_escape_begins(p);

		if (len <= 0)
			len = 1;
		if (!fit && str == NULL) {
			str = t_str_new(strlen(text) + 64);
			str_append_data(str, text, p - text);
		}
		for (; len > 0; len--, p++) {
			if (!fit)
				str_printfa(str, "\\x%02x", (unsigned char)*p);
			else if (str != NULL)
				str_append_c(str, *p);
		}
	}
	return str == NULL ? text : str_c(str);
}

const char *geotrip_unescape(const char *text)
{
	const char *p;
	string_t *str;

	if (strstr(text, "\\x") == NULL)
		return text;

	str = t_str_new(strlen(text));
	for (p = text; *p != '\0'; ) {
		unsigned char chr = *p;

		if (hex_escape_begins(p)) {
			chr = hex2dec((const unsigned char *)p + 2, 2);
			if (chr == '\0') {
				/* no name can contain NUL: leave the text
				   unchanged */
				return text;
			}
			p += 4;
		} else {
			p++;
		}
		str_append_c(str, chr);
	}
	return str_c(str);
}

const char *geotrip_count(uint64_t count, const char *one, const char *many)
{
	return t_strdup_printf("%"PRIu64" %s", count, count == 1 ? one : many);
}
