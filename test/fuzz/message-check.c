/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What no name, country, address or template may bring about: another header
   field, a line that SMTP does not take, a byte that is no ASCII. */

#include "lib.h"
#include "base64.h"
#include "str.h"
#include "unichar.h"
#include "message-check.h"

/* RFC 5322, 2.1.1 */
#define MAX_LINE_BYTES 998

/* In their order. */
static const char *const names[] = {
	"From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ",
	"Auto-Submitted: ", "MIME-Version: ", "Content-Type: ",
	"Content-Language: ", "Content-Transfer-Encoding: "
};

static void check_bytes(const string_t *message)
{
	const unsigned char *bytes = str_data(message);
	size_t i, line_begin = 0;

	i_assert(str_len(message) > 0);
	i_assert(bytes[str_len(message) - 1] == '\n');
	for (i = 0; i < str_len(message); i++) {
		if (bytes[i] == '\n') {
			i_assert(i - line_begin <= MAX_LINE_BYTES);
			line_begin = i + 1;
		} else {
			/* a tab only folds a header field */
			i_assert(bytes[i] == '\t' ||
				 (bytes[i] >= 0x20 && bytes[i] < 0x7f));
		}
	}
}

/* A continuation has more than white space (RFC 5322, 3.2.2). */
static bool is_continuation(const char *line)
{
	return (*line == ' ' || *line == '\t') &&
		line[strspn(line, " \t")] != '\0';
}

static void check_body(const char *encoding, const char *body)
{
	buffer_t *decoded;

	if (strcmp(encoding, "7bit") == 0) {
		i_assert(strchr(body, '\t') == NULL);
		return;
	}
	i_assert(strcmp(encoding, "base64") == 0);
	decoded = t_base64_decode_str(t_strarray_join(
		t_strsplit(body, "\n"), ""));
	i_assert(decoded != NULL);
	i_assert(decoded->used > 0);
	i_assert(uni_utf8_data_is_valid(decoded->data, decoded->used));
}

void message_check(const string_t *message)
{
	const char *const *lines, *encoding = NULL;
	unsigned int count = 0;

	check_bytes(message);
	lines = t_strsplit(str_c((string_t *)message), "\n");
	for (; **lines != '\0'; lines++) {
		if (count > 0 && is_continuation(*lines))
			continue;
		i_assert(count < N_ELEMENTS(names));
		i_assert(strncmp(*lines, names[count],
				 strlen(names[count])) == 0);
		encoding = *lines + strlen(names[count]);
		/* no field is empty, but that the subject may be */
		i_assert(encoding[strspn(encoding, " \t")] != '\0' ||
			 strcmp(names[count], "Subject: ") == 0);
		count++;
	}
	i_assert(count == N_ELEMENTS(names));
	check_body(encoding, t_strarray_join(lines + 1, "\n"));
}
