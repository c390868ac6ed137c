/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_NOTICE_H
#define GEOTRIP_NOTICE_H

/* Writes the message about a suspension from what the store has of it. */

#include "geotrip-settings.h"
#include "geotrip-store.h"
#include "geotrip-template.h"

/* Holds the settings and caches the templates. */
struct geotrip_notice_writer;

/* The config must live as long as the writer. hostname is that of this
   machine, for the sender if none is set. */
struct geotrip_notice_writer *
geotrip_notice_writer_init(const struct geotrip_config *config,
			   const char *hostname);
void geotrip_notice_writer_deinit(struct geotrip_notice_writer **writer);

/* The directories with templates, NULL-terminated: the operator's own before
   those that come with geotrip. In the data stack. */
const char *const *
geotrip_notice_directories(const struct geotrip_notify_config *config);

/* Is the template in geotrip_notify_language usable? Returns 0, or -1 with an
   error. */
int geotrip_notice_writer_check(struct geotrip_notice_writer *writer,
				const char **error_r);

/* The sender of all messages. */
const struct smtp_address *
geotrip_notice_sender(const struct geotrip_notice_writer *writer);

/* A login of the evidence. */
struct geotrip_notice_login {
	int64_t time;
	struct geotrip_country country;
	/* family 0: no address */
	struct ip_addr ip;
};
ARRAY_DEFINE_TYPE(geotrip_notice_login, struct geotrip_notice_login);

/* Append the message of a notice of the kind suspended, released or copy. If
   there is no template in the language, that of geotrip_notify_language is
   taken. Returns 0, or -1 with an error that names the template. */
int geotrip_notice_write(struct geotrip_notice_writer *writer,
			 const struct geotrip_notice *notice,
			 const ARRAY_TYPE(geotrip_notice_login) *evidence,
			 const ARRAY_TYPE(smtp_address_const) *to,
			 const char *language, string_t *message,
			 const char **error_r);

/* One line of the lists in messages to the administrator, in the data
   stack. */
const char *
geotrip_notice_list_line(struct geotrip_notice_writer *writer,
			 const struct geotrip_notice *notice);
/* Append a message with such a list, to the administrator. first is the first
   notice of the list; the Message-ID is derived from it. */
int geotrip_notice_write_list(struct geotrip_notice_writer *writer,
			      const struct geotrip_notice *first,
			      unsigned int count, const char *list,
			      string_t *message, const char **error_r);

/* Append a message to the administrator: no account, or no account of a domain,
   is being suspended. */
int geotrip_notice_write_brake(struct geotrip_notice_writer *writer,
			       const struct geotrip_brake *brake,
			       string_t *message, const char **error_r);

/* The delay before the next attempt after this many temporary failures; 0: do
   not retry. */
int64_t geotrip_notice_retry_delay(unsigned int attempts) ATTR_CONST;

/* "203.0.113.x" and the like: enough to recognize a provider, but not a person.
   In the data stack. */
const char *geotrip_notice_short_ip(const struct ip_addr *ip);

#endif
