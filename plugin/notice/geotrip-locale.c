/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The only file that uses ICU. */

#include "lib.h"
#include "str.h"
#include "geotrip-common.h"
#include "geotrip-locale.h"

#include <unicode/udat.h>
#include <unicode/udatpg.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

#define MAX_CHARS 256
#define NO_BREAK_SPACE 0x00a0
#define NARROW_NO_BREAK_SPACE 0x202f

static const char *to_utf8(const UChar *text, int32_t len)
{
	/* a UTF-16 code unit takes at most three bytes in UTF-8 */
	char *utf8 = t_malloc_no0(len * 3 + 1);
	UErrorCode status = U_ZERO_ERROR;

	(void)u_strToUTF8(utf8, len * 3 + 1, NULL, text, len, &status);
	return U_FAILURE(status) != 0 ? NULL : utf8;
}

const char *geotrip_locale_country(const char *language, const char *code)
{
	const char *locale = t_strconcat("und_", code, NULL);
	UErrorCode status = U_ZERO_ERROR;
	const char *name = NULL;
	UChar text[MAX_CHARS];
	int32_t len;

	len = uloc_getDisplayCountry(locale, language, text, MAX_CHARS,
				     &status);
	if (U_SUCCESS(status) != 0 && len > 0)
		name = to_utf8(text, len);
	return name == NULL ? geotrip_escape(code) : name;
}

/* "Japan, United States, Brazil". ICU's lists have an "and", which would be
   wrong in an incomplete list. */
const char *geotrip_locale_countries(const char *language, const char *codes)
{
	const char *const *code = t_strsplit_spaces(codes, " ");
	/* the list separators of these languages */
	const char *separator = strncmp(language, "ja", 2) == 0 ||
		strncmp(language, "zh", 2) == 0 ? "\xe3\x80\x81" : ", ";
	string_t *str = t_str_new(128);

	for (; *code != NULL; code++) {
		if (str_len(str) > 0)
			str_append(str, separator);
		str_append(str, geotrip_locale_country(language, *code));
	}
	return str_c(str);
}

/* ICU uses special spaces that older mail programs and terminals show as a
   box. */
static void plain_spaces(UChar *text, int32_t len)
{
	int32_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == NO_BREAK_SPACE ||
		    text[i] == NARROW_NO_BREAK_SPACE)
			text[i] = ' ';
	}
}

static const char *
format_time(UDateTimePatternGenerator *generator, const UChar *skeleton,
	    const char *language, int64_t time)
{
	UErrorCode status = U_ZERO_ERROR;
	const char *result = NULL;
	UChar pattern[MAX_CHARS], text[MAX_CHARS];
	UDateFormat *format;
	int32_t len;

	len = udatpg_getBestPattern(generator, skeleton, -1, pattern,
				    MAX_CHARS, &status);
	format = udat_open(UDAT_PATTERN, UDAT_PATTERN, language, NULL, -1,
			   pattern, len, &status);
	if (U_FAILURE(status) != 0)
		return NULL;
	len = udat_format(format, time / 1000, text, MAX_CHARS, NULL,
			  &status);
	if (U_SUCCESS(status) != 0) {
		plain_spaces(text, len);
		result = to_utf8(text, len);
	}
	udat_close(format);
	return result;
}

static const char *
locale_time(const UChar *skeleton, const char *language, int64_t time)
{
	UErrorCode status = U_ZERO_ERROR;
	UDateTimePatternGenerator *generator =
		udatpg_open(language, &status);
	const char *result = NULL;

	if (U_SUCCESS(status) != 0) {
		result = format_time(generator, skeleton, language, time);
		udatpg_close(generator);
	}
	return result != NULL ? result : geotrip_format_time(time);
}

const char *geotrip_locale_time(const char *language, int64_t time)
{
	return locale_time(u"yMMMMEEEEdjmmz", language, time);
}

const char *geotrip_locale_short_time(const char *language, int64_t time)
{
	return locale_time(u"yMMddjmmz", language, time);
}
