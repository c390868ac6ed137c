/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Marks as the commands show them: doveadm geotrip list -w, and the lines of
   show. */

#include "lib.h"
#include "wildcard-match.h"
#include "doveadm-geotrip.h"

static void print_matching(const struct geotrip_mark *mark, void *context)
{
	const char *mask = context;

	if (mask != NULL && !wildcard_match_icase(mark->user, mask))
		return;
	doveadm_print(geotrip_cmd_text(mark->user));
	doveadm_print(geotrip_cmd_time(mark->time));
	doveadm_print(geotrip_cmd_text(mark->rule));
	doveadm_print(geotrip_cmd_text(mark->countries));
	doveadm_print(geotrip_mark_cause_name(mark->cause));
}

void geotrip_cmd_print_marks(struct geotrip_cmd *cmd, const char *mask)
{
	char *mask_dup = t_strdup_noconst(mask);
	const char *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("user");
	doveadm_print_header_simple("time");
	doveadm_print_header_simple("rule");
	doveadm_print_header_simple("countries");
	doveadm_print_header_simple("cause");
	if (geotrip_store_marks(cmd->store, print_matching, mask_dup,
				&error) < 0)
		geotrip_cmd_fail(cmd, error);
}

const char *geotrip_cmd_mark(const struct geotrip_mark *mark)
{
	/* no rule has a comma */
	return t_strdup_printf("%s, %s, %s, %s",
		geotrip_cmd_time(mark->time), geotrip_cmd_text(mark->rule),
		geotrip_cmd_text(mark->countries),
		geotrip_mark_cause_name(mark->cause));
}
