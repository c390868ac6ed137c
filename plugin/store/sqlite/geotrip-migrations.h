/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MIGRATIONS_H
#define GEOTRIP_MIGRATIONS_H

/* The SQL files of sql/sqlite, in order, NULL-terminated. Executing the first N
   of them on an empty database creates version N of the schema. */
extern const char *const geotrip_migrations[];

#endif
