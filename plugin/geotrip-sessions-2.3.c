/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Sessions in Dovecot 2.3: anvil tells which process serves whom, and a signal
   ends it, as doveadm kick does. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "strescape.h"
#include "geotrip-anvil.h"
#include "geotrip-common.h"
#include "geotrip-sessions.h"

#include <signal.h>

#define ANVIL_DUMP "VERSION\tanvil\t1\t0\nCONNECT-DUMP\n"

struct session_process {
	pid_t pid;
	unsigned int sessions;
	/* all of its sessions are of the service and of users in the list */
	bool all_listed;
};
ARRAY_DEFINE_TYPE(session_process, struct session_process);

static struct session_process *
get_process(ARRAY_TYPE(session_process) *processes, pid_t pid)
{
	struct session_process *process;

	array_foreach_modifiable(processes, process) {
		if (process->pid == pid)
			return process;
	}
	process = array_append_space(processes);
	process->pid = pid;
	process->all_listed = TRUE;
	return process;
}

/* <service>/<ip>/<user> or <service>/<user>, <pid>, <sessions>. A name may
   have slashes, an address has none. */
static int
parse_line(const char *line, const char *service,
	   ARRAY_TYPE(const_string) *users,
	   const struct geotrip_config *config,
	   ARRAY_TYPE(session_process) *processes)
{
	const char *const *args = t_strsplit_tabescaped(line);
	struct session_process *process;
	const char *user, *slash;
	struct ip_addr ip;
	unsigned int sessions;
	pid_t pid;

	if (str_array_length(args) < 3 || str_to_pid(args[1], &pid) < 0 ||
	    str_to_uint(args[2], &sessions) < 0 ||
	    (user = strchr(args[0], '/')) == NULL)
		return -1;
	user++;
	slash = strchr(user, '/');
	i_zero(&ip);
	if (slash != NULL &&
	    net_addr2ip(t_strdup_until(user, slash), &ip) == 0)
		user = slash + 1;

	process = get_process(processes, pid);
	process->sessions += sessions;
	if (strcmp(t_strdup_until(args[0], strchr(args[0], '/')),
		   service) != 0 ||
	    !geotrip_sessions_is_to_end(users, config, user, &ip))
		process->all_listed = FALSE;
	return 0;
}

static int
read_sessions(const char *anvil_path, const char *service,
	      ARRAY_TYPE(const_string) *users,
	      const struct geotrip_config *config,
	      ARRAY_TYPE(session_process) *processes, const char **error_r)
{
	struct geotrip_anvil anvil;
	const char *line = NULL;

	if (geotrip_anvil_connect(&anvil, anvil_path, error_r) < 0)
		return -1;
	if (geotrip_anvil_send(&anvil, ANVIL_DUMP, error_r) == 0) {
		/* an empty line is the end */
		while ((line = geotrip_anvil_read(&anvil, error_r)) != NULL &&
		       *line != '\0') T_BEGIN {
			if (parse_line(line, service, users, config,
				       processes) < 0) {
				i_warning("geotrip: anvil sent a line that is "
					  "not understood: %s",
					  geotrip_escape(line));
			}
		} T_END;
	}
	geotrip_anvil_disconnect(&anvil);
	return line == NULL ? -1 : 0;
}

int geotrip_sessions_end(const char *anvil_path, const char *service,
			 ARRAY_TYPE(const_string) *users,
			 const struct geotrip_config *config,
			 const char **error_r)
{
	ARRAY_TYPE(session_process) processes;
	const struct session_process *process;
	int ended = 0;

	t_array_init(&processes, 64);
	if (read_sessions(anvil_path, service, users, config, &processes,
			  error_r) < 0)
		return -1;

	array_foreach(&processes, process) {
		if (!process->all_listed)
			continue;
		if (kill(process->pid, SIGTERM) == 0)
			ended += process->sessions;
		else if (errno != ESRCH) {
			*error_r = t_strdup_printf("kill(%ld) failed: %m",
						   (long)process->pid);
			return -1;
		}
	}
	return ended;
}
