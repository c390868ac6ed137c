/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MESSAGE_H
#define GEOTRIP_MESSAGE_H

/* An automatically generated RFC 5322 message with a plain text body. */

#include "geotrip-address.h"

struct geotrip_message {
	const struct smtp_address *from;
	/* UTF-8, or NULL; control characters are encoded */
	const char *from_name;
	const ARRAY_TYPE(smtp_address_const) *to;
	/* without angle brackets */
	const char *message_id;
	/* for example "ja" */
	const char *language;
	/* UTF-8; any content is safe, it cannot add header fields */
	const char *subject;
	/* UTF-8, lines end with LF */
	const char *body;
};

/* Append the whole message. Lines end with LF. The result is plain ASCII, and
   no line is longer than SMTP allows. */
void geotrip_message_write(const struct geotrip_message *message,
			   string_t *dest);

#endif
