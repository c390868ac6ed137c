/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Reads, checks and expands templates. Everything is checked when the file is
   read, so that expanding cannot fail. */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "unichar.h"
#include "geotrip-common.h"
#include "geotrip-template.h"
#include "geotrip-template-names.h"

#include <ctype.h>
#include <unistd.h>

#define SUBJECT "Subject: "
/* some editors write it at the beginning of a UTF-8 file */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* A notice is a page of text. */
#define MAX_TEMPLATE_BYTES (64 * 1024)

struct template_part {
	/* NULL: the file does not have it */
	const char *subject;
	const char *body;
};

struct geotrip_template {
	const char *name;
	struct template_part parts[GEOTRIP_TEMPLATE_PART_COUNT];
};

/* A placeholder in braces: {name}, {?name} or {!name}. */
struct brace {
	enum geotrip_placeholder what;
	/* '\0' if it is not a condition */
	char condition;
	/* after the closing brace */
	const char *end;
};

/* Returns FALSE if the part has no placeholder with this name. */
static bool
parse_brace(enum geotrip_template_part part, const char *p,
	    struct brace *brace_r)
{
	const char *name = p + 1, *end;

	i_zero(brace_r);
	if (*name == '?' || *name == '!')
		brace_r->condition = *name++;
	for (end = name; i_isalpha(*end); end++) ;
	if (*end != '}')
		return FALSE;
	if (!geotrip_template_find_placeholder(part, name, end - name,
					       &brace_r->what))
		return FALSE;
	brace_r->end = end + 1;
	return TRUE;
}

static bool brace_is_literal(const char *p)
{
	return p[0] == '{' && p[1] == '{';
}

/* Conditions are allowed only at the beginning of a line: anywhere else it
   would be unclear what they apply to. */
static int
check_line(enum geotrip_template_part part, const char *line,
	   const char **error_r)
{
	struct brace brace;
	bool beginning = TRUE;
	const char *p = line;

	while (*p != '\0') {
		if (brace_is_literal(p)) {
			p += 2;
			beginning = FALSE;
		} else if (*p != '{') {
			p++;
			beginning = FALSE;
		} else if (!parse_brace(part, p, &brace)) {
			*error_r = t_strdup_printf(
				"unknown placeholder \"%s\": known in [%s] "
				"are %s; {{ is a brace",
				geotrip_escape(t_strcut(t_strndup(p, 40),
							' ')),
				geotrip_template_part_name(part),
				geotrip_template_placeholders(part));
			return -1;
		} else if (brace.condition != '\0' && !beginning) {
			*error_r = t_strdup_printf(
				"the condition \"%s\" must be at the "
				"beginning of its line",
				t_strdup_until(p, brace.end));
			return -1;
		} else {
			beginning = beginning && brace.condition != '\0';
			p = brace.end;
		}
	}
	return 0;
}

/* The parser, line by line. */
struct parser {
	pool_t pool;
	struct geotrip_template *template;
	unsigned int line_number;
	/* NULL before the first part */
	struct template_part *part;
	enum geotrip_template_part which;
	/* of the part */
	string_t *body;
};

static void end_part(struct parser *parser)
{
	size_t len = str_len(parser->body);

	if (parser->part == NULL || parser->part->subject == NULL)
		return;
	/* empty lines before the next part are not part of the text */
	while (len > 0 && str_data(parser->body)[len - 1] == '\n')
		len--;
	str_truncate(parser->body, len);
	str_append_c(parser->body, '\n');
	parser->part->body = p_strdup(parser->pool, str_c(parser->body));
	str_truncate(parser->body, 0);
}

static int
begin_part(struct parser *parser, const char *line, const char **error_r)
{
	const char *name = t_strdup_until(line + 1, strchr(line, ']'));

	if (parser->part != NULL && parser->part->subject == NULL) {
		*error_r = "the previous part has no Subject";
		return -1;
	}
	end_part(parser);
	if (!geotrip_template_find_part(name, &parser->which)) {
		*error_r = t_strdup_printf(
			"unknown part [%s]: known are %s",
			geotrip_escape(name), geotrip_template_parts());
		return -1;
	}
	parser->part = &parser->template->parts[parser->which];
	if (parser->part->subject != NULL) {
		*error_r = t_strdup_printf("there is a part [%s] already",
					   name);
		return -1;
	}
	return 0;
}

static bool line_begins_part(const char *line)
{
	size_t len = strlen(line);

	return len > 2 && line[0] == '[' && strchr(line, ']') == line + len - 1;
}

static int
parse_line(struct parser *parser, const char *line, const char **error_r)
{
	if (line_begins_part(line))
		return begin_part(parser, line, error_r);
	if (parser->part == NULL) {
		if (*line == '\0' || *line == '#')
			return 0;
		*error_r = "text before the first part, for example "
			"[suspended]";
		return -1;
	}
	if (check_line(parser->which, line, error_r) < 0)
		return -1;
	if (parser->part->subject != NULL) {
		/* skip the empty line between subject and body */
		if (str_len(parser->body) > 0 || *line != '\0')
			str_printfa(parser->body, "%s\n", line);
		return 0;
	}
	if (strncmp(line, SUBJECT, strlen(SUBJECT)) != 0 ||
	    line[strlen(SUBJECT)] == '\0') {
		*error_r = "a part must begin with \"Subject: \" and a text";
		return -1;
	}
	parser->part->subject = p_strdup(parser->pool, line + strlen(SUBJECT));
	return 0;
}

