/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the entries: a ring, in which an entry is found by its sequence number,
   and a list of those whose client waits. */

#include "lib.h"
#include "buffer.h"
#include "llist.h"
#include "auth-geotrip-outbox.h"

/* More than the guard gets in a second. */
#define MAX_ENTRIES 32768
#define MAX_BYTES (16 * 1024 * 1024)
/* To this many guards in a row that do not commit it. */
#define MAX_SENT 5

struct geotrip_outbox {
	/* that of a number is at its remainder */
	struct geotrip_outbox_entry *ring[MAX_ENTRIES];
	/* all entries are from first_seq to before next_seq */
	uint64_t first_seq, next_seq;
	/* all before this one were sent */
	uint64_t unsent_seq;
	uint64_t committed_seq;

	struct geotrip_outbox_entry *head, *tail;
	unsigned int held_count;
	size_t bytes;
};

struct geotrip_outbox *geotrip_outbox_init(void)
{
	struct geotrip_outbox *outbox = i_new(struct geotrip_outbox, 1);

	outbox->first_seq = outbox->next_seq = outbox->unsent_seq = 1;
	return outbox;
}

void geotrip_outbox_deinit(struct geotrip_outbox **_outbox)
{
	struct geotrip_outbox *outbox = *_outbox;
	struct geotrip_outbox_entry *entry;

	if (outbox == NULL)
		return;
	*_outbox = NULL;
	i_assert(outbox->held_count == 0);
	while ((entry = geotrip_outbox_first(outbox)) != NULL)
		geotrip_outbox_remove(outbox, entry);
	i_free(outbox);
}

static size_t entry_bytes(const struct geotrip_outbox_entry *entry)
{
	return sizeof(*entry) + entry->message_size + entry->blob_size;
}

static struct geotrip_outbox_entry **
outbox_slot(struct geotrip_outbox *outbox, uint64_t seq)
{
	return &outbox->ring[seq % MAX_ENTRIES];
}

struct geotrip_outbox_entry *
geotrip_outbox_add(struct geotrip_outbox *outbox,
		   struct geotrip_wire_login *login)
{
	struct geotrip_outbox_entry *entry;
	buffer_t *message = t_buffer_create(256);

	i_assert(!geotrip_outbox_is_full(outbox));
	login->seq = outbox->next_seq;
	if (!geotrip_wire_write_login(message, login))
		return NULL;
	entry = i_malloc(MALLOC_ADD(sizeof(*entry), message->used));
	entry->seq = outbox->next_seq++;
	entry->deadline = login->deadline;
	entry->message_size = message->used;
	memcpy(entry->message, message->data, message->used);
	*outbox_slot(outbox, entry->seq) = entry;
	outbox->bytes += entry_bytes(entry);
	return entry;
}

struct geotrip_outbox_entry *
geotrip_outbox_get(struct geotrip_outbox *outbox, uint64_t seq)
{
	return seq < outbox->first_seq || seq >= outbox->next_seq ? NULL :
		*outbox_slot(outbox, seq);
}

void geotrip_outbox_login(const struct geotrip_outbox_entry *entry,
			  struct geotrip_wire_login *login_r)
{
	struct geotrip_wire_message message;
	const char *error;
	size_t size;

	if (geotrip_wire_read(entry->message, entry->message_size, &message,
			      &size, &error) <= 0)
		i_unreached();
	*login_r = message.login;
}

void geotrip_outbox_remove(struct geotrip_outbox *outbox,
			   struct geotrip_outbox_entry *entry)
{
	i_assert(entry->held == NULL);
	*outbox_slot(outbox, entry->seq) = NULL;
	outbox->bytes -= entry_bytes(entry);
	i_free(entry->blob);
	i_free(entry);
	while (outbox->first_seq < outbox->next_seq &&
	       *outbox_slot(outbox, outbox->first_seq) == NULL)
		outbox->first_seq++;
	outbox->unsent_seq = I_MAX(outbox->unsent_seq, outbox->first_seq);
}

bool geotrip_outbox_is_full(const struct geotrip_outbox *outbox)
{
	return outbox->next_seq - outbox->first_seq == MAX_ENTRIES ||
		outbox->bytes >= MAX_BYTES;
}

struct geotrip_outbox_entry *
geotrip_outbox_first(struct geotrip_outbox *outbox)
{
	return geotrip_outbox_get(outbox, outbox->first_seq);
}

void geotrip_outbox_hold(struct geotrip_outbox *outbox,
			 struct geotrip_outbox_entry *entry,
			 struct geotrip_held *held)
{
	entry->held = held;
	DLLIST2_APPEND(&outbox->head, &outbox->tail, entry);
	outbox->held_count++;
}

struct geotrip_held *
geotrip_outbox_take(struct geotrip_outbox *outbox,
		    struct geotrip_outbox_entry *entry,
		    enum geotrip_wire_told told)
{
	struct geotrip_held *held = entry->held;

	i_assert(held != NULL);
	entry->held = NULL;
	DLLIST2_REMOVE(&outbox->head, &outbox->tail, entry);
	outbox->held_count--;
	/* the next guard is not to take it for one that came too late */
	geotrip_wire_login_told(entry->message, told);
	entry->deadline = 0;
	if (entry->seq <= outbox->committed_seq)
		geotrip_outbox_remove(outbox, entry);
	return held;
}

struct geotrip_outbox_entry *
geotrip_outbox_first_held(struct geotrip_outbox *outbox)
{
	return outbox->head;
}

unsigned int geotrip_outbox_held_count(const struct geotrip_outbox *outbox)
{
	return outbox->held_count;
}

void geotrip_outbox_keep(struct geotrip_outbox *outbox,
			 struct geotrip_outbox_entry *entry,
			 const unsigned char *blob, size_t size)
{
	outbox->bytes -= entry->blob_size;
	i_free(entry->blob);
	entry->blob_size = size;
	if (size > 0)
		entry->blob = i_memdup(blob, size);
	outbox->bytes += entry->blob_size;
}

bool geotrip_outbox_is_committed(const struct geotrip_outbox *outbox,
				 const struct geotrip_outbox_entry *entry)
{
	return entry->seq <= outbox->committed_seq;
}

void geotrip_outbox_committed(struct geotrip_outbox *outbox, uint64_t seq)
{
	struct geotrip_outbox_entry *entry;
	uint64_t i;

	seq = I_MIN(seq, outbox->next_seq - 1);
	for (i = I_MAX(outbox->first_seq, outbox->committed_seq + 1);
	     i <= seq; i++) {
		entry = geotrip_outbox_get(outbox, i);
		if (entry != NULL && entry->held == NULL)
			geotrip_outbox_remove(outbox, entry);
	}
	outbox->committed_seq = I_MAX(outbox->committed_seq, seq);
}

void geotrip_outbox_rewind(struct geotrip_outbox *outbox)
{
	outbox->unsent_seq = outbox->first_seq;
}

struct geotrip_outbox_entry *
geotrip_outbox_next(struct geotrip_outbox *outbox)
{
	struct geotrip_outbox_entry *entry = NULL;

	while (entry == NULL && outbox->unsent_seq < outbox->next_seq) {
		entry = geotrip_outbox_get(outbox, outbox->unsent_seq++);
		if (entry != NULL && entry->held == NULL &&
		    entry->sent_count == MAX_SENT) {
			geotrip_outbox_remove(outbox, entry);
			entry = NULL;
		}
	}
	if (entry != NULL)
		entry->sent_count++;
	return entry;
}
