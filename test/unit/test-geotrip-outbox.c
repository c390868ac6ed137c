/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The outbox of the auth process: keeps its order, loses nothing that is still
   needed, and is bounded. */

#include "lib.h"
#include "test-common.h"
#include "auth-geotrip-outbox.h"

/* What the outbox may have, of entries and of bytes. */
#define MAX_ENTRIES 32768
#define MAX_BYTES (16 * 1024 * 1024)

/* The outbox does not look into it. */
struct geotrip_held {
	char unused;
};

static struct geotrip_outbox_entry *
add_user(struct geotrip_outbox *outbox, const char *user)
{
	struct geotrip_wire_login login = {
		.time = 1234,
		.deadline = 5678,
		.wants_verdict = TRUE,
		.user = user,
		.service = "imap",
		.mechanism = "PLAIN",
		.session = "",
	};
	struct geotrip_outbox_entry *entry;

	T_BEGIN {
		entry = geotrip_outbox_add(outbox, &login);
	} T_END;
	if (entry != NULL)
		test_assert(entry->seq == login.seq);
	return entry;
}

static void add_count(struct geotrip_outbox *outbox, unsigned int count)
{
	while (count-- > 0)
		(void)add_user(outbox, "user");
}

static void remove_seq(struct geotrip_outbox *outbox, uint64_t seq)
{
	geotrip_outbox_remove(outbox, geotrip_outbox_get(outbox, seq));
}

/* The numbers of those that are there, up to this one. */
static const char *numbers(struct geotrip_outbox *outbox, uint64_t last)
{
	struct geotrip_outbox_entry *entry;
	const char *all = "";
	uint64_t seq;

	for (seq = 0; seq <= last; seq++) {
		entry = geotrip_outbox_get(outbox, seq);
		if (entry == NULL)
			continue;
		test_assert_idx(entry->seq == seq, seq);
		all = t_strdup_printf("%s%"PRIu64" ", all, seq);
	}
	return all;
}

/* The numbers of those that are to be sent. */
static const char *unsent(struct geotrip_outbox *outbox)
{
	struct geotrip_outbox_entry *entry;
	const char *all = "";

	while ((entry = geotrip_outbox_next(outbox)) != NULL)
		all = t_strdup_printf("%s%"PRIu64" ", all, entry->seq);
	return all;
}

static uint64_t first_seq(struct geotrip_outbox *outbox)
{
	struct geotrip_outbox_entry *entry = geotrip_outbox_first(outbox);

	return entry == NULL ? 0 : entry->seq;
}

static void test_outbox_add(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_outbox_entry *entry;
	struct geotrip_wire_login login;
	char *long_name;

	test_begin("outbox: logins get numbers, and are found by them");
	test_assert(geotrip_outbox_first(outbox) == NULL);
	test_assert(geotrip_outbox_next(outbox) == NULL);
	add_count(outbox, 2);
	entry = add_user(outbox, "user@example.com");
	test_assert(entry->seq == 3 && entry->deadline == 5678);
	test_assert(geotrip_outbox_get(outbox, 3) == entry);
	test_assert_strcmp(numbers(outbox, 10), "1 2 3 ");
	test_assert(geotrip_outbox_get(outbox, UINT64_MAX) == NULL);
	/* the same place in the ring */
	test_assert(geotrip_outbox_get(outbox, 3 + MAX_ENTRIES) == NULL);
	test_assert(first_seq(outbox) == 1);
	geotrip_outbox_login(entry, &login);
	test_assert(login.seq == 3 && login.time == 1234 &&
		    login.deadline == 5678 && login.wants_verdict);
	test_assert_strcmp(login.user, "user@example.com");
	test_assert_strcmp(login.service, "imap");
	test_end();

	test_begin("outbox: a login that is too long takes no number");
	long_name = i_malloc(GEOTRIP_WIRE_MAX_BYTES + 1);
	memset(long_name, 'u', GEOTRIP_WIRE_MAX_BYTES);
	test_assert(add_user(outbox, long_name) == NULL);
	i_free(long_name);
	test_assert_strcmp(numbers(outbox, 10), "1 2 3 ");
	test_assert(add_user(outbox, "user")->seq == 4);
	test_end();
	geotrip_outbox_deinit(&outbox);
	test_assert(outbox == NULL);
}

