/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_PROCESS_H
#define GEOTRIP_PROCESS_H

/* Ending a process of this Dovecot whose pid comes from an untrusted source:
   login processes tell anvil which process serves which user. */

enum geotrip_process_result {
	GEOTRIP_PROCESS_ENDED,
	/* the process no longer exists */
	GEOTRIP_PROCESS_GONE,
	/* it must not be ended; with an error that says why */
	GEOTRIP_PROCESS_LEFT_ALONE,
	/* no process can be ended; with an error */
	GEOTRIP_PROCESS_FAILED,
};

/* Get the process id of the master process. Returns 0, or -1 with an error. */
int geotrip_process_master(const char *base_dir, pid_t *master_r,
			   const char **error_r);

/* Send SIGTERM to a process, if it is verified to be a child of the master that
   runs the program of this name, and has no uid of root. A process that has
   reused its pid is never signaled. */
enum geotrip_process_result
geotrip_process_end(pid_t pid, pid_t master, const char *program,
		    const char **error_r);

#endif
