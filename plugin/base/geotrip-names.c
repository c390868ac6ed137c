/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The tables of names. */

#include "lib.h"
#include "geotrip-names.h"

#define UNKNOWN "-"

static const char *const verdict_names[] = {
	[GEOTRIP_VERDICT_UNKNOWN] = UNKNOWN,
	[GEOTRIP_VERDICT_ALLOW] = "allow",
	[GEOTRIP_VERDICT_TRIP] = "trip",
	[GEOTRIP_VERDICT_BLOCKED] = "blocked",
	[GEOTRIP_VERDICT_OBSERVE] = "observe",
	[GEOTRIP_VERDICT_TEMPFAIL] = "tempfail",
};

static const char *const outage_names[] = {
	[GEOTRIP_OUTAGE_NONE] = UNKNOWN,
	[GEOTRIP_OUTAGE_STORE] = "store",
	[GEOTRIP_OUTAGE_MMDB] = "mmdb",
};

static const char *const source_names[] = {
	[GEOTRIP_SOURCE_UNKNOWN] = UNKNOWN,
	[GEOTRIP_SOURCE_RULE] = "rule",
	[GEOTRIP_SOURCE_OPERATOR] = "operator",
};

static const char *const end_names[] = {
	[GEOTRIP_END_UNKNOWN] = UNKNOWN,
	[GEOTRIP_END_OPERATOR] = "operator",
	[GEOTRIP_END_TIME] = "time",
	[GEOTRIP_END_SETTINGS] = "settings",
};

static const char *const mark_cause_names[] = {
	[GEOTRIP_MARK_UNKNOWN] = UNKNOWN,
	[GEOTRIP_MARK_OBSERVE] = "observe",
	[GEOTRIP_MARK_BRAKE] = "brake",
};

static const char *const suspension_state_names[] = {
	[GEOTRIP_SUSPENSION_UNKNOWN] = UNKNOWN,
	[GEOTRIP_SUSPENSION_ACTIVE] = "suspended",
	[GEOTRIP_SUSPENSION_EXEMPT] = "exempt",
	[GEOTRIP_SUSPENSION_ENDED] = "ended",
};

static const char *const reason_names[] = {
	[GEOTRIP_REASON_UNKNOWN] = UNKNOWN,
	[GEOTRIP_REASON_RULE] = "rule",
	[GEOTRIP_REASON_GIVEN] = "given",
	[GEOTRIP_REASON_NOT_GIVEN] = "not given",
	[GEOTRIP_REASON_REWRITTEN] = "rewritten",
};

static const char *const reason_texts[] = {
	[GEOTRIP_REASON_UNKNOWN] = NULL,
	[GEOTRIP_REASON_RULE] = NULL,
	[GEOTRIP_REASON_GIVEN] = NULL,
	[GEOTRIP_REASON_NOT_GIVEN] = "by an operator",
	[GEOTRIP_REASON_REWRITTEN] = "suspended before the database was lost",
};

static const char *const notice_kind_names[] = {
	[GEOTRIP_NOTICE_KIND_UNKNOWN] = UNKNOWN,
	[GEOTRIP_NOTICE_SUSPENDED] = "suspended",
	[GEOTRIP_NOTICE_RELEASED] = "released",
	[GEOTRIP_NOTICE_COPY] = "copy",
	[GEOTRIP_NOTICE_UNDELIVERED] = "undelivered",
	[GEOTRIP_NOTICE_BRAKE] = "brake",
};

static const char *const notice_state_names[] = {
	[GEOTRIP_NOTICE_STATE_UNKNOWN] = UNKNOWN,
	[GEOTRIP_NOTICE_QUEUED] = "queued",
	[GEOTRIP_NOTICE_WITHDRAWN] = "withdrawn",
	[GEOTRIP_NOTICE_SENT] = "sent",
	[GEOTRIP_NOTICE_FAILED] = "failed",
};

/* Returns 0 if the name is not known. */
static unsigned int
parse_name(const char *const *names, unsigned int count, const char *name)
{
	unsigned int i;

	for (i = 1; i < count; i++) {
		if (null_strcmp(names[i], name) == 0)
			return i;
	}
	return 0;
}

const char *geotrip_verdict_name(enum geotrip_verdict verdict)
{
	i_assert(verdict < N_ELEMENTS(verdict_names));
	return verdict_names[verdict];
}

const char *geotrip_outage_name(enum geotrip_outage outage)
{
	i_assert(outage < N_ELEMENTS(outage_names));
	return outage_names[outage];
}

const char *geotrip_source_name(enum geotrip_source source)
{
	i_assert(source < N_ELEMENTS(source_names));
	return source_names[source];
}

const char *geotrip_end_name(enum geotrip_end end)
{
	i_assert(end < N_ELEMENTS(end_names));
	return end_names[end];
}

const char *geotrip_mark_cause_name(enum geotrip_mark_cause cause)
{
	i_assert(cause < N_ELEMENTS(mark_cause_names));
	return mark_cause_names[cause];
}

const char *geotrip_reason_name(enum geotrip_reason reason)
{
	i_assert(reason < N_ELEMENTS(reason_names));
	return reason_names[reason];
}

const char *
geotrip_suspension_state_name(enum geotrip_suspension_state state)
{
	i_assert(state < N_ELEMENTS(suspension_state_names));
	return suspension_state_names[state];
}

const char *geotrip_notice_kind_name(enum geotrip_notice_kind kind)
{
	i_assert(kind < N_ELEMENTS(notice_kind_names));
	return notice_kind_names[kind];
}

const char *geotrip_notice_state_name(enum geotrip_notice_state state)
{
	i_assert(state < N_ELEMENTS(notice_state_names));
	return notice_state_names[state];
}

const char *geotrip_reason_text(enum geotrip_reason reason)
{
	i_assert(reason < N_ELEMENTS(reason_texts));
	return reason_texts[reason];
}

enum geotrip_verdict geotrip_verdict_parse(const char *name)
{
	return parse_name(verdict_names, N_ELEMENTS(verdict_names), name);
}

enum geotrip_source geotrip_source_parse(const char *name)
{
	return parse_name(source_names, N_ELEMENTS(source_names), name);
}

enum geotrip_mark_cause geotrip_mark_cause_parse(const char *name)
{
	return parse_name(mark_cause_names, N_ELEMENTS(mark_cause_names),
			  name);
}

enum geotrip_end geotrip_end_parse(const char *name)
{
	return parse_name(end_names, N_ELEMENTS(end_names), name);
}

enum geotrip_reason geotrip_reason_parse(const char *name)
{
	return parse_name(reason_names, N_ELEMENTS(reason_names), name);
}

enum geotrip_notice_kind geotrip_notice_kind_parse(const char *name)
{
	return parse_name(notice_kind_names, N_ELEMENTS(notice_kind_names), name);
}

enum geotrip_notice_state geotrip_notice_state_parse(const char *name)
{
	return parse_name(notice_state_names, N_ELEMENTS(notice_state_names), name);
}
