/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Writing lines to anvil and reading its replies. */

#include "lib.h"
#include "istream.h"
#include "net.h"
#include "write-full.h"
#include "geotrip-anvil.h"

/* Longer than anvil itself waits for a session's process. */
#define TIMEOUT_SECS 30

int geotrip_anvil_connect(struct geotrip_anvil *anvil, const char *path,
			  const char **error_r)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_SECS };

	i_zero(anvil);
	anvil->path = path;
	anvil->fd = net_connect_unix(path);
	if (anvil->fd < 0) {
		*error_r = t_strdup_printf("connect(%s) failed: %m", path);
		return -1;
	}
	net_set_nonblock(anvil->fd, FALSE);
	if (setsockopt(anvil->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)) < 0)
		i_fatal("setsockopt(%s, SO_RCVTIMEO) failed: %m", path);
	anvil->input = i_stream_create_fd(anvil->fd, SIZE_MAX);
	return 0;
}

void geotrip_anvil_disconnect(struct geotrip_anvil *anvil)
{
	i_stream_destroy(&anvil->input);
	i_close_fd(&anvil->fd);
}

int geotrip_anvil_send(struct geotrip_anvil *anvil, const char *text,
		       const char **error_r)
{
	if (write_full(anvil->fd, text, strlen(text)) < 0) {
		*error_r = t_strdup_printf("write(%s) failed: %m",
					   anvil->path);
		return -1;
	}
	return 0;
}

const char *
geotrip_anvil_read(struct geotrip_anvil *anvil, const char **error_r)
{
	const char *line = i_stream_read_next_line(anvil->input);

	if (line == NULL) {
		*error_r = t_strdup_printf("read(%s) failed: %s", anvil->path,
			anvil->input->stream_errno != 0 ?
			i_stream_get_error(anvil->input) :
			anvil->input->eof ? "it closed the connection" :
			"timed out waiting for a reply");
	}
	return line;
}
