/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Runs doveconf and reads its output. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "master-service.h"
#include "path-util.h"
#include "doveadm.h"
#include "doveadm-geotrip-doveconf.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LINE_BYTES 8192

/* The configuration that this process uses. Processes started by Dovecot know
   only the socket that they read it from. */
static int
config_path(const struct doveadm_cmd_context *cctx, const char **path_r,
	    const char **error_r)
{
	if (cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI) {
		*path_r = master_service_get_config_path(master_service);
		return 0;
	}
	return t_readlink(t_strconcat(doveadm_settings->base_dir,
				      "/dovecot.conf", NULL), path_r, error_r);
}

static void ATTR_NORETURN
run_doveconf(const struct doveadm_cmd_context *cctx, const char *path,
	     const char *const *names, int fd_out)
{
	ARRAY_TYPE(const_string) args;
	const char *const first[] = { GEOTRIP_DOVECONF, "-c", path };
	int fd_null = open("/dev/null", O_RDWR);

	if (fd_null == -1 || dup2(fd_null, STDIN_FILENO) < 0 ||
	    dup2(fd_null, STDERR_FILENO) < 0 ||
	    dup2(fd_out, STDOUT_FILENO) < 0)
		_exit(1);
	/* Dovecot sets environment variables for its services that must not
	   reach doveconf. */
	if (cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI)
		master_service_env_clean();
	t_array_init(&args, 8);
	array_append(&args, first, N_ELEMENTS(first));
	array_append(&args, names, str_array_length(names));
	array_append_zero(&args);
	(void)execv(GEOTRIP_DOVECONF, (char *const *)array_front(&args));
	_exit(1);
}

static void
read_lines(int fd, pool_t pool, ARRAY_TYPE(const_string) *lines)
{
	struct istream *input = i_stream_create_fd(fd, MAX_LINE_BYTES);
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL) {
		line = p_strdup(pool, line);
		array_push_back(lines, &line);
	}
	i_stream_destroy(&input);
}

int geotrip_doveconf_read(struct doveadm_cmd_context *cctx,
			  const char *const *names, pool_t pool,
			  struct geotrip_doveconf *conf_r,
			  const char **error_r)
{
	ARRAY_TYPE(const_string) lines;
	const char *path;
	int fd[2], status;
	pid_t pid;

	if (config_path(cctx, &path, error_r) < 0)
		return -1;
	if (pipe(fd) < 0) {
		*error_r = t_strdup_printf("pipe() failed: %m");
		return -1;
	}
	pid = fork();
	if (pid == 0)
		run_doveconf(cctx, path, names, fd[1]);
	i_close_fd(&fd[1]);
	if (pid == -1) {
		*error_r = t_strdup_printf("fork() failed: %m");
		i_close_fd(&fd[0]);
		return -1;
	}
	p_array_init(&lines, pool, 8);
	read_lines(fd[0], pool, &lines);
	i_close_fd(&fd[0]);
	array_append_zero(&lines);
	conf_r->lines = array_front(&lines);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		*error_r = t_strdup_printf("%s -c %s failed",
					   GEOTRIP_DOVECONF, path);
		return -1;
	}
	return 0;
}

const char *geotrip_doveconf_get(const struct geotrip_doveconf *conf,
				 const char *name)
{
	const char *const *line, *key, *value, *slash;

	for (line = conf->lines; *line != NULL; line++) {
		value = strstr(*line, " = ");
		if (value == NULL)
			continue;
		key = t_strdup_until(*line, value);
		/* Dovecot 2.4 prints a block, 2.3 a path. */
		key += strspn(key, " ");
		slash = strrchr(key, '/');
		if (strcmp(slash == NULL ? key : slash + 1, name) == 0)
			return value + strlen(" = ");
	}
	return NULL;
}
