/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

/* Which of SQLite's calls to the system is to fail, and for how long. Those
   that ask are fault-vfs.c and fault-alloc.c. */

enum fault_call {
	FAULT_OPEN = 0x0001,
	FAULT_READ = 0x0002,
	FAULT_WRITE = 0x0004,
	/* a write as well: half of it is written, then the disk is full */
	FAULT_WRITE_FULL = 0x0008,
	FAULT_TRUNCATE = 0x0010,
	FAULT_SYNC = 0x0020,
	FAULT_LOCK = 0x0040,
	FAULT_SHM_MAP = 0x0080,
	FAULT_SHM_LOCK = 0x0100,
	/* both kinds of lock: another process has it */
	FAULT_BUSY = 0x0200,
	FAULT_FILE_SIZE = 0x0400,
	FAULT_DELETE = 0x0800,
	FAULT_ACCESS = 0x1000,
	FAULT_ALLOC = 0x2000,
};
/* what changes the disk */
#define FAULT_CHANGES \
	(FAULT_WRITE | FAULT_TRUNCATE | FAULT_SYNC | FAULT_DELETE)

enum fault_kind {
	/* one call fails */
	FAULT_ONCE,
	/* all such calls fail until fault_repair() */
	FAULT_STAYS,
	/* nothing reaches the disk any more, until fault_repair() */
	FAULT_POWER_CUT,
};

/* Have the nth call of these kinds fail, from now on counted from 1. */
void fault_plan(enum fault_call calls, unsigned int nth, enum fault_kind kind);
/* Have none fail any more. */
void fault_repair(void);
/* Did any fail since fault_plan()? */
bool fault_happened(void);
/* How many calls there were since fault_plan(), if none was to fail. */
unsigned int fault_call_count(void);

/* A call is about to be made. Is it to fail? */
bool fault_is_due(enum fault_call call);

#endif
