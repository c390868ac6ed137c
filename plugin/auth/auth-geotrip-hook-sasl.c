/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* How to find the request handlers in Dovecot 2.4.2 and later: the SASL server
   calls back into the auth process for every request. Wrap request_output():
   its context is embedded in a request, which points to its handler. */

#include "lib.h"
#include "sasl-server-private.h"
#include "geotrip-compat-auth.h"
#include "auth-geotrip-hook.h"

static const struct sasl_server_request_funcs *next_funcs;
static struct sasl_server_request_funcs hook_funcs;

static void
hook_request_output(struct sasl_server_req_ctx *rctx,
		    const struct sasl_server_output *output)
{
	struct auth_request *request =
		container_of(rctx, struct auth_request, sasl.req);

	geotrip_hook_watch(request->handler);
	next_funcs->request_output(rctx, output);
}

void geotrip_hook_install(geotrip_hook_callback_t *callback)
{
	struct sasl_server *server =
		auth_default_protocol()->sasl_inst->server;

	geotrip_hook_set_callback(callback);
	next_funcs = server->funcs;
	hook_funcs = *next_funcs;
	hook_funcs.request_output = hook_request_output;
	server->funcs = &hook_funcs;
}

void geotrip_hook_uninstall(void)
{
	/* By the time modules are unloaded, the SASL server, handlers and
	   requests are gone. */
	geotrip_hook_set_callback(NULL);
}
