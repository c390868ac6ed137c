/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A process is opened first (pidfd), then checked in /proc, and then sent a
   signal: if it has exited in between and its pid was reused, the signal goes
   nowhere. A process can choose its own name, but not that of another one. */

#include "lib.h"
#include "istream.h"
#include "geotrip-process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.3 has them; the C library has had functions for them only since
   2022. */
#ifndef SYS_pidfd_send_signal
#  define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#  define SYS_pidfd_open 434
#endif

/* A line in /proc/<pid>/status or in master.pid. */
#define MAX_LINE 4096

/* From /proc/<pid>/status. */
struct process_status {
	bool is_program, is_child, is_root;
	/* what is missing in the file is not verified */
	bool has_uids;
};

int geotrip_process_master(const char *base_dir, pid_t *master_r,
			   const char **error_r)
{
	const char *path = t_strconcat(base_dir, "/master.pid", NULL);
	struct istream *input = i_stream_create_file(path, MAX_LINE);
	const char *line = i_stream_read_next_line(input);
	int ret = 0;

	if (line == NULL) {
		*error_r = t_strdup_printf("read(%s) failed: %s", path,
			input->stream_errno != 0 ? i_stream_get_error(input) :
			"it is empty");
		ret = -1;
	} else if (str_to_pid(line, master_r) < 0 || *master_r <= 1) {
		*error_r = t_strdup_printf("%s: is not a process id", path);
		ret = -1;
	}
	i_stream_destroy(&input);
	return ret;
}

static void
parse_status_line(const char *line, pid_t master, const char *program,
		  struct process_status *status)
{
	const char *const *words = t_strsplit(line, "\t");
	const char *key = *words++;

	if (*words == NULL)
		return;
	if (strcmp(key, "Name:") == 0)
		status->is_program = strcmp(*words, program) == 0;
	else if (strcmp(key, "PPid:") == 0)
		status->is_child = strcmp(*words, dec2str(master)) == 0;
	else if (strcmp(key, "Uid:") == 0) {
		/* real, effective, saved, and file system */
		status->has_uids = str_array_length(words) == 4;
		status->is_root = str_array_find(words, "0");
	}
}

/* Returns 0, or -1 and errno with an error. */
static int
read_status(pid_t pid, pid_t master, const char *program,
	    struct process_status *status_r, const char **error_r)
{
	const char *path = t_strdup_printf("/proc/%ld/status", (long)pid);
	struct istream *input = i_stream_create_file(path, MAX_LINE);
	const char *line;
	int stream_errno;

	i_zero(status_r);
	while ((line = i_stream_read_next_line(input)) != NULL) T_BEGIN {
		parse_status_line(line, master, program, status_r);
	} T_END;
	stream_errno = input->stream_errno;
	if (stream_errno != 0) {
		*error_r = t_strdup_printf("read(%s) failed: %s", path,
					   i_stream_get_error(input));
	}
	i_stream_destroy(&input);
	errno = stream_errno;
	return stream_errno == 0 ? 0 : -1;
}

static enum geotrip_process_result
process_end(int pidfd, pid_t pid, pid_t master, const char *program,
	    const char **error_r)
{
	struct process_status status;

	if (read_status(pid, master, program, &status, error_r) < 0) {
		return errno == ENOENT || errno == ESRCH ?
			GEOTRIP_PROCESS_GONE : GEOTRIP_PROCESS_FAILED;
	}
	if (!status.is_child) {
		*error_r = "it is not a child of Dovecot's master process";
		return GEOTRIP_PROCESS_LEFT_ALONE;
	}
	if (!status.is_program) {
		*error_r = t_strdup_printf("it does not run %s", program);
		return GEOTRIP_PROCESS_LEFT_ALONE;
	}
	if (!status.has_uids || status.is_root) {
		*error_r = "it runs as root";
		return GEOTRIP_PROCESS_LEFT_ALONE;
	}
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) == 0)
		return GEOTRIP_PROCESS_ENDED;
	if (errno == ESRCH)
		return GEOTRIP_PROCESS_GONE;
	*error_r = t_strdup_printf("pidfd_send_signal(%ld) failed: %m",
				   (long)pid);
	return GEOTRIP_PROCESS_FAILED;
}

enum geotrip_process_result
geotrip_process_end(pid_t pid, pid_t master, const char *program,
		    const char **error_r)
{
	enum geotrip_process_result result;
	int pidfd;

	if (pid <= 1 || pid == master || pid == getpid()) {
		*error_r = "it cannot be a session";
		return GEOTRIP_PROCESS_LEFT_ALONE;
	}
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 && errno == ESRCH)
		return GEOTRIP_PROCESS_GONE;
	if (pidfd < 0 && errno == EINVAL) {
		*error_r = "it is not a process";
		return GEOTRIP_PROCESS_LEFT_ALONE;
	}
	if (pidfd < 0) {
		*error_r = t_strdup_printf("pidfd_open(%ld) failed: %m%s",
			(long)pid, errno != ENOSYS ? "" :
			". Linux 5.3 or later is required");
		return GEOTRIP_PROCESS_FAILED;
	}
	result = process_end(pidfd, pid, master, program, error_r);
	i_close_fd(&pidfd);
	return result;
}