static void test_outbox_remove(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();

	test_begin("outbox: removal at the ends and in the middle");
	add_count(outbox, 6);
	remove_seq(outbox, 3);
	remove_seq(outbox, 2);
	test_assert_strcmp(numbers(outbox, 10), "1 4 5 6 ");
	test_assert(first_seq(outbox) == 1);
	remove_seq(outbox, 1);
	test_assert(first_seq(outbox) == 4);
	remove_seq(outbox, 6);
	test_assert_strcmp(numbers(outbox, 10), "4 5 ");
	/* a number is not given again */
	test_assert(add_user(outbox, "user")->seq == 7);
	remove_seq(outbox, 4);
	remove_seq(outbox, 5);
	test_assert(first_seq(outbox) == 7);
	remove_seq(outbox, 7);
	test_assert(geotrip_outbox_first(outbox) == NULL);
	test_assert(add_user(outbox, "user")->seq == 8);
	test_assert_strcmp(numbers(outbox, 10), "8 ");
	test_end();
	geotrip_outbox_deinit(&outbox);
}

static void test_outbox_held(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_held held[3];
	struct geotrip_outbox_entry *entry;

	test_begin("outbox: those that are held, in their order");
	test_assert(geotrip_outbox_first_held(outbox) == NULL);
	add_count(outbox, 4);
	geotrip_outbox_hold(outbox, geotrip_outbox_get(outbox, 1), &held[0]);
	geotrip_outbox_hold(outbox, geotrip_outbox_get(outbox, 2), &held[1]);
	geotrip_outbox_hold(outbox, geotrip_outbox_get(outbox, 4), &held[2]);
	test_assert(geotrip_outbox_held_count(outbox) == 3);
	/* one from the middle */
	entry = geotrip_outbox_get(outbox, 2);
	test_assert(geotrip_outbox_take(outbox, entry,
					GEOTRIP_WIRE_TOLD_ALLOW) == &held[1]);
	test_assert(geotrip_outbox_held_count(outbox) == 2);
	entry = geotrip_outbox_first_held(outbox);
	test_assert(entry->seq == 1);
	test_assert(geotrip_outbox_take(outbox, entry,
					GEOTRIP_WIRE_TOLD_ALLOW) == &held[0]);
	entry = geotrip_outbox_first_held(outbox);
	test_assert(entry->seq == 4);
	test_assert(geotrip_outbox_take(outbox, entry,
					GEOTRIP_WIRE_TOLD_ALLOW) == &held[2]);
	test_assert(geotrip_outbox_first_held(outbox) == NULL);
	test_assert(geotrip_outbox_held_count(outbox) == 0);
	/* they are not committed */
	test_assert_strcmp(numbers(outbox, 10), "1 2 3 4 ");
	test_end();
	geotrip_outbox_deinit(&outbox);
}

static void test_outbox_committed(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_held held[2];
	struct geotrip_outbox_entry *entry2, *entry4;

	test_begin("outbox: what is committed goes, unless it is held");
	add_count(outbox, 6);
	entry2 = geotrip_outbox_get(outbox, 2);
	entry4 = geotrip_outbox_get(outbox, 4);
	geotrip_outbox_hold(outbox, entry2, &held[0]);
	geotrip_outbox_hold(outbox, entry4, &held[1]);
	geotrip_outbox_committed(outbox, 3);
	test_assert_strcmp(numbers(outbox, 10), "2 4 5 6 ");
	test_assert(geotrip_outbox_is_committed(outbox, entry2));
	test_assert(!geotrip_outbox_is_committed(outbox, entry4));
	/* nothing is taken back */
	geotrip_outbox_committed(outbox, 1);
	test_assert(geotrip_outbox_is_committed(outbox, entry2));
	test_end();

	test_begin("outbox: what is committed goes with its answer");
	test_assert(geotrip_outbox_take(outbox, entry2,
					GEOTRIP_WIRE_TOLD_ALLOW) == &held[0]);
	test_assert_strcmp(numbers(outbox, 10), "4 5 6 ");
	test_assert(first_seq(outbox) == 4);
	test_assert(geotrip_outbox_take(outbox, entry4,
					GEOTRIP_WIRE_TOLD_ALLOW) == &held[1]);
	test_assert_strcmp(numbers(outbox, 10), "4 5 6 ");
	geotrip_outbox_committed(outbox, 5);
	test_assert_strcmp(numbers(outbox, 10), "6 ");
	test_end();

	test_begin("outbox: what was never added is not committed");
	geotrip_outbox_committed(outbox, UINT64_MAX);
	test_assert_strcmp(numbers(outbox, 10), "");
	test_assert(!geotrip_outbox_is_committed(outbox,
						 add_user(outbox, "user")));
	geotrip_outbox_committed(outbox, 6);
	test_assert_strcmp(numbers(outbox, 10), "7 ");
	geotrip_outbox_committed(outbox, 7);
	test_assert_strcmp(numbers(outbox, 10), "");
	test_end();
	geotrip_outbox_deinit(&outbox);
}

