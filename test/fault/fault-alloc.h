/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef FAULT_ALLOC_H
#define FAULT_ALLOC_H

/* Let SQLite's allocations fail as planned (FAULT_ALLOC). To be called before
   any other use of SQLite. */
void fault_alloc_init(void);

#endif
