/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef FAULT_VFS_H
#define FAULT_VFS_H

/* Have SQLite use files by a layer over its own, whose calls fail as planned
   (fault-plan.h), and which keeps what a power cut would leave (fault-disk.h).
   It waits for nothing: no real disk is synced, and a busy handler is back at
   once. */
void fault_vfs_init(void);

#endif
