/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The contents of notices, who they appear to be from, and how long they are
   retried. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-locale.h"
#include "geotrip-message.h"
#include "geotrip-notice.h"

#define MINUTE GEOTRIP_USECS(60)
#define HOUR (60 * MINUTE)
/* The number of hourly attempts after the first delays: three days. */
#define HOURLY_ATTEMPTS (3 * 24)

static const int64_t first_delays[] = {
	MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE
};

struct geotrip_notice_writer {
	pool_t pool;
	const struct geotrip_config *config;
	const struct smtp_address *from;
	ARRAY(struct cached_template) templates;
};

struct cached_template {
	const char *language;
	/* NULL: there is none, or it is unusable because of the error */
	struct geotrip_template *template;
	const char *error;
};

struct geotrip_notice_writer *
geotrip_notice_writer_init(const struct geotrip_config *config,
			   const char *hostname)
{
	pool_t pool = pool_alloconly_create("geotrip notice writer", 16384);
	struct geotrip_notice_writer *writer =
		p_new(pool, struct geotrip_notice_writer, 1);

	writer->pool = pool;
	writer->config = config;
	writer->from = config->notify.from != NULL ? config->notify.from :
		smtp_address_create(pool, "postmaster", hostname);
	p_array_init(&writer->templates, pool, 4);
	return writer;
}

void geotrip_notice_writer_deinit(struct geotrip_notice_writer **_writer)
{
	struct geotrip_notice_writer *writer = *_writer;

	if (writer == NULL)
		return;
	*_writer = NULL;
	pool_unref(&writer->pool);
}

const char *const *
geotrip_notice_directories(const struct geotrip_notify_config *config)
{
	const char **directories = t_new(const char *, 3);
	unsigned int count = 0;

	if (*config->templates != '\0')
		directories[count++] = config->templates;
	directories[count++] = GEOTRIP_NOTICEDIR;
	return directories;
}

const struct smtp_address *
geotrip_notice_sender(const struct geotrip_notice_writer *writer)
{
	return writer->from;
}

static const struct cached_template *
get_template(struct geotrip_notice_writer *writer, const char *language)
{
	struct cached_template *cached;
	const char *error = NULL;

	array_foreach_modifiable(&writer->templates, cached) {
		if (strcmp(cached->language, language) == 0)
			return cached;
	}
	cached = array_append_space(&writer->templates);
	cached->language = p_strdup(writer->pool, language);
	if (geotrip_template_read(writer->pool, geotrip_notice_directories(
			&writer->config->notify), language,
			&cached->template, &error) < 0)
		cached->error = p_strdup(writer->pool, error);
	return cached;
}

/* Find a template with the part, in the language or else in that of the
   settings. language_r is set to the one that was found. */
static const struct geotrip_template *
find_template(struct geotrip_notice_writer *writer,
	      enum geotrip_template_part part, const char *language,
	      const char **language_r, const char **error_r)
{
	const char *fallback = writer->config->notify.language;
	const struct cached_template *cached = get_template(writer, language);

	if (cached->template == NULL && cached->error == NULL) {
		language = fallback;
		cached = get_template(writer, language);
	}
	if (cached->error != NULL)
		*error_r = cached->error;
	else if (cached->template == NULL) {
		*error_r = t_strdup_printf(
			"There is no template %s.txt in %s. Set "
			"geotrip_notify_language to another language, or add "
			"the template", fallback, t_strarray_join(
				geotrip_notice_directories(
					&writer->config->notify), " or "));
	} else if (!geotrip_template_has(cached->template, part)) {
		*error_r = t_strdup_printf(
			"Template %s: has no part [%s]",
			geotrip_template_name(cached->template),
			geotrip_template_part_name(part));
	} else {
		*language_r = language;
		return cached->template;
	}
	return NULL;
}

int geotrip_notice_writer_check(struct geotrip_notice_writer *writer,
				const char **error_r)
{
	const char *language = writer->config->notify.language;

	return find_template(writer, GEOTRIP_TEMPLATE_SUSPENDED, language,
			     &language, error_r) == NULL ? -1 : 0;
}

