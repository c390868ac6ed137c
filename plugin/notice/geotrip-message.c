/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Header fields and the encoding of the body. */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "message-address.h"
#include "message-date.h"
#include "message-header-encode.h"
#include "str.h"
#include "geotrip-message.h"

#include <time.h>

/* RFC 5322, 2.1.1 */
#define MAX_LINE_CHARS 78
#define BASE64_LINE_CHARS 76
#define MAX_SUBJECT_BYTES 200

/* Can the text be put into a header field unencoded? */
static bool text_is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 ||
		    (unsigned char)*text >= 0x7f)
			return FALSE;
	}
	return TRUE;
}

/* Can the body be sent unencoded? */
static bool body_is_plain(const char *body)
{
	const char *line_begin = body, *p;

	for (p = body; *p != '\0'; p++) {
		if (*p == '\n')
			line_begin = p + 1;
		else if ((unsigned char)*p < 0x20 ||
			 (unsigned char)*p >= 0x7f ||
			 p - line_begin >= MAX_LINE_CHARS)
			return FALSE;
	}
	return TRUE;
}

static void
write_from(const struct geotrip_message *message, string_t *dest)
{
	const char *name = message->from_name;
	struct message_address addr;
	string_t *encoded;

	if (name != NULL && !text_is_plain(name)) {
		encoded = t_str_new(128);
		message_header_encode_b((const void *)name, strlen(name),
					encoded, strlen("From: "));
		name = str_c(encoded);
	}
	message_address_init(&addr, name, message->from->localpart,
			     message->from->domain);
	str_append(dest, "From: ");
	if (name == NULL)
		str_append(dest, smtp_address_encode(message->from));
	else
		message_address_write(dest, &addr);
	str_append_c(dest, '\n');
}

/* A line break would be encoded and displayed. A name may have any length. */
static const char *fit_subject(const char *text)
{
	string_t *str = t_str_new(256);
	char *p;

	str_append(str, text);
	if (str_len(str) > MAX_SUBJECT_BYTES) {
		str_truncate_utf8(str, MAX_SUBJECT_BYTES);
		str_append(str, "...");
	}
	for (p = str_c_modifiable(str); *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
	return str_c(str);
}

/* Text that is encoded in base64 has CRLF line endings (RFC 2045, 6.8). */
static const string_t *with_crlf(const char *text)
{
	string_t *str = t_str_new(4096);

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			str_append_c(str, '\r');
		str_append_c(str, *text);
	}
	return str;
}

static void write_body(const char *body, string_t *dest)
{
	const string_t *text = with_crlf(body);
	buffer_t *encoded;

	if (body_is_plain(body)) {
		str_append(dest, "Content-Transfer-Encoding: 7bit\n\n");
		str_append(dest, body);
		return;
	}
	str_append(dest, "Content-Transfer-Encoding: base64\n\n");
	encoded = t_base64_encode(0, BASE64_LINE_CHARS, str_data(text),
				  str_len(text));
	str_append_str(dest, encoded);
	str_append_c(dest, '\n');
}

void geotrip_message_write(const struct geotrip_message *message,
			   string_t *dest)
{
	write_from(message, dest);
	str_printfa(dest, "To: %s\n",
		    geotrip_addresses_join(message->to, ",\n "));
	str_append(dest, "Subject: ");
	message_header_encode(fit_subject(message->subject), dest);
	str_printfa(dest, "\nDate: %s\n", message_date_create(time(NULL)));
	str_printfa(dest, "Message-ID: <%s>\n", message->message_id);
	/* no vacation reply, please (RFC 3834) */
	str_append(dest, "Auto-Submitted: auto-generated\n"
		   "MIME-Version: 1.0\n"
		   "Content-Type: text/plain; charset=utf-8\n");
	str_printfa(dest, "Content-Language: %s\n", message->language);
	write_body(message->body, dest);
}
