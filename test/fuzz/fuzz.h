/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef FUZZ_H
#define FUZZ_H

/* What every harness needs. A harness is one function, called again and again
   with other bytes; it aborts if something is wrong. Two programs call it:
   our driver.c in "make check", and libFuzzer by test/fuzz/run. */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Texts that are separated by NULs. */
struct fuzz_input {
	const uint8_t *p, *end;
};

/* Before anything else of each call: starts Dovecot's library when it is the
   first one, and keeps errors from being printed. */
void fuzz_begin(struct fuzz_input *input_r, const uint8_t *bytes, size_t size);
/* The next text, in the data stack; empty ones behind the last. */
const char *fuzz_text(struct fuzz_input *input);
/* A number that the next text makes; any value. */
uint64_t fuzz_number(struct fuzz_input *input);

/* A directory for files, in $TMPDIR or /tmp; removed at the end. */
const char *fuzz_directory(void);
/* Make a file in memory; it is another one each time. Returns its path, valid
   until the next call. */
const char *fuzz_file(const void *content, size_t size);

#endif
