/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef MESSAGE_CHECK_H
#define MESSAGE_CHECK_H

/* Aborts unless the text is a message as RFC 5322 has them, with LF for line
   ends, with exactly the header fields that geotrip writes. */
void message_check(const string_t *message);

#endif
