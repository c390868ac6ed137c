/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#include "lib.h"
#include "fault-plan.h"

static struct {
	enum fault_call calls;
	enum fault_kind kind;
	unsigned int nth, count;
	bool happened, no_power;
} plan;

void fault_plan(enum fault_call calls, unsigned int nth, enum fault_kind kind)
{
	i_zero(&plan);
	plan.calls = calls;
	plan.nth = nth;
	plan.kind = kind;
}

void fault_repair(void)
{
	plan.calls = 0;
	plan.no_power = FALSE;
}

bool fault_happened(void)
{
	return plan.happened;
}

unsigned int fault_call_count(void)
{
	return plan.count;
}

bool fault_is_due(enum fault_call call)
{
	if (plan.no_power)
		return call != FAULT_ALLOC;
	if ((plan.calls & call) == 0 || ++plan.count < plan.nth)
		return FALSE;
	if (plan.kind == FAULT_ONCE && plan.count > plan.nth)
		return FALSE;
	plan.happened = TRUE;
	plan.no_power = plan.kind == FAULT_POWER_CUT;
	return TRUE;
}
