/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_CHECK_H
#define GEOTRIP_MMDB_CHECK_H

/* Is it safe to pass a file to libmaxminddb?

   The file's metadata decides where libmaxminddb reads. Up to 1.8, a node count
   that overflows makes it read gigabytes beyond the file; up to 1.12, deeply
   nested metadata overflows the stack; up to 1.13, metadata with fanned-out
   pointers takes all available time and memory, and missing metadata is read
   nevertheless. All of this happens in MMDB_open(), so it must be detected
   before. Debian 12 has 1.7.1. */

/* file is the whole content. Returns 0, or -1 with an error if it must not be
   opened. */
int geotrip_mmdb_check(const unsigned char *file, size_t size,
		       const char **error_r);

#endif
