/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_ANVIL_H
#define GEOTRIP_ANVIL_H

/* A connection to Dovecot's anvil process, which tracks open sessions. The
   protocol differs between Dovecot versions. */

struct geotrip_anvil {
	const char *path;
	int fd;
	struct istream *input;
};

/* Connect. Returns 0, or -1 with an error. */
int geotrip_anvil_connect(struct geotrip_anvil *anvil, const char *path,
			  const char **error_r);
void geotrip_anvil_disconnect(struct geotrip_anvil *anvil);

/* Send text. Returns 0, or -1 with an error. */
int geotrip_anvil_send(struct geotrip_anvil *anvil, const char *text,
		       const char **error_r);
/* Wait for a line, at most half a minute. Returns the line, valid until the
   next call, or NULL with an error. */
const char *
geotrip_anvil_read(struct geotrip_anvil *anvil, const char **error_r);

#endif
