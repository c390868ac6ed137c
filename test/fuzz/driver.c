/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Runs a harness without libFuzzer: with the seeds as they are, and then with
   changes of them, which are the same ones each time.

	fuzz-NAME [FIRST [COUNT]]

   The seeds are the files in $GEOTRIP_FUZZ_SEEDS/NAME. Ends after COUNT
   changes (default 20000), or a time that "make check" can afford
   ($GEOTRIP_FUZZ_MSECS, default 3000). When the harness aborts, the number of
   the change is printed: "fuzz-NAME NUMBER 1" does that one only. */

#include <stddef.h>
#include <stdint.h>
#include "fuzz.h"

#ifndef GEOTRIP_LIBFUZZER

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEEDS 256
#define MAX_BYTES (64 * 1024)
#define DEFAULT_COUNT 20000
#define DEFAULT_MSECS 3000

struct seed {
	unsigned char *bytes;
	size_t size;
};

static struct seed seeds[MAX_SEEDS];
static unsigned int seed_count;
/* -1 while the seeds are run as they are */
static volatile long current = -1;
static uint64_t random_state;

/* splitmix64: any number, also 0, is a good beginning */
static uint64_t random_number(void)
{
	uint64_t number = random_state += 0x9e3779b97f4a7c15;

	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
	number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
	return number ^ (number >> 31);
}

static size_t random_below(size_t limit)
{
	return limit == 0 ? 0 : random_number() % limit;
}

static void read_seed(const char *path)
{
	FILE *in = fopen(path, "r");
	struct seed *seed = &seeds[seed_count];

	if (in == NULL)
		return;
	seed->bytes = malloc(MAX_BYTES);
	seed->size = fread(seed->bytes, 1, MAX_BYTES / 2, in);
	fclose(in);
	seed_count++;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_seeds(const char *name)
{
	const char *directory = getenv("GEOTRIP_FUZZ_SEEDS");
	struct dirent **entries;
	char path[4096];
	int i, count;

	snprintf(path, sizeof(path), "%s/%s",
		 directory == NULL ? "seeds" : directory, name);
	/* in order */
	count = scandir(path, &entries, is_file, alphasort);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s",
			 directory == NULL ? "seeds" : directory, name,
			 entries[i]->d_name);
		if (seed_count < MAX_SEEDS)
			read_seed(path);
		free(entries[i]);
	}
	if (count > 0)
		free(entries);
	if (seed_count == 0) {
		fprintf(stderr, "There are no seeds in %s\n", path);
		exit(1);
	}
}

/* What parsers do not like. */
static const char *const dictionary[] = {
	"\r\n", "\n", "\r", "\n\n", "\0", "\x7f", "\x1b[31m", "\xff\xfe",
	"\xe2\x80\xae", "\xc3", "\xf4\x90\x80\x80", "%", "%{user}", "%s%n", "{",
	"}", "{{", "{user}", "{?user}", "\\x00", "\\x0a", "\\", "\"", "<", ">",
	"@", ",", " ", "\t", "=", "*", "/", "::", "::ffff:", "-1", "0",
	"4294967296", "18446744073709551615", "9223372036854775807",
	"=?utf-8?q?", "?=", "Bcc: x", "\n.\n", "countries in ", "days", "[", "]", "Subject: ",
};

/* Replace the bytes from pos to pos + old_size. */
static void replace(struct seed *input, size_t pos, size_t old_size,
		    const void *bytes, size_t size)
{
	if (input->size - old_size + size > MAX_BYTES)
		return;
	memmove(input->bytes + pos + size, input->bytes + pos + old_size,
		input->size - pos - old_size);
	memcpy(input->bytes + pos, bytes, size);
	input->size += size - old_size;
}

static void change(struct seed *input)
{
	const struct seed *other = &seeds[random_below(seed_count)];
	size_t pos = random_below(input->size + 1);
	size_t left = input->size - pos, from, size;
	unsigned char piece[256];
	unsigned int i;

	switch (random_below(8)) {
	case 0:
		if (left > 0)
			input->bytes[pos] ^= 1 << random_below(8);
		break;
	case 1:
		if (left > 0)
			input->bytes[pos] = random_below(256);
		break;
	case 2:
		replace(input, pos, random_below(left < 32 ? left + 1 : 32),
			"", 0);
		break;
	case 3:
	case 4:
		i = random_below(sizeof(dictionary) / sizeof(*dictionary));
		size = *dictionary[i] == '\0' ? 1 : strlen(dictionary[i]);
		replace(input, pos, random_below(2) == 0 ? 0 :
			(size < left ? size : left), dictionary[i], size);
		break;
	case 5:
		/* a piece of another seed, or of this one */
		from = random_below(other->size + 1);
		size = random_below(other->size - from + 1);
		replace(input, pos, random_below(left < size ? left + 1 : size),
			other->bytes + from, size);
		break;
	case 6:
		/* much of the same */
		size = 1 + random_below(sizeof(piece));
		memset(piece, left > 0 ? input->bytes[pos] : 'x', size);
		replace(input, pos, 0, piece, size);
		break;
	case 7:
		/* a number with a meaning, in an order that it may have */
		size = (size_t)1 << random_below(4);
		for (i = 0; i < size; i++)
			piece[i] = random_below(2) == 0 ? 0xff : 0;
		if (size <= left)
			replace(input, pos, size, piece, size);
		break;
	}
}

static void run(const struct seed *seed)
{
	/* of its own size, so that reading too far is noticed */
	uint8_t *bytes = malloc(seed->size == 0 ? 1 : seed->size);

	memcpy(bytes, seed->bytes, seed->size);
	(void)LLVMFuzzerTestOneInput(bytes, seed->size);
	free(bytes);
}

static void run_changed(long number)
{
	static unsigned char bytes[MAX_BYTES];
	struct seed input = { .bytes = bytes };
	const struct seed *seed;
	unsigned int changes;

	random_state = number;
	seed = &seeds[random_below(seed_count)];
	memcpy(bytes, seed->bytes, seed->size);
	input.size = seed->size;
	for (changes = 1 + random_below(6); changes > 0; changes--)
		change(&input);
	current = number;
	run(&input);
}

static void say_which(int signal_number)
{
	char text[80];
	int len = snprintf(text, sizeof(text),
			   "ended by signal %d in change %ld\n",
			   signal_number, current);

	if (write(STDERR_FILENO, text, len) < 0)
		_exit(1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static long msecs(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* fuzz-NAME, or what libtool makes of it */
static const char *get_name(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	return strncmp(name, "fuzz-", 5) == 0 ? name + 5 : name;
}

int main(int argc, char *argv[])
{
	static const int signals[] = {
		SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM
	};
	const char *name = get_name(argv[0]), *env;
	long first = argc > 1 ? atol(argv[1]) : 0, done = 0, end;
	long count = argc > 2 ? atol(argv[2]) : DEFAULT_COUNT;
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], say_which);
	read_seeds(name);
	for (i = 0; i < seed_count; i++)
		run(&seeds[i]);
	env = getenv("GEOTRIP_FUZZ_MSECS");
	end = msecs() + (env == NULL ? DEFAULT_MSECS : atol(env));
	for (; done < count && msecs() < end; done++) {
		/* nothing takes that long */
		alarm(60);
		run_changed(first + done);
	}
	alarm(0);
	printf("fuzz-%s: %u seeds and %ld changes of them ......... : ok\n",
	       name, seed_count, done);
	for (i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	return 0;
}

#endif
