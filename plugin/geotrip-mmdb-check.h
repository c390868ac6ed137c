/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_CHECK_H
#define GEOTRIP_MMDB_CHECK_H

/* Is it safe to give a file to libmaxminddb?

   What the file says of itself decides where libmaxminddb reads. Up to 1.8 a
   number of nodes that overflows makes it read gigabytes behind the file, up
   to 1.12 deeply nested metadata fills the stack, up to 1.13 metadata in which
   pointers fan out takes all time and memory that there is, and metadata that
   is not there at all is read. Each of that happens in MMDB_open(), so that it
   must be found before. Debian 12 has 1.7.1. */

/* file is all of it. Returns 0, or -1 with an error if it must not be
   opened. */
int geotrip_mmdb_check(const unsigned char *file, size_t size,
		       const char **error_r);

#endif
