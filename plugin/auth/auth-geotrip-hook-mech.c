/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* How to find the request handlers in Dovecot up to 2.4.1: wrap the
   auth_initial() of every registered mechanism. It gets a request, which points
   to its handler. */

#include "lib.h"
#include "array.h"
#include "geotrip-compat-auth.h"
#include "auth-geotrip-hook.h"

typedef void mech_auth_initial_t(struct auth_request *request,
				 const unsigned char *data, size_t data_size);

struct wrapped_mech {
	struct mech_module *module;
	mech_auth_initial_t *auth_initial;
};

static ARRAY(struct wrapped_mech) wrapped_mechs;

static void
hook_auth_initial(struct auth_request *request,
		  const unsigned char *data, size_t data_size)
{
	const struct wrapped_mech *mech;

	geotrip_hook_watch(request->handler);
	array_foreach(&wrapped_mechs, mech) {
		if (mech->module == request->mech) {
			mech->auth_initial(request, data, data_size);
			return;
		}
	}
	i_unreached();
}

void geotrip_hook_install(geotrip_hook_callback_t *callback)
{
	struct mech_module_list *list = geotrip_auth_mechanisms();

	geotrip_hook_set_callback(callback);
	i_array_init(&wrapped_mechs, 16);
	for (; list != NULL; list = list->next) {
		struct wrapped_mech *mech = array_append_space(&wrapped_mechs);

		mech->module = &list->module;
		mech->auth_initial = list->module.auth_initial;
		list->module.auth_initial = hook_auth_initial;
	}
}

void geotrip_hook_uninstall(void)
{
	/* By the time modules are unloaded, the mechanisms, handlers and
	   requests are gone. */
	geotrip_hook_set_callback(NULL);
	array_free(&wrapped_mechs);
}