const char *geotrip_notice_short_ip(const struct ip_addr *ip)
{
	const unsigned char *bytes;
	struct ip_addr network = *ip;
	const char *text;

	switch (ip->family) {
	case AF_INET:
		bytes = (const unsigned char *)&ip->u.ip4.s_addr;
		return t_strdup_printf("%u.%u.%u.x", bytes[0], bytes[1],
				       bytes[2]);
	case AF_INET6:
		/* a customer gets at most a /48; "2001:db8:1::" */
		memset(network.u.ip6.s6_addr + 6, 0, 10);
		text = net_ip2addr(&network);
		return t_strdup_printf("%.*sx", (int)strlen(text) - 1, text);
	default:
		return "-";
	}
}

static const char *
login_lines(const ARRAY_TYPE(geotrip_notice_login) *evidence,
	    const char *language)
{
	const struct geotrip_notice_login *login;
	string_t *str = t_str_new(256);

	array_foreach(evidence, login) {
		str_printfa(str, "%s  %s  %s  %s",
			    str_len(str) == 0 ? "" : "\n",
			    geotrip_locale_short_time(language, login->time),
			    geotrip_locale_country(language,
						   login->country.code),
			    geotrip_notice_short_ip(&login->ip));
	}
	return str_c(str);
}

/* Names come from outside: escape them, so that they cannot affect the
   surrounding lines. */
static void
fill_values(const struct geotrip_notice_writer *writer,
	    const struct geotrip_suspension *suspension,
	    const ARRAY_TYPE(geotrip_notice_login) *evidence,
	    const ARRAY_TYPE(smtp_address_const) *to, const char *language,
	    struct geotrip_template_values *values_r)
{
	const struct geotrip_config *config = writer->config;
	const char **values = values_r->values;

	values[GEOTRIP_PLACEHOLDER_USER] = geotrip_escape(suspension->user);
	values[GEOTRIP_PLACEHOLDER_ADDRESS] = geotrip_addresses_join(to, ", ");
	values[GEOTRIP_PLACEHOLDER_SINCE] =
		geotrip_locale_time(language, suspension->since);
	if (suspension->released_at != 0) {
		values[GEOTRIP_PLACEHOLDER_ENDED] = geotrip_locale_time(
			language, suspension->released_at);
	} else if (suspension->until != GEOTRIP_NEVER) {
		values[GEOTRIP_PLACEHOLDER_UNTIL] =
			geotrip_locale_time(language, suspension->until);
	}
	values[GEOTRIP_PLACEHOLDER_COUNTRIES] =
		geotrip_locale_countries(language, suspension->countries);
	values[GEOTRIP_PLACEHOLDER_LOGINS] = login_lines(evidence, language);
	/* only an operator's reason is meant for people */
	if (suspension->reason_from == GEOTRIP_REASON_GIVEN) {
		values[GEOTRIP_PLACEHOLDER_REASON] =
			geotrip_escape(suspension->reason);
	}
	if (geotrip_config_reading_goes_on(config))
		values[GEOTRIP_PLACEHOLDER_READING] = "yes";
	values[GEOTRIP_PLACEHOLDER_CONTACT] =
		smtp_address_encode(writer->from);
}

static const char *
message_id(const struct geotrip_notice_writer *writer, int64_t id,
	   int64_t since, const char *kind)
{
	return t_strdup_printf("geotrip.%"PRId64".%"PRId64".%s@%s",
			       id, since, kind, writer->from->domain);
}

static void
write_message(const struct geotrip_notice_writer *writer,
	      const struct geotrip_template *template,
	      enum geotrip_template_part part,
	      const struct geotrip_template_values *values,
	      const ARRAY_TYPE(smtp_address_const) *to,
	      const char *language, const char *id, string_t *dest)
{
	string_t *subject = t_str_new(128), *body = t_str_new(2048);
	struct geotrip_message message = {
		.from = writer->from,
		.from_name = writer->config->notify.from_name,
		.to = to,
		.message_id = id,
		.language = language,
	};

	geotrip_template_expand(template, part, values, subject, body);
	message.subject = str_c(subject);
	message.body = str_c(body);
	geotrip_message_write(&message, dest);
}

