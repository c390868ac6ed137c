/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Has Dovecot start the guard, which creates and migrates the database: by a
   connection to its socket, on which the guard says hello when it has done
   so. */

#include "lib.h"
#include "net.h"
#include "doveadm-geotrip.h"

#include <poll.h>
#include <unistd.h>

#define GUARD_SOCKET "geotrip"
#define MAX_WAIT_MSECS 2000

void geotrip_cmd_start_guard(void)
{
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = net_connect_unix(t_strconcat(
		doveadm_settings->base_dir, "/"GUARD_SOCKET, NULL));
	if (pfd.fd == -1)
		return;
	(void)poll(&pfd, 1, MAX_WAIT_MSECS);
	i_close_fd(&pfd.fd);
}
