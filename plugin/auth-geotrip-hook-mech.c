/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The hook for Dovecot up to 2.4.1. The callback through which every mechanism
   answers belongs to the handler of a connection, and a handler can only be
   reached from its requests. So the first function of every registered
   mechanism is wrapped; it puts our reply callback into the handler. */

#include "lib.h"
#include "array.h"
#include "geotrip-compat.h"
#include "auth-geotrip-hook.h"

typedef void mech_auth_initial_t(struct auth_request *request,
				 const unsigned char *data, size_t data_size);

struct wrapped_mech {
	struct mech_module *module;
	mech_auth_initial_t *auth_initial;
};

static ARRAY(struct wrapped_mech) wrapped_mechs;
static geotrip_hook_callback_t *hook_callback;
/* what Dovecot put into every handler */
static auth_request_handler_reply_callback_t *next_reply_callback;

static void
hook_reply(struct auth_request *request, enum auth_client_result result,
	   const void *reply, size_t reply_size)
{
	if (result == AUTH_CLIENT_RESULT_SUCCESS && hook_callback != NULL) {
		bool allow;

		T_BEGIN {
			allow = hook_callback(request);
		} T_END;
		if (!allow) {
			result = AUTH_CLIENT_RESULT_FAILURE;
			reply = "";
			reply_size = 0;
		}
	}
	next_reply_callback(request, result, reply, reply_size);
}

static void hook_handler(struct auth_request_handler *handler)
{
	static bool warned = FALSE;

	if (handler->reply_callback == hook_reply)
		return;
	if (next_reply_callback == NULL)
		next_reply_callback = handler->reply_callback;
	if (handler->reply_callback == next_reply_callback)
		handler->reply_callback = hook_reply;
	else if (!warned) {
		/* Dovecot has only one. Two plugins that take turns are not
		   worth a crash of the process that lets everybody in. */
		i_error("geotrip: Another auth plugin replaces the reply "
			"callback of some connections: "
			"geotrip does not see their logins");
		warned = TRUE;
	}
}

static void
hook_auth_initial(struct auth_request *request,
		  const unsigned char *data, size_t data_size)
{
	const struct wrapped_mech *mech;

	hook_handler(request->handler);
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
	struct mech_module_list *list = auth_default_service()->reg->modules;

	hook_callback = callback;
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
	/* By the time that modules are unloaded, the mechanisms, handlers and
	   requests are gone. */
	hook_callback = NULL;
	if (array_is_created(&wrapped_mechs))
		array_free(&wrapped_mechs);
}

static void hook_fail(struct auth_request *request)
{
	request->failed = TRUE;
	request->fields.successful = FALSE;
	/* for a policy server that is told of every login: the password was
	   right */
	request->policy_refusal = TRUE;
	geotrip_auth_no_penalty(request);
}

void geotrip_hook_deny(struct auth_request *request, const char *reason)
{
	hook_fail(request);
	request->passdb_result = PASSDB_RESULT_USER_DISABLED;
	auth_fields_add(request->fields.extra_fields, "reason", reason, 0);
}

void geotrip_hook_tempfail(struct auth_request *request)
{
	hook_fail(request);
	request->internal_failure = TRUE;
}
