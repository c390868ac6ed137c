/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The service geotrip as Dovecot 2.4 describes one. */

#include "lib.h"
#include "array.h"
#include "geotrip-settings-service.h"

struct service_settings geotrip_settings_service_settings = {
	.name = "geotrip",
	.protocol = "",
	.type = "",
	.executable = "geotrip",
	.user = "$SET:default_internal_user",
	.group = "",
	.privileged_group = "",
	.extra_groups = ARRAY_INIT,
	.chroot = "",

	.process_limit = 1,
	.client_limit = GEOTRIP_CLIENT_LIMIT,
	.idle_kill_interval = SET_TIME_INFINITE,
	.vsz_limit = GEOTRIP_VSZ_LIMIT,

	.unix_listeners = ARRAY_INIT,
	.fifo_listeners = ARRAY_INIT,
	.inet_listeners = ARRAY_INIT,
};

const struct setting_keyvalue geotrip_settings_service_settings_defaults[] = {
	{ "unix_listener", "geotrip" },
	{ "unix_listener/geotrip/path", "geotrip" },
	{ "unix_listener/geotrip/mode", "0600" },
	{ "unix_listener/geotrip/user", "$SET:default_internal_user" },

	{ NULL, NULL }
};
