/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Sessions in Dovecot 2.3: anvil knows which process serves which user, and a
   signal ends it, as in doveadm kick. Anvil knows what login processes told it,
   and those are exposed to clients: it is trusted only as far as
   geotrip-process.c can verify. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "strescape.h"
#include "geotrip-anvil.h"
#include "geotrip-common.h"
#include "geotrip-process.h"
#include "geotrip-sessions.h"

#define ANVIL_DUMP "VERSION\tanvil\t1\t0\nCONNECT-DUMP\n"
/* About processes that are left alone; an attacker may create any number. */
#define MAX_WARNINGS 10

struct session_process {
	pid_t pid;
	unsigned int sessions;
	/* all of its sessions belong to the service and to users in the list */
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
   contain slashes, an address does not. */
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
read_sessions(const char *base_dir, const char *service,
	      ARRAY_TYPE(const_string) *users,
	      const struct geotrip_config *config,
	      ARRAY_TYPE(session_process) *processes, const char **error_r)
{
	struct geotrip_anvil anvil;
	const char *line = NULL;

	if (geotrip_anvil_connect(&anvil, t_strconcat(base_dir, "/anvil", NULL),
				  error_r) < 0)
		return -1;
	if (geotrip_anvil_send(&anvil, ANVIL_DUMP, error_r) == 0) {
		/* an empty line ends the list */
		while ((line = geotrip_anvil_read(&anvil, error_r)) != NULL &&
		       *line != '\0') T_BEGIN {
			if (parse_line(line, service, users, config,
				       processes) < 0) {
				i_warning("geotrip: anvil sent an unknown "
					  "line: %s",
					  geotrip_escape(line));
			}
		} T_END;
	}
	geotrip_anvil_disconnect(&anvil);
	return line == NULL ? -1 : 0;
}

/* Returns 1 if the process was ended, 0 if not, or -1 with an error. */
static int
end_process(const struct session_process *process, pid_t master,
	    const char *service, unsigned int *left_alone,
	    const char **error_r)
{
	const char *error;

	/* the processes of a service run the program with its name */
	switch (geotrip_process_end(process->pid, master, service, &error)) {
	case GEOTRIP_PROCESS_ENDED:
		return 1;
	case GEOTRIP_PROCESS_GONE:
		return 0;
	case GEOTRIP_PROCESS_LEFT_ALONE:
		if (++*left_alone <= MAX_WARNINGS) {
			i_warning("geotrip: anvil says that process %ld "
				  "serves suspended users, but %s: it is left "
				  "alone", (long)process->pid, error);
		}
		return 0;
	case GEOTRIP_PROCESS_FAILED:
		break;
	}
	*error_r = error;
	return -1;
}

int geotrip_sessions_end(const char *base_dir, const char *service,
			 ARRAY_TYPE(const_string) *users,
			 const struct geotrip_config *config,
			 const char **error_r)
{
	ARRAY_TYPE(session_process) processes;
	const struct session_process *process;
	unsigned int left_alone = 0;
	pid_t master;
	int ret, ended = 0;

	t_array_init(&processes, 64);
	if (read_sessions(base_dir, service, users, config, &processes,
			  error_r) < 0 ||
	    geotrip_process_master(base_dir, &master, error_r) < 0)
		return -1;

	array_foreach(&processes, process) {
		if (!process->all_listed)
			continue;
		ret = end_process(process, master, service, &left_alone,
				  error_r);
		if (ret < 0)
			return -1;
		if (ret > 0)
			ended += process->sessions;
	}
	if (left_alone > MAX_WARNINGS) {
		i_warning("geotrip: %u more processes were left alone",
			  left_alone - MAX_WARNINGS);
	}
	return ended;
}
