/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What doveadm is given: names, points in time, durations. And names as they
   are shown: fit for a terminal, and taken back as what they were. */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "doveadm-geotrip.h"
#include "fuzz.h"

/* RFC 3339 has years of four digits, and a day later is one wherever we are. */
#define MAX_YEAR_9999 GEOTRIP_USECS(253402300799 - 24 * 60 * 60)

/* What doveadm itself has, as far as reading of arguments needs it. */

int doveadm_exit_code;

bool doveadm_cmd_param_str(const struct doveadm_cmd_context *cctx,
			   const char *name, const char **value_r)
{
	const struct doveadm_cmd_param *param;

	for (param = cctx->argv; param < cctx->argv + cctx->argc; param++) {
		if (strcmp(param->name, name) == 0) {
			*value_r = param->value.v_string;
			return TRUE;
		}
	}
	return FALSE;
}

bool doveadm_cmd_param_array(const struct doveadm_cmd_context *cctx,
			     const char *name, const char *const **value_r)
{
	const char **values = t_new(const char *, 2);

	*value_r = values;
	return doveadm_cmd_param_str(cctx, name, &values[0]);
}

int geotrip_cmd_read_settings(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			      pool_t pool ATTR_UNUSED,
			      struct geotrip_config *config_r ATTR_UNUSED,
			      const char **error_r ATTR_UNUSED)
{
	i_unreached();
}

void geotrip_cmd_start_guard(void)
{
	i_unreached();
}

static void check_shown(const char *text)
{
	const char *shown = geotrip_escape(text), *p = shown;

	i_assert(uni_utf8_str_is_valid(shown));
	while (*p != '\0') {
		unichar_t chr;
		int len = uni_utf8_get_char(p, &chr);

		i_assert(len > 0);
		i_assert(chr >= 0x20 && (chr < 0x7f || chr >= 0xa0));
		/* right to left, zero width */
		i_assert(chr < 0x200b || (chr > 0x200f && chr < 0x2028) ||
			 (chr > 0x202e && chr < 0x2060) || chr > 0x206f);
		p += len;
	}
	i_assert(strcmp(geotrip_unescape(shown), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const names[] = { "user", "users", "since", "time" };
	static const struct doveadm_cmd_ver2 command = { .name = "fuzz" };
	struct doveadm_cmd_param params[N_ELEMENTS(names)];
	struct doveadm_cmd_context cctx = {
		.cmd = &command,
		.argc = N_ELEMENTS(names),
		.argv = params,
	};
	const char *const *users, *user;
	struct fuzz_input input;
	int64_t number, again;
	unsigned int i;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		i_zero(&params);
		for (i = 0; i < N_ELEMENTS(names); i++) {
			params[i].name = names[i];
			params[i].type = CMD_PARAM_STR;
			params[i].value_set = TRUE;
			params[i].value.v_string = fuzz_text(&input);
			check_shown(params[i].value.v_string);
			(void)geotrip_unescape(params[i].value.v_string);
		}
		if (geotrip_cmd_get_user(&cctx, &user))
			check_shown(user);
		if (geotrip_cmd_get_users(&cctx, &users)) {
			i_assert(*users[0] != '\0');
			check_shown(users[0]);
		}
		number = -1;
		if (geotrip_cmd_get_time(&cctx, "since", &number)) {
			i_assert(number >= 0);
			/* what is printed can be given again */
			params[2].value.v_string = geotrip_cmd_time(number);
			i_assert(number == 0 || number > MAX_YEAR_9999 ||
				 geotrip_cmd_get_time(&cctx, "since", &again));
			i_assert(number == 0 || number > MAX_YEAR_9999 ||
				 again == number);
		}
		number = -1;
		if (geotrip_cmd_get_duration(&cctx, "time", &number)) {
			i_assert(number >= 0);
			i_assert(number <= GEOTRIP_USECS(UINT_MAX));
		}
	} T_END;
	return 0;
}
