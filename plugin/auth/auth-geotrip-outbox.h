/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_OUTBOX_H
#define AUTH_GEOTRIP_OUTBOX_H

/* The logins that the guard has not committed yet. A guard that dies has its
   successor told of them again, in their order.

   A login stays here until it is committed and its client was answered. The
   space is bounded: geotrip_outbox_is_full() says when the first one has to
   go. */

#include "geotrip-wire.h"

struct geotrip_held;

struct geotrip_outbox_entry {
	/* of those whose client waits, in the order of their deadlines */
	struct geotrip_outbox_entry *prev, *next;
	uint64_t seq;
	/* NULL: no client waits. Set by geotrip_outbox_hold(). */
	struct geotrip_held *held;
	/* in microseconds of the monotonic clock; 0: no client ever waited */
	uint64_t deadline;
	/* how often it was sent */
	unsigned int sent_count;
	/* what a guard gave us to keep, or NULL */
	unsigned char *blob;
	size_t blob_size;
	/* geotrip_wire_write_login() wrote it */
	size_t message_size;
	unsigned char message[FLEXIBLE_ARRAY_MEMBER];
};

struct geotrip_outbox;

struct geotrip_outbox *geotrip_outbox_init(void);
/* No client may wait any more. */
void geotrip_outbox_deinit(struct geotrip_outbox **outbox);

/* Add a login and set its sequence number. There must be room. Returns NULL if
   it is too long for a message. */
struct geotrip_outbox_entry *
geotrip_outbox_add(struct geotrip_outbox *outbox,
		   struct geotrip_wire_login *login);
/* Returns NULL if the login is not here (any more). */
struct geotrip_outbox_entry *
geotrip_outbox_get(struct geotrip_outbox *outbox, uint64_t seq);
/* The login of an entry. Its strings are valid as long as the entry. */
void geotrip_outbox_login(const struct geotrip_outbox_entry *entry,
			  struct geotrip_wire_login *login_r);
void geotrip_outbox_remove(struct geotrip_outbox *outbox,
			   struct geotrip_outbox_entry *entry);
bool geotrip_outbox_is_full(const struct geotrip_outbox *outbox);
/* The oldest entry, NULL if there is none. */
struct geotrip_outbox_entry *
geotrip_outbox_first(struct geotrip_outbox *outbox);

/* The client of the login waits, until the deadline in the entry. */
void geotrip_outbox_hold(struct geotrip_outbox *outbox,
			 struct geotrip_outbox_entry *entry,
			 struct geotrip_held *held);
/* It is going to be answered so: take what is held. Removes the entry if it is
   committed, too. */
struct geotrip_held *
geotrip_outbox_take(struct geotrip_outbox *outbox,
		    struct geotrip_outbox_entry *entry,
		    enum geotrip_wire_told told);
/* The one whose deadline comes first, NULL if no client waits. */
struct geotrip_outbox_entry *
geotrip_outbox_first_held(struct geotrip_outbox *outbox);
unsigned int geotrip_outbox_held_count(const struct geotrip_outbox *outbox);

/* Keep what the guard gave us for the login; it is copied. Size 0: nothing. */
void geotrip_outbox_keep(struct geotrip_outbox *outbox,
			 struct geotrip_outbox_entry *entry,
			 const unsigned char *blob, size_t size);
bool geotrip_outbox_is_committed(const struct geotrip_outbox *outbox,
				 const struct geotrip_outbox_entry *entry);
/* All up to this one are committed. */
void geotrip_outbox_committed(struct geotrip_outbox *outbox, uint64_t seq);

/* Whatever is here has not been sent yet. */
void geotrip_outbox_rewind(struct geotrip_outbox *outbox);
/* Returns the next one to be sent, which counts as sent then; NULL if there is
   none. One that was sent too often before, and that no client waits for, is
   removed instead: guards may die of it. */
struct geotrip_outbox_entry *
geotrip_outbox_next(struct geotrip_outbox *outbox);

#endif
