/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The service geotrip as Dovecot 2.3 describes one. */

#include "lib.h"
#include "array.h"
#include "geotrip-settings-service.h"

static struct file_listener_settings geotrip_listener = {
	.path = "geotrip",
	.mode = 0600,
	.user = "$default_internal_user",
	.group = "",
};
static struct file_listener_settings *geotrip_listeners[] = {
	&geotrip_listener,
};
static buffer_t geotrip_listeners_buf = {
	{ { geotrip_listeners, sizeof(geotrip_listeners) } }
};

struct service_settings geotrip_settings_service_settings = {
	.name = "geotrip",
	.protocol = "",
	.type = "",
	.executable = "geotrip",
	.user = "$default_internal_user",
	.group = "",
	.privileged_group = "",
	.extra_groups = "",
	.chroot = "",

	.process_limit = 1,
	.client_limit = GEOTRIP_CLIENT_LIMIT,
	.idle_kill = UINT_MAX,
	.vsz_limit = GEOTRIP_VSZ_LIMIT,

	.unix_listeners = { { &geotrip_listeners_buf,
			      sizeof(geotrip_listeners[0]) } },
	.inet_listeners = ARRAY_INIT,
};
