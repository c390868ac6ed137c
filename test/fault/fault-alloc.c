/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#include "lib.h"
#include "fault-alloc.h"
#include "fault-plan.h"

#include <sqlite3.h>

static sqlite3_mem_methods real;

static void *alloc_malloc(int size)
{
	return fault_is_due(FAULT_ALLOC) ? NULL : real.xMalloc(size);
}

static void *alloc_realloc(void *mem, int size)
{
	return fault_is_due(FAULT_ALLOC) ? NULL : real.xRealloc(mem, size);
}

void fault_alloc_init(void)
{
	sqlite3_mem_methods methods;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		i_fatal("SQLite does not say how it allocates");
	methods = real;
	methods.xMalloc = alloc_malloc;
	methods.xRealloc = alloc_realloc;
	/* small ones must come here as well, and all be counted */
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1) != SQLITE_OK)
		i_fatal("SQLite was used before");
}
