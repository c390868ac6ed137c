/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef FAULT_DISK_H
#define FAULT_DISK_H

/* A disk with a cache: what was written to a file is surely on it when it was
   synced. The files themselves have everything, as the page cache has it while
   there is power; here is what a power cut would leave of them.

   That a file was made or deleted is on the disk at once: SQLite relies on
   neither without a sync. */

#include <sqlite3.h>

struct fault_disk_file;

/* The file at this path; what it has now is synced. */
struct fault_disk_file *fault_disk_open(const char *path);
void fault_disk_write(struct fault_disk_file *file, const void *data,
		      size_t size, sqlite3_int64 offset);
void fault_disk_truncate(struct fault_disk_file *file, sqlite3_int64 size);
void fault_disk_sync(struct fault_disk_file *file);
void fault_disk_delete(const char *path);

/* Cut the power and switch it on again: the files get the contents that are on
   the disk. What was not synced is lost, or, with a seed that is not 0, some of
   it: any write may have got there, as a whole or a part of it. Nothing may be
   open. */
void fault_disk_power_cut(unsigned int seed);
/* Start again, with no files. */
void fault_disk_forget(void);

#endif
