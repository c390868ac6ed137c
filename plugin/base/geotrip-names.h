/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_NAMES_H
#define GEOTRIP_NAMES_H

/* Causes, states and kinds: as enums, and their names as they are stored, sent
   in events and printed. Nothing is decided by comparing the names.

   The zero of each enum means unknown or not set: its name is "-". A parser
   returns it for every name that is not in the table, and for NULL. It is never
   written: the database rejects it. */

enum geotrip_verdict {
	GEOTRIP_VERDICT_UNKNOWN,
	/* the login goes on */
	GEOTRIP_VERDICT_ALLOW,
	/* this login made a rule true: refused, and the user is suspended */
	GEOTRIP_VERDICT_TRIP,
	/* refused, because the user is suspended already */
	GEOTRIP_VERDICT_BLOCKED,
	/* it would have been a trip, but geotrip_mode is observe, or a brake is
	   active */
	GEOTRIP_VERDICT_OBSERVE,
	/* geotrip cannot decide and geotrip_on_error is deny; never stored */
	GEOTRIP_VERDICT_TEMPFAIL,
};

/* What was not available for a verdict. The zero is "nothing". */
enum geotrip_outage {
	GEOTRIP_OUTAGE_NONE,
	GEOTRIP_OUTAGE_STORE,
	GEOTRIP_OUTAGE_MMDB,
};

/* What suspended an account. */
enum geotrip_source {
	GEOTRIP_SOURCE_UNKNOWN,
	GEOTRIP_SOURCE_RULE,
	GEOTRIP_SOURCE_OPERATOR,
};

/* What ended a suspension or the brake. */
enum geotrip_end {
	GEOTRIP_END_UNKNOWN,
	GEOTRIP_END_OPERATOR,
	/* by itself */
	GEOTRIP_END_TIME,
	/* only the brake: there is no longer a limit */
	GEOTRIP_END_SETTINGS,
};

/* Why a rule was true but nobody was suspended. */
enum geotrip_mark_cause {
	GEOTRIP_MARK_UNKNOWN,
	/* geotrip_mode is observe */
	GEOTRIP_MARK_OBSERVE,
	/* too many accounts tripped */
	GEOTRIP_MARK_BRAKE,
};

/* The state of a suspension, for output; it is not stored. */
enum geotrip_suspension_state {
	GEOTRIP_SUSPENSION_UNKNOWN,
	GEOTRIP_SUSPENSION_ACTIVE,
	/* in force, but the settings exempt the user, who is not refused */
	GEOTRIP_SUSPENSION_EXEMPT,
	GEOTRIP_SUSPENSION_ENDED,
};

/* Where the text in the reason of a suspension comes from. */
enum geotrip_reason {
	/* an older version wrote it */
	GEOTRIP_REASON_UNKNOWN,
	/* the rule that the account made true */
	GEOTRIP_REASON_RULE,
	/* an operator wrote it: the only one that is meant for the owner */
	GEOTRIP_REASON_GIVEN,
	/* ours: the operator gave none */
	GEOTRIP_REASON_NOT_GIVEN,
	/* ours: the suspension was written again from memory after the
	   database was lost */
	GEOTRIP_REASON_REWRITTEN,
};

enum geotrip_notice_kind {
	GEOTRIP_NOTICE_KIND_UNKNOWN,
	/* to the owner of the account; queued with every suspension */
	GEOTRIP_NOTICE_SUSPENDED,
	/* to the owner: sending works again */
	GEOTRIP_NOTICE_RELEASED,
	/* to the administrator: the first one again */
	GEOTRIP_NOTICE_COPY,
	/* to the administrator: the owner could not be told */
	GEOTRIP_NOTICE_UNDELIVERED,
	/* to the administrator: accounts that trip are not suspended */
	GEOTRIP_NOTICE_BRAKE,
};

enum geotrip_notice_state {
	GEOTRIP_NOTICE_STATE_UNKNOWN,
	GEOTRIP_NOTICE_QUEUED,
	GEOTRIP_NOTICE_WITHDRAWN,
	GEOTRIP_NOTICE_SENT,
	GEOTRIP_NOTICE_FAILED,
};

const char *geotrip_verdict_name(enum geotrip_verdict verdict) ATTR_CONST;
const char *geotrip_outage_name(enum geotrip_outage outage) ATTR_CONST;
const char *geotrip_source_name(enum geotrip_source source) ATTR_CONST;
const char *geotrip_end_name(enum geotrip_end end) ATTR_CONST;
const char *geotrip_mark_cause_name(enum geotrip_mark_cause cause) ATTR_CONST;
const char *geotrip_reason_name(enum geotrip_reason reason) ATTR_CONST;
const char *
geotrip_suspension_state_name(enum geotrip_suspension_state state) ATTR_CONST;
const char *
geotrip_notice_kind_name(enum geotrip_notice_kind kind) ATTR_CONST;
const char *
geotrip_notice_state_name(enum geotrip_notice_state state) ATTR_CONST;
/* The text of a reason of our own; NULL for any other. */
const char *geotrip_reason_text(enum geotrip_reason reason) ATTR_CONST;

enum geotrip_verdict geotrip_verdict_parse(const char *name);
enum geotrip_source geotrip_source_parse(const char *name);
enum geotrip_end geotrip_end_parse(const char *name);
enum geotrip_mark_cause geotrip_mark_cause_parse(const char *name);
enum geotrip_reason geotrip_reason_parse(const char *name);
enum geotrip_notice_kind geotrip_notice_kind_parse(const char *name);
enum geotrip_notice_state geotrip_notice_state_parse(const char *name);

#endif
