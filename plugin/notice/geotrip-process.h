/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_PROCESS_H
#define GEOTRIP_PROCESS_H

/* Ending a process of this Dovecot's whose number comes from somebody who may
   lie: a login process tells anvil which process serves whom. */

enum geotrip_process_result {
	GEOTRIP_PROCESS_ENDED,
	/* there is no such process any more */
	GEOTRIP_PROCESS_GONE,
	/* it is none that may be ended; with an error that says why */
	GEOTRIP_PROCESS_LEFT_ALONE,
	/* none can be ended; with an error */
	GEOTRIP_PROCESS_FAILED,
};

/* Get the process id of the master process. Returns 0, or -1 with an error. */
int geotrip_process_master(const char *base_dir, pid_t *master_r,
			   const char **error_r);

/* Send SIGTERM to a process, if it is proven to be a child of the master that
   runs the program of this name, and has no user id of root's. What took its
   number meanwhile is not met. */
enum geotrip_process_result
geotrip_process_end(pid_t pid, pid_t master, const char *program,
		    const char **error_r);

#endif
