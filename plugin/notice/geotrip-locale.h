/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LOCALE_H
#define GEOTRIP_LOCALE_H

/* Localized names of countries and times, by ICU. Languages that ICU does not
   know fall back to English. All results are UTF-8 in the data stack. */

/* "Japan"; or the code itself, escaped, if it has no name. */
const char *geotrip_locale_country(const char *language, const char *code);
/* The countries of a list such as "JP US", separated as usual in the language;
   the empty string for an empty list. */
const char *
geotrip_locale_countries(const char *language, const char *codes);
/* "Tuesday, November 24, 2026 at 5:08 PM GMT+9", in the time zone of this
   machine. */
const char *geotrip_locale_time(const char *language, int64_t time);
/* The same, short: "11/24/2026, 5:08 PM GMT+9". */
const char *geotrip_locale_short_time(const char *language, int64_t time);

#endif
