/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The common part of the harnesses. */

#define _GNU_SOURCE /* for memfd_create() */

#include "lib.h"
#include "failures.h"
#include "unlink-directory.h"
#include "write-full.h"
#include "fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char *directory;

static void
log_nothing(const struct failure_context *ctx ATTR_UNUSED,
	    const char *format ATTR_UNUSED, va_list args ATTR_UNUSED)
{
}

static void remove_directory(void)
{
	const char *error;

	if (unlink_directory(directory, UNLINK_DIRECTORY_FLAG_RMDIR,
			     &error) < 0)
		i_fatal("unlink_directory() failed: %s", error);
}

const char *fuzz_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (directory == NULL) {
		directory = i_strdup_printf("%s/geotrip-fuzz.XXXXXX",
					    parent == NULL ? "/tmp" : parent);
		if (mkdtemp(directory) == NULL)
			i_fatal("mkdtemp() failed: %m");
		if (atexit(remove_directory) != 0)
			i_fatal("atexit() failed");
	}
	return directory;
}

const char *fuzz_file(const void *content, size_t size)
{
	static char path[64];
	static int fd = -1;

	i_close_fd(&fd);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd == -1 || write_full(fd, content, size) < 0)
		i_fatal("Cannot write a file in memory: %m");
	i_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

void fuzz_begin(struct fuzz_input *input_r, const uint8_t *bytes, size_t size)
{
	if (!lib_is_initialized()) {
		lib_init();
		i_set_error_handler(log_nothing);
		i_set_info_handler(log_nothing);
		i_set_debug_handler(log_nothing);
	}
	input_r->p = bytes;
	input_r->end = bytes + size;
}

const char *fuzz_text(struct fuzz_input *input)
{
	const uint8_t *begin = input->p;

	while (input->p < input->end && *input->p != '\0')
		input->p++;
	if (input->p == input->end)
		return t_strndup(begin, input->p - begin);
	return t_strdup_until(begin, input->p++);
}

uint64_t fuzz_number(struct fuzz_input *input)
{
	const char *text = fuzz_text(input);
	uint64_t number = 0;

	/* decimal, for the reader of a seed, and every other value as well */
	if (*text == '-')
		return -strtoull(text + 1, NULL, 10);
	if (*text >= '0' && *text <= '9')
		return strtoull(text, NULL, 10);
	for (; *text != '\0'; text++)
		number = number << 8 | (unsigned char)*text;
	return number;
}
