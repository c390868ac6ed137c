/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LIMIT_H
#define GEOTRIP_LIMIT_H

/* A limit on the number of something within a time: "100 in 1h". */

struct geotrip_limit {
	/* 0: unlimited */
	unsigned int count;
	/* in microseconds */
	int64_t window;
	/* as written */
	const char *text;
};

/* Parse "<number> in <time>", or "0". The text is copied to the pool. Returns
   0, or -1 with an error that says what is wrong and what is expected. */
int geotrip_limit_parse(pool_t pool, const char *text,
			struct geotrip_limit *limit_r, const char **error_r);

#endif