static void test_outbox_next(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_held held;

	test_begin("outbox: each is sent once, in order");
	add_count(outbox, 3);
	test_assert_strcmp(unsent(outbox), "1 2 3 ");
	test_assert_strcmp(unsent(outbox), "");
	add_count(outbox, 4);
	/* the next one, and one behind it */
	remove_seq(outbox, 4);
	remove_seq(outbox, 6);
	test_assert(geotrip_outbox_next(outbox)->seq == 5);
	test_assert_strcmp(unsent(outbox), "7 ");
	test_end();

	test_begin("outbox: what is still there is sent again");
	remove_seq(outbox, 1);
	remove_seq(outbox, 3);
	geotrip_outbox_rewind(outbox);
	test_assert(geotrip_outbox_next(outbox)->seq == 2);
	geotrip_outbox_rewind(outbox);
	test_assert_strcmp(unsent(outbox), "2 5 7 ");
	geotrip_outbox_rewind(outbox);
	geotrip_outbox_committed(outbox, 5);
	test_assert_strcmp(unsent(outbox), "7 ");
	geotrip_outbox_committed(outbox, 7);
	geotrip_outbox_rewind(outbox);
	test_assert_strcmp(unsent(outbox), "");
	add_count(outbox, 2);
	test_assert_strcmp(unsent(outbox), "8 9 ");
	/* the verdict may have been lost with the guard */
	geotrip_outbox_hold(outbox, geotrip_outbox_get(outbox, 8), &held);
	geotrip_outbox_committed(outbox, 9);
	geotrip_outbox_rewind(outbox);
	test_assert_strcmp(unsent(outbox), "8 ");
	(void)geotrip_outbox_take(outbox, geotrip_outbox_first(outbox),
				  GEOTRIP_WIRE_TOLD_ALLOW);
	test_end();
	geotrip_outbox_deinit(&outbox);
}

static void test_outbox_keep(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_outbox_entry *entry = add_user(outbox, "user");
	unsigned char blob[] = { 'a', '\0', 'b' };

	test_begin("outbox: what is kept for a login");
	test_assert(entry->blob == NULL && entry->blob_size == 0);
	geotrip_outbox_keep(outbox, entry, blob, sizeof(blob));
	blob[0] = 'x';
	test_assert(entry->blob_size == 3 &&
		    memcmp(entry->blob, "a\0b", 3) == 0);
	geotrip_outbox_keep(outbox, entry, blob, 1);
	test_assert(entry->blob_size == 1 && *entry->blob == 'x');
	geotrip_outbox_keep(outbox, entry, NULL, 0);
	test_assert(entry->blob == NULL && entry->blob_size == 0);
	/* goes with the login */
	geotrip_outbox_keep(outbox, entry, blob, sizeof(blob));
	geotrip_outbox_remove(outbox, entry);
	geotrip_outbox_keep(outbox, add_user(outbox, "user"), blob, 1);
	test_end();
	geotrip_outbox_deinit(&outbox);
}

