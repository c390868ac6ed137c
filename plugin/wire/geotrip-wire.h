/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_WIRE_H
#define GEOTRIP_WIRE_H

/* What the auth process and the guard say to each other, over a Unix socket
   on one machine.

   A message is a 16-bit length of what follows, an 8-bit type, and the fields
   of that type. Numbers are in the byte order of the machine. A string is a
   16-bit length, its bytes and a NUL that the length does not count; a string
   with a NUL in it is not valid. A blob has no NUL behind it.

   Each side first sends GEOTRIP_WIRE_HELLO. When the auth process has that of
   the guard, it sends logins, and the guard answers those that want a verdict,
   in their order. Each message of the auth process has a sequence number; the
   guard tells up to which one all is committed.

   Neither side trusts the other: whatever is not a message is an error, after
   which the connection must be closed. No state here, no I/O. */

#include "geotrip-common.h"

/* Changes with each change of a message. Auth module and guard are installed
   together, but an old auth process may meet a new guard. */
#define GEOTRIP_WIRE_VERSION 1
/* A message that would be longer cannot be sent. The auth protocol allows
   less for all fields of a request together. */
#define GEOTRIP_WIRE_MAX_BYTES (32 * 1024)
/* What the guard gives to an auth process to keep. */
#define GEOTRIP_WIRE_BLOB_MAX_BYTES 1024

enum geotrip_wire_type {
	GEOTRIP_WIRE_HELLO = 1,
	/* auth to guard */
	GEOTRIP_WIRE_LOGIN,
	GEOTRIP_WIRE_KEPT,
	GEOTRIP_WIRE_KNOWN,
	/* guard to auth */
	GEOTRIP_WIRE_VERDICT,
	GEOTRIP_WIRE_COMMITTED,
};

/* What the client of a login was told. */
enum geotrip_wire_told {
	/* nothing yet: it waits */
	GEOTRIP_WIRE_TOLD_NOTHING,
	GEOTRIP_WIRE_TOLD_ALLOW,
	/* that the account is suspended */
	GEOTRIP_WIRE_TOLD_BLOCKED,
	GEOTRIP_WIRE_TOLD_TEMPFAIL,
};
#define GEOTRIP_WIRE_TOLD_LAST GEOTRIP_WIRE_TOLD_TEMPFAIL

struct geotrip_wire_hello {
	unsigned int version;
	/* from auth: names this process, whatever its process id; never 0 */
	uint64_t instance;
	/* from the guard: the last message of the instance that was written */
	uint64_t committed;
	/* from the guard: the database has just been created, and the auth
	   process may know of suspensions that it does not */
	bool forgot;
};

struct geotrip_wire_login {
	/* grows by one with each message of the auth process */
	uint64_t seq;
	/* the message that this one replaces, because the client could not
	   wait for its verdict; 0: none */
	uint64_t instead_of;
	/* when the credentials had been verified */
	int64_t time;
	/* in microseconds of the monotonic clock: afterwards the client has
	   been told something else, and the verdict comes too late. 0: no
	   client waits. */
	uint64_t deadline;
	enum geotrip_wire_told told;
	/* a verdict is expected */
	bool wants_verdict;
	/* family 0: none */
	struct ip_addr ip;
	const char *user;
	const char *service;
	const char *mechanism;
	/* the empty string: none */
	const char *session;
};

/* What a guard gave to the auth process to keep. */
struct geotrip_wire_kept {
	/* of the login that it belongs to */
	uint64_t seq;
	const unsigned char *blob;
	size_t blob_size;
};

/* A user who was suspended when the guard last spoke of it. */
struct geotrip_wire_known {
	/* GEOTRIP_NEVER: until released */
	int64_t until;
	const char *user;
};

struct geotrip_wire_verdict {
	/* of the login */
	uint64_t seq;
	enum geotrip_verdict verdict;
	/* FALSE: the guard could not read what is known of the user */
	bool sure;
	/* of the suspension that the user is under, whatever the verdict on
	   this login; 0: none, GEOTRIP_NEVER: until released */
	int64_t until;
	/* keep this until the login is committed: the suspension that begins
	   with it could not be written yet. Empty: nothing to keep. */
	const unsigned char *blob;
	size_t blob_size;
};

struct geotrip_wire_committed {
	/* all messages up to this one are written */
	uint64_t seq;
};

struct geotrip_wire_message {
	enum geotrip_wire_type type;
	union {
		struct geotrip_wire_hello hello;
		struct geotrip_wire_login login;
		struct geotrip_wire_kept kept;
		struct geotrip_wire_known known;
		struct geotrip_wire_verdict verdict;
		struct geotrip_wire_committed committed;
	};
};

/* Append a message. */
void geotrip_wire_write_hello(buffer_t *dest,
			      const struct geotrip_wire_hello *hello);
void geotrip_wire_write_kept(buffer_t *dest,
			     const struct geotrip_wire_kept *kept);
void geotrip_wire_write_verdict(buffer_t *dest,
				const struct geotrip_wire_verdict *verdict);
void geotrip_wire_write_committed(buffer_t *dest, uint64_t seq);
/* The same; return FALSE, and append nothing, if the strings are too long for
   a message. */
bool geotrip_wire_write_login(buffer_t *dest,
			      const struct geotrip_wire_login *login);
bool geotrip_wire_write_known(buffer_t *dest,
			      const struct geotrip_wire_known *known);

/* The client of a login that was written has been told this: change the message
   so that it says so, and that nobody waits for a verdict. */
void geotrip_wire_login_told(unsigned char *message,
			     enum geotrip_wire_told told);

/* Read the message at the beginning of the data. Its strings and blobs point
   into the data. Returns 1, and how many bytes the message has; 0 if it is not
   complete; or -1 with an error that says what is wrong with it. */
int geotrip_wire_read(const unsigned char *data, size_t size,
		      struct geotrip_wire_message *message_r, size_t *size_r,
		      const char **error_r);

#endif
