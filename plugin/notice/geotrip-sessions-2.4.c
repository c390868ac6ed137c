/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Sessions in Dovecot 2.4: anvil lists them and ends those that it is asked to,
   as for doveadm kick. */

#include "lib.h"
#include "array.h"
#include "guid.h"
#include "str.h"
#include "strescape.h"
#include "geotrip-anvil.h"
#include "geotrip-common.h"
#include "geotrip-sessions.h"

#define ANVIL_DUMP "VERSION\tanvil-client\t2\t0\n\nCONNECT-DUMP\n"
/* the prefix of the replies */
#define ANVIL_HEADER_LINES 2

/* <pid> <user> <service> <ip> <session> ... If the session is to be ended,
   append the command for that. */
static int
parse_line(const char *line, const char *service,
	   ARRAY_TYPE(const_string) *users,
	   const struct geotrip_config *config, pool_t pool,
	   ARRAY_TYPE(const_string) *commands)
{
	const char *const *args = t_strsplit_tabescaped(line);
	const char *command;
	struct ip_addr ip;

	if (str_array_length(args) < 5)
		return -1;
	if (net_addr2ip(args[3], &ip) < 0)
		i_zero(&ip);
	/* without the session id all sessions of the user would be ended, IMAP
	   ones as well */
	if (strcmp(args[2], service) != 0 || *args[4] == '\0' ||
	    !geotrip_sessions_is_to_end(users, config, args[1], &ip))
		return 0;
	command = p_strdup_printf(pool, "KICK-USER\t%s\t%s\n",
				  str_tabescape(args[1]),
				  str_tabescape(args[4]));
	array_push_back(commands, &command);
	return 0;
}

static int
read_sessions(struct geotrip_anvil *anvil, const char *service,
	      ARRAY_TYPE(const_string) *users,
	      const struct geotrip_config *config, pool_t pool,
	      ARRAY_TYPE(const_string) *commands, const char **error_r)
{
	unsigned int line_number = 0;
	const char *line;

	if (geotrip_anvil_send(anvil, ANVIL_DUMP, error_r) < 0)
		return -1;
	while ((line = geotrip_anvil_read(anvil, error_r)) != NULL) {
		if (++line_number <= ANVIL_HEADER_LINES)
			continue;
		/* an empty line ends the list */
		if (*line == '\0')
			return 0;
		T_BEGIN {
			if (parse_line(line, service, users, config, pool,
				       commands) < 0) {
				i_warning("geotrip: anvil sent an unknown "
					  "line: %s",
					  geotrip_escape(line));
			}
		} T_END;
	}
	return -1;
}

static int
end_sessions(struct geotrip_anvil *anvil,
	     const ARRAY_TYPE(const_string) *commands, const char **error_r)
{
	const char *command, *line;
	unsigned int count;
	int ended = 0;

	array_foreach_elem(commands, command) {
		if (geotrip_anvil_send(anvil, command, error_r) < 0)
			return -1;
		line = geotrip_anvil_read(anvil, error_r);
		if (line == NULL)
			return -1;
		if (str_to_uint(line, &count) < 0) {
			*error_r = t_strdup_printf(
				"%s: does not end sessions: %s", anvil->path,
				geotrip_escape(line));
			return -1;
		}
		ended += count;
	}
	return ended;
}

int geotrip_sessions_end(const char *base_dir, const char *service,
			 ARRAY_TYPE(const_string) *users,
			 const struct geotrip_config *config,
			 const char **error_r)
{
	struct geotrip_anvil anvil;
	ARRAY_TYPE(const_string) commands;
	pool_t pool;
	int ended = -1;

	if (geotrip_anvil_connect(&anvil, t_strconcat(base_dir, "/anvil", NULL),
				  error_r) < 0)
		return -1;
	pool = pool_alloconly_create("geotrip sessions", 4096);
	p_array_init(&commands, pool, 16);
	if (read_sessions(&anvil, service, users, config, pool, &commands,
			  error_r) == 0)
		ended = end_sessions(&anvil, &commands, error_r);
	pool_unref(&pool);
	geotrip_anvil_disconnect(&anvil);
	return ended;
}