static void test_outbox_full(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	struct geotrip_held held;
	unsigned int i;
	uint64_t seq;

	test_begin("outbox: full by the number of logins");
	for (i = 0; i < MAX_ENTRIES; i++) {
		test_assert_idx(!geotrip_outbox_is_full(outbox), i);
		(void)add_user(outbox, "user");
	}
	test_assert(geotrip_outbox_is_full(outbox));
	/* there is room when the first one is gone, and only then */
	remove_seq(outbox, 2);
	test_assert(geotrip_outbox_is_full(outbox));
	remove_seq(outbox, 1);
	test_assert(!geotrip_outbox_is_full(outbox));
	add_count(outbox, 2);
	test_assert(geotrip_outbox_is_full(outbox));
	/* in the places of the first two */
	test_assert_strcmp(numbers(outbox, 4), "3 4 ");
	for (seq = 3; seq < 3 + MAX_ENTRIES; seq++)
		test_assert_idx(geotrip_outbox_next(outbox)->seq == seq, seq);
	test_assert(geotrip_outbox_next(outbox) == NULL);
	test_end();

	test_begin("outbox: a client that waits keeps its place");
	geotrip_outbox_hold(outbox, geotrip_outbox_get(outbox, 3), &held);
	geotrip_outbox_committed(outbox, 2 + MAX_ENTRIES);
	test_assert_strcmp(numbers(outbox, 4 + MAX_ENTRIES), "3 ");
	test_assert(geotrip_outbox_is_full(outbox));
	(void)geotrip_outbox_take(outbox, geotrip_outbox_first(outbox),
				  GEOTRIP_WIRE_TOLD_ALLOW);
	test_assert(!geotrip_outbox_is_full(outbox));
	test_assert(geotrip_outbox_first(outbox) == NULL);
	test_end();
	geotrip_outbox_deinit(&outbox);
}

/* Returns how many were added. */
static unsigned int
fill(struct geotrip_outbox *outbox, const char *user, size_t blob_size)
{
	struct geotrip_outbox_entry *entry;
	unsigned char blob[GEOTRIP_WIRE_BLOB_MAX_BYTES] = "";
	unsigned int count = 0;

	while (!geotrip_outbox_is_full(outbox)) {
		entry = add_user(outbox, user);
		geotrip_outbox_keep(outbox, entry, blob, 1);
		geotrip_outbox_keep(outbox, entry, blob, blob_size);
		count++;
	}
	return count;
}

static void test_outbox_full_of_bytes(void)
{
	struct geotrip_outbox *outbox = geotrip_outbox_init();
	char name[8001];
	unsigned char blob[GEOTRIP_WIRE_BLOB_MAX_BYTES] = "";
	unsigned int count, again, i;
	uint64_t seq;

	test_begin("outbox: full by the bytes of logins and what is kept");
	memset(name, 'u', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	count = fill(outbox, name, 0);
	/* the name is nearly all of it */
	test_assert(count > MAX_BYTES / 8300 && count <= MAX_BYTES / 8000 + 1);
	test_assert(first_seq(outbox) == 1);
	geotrip_outbox_remove(outbox, geotrip_outbox_first(outbox));
	test_assert(!geotrip_outbox_is_full(outbox));
	/* the room of one login, and less */
	for (seq = 2; seq < 11; seq++) {
		geotrip_outbox_keep(outbox, geotrip_outbox_get(outbox, seq),
				    blob, sizeof(blob));
	}
	test_assert(geotrip_outbox_is_full(outbox));
	for (seq = 2; seq < 11; seq++) {
		geotrip_outbox_keep(outbox, geotrip_outbox_get(outbox, seq),
				    NULL, 0);
	}
	test_assert(!geotrip_outbox_is_full(outbox));
	geotrip_outbox_committed(outbox, count);
	test_assert(geotrip_outbox_first(outbox) == NULL);
	test_end();

	test_begin("outbox: what is removed does not count any more");
	count = fill(outbox, name, sizeof(blob));
	test_assert(count > MAX_BYTES / 9400 && count <= MAX_BYTES / 9024 + 1);
	for (i = 0; i < 3; i++) {
		while (geotrip_outbox_first(outbox) != NULL) {
			geotrip_outbox_remove(outbox,
					      geotrip_outbox_first(outbox));
		}
		again = fill(outbox, name, sizeof(blob));
		test_assert_idx(again == count, i);
	}
	test_end();
	geotrip_outbox_deinit(&outbox);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_outbox_add,
		test_outbox_remove,
		test_outbox_held,
		test_outbox_committed,
		test_outbox_next,
		test_outbox_keep,
		test_outbox_full,
		test_outbox_full_of_bytes,
		NULL
	};
	return test_run(tests);
}
