/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The store when the system fails it: each kind of call, the first, the
   second, the third and so on, over the whole life of a store. */

#include "lib.h"
#include "test-common.h"
#include "test-store-fixture.h"
#include "fault-alloc.h"
#include "fault-disk.h"
#include "fault-plan.h"
#include "fault-vfs.h"
#include "store-life.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

/* The number of lives for each kind of call, spread evenly, unless all are
   wanted. */
#define LIVES_SHORT 20

static bool all_lives;

/* In place of the C library's: purge pauses to let others have the lock, and
   there are none. */
int usleep(useconds_t usecs ATTR_UNUSED)
{
	return 0;
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (dir == NULL)
		i_fatal("opendir(/proc/self/fd) failed: %m");
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count;
}

struct fault {
	enum fault_call calls;
	enum fault_kind kind;
	unsigned int nth;
	/* of what a power cut leaves */
	unsigned int seed;
	enum store_life_failure failure;
};

/* Returns NULL, or what was wrong. */
static const char *
live(struct store_life *life, const struct fault *fault)
{
	enum store_life_power power = STORE_LIFE_POWER_ON;
	const char *wrong;

	fault_plan(fault->calls, fault->nth, fault->kind);
	wrong = store_life_run(life, fault->failure);
	/* the same connection must work again, too */
	if (fault->failure != STORE_LIFE_STOP)
		store_life_close(life);
	fault_repair();
	if (fault->kind == FAULT_POWER_CUT) {
		i_unlink_if_exists(t_strconcat(test_store_path, "-shm", NULL));
		fault_disk_power_cut(fault->seed);
		power = STORE_LIFE_POWER_CUT;
	}
	if (wrong == NULL)
		wrong = store_life_check(life, power);
	if (wrong == NULL)
		wrong = store_life_finish(life);
	if (wrong == NULL)
		wrong = store_life_check(life, STORE_LIFE_POWER_ON);
	return t_strdup(wrong);
}

/* Live with a fault. Returns FALSE if it did not happen any more, or something
   was wrong. */
static bool live_with(enum store_life_begin begin, const struct fault *fault)
{
	sqlite3_int64 memory = sqlite3_memory_used();
	unsigned int files = open_files();
	struct store_life *life = store_life_init(begin);
	const char *wrong = live(life, fault);

	store_life_deinit(&life);
	remove_db();
	fault_disk_forget();
	if (wrong == NULL && sqlite3_memory_used() != memory)
		wrong = "memory leaks";
	if (wrong == NULL && open_files() != files)
		wrong = "an open file leaks";
	if (wrong != NULL) {
		test_assert_failed(t_strdup_printf("call %u, seed %u: %s",
						   fault->nth, fault->seed,
						   wrong),
				   __FILE__, __LINE__);
		return FALSE;
	}
	return fault_happened();
}

/* How many calls of the kind are there in a life without faults? */
static unsigned int
count_calls(enum store_life_begin begin, enum fault_call calls)
{
	struct fault fault = { .calls = calls, .nth = UINT_MAX };

	test_assert(!live_with(begin, &fault));
	return fault_call_count();
}

/* Lives differ. */
static void next_life(struct fault *fault, unsigned int lives)
{
	switch (fault->kind) {
	case FAULT_ONCE:
		fault->failure = STORE_LIFE_MEND;
		break;
	case FAULT_STAYS:
		fault->failure = lives % 2 == 0 ? STORE_LIFE_STOP :
			STORE_LIFE_GO_ON;
		break;
	case FAULT_POWER_CUT:
		fault->failure = STORE_LIFE_GO_ON;
		fault->seed = lives % 3 == 0 ? 0 : lives;
		break;
	}
}

static void
test_calls(enum store_life_begin begin, const char *name,
	   enum fault_call calls, enum fault_kind kind)
{
	static const char *const kinds[] = {
		"fails once", "fails until it is mended",
		"is the last one before a power cut",
	};
	struct fault fault = { .calls = calls, .kind = kind, .nth = 1 };
	unsigned int stride = 1, lives = 0;

	next_life(&fault, lives);
	test_begin(t_strdup_printf("store%s: %s %s",
		begin == STORE_LIFE_OLD ? " of version 1" : "", name,
		kinds[kind]));
	/* what a commit is worth in a power cut is seen only at the few calls
	   between it and the next sync */
	if (!all_lives &&
	    (kind != FAULT_POWER_CUT || begin != STORE_LIFE_NEW))
		stride += count_calls(begin, calls) / LIVES_SHORT;
	while (live_with(begin, &fault)) {
		fault.nth += stride;
		next_life(&fault, ++lives);
	}
	/* or it was no test */
	test_assert(fault.nth > 1);
	test_end();
}

static const struct {
	const char *name;
	enum fault_call calls;
} calls[] = {
	{ "open", FAULT_OPEN },
	{ "read", FAULT_READ },
	{ "write", FAULT_WRITE },
	{ "write to a full disk", FAULT_WRITE_FULL },
	{ "truncate", FAULT_TRUNCATE },
	{ "sync", FAULT_SYNC },
	{ "lock", FAULT_LOCK },
	{ "map shared memory", FAULT_SHM_MAP },
	{ "lock shared memory", FAULT_SHM_LOCK },
	{ "wait for a lock", FAULT_BUSY },
	{ "file size", FAULT_FILE_SIZE },
	{ "delete", FAULT_DELETE },
	{ "access", FAULT_ACCESS },
	{ "allocate", FAULT_ALLOC },
};

static void test_kind(enum fault_kind kind)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(calls); i++) T_BEGIN {
		test_calls(STORE_LIFE_NEW, calls[i].name, calls[i].calls,
			   kind);
		test_calls(STORE_LIFE_OLD, calls[i].name, calls[i].calls,
			   kind);
	} T_END;
}

static void test_store_fails_once(void)
{
	test_kind(FAULT_ONCE);
}

static void test_store_fails(void)
{
	test_kind(FAULT_STAYS);
}

static void test_store_power_cut(void)
{
	test_calls(STORE_LIFE_NEW, "a change of the disk", FAULT_CHANGES,
		   FAULT_POWER_CUT);
	test_calls(STORE_LIFE_OLD, "a change of the disk", FAULT_CHANGES,
		   FAULT_POWER_CUT);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_fails_once,
		test_store_fails,
		test_store_power_cut,
		NULL
	};

	all_lives = null_strcmp(getenv("GEOTRIP_TEST_LONG"), "1") == 0;
	fault_alloc_init();
	fault_vfs_init();
	return test_store_run(tests);
}