static int
check_complete(const struct parser *parser, const char **error_r)
{
	const struct template_part *parts = parser->template->parts;

	if (parser->part != NULL && parser->part->subject == NULL) {
		*error_r = "the last part has no Subject";
		return -1;
	}
	if (parts[GEOTRIP_TEMPLATE_SUSPENDED].subject == NULL ||
	    parts[GEOTRIP_TEMPLATE_RELEASED].subject == NULL) {
		*error_r = "the parts [suspended] and [released] are required";
		return -1;
	}
	return 0;
}

static int
parse_lines(struct parser *parser, const char *const *lines,
	    const char **error_r)
{
	for (; *lines != NULL; lines++) {
		const char *line = *lines;
		size_t len = strlen(line);

		parser->line_number++;
		/* the file may have CRLF line endings */
		if (len > 0 && line[len - 1] == '\r')
			line = t_strndup(line, len - 1);
		if (!uni_utf8_str_is_valid(line)) {
			*error_r = "is not UTF-8";
			return -1;
		}
		if (parse_line(parser, line, error_r) < 0)
			return -1;
	}
	end_part(parser);
	return check_complete(parser, error_r);
}

int geotrip_template_parse(pool_t pool, const char *name, const char *text,
			   struct geotrip_template **template_r,
			   const char **error_r)
{
	struct parser parser = {
		.pool = pool,
		.template = p_new(pool, struct geotrip_template, 1),
		.body = t_str_new(4096),
	};
	const char *error;

	parser.template->name = p_strdup(pool, name);
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		text += strlen(BYTE_ORDER_MARK);
	if (parse_lines(&parser, t_strsplit(text, "\n"), &error) < 0) {
		*error_r = t_strdup_printf("Template %s: line %u: %s", name,
					   parser.line_number, error);
		return -1;
	}
	*template_r = parser.template;
	return 0;
}

static int
read_text(const char *path, string_t *text, const char **error_r)
{
	struct istream *input = i_stream_create_file(path, IO_BLOCK_SIZE);
	const unsigned char *data;
	size_t size;
	int ret = 0;

	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(text, data, size);
		i_stream_skip(input, size);
		if (str_len(text) > MAX_TEMPLATE_BYTES)
			break;
	}
	if (input->stream_errno != 0) {
		*error_r = t_strdup_printf("Template %s: %s", path,
					   i_stream_get_error(input));
		ret = -1;
	} else if (str_len(text) > MAX_TEMPLATE_BYTES) {
		*error_r = t_strdup_printf(
			"Template %s: is longer than %u bytes", path,
			MAX_TEMPLATE_BYTES);
		ret = -1;
	} else if (memchr(str_data(text), '\0', str_len(text)) != NULL) {
		*error_r = t_strdup_printf("Template %s: is not a text "
			"file", path);
		ret = -1;
	}
	i_stream_destroy(&input);
	return ret;
}

int geotrip_template_read(pool_t pool, const char *const *directories,
			  const char *language,
			  struct geotrip_template **template_r,
			  const char **error_r)
{
	string_t *text = t_str_new(4096);

	for (; *directories != NULL; directories++) {
		const char *path = t_strdup_printf("%s/%s.txt", *directories,
						   language);

		if (access(path, F_OK) < 0 &&
		    (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (read_text(path, text, error_r) < 0 ||
		    geotrip_template_parse(pool, path, str_c(text), template_r,
					   error_r) < 0)
			return -1;
		return 1;
	}
	return 0;
}

const char *geotrip_template_name(const struct geotrip_template *template)
{
	return template->name;
}

bool geotrip_template_has(const struct geotrip_template *template,
			  enum geotrip_template_part part)
{
	return template->parts[part].subject != NULL;
}

/* Append the line. If a condition is not met, append nothing and return
   FALSE. */
static bool
expand_line(enum geotrip_template_part part, const char *line,
	    const struct geotrip_template_values *values, string_t *dest)
{
	size_t begin = str_len(dest);
	struct brace brace;
	const char *p = line, *value;

	while (*p != '\0') {
		if (*p != '{') {
			str_append_c(dest, *p++);
			continue;
		}
		if (brace_is_literal(p)) {
			str_append_c(dest, '{');
			p += 2;
			continue;
		}
		if (!parse_brace(part, p, &brace))
			i_unreached();
		p = brace.end;
		value = values->values[brace.what];
		if (value != NULL && *value == '\0')
			value = NULL;
		if ((brace.condition == '?' && value == NULL) ||
		    (brace.condition == '!' && value != NULL)) {
			str_truncate(dest, begin);
			return FALSE;
		}
		if (brace.condition == '\0' && value != NULL)
			str_append(dest, value);
	}
	return TRUE;
}

void geotrip_template_expand(const struct geotrip_template *template,
			     enum geotrip_template_part part,
			     const struct geotrip_template_values *values,
			     string_t *subject, string_t *body)
{
	const struct template_part *texts = &template->parts[part];
	const char *const *lines;

	i_assert(texts->subject != NULL);
	(void)expand_line(part, texts->subject, values, subject);
	lines = t_strsplit(texts->body, "\n");
	/* the last element is the empty string after the last LF */
	for (; lines[0] != NULL && lines[1] != NULL; lines++) {
		if (expand_line(part, lines[0], values, body))
			str_append_c(body, '\n');
	}
}