int geotrip_notice_write(struct geotrip_notice_writer *writer,
			 const struct geotrip_notice *notice,
			 const ARRAY_TYPE(geotrip_notice_login) *evidence,
			 const ARRAY_TYPE(smtp_address_const) *to,
			 const char *language, string_t *message,
			 const char **error_r)
{
	enum geotrip_template_part part =
		notice->kind == GEOTRIP_NOTICE_RELEASED ?
		GEOTRIP_TEMPLATE_RELEASED : GEOTRIP_TEMPLATE_SUSPENDED;
	struct geotrip_template_values values = { { NULL } };
	const struct geotrip_template *template;

	template = find_template(writer, part, language, &language, error_r);
	if (template == NULL)
		return -1;
	fill_values(writer, &notice->suspension, evidence, to, language,
		    &values);
	write_message(writer, template, part, &values, to, language,
		      message_id(writer, notice->suspension.id,
				 notice->suspension.since,
				 geotrip_template_part_name(part)), message);
	return 0;
}

const char *
geotrip_notice_list_line(struct geotrip_notice_writer *writer,
			 const struct geotrip_notice *notice)
{
	const struct geotrip_suspension *suspension = &notice->suspension;
	const char *time = geotrip_locale_short_time(
		writer->config->notify.language, suspension->since);

	return t_strdup_printf("%s  %s  %s%s%s%s%s",
		geotrip_escape(suspension->user), time,
		geotrip_escape(suspension->reason),
		*suspension->countries == '\0' ? "" : "  ",
		geotrip_escape(suspension->countries),
		notice->owner_error == NULL ? "" : "\n    ",
		notice->owner_error == NULL ? "" :
			geotrip_escape(notice->owner_error));
}

int geotrip_notice_write_list(struct geotrip_notice_writer *writer,
			      const struct geotrip_notice *first,
			      unsigned int count, const char *list,
			      string_t *message, const char **error_r)
{
	enum geotrip_template_part part =
		first->kind == GEOTRIP_NOTICE_UNDELIVERED ?
		GEOTRIP_TEMPLATE_UNDELIVERED : GEOTRIP_TEMPLATE_DIGEST;
	struct geotrip_template_values values = { { NULL } };
	const struct geotrip_template *template;
	const char *language, *id;

	template = find_template(writer, part, writer->config->notify.language,
				 &language, error_r);
	if (template == NULL)
		return -1;
	values.values[GEOTRIP_PLACEHOLDER_COUNT] =
		t_strdup_printf("%u", count);
	values.values[GEOTRIP_PLACEHOLDER_LIST] = list;
	values.values[GEOTRIP_PLACEHOLDER_CONTACT] =
		smtp_address_encode(writer->from);
	id = message_id(writer, first->suspension.id, first->suspension.since,
			t_strdup_printf("%s.%u",
				geotrip_template_part_name(part), count));
	write_message(writer, template, part, &values,
		      &writer->config->notify.admin, language, id, message);
	return 0;
}

int geotrip_notice_write_brake(struct geotrip_notice_writer *writer,
			       const struct geotrip_brake *brake,
			       string_t *message, const char **error_r)
{
	enum geotrip_template_part part = GEOTRIP_TEMPLATE_BRAKE;
	struct geotrip_template_values values = { { NULL } };
	const struct geotrip_template *template;
	const char *language;

	template = find_template(writer, part, writer->config->notify.language,
				 &language, error_r);
	if (template == NULL)
		return -1;
	values.values[GEOTRIP_PLACEHOLDER_MAX] = geotrip_escape(brake->max);
	if (brake->domain != NULL && *brake->domain == '\0')
		values.values[GEOTRIP_PLACEHOLDER_DOMAINLESS] = "yes";
	else if (brake->domain != NULL) {
		values.values[GEOTRIP_PLACEHOLDER_DOMAIN] =
			geotrip_escape(brake->domain);
	}
	values.values[GEOTRIP_PLACEHOLDER_SINCE] =
		geotrip_locale_time(language, brake->since);
	if (brake->ended_at != 0) {
		values.values[GEOTRIP_PLACEHOLDER_ENDED] =
			geotrip_locale_time(language, brake->ended_at);
	}
	values.values[GEOTRIP_PLACEHOLDER_CONTACT] =
		smtp_address_encode(writer->from);
	write_message(writer, template, part, &values,
		      &writer->config->notify.admin, language,
		      message_id(writer, brake->id, brake->since,
				 geotrip_template_part_name(part)), message);
	return 0;
}

int64_t geotrip_notice_retry_delay(unsigned int attempts)
{
	i_assert(attempts > 0);
	if (attempts <= N_ELEMENTS(first_delays))
		return first_delays[attempts - 1];
	if (attempts <= N_ELEMENTS(first_delays) + HOURLY_ATTEMPTS)
		return HOUR;
	return 0;
}
