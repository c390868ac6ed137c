/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LOCALE_H
#define GEOTRIP_LOCALE_H

/* Countries and times in the words of a language, by ICU. A language that ICU
   does not know is written like English. All results are UTF-8 in the data
   stack. */

/* "Japan"; the code itself, escaped, where there is no name. */
const char *geotrip_locale_country(const char *language, const char *code);
/* The countries of a list such as "JP US", separated as the language does it;
   the empty string for an empty list. */
const char *
geotrip_locale_countries(const char *language, const char *codes);
/* "Tuesday, November 24, 2026 at 5:08 PM GMT+9", in the time zone of this
   machine. */
const char *geotrip_locale_time(const char *language, int64_t time);
/* The same, short: "11/24/2026, 5:08 PM GMT+9". */
const char *geotrip_locale_short_time(const char *language, int64_t time);

#endif
