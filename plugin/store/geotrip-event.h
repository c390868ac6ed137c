/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_EVENT_H
#define GEOTRIP_EVENT_H

/* The Dovecot events that geotrip sends, for logs and metrics. They are in the
   category geotrip; the manual page dovecot-geotrip(7) lists their fields. */

#include "geotrip-store.h"

/* The parent of all others. The caller unreferences it. */
struct event *geotrip_event_create(struct event *parent);

/* geotrip_login_finished: not logged unless at debug level. */
void geotrip_event_login(struct event *parent,
			 const struct geotrip_store_login *login,
			 enum geotrip_outage outage);
/* geotrip_suspension_started and _ended, with one line at info level. */
void geotrip_event_suspension_started(struct event *parent, const char *user,
				      int64_t until, const char *reason,
				      const char *countries,
				      enum geotrip_source source);
void geotrip_event_suspension_ended(struct event *parent, const char *user,
				    enum geotrip_end by, const char *reason);

/* geotrip_suspension_marked: the account would have been suspended. One line at
   info level. */
void geotrip_event_suspension_marked(struct event *parent, const char *user,
				     const struct geotrip_store_mark *mark);

/* geotrip_brake_started and _ended, with one line each: an error, and at info
   level. domain is that of the brake, NULL for all; max is what was
   exceeded. */
void geotrip_event_brake_started(struct event *parent, const char *domain,
				 const char *max);
void geotrip_event_brake_ended(struct event *parent, const char *domain,
			       enum geotrip_end by);
/* The accounts that a brake is for, in words: "accounts", "accounts of the
   domain example.com" or, if that is empty, "accounts without a domain"; in the
   data stack. */
const char *geotrip_brake_accounts(const char *domain);

/* geotrip_notice_finished: the outcome of a claimed notice. to is where it was
   sent, NULL if it was not sent anywhere. One line at the level info (none if
   quiet), warning or error. */
void geotrip_event_notice(struct event *parent,
			  const struct geotrip_notice *notice,
			  const struct geotrip_notice_outcome *outcome,
			  const char *to, bool quiet);
/* Who or what a notice is about, for log messages; in the data stack. */
const char *geotrip_notice_subject(const struct geotrip_notice *notice);
/* The human-readable name of a kind. */
const char *geotrip_notice_title(enum geotrip_notice_kind kind) ATTR_CONST;

#endif
