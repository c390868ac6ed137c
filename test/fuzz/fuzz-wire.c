/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Messages between auth process and guard. Whatever is read well writes back
   to the same bytes. The same bytes go to a real connection of the guard, in
   pieces of as many bytes as the first byte says (0: all at once): it answers
   just those logins that an auth process may send, and with messages. */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "ioloop.h"
#include "net.h"
#include "geotrip-event.h"
#include "geotrip-guard-client.h"
#include "geotrip-wire.h"
#include "master-service.h"
#include "fuzz.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the writer leaves for fields that are no strings. */
#define OTHER_FIELDS_BYTES 128

static struct ioloop *ioloop;
static unsigned int connections;

/* The two functions of Dovecot's master service that a connection needs: there
   is no master here. */
void master_service_client_connection_accept(
	struct master_service_connection *conn)
{
	conn->accepted = TRUE;
	connections++;
}

void master_service_client_connection_destroyed(
	struct master_service *service ATTR_UNUSED)
{
	i_assert(connections > 0);
	connections--;
}

static void start(void)
{
	/* as for all of Dovecot's processes */
	(void)signal(SIGPIPE, SIG_IGN);
	ioloop = io_loop_create();
	geotrip_guard_clients_init(geotrip_event_create(NULL));
	geotrip_guard_clients_serve(NULL);
}

/*
 * Reading and writing
 */

/* Returns FALSE if it does not fit. */
static bool
write_message(buffer_t *dest, const struct geotrip_wire_message *message)
{
	switch (message->type) {
	case GEOTRIP_WIRE_HELLO:
		geotrip_wire_write_hello(dest, &message->hello);
		return TRUE;
	case GEOTRIP_WIRE_LOGIN:
		return geotrip_wire_write_login(dest, &message->login);
	case GEOTRIP_WIRE_KEPT:
		geotrip_wire_write_kept(dest, &message->kept);
		return TRUE;
	case GEOTRIP_WIRE_KNOWN:
		return geotrip_wire_write_known(dest, &message->known);
	case GEOTRIP_WIRE_VERDICT:
		geotrip_wire_write_verdict(dest, &message->verdict);
		return TRUE;
	case GEOTRIP_WIRE_COMMITTED:
		geotrip_wire_write_committed(dest, message->committed.seq);
		return TRUE;
	}
	i_unreached();
}

static void check_written(const struct geotrip_wire_message *message,
			  const uint8_t *bytes, size_t size)
{
	buffer_t *buf = t_buffer_create(256);

	/* of another version no more is known */
	if (message->type == GEOTRIP_WIRE_HELLO &&
	    message->hello.version != GEOTRIP_WIRE_VERSION)
		return;
	if (!write_message(buf, message)) {
		i_assert(size > GEOTRIP_WIRE_MAX_BYTES - OTHER_FIELDS_BYTES);
		i_assert(buf->used == 0);
		return;
	}
	i_assert(buf->used == size);
	i_assert(memcmp(buf->data, bytes, size) == 0);
}

/* Read the next message of the bytes, and skip it. Returns as
   geotrip_wire_read() does. */
static int
next_message(struct fuzz_input *input, struct geotrip_wire_message *message_r)
{
	const char *error = NULL;
	size_t size = 0;
	int ret = geotrip_wire_read(input->p, input->end - input->p,
				    message_r, &size, &error);

	if (ret < 0)
		i_assert(error != NULL);
	if (ret <= 0)
		return ret;
	i_assert(size > 0 && size <= (size_t)(input->end - input->p));
	check_written(message_r, input->p, size);
	input->p += size;
	return 1;
}

/* Of any messages, in any order. */
static void read_all(struct fuzz_input input)
{
	struct geotrip_wire_message message;

	while (next_message(&input, &message) > 0) ;
}

/*
 * What the guard has to answer
 */

struct expected_verdict {
	uint64_t seq;
	/* nobody stopped waiting for it, so it has to come */
	bool must;
};

struct expected {
	ARRAY(struct expected_verdict) verdicts;
	uint64_t last_seq;
	/* an auth process would send just that: all of it is answered */
	bool good;
	/* no auth process would: the guard hangs up */
	bool bad;
};

/* Returns 1 if an auth process may send the message then, -1 if not, and 0 if
   it makes no sense, because geotrip is off: the guard may go on or hang up. */
static int expect_message(struct expected *expected, bool greeted,
			  const struct geotrip_wire_message *message)
{
	const struct geotrip_wire_login *login = &message->login;
	struct expected_verdict verdict;

	if (!greeted) {
		return message->type == GEOTRIP_WIRE_HELLO &&
			message->hello.version == GEOTRIP_WIRE_VERSION ?
			1 : -1;
	}
	if (message->type == GEOTRIP_WIRE_KEPT)
		return 0;
	if (message->type == GEOTRIP_WIRE_KNOWN)
		return 1;
	if (message->type != GEOTRIP_WIRE_LOGIN ||
	    login->seq <= expected->last_seq)
		return -1;
	expected->last_seq = login->seq;
	verdict.seq = login->seq;
	/* another one may come too late, or not be judged */
	verdict.must = login->deadline == 0;
	if (login->wants_verdict)
		array_push_back(&expected->verdicts, &verdict);
	return 1;
}

/* Go through the bytes as the guard should. Logins that came just before it
   hangs up need no answer: they would be sent to it again. */
static void expect(struct expected *expected_r, struct fuzz_input input)
{
	struct geotrip_wire_message message;
	bool greeted = FALSE, strange = FALSE;
	int ret, allowed;

	i_zero(expected_r);
	t_array_init(&expected_r->verdicts, 16);
	while ((ret = next_message(&input, &message)) > 0) {
		allowed = expect_message(expected_r, greeted, &message);
		if (allowed < 0) {
			ret = -1;
			break;
		}
		if (allowed == 0)
			strange = TRUE;
		greeted = TRUE;
	}
	expected_r->good = ret == 0 && !strange;
	expected_r->bad = ret < 0;
}

/* The verdicts come in order; i is the first one that did not come yet. */
static void check_verdict(const struct expected *expected, unsigned int *i,
			  const struct geotrip_wire_verdict *verdict)
{
	const struct expected_verdict *next;

	for (;;) {
		i_assert(*i < array_count(&expected->verdicts));
		next = array_idx(&expected->verdicts, (*i)++);
		if (next->seq == verdict->seq)
			break;
		i_assert(!next->must);
	}
	/* geotrip is off */
	i_assert(verdict->verdict == GEOTRIP_VERDICT_ALLOW);
	i_assert(verdict->until == 0);
	i_assert(verdict->blob_size == 0);
}

/* Those that did not come need not have come. */
static void check_no_verdict(const struct expected *expected, unsigned int i)
{
	const struct expected_verdict *next;

	for (; i < array_count(&expected->verdicts); i++) {
		next = array_idx(&expected->verdicts, i);
		i_assert(!next->must);
	}
}

static void
check_answers(const struct expected *expected, const buffer_t *answers)
{
	struct geotrip_wire_message message;
	struct fuzz_input input = {
		.p = answers->data,
		.end = CONST_PTR_OFFSET(answers->data, answers->used),
	};
	unsigned int verdicts = 0;
	uint64_t committed = 0;

	i_assert(next_message(&input, &message) == 1);
	i_assert(message.type == GEOTRIP_WIRE_HELLO);
	i_assert(message.hello.version == GEOTRIP_WIRE_VERSION);
	while (input.p < input.end) {
		i_assert(next_message(&input, &message) == 1);
		if (message.type == GEOTRIP_WIRE_VERDICT) {
			check_verdict(expected, &verdicts, &message.verdict);
			continue;
		}
		i_assert(message.type == GEOTRIP_WIRE_COMMITTED);
		i_assert(message.committed.seq > committed);
		committed = message.committed.seq;
		i_assert(committed <= expected->last_seq);
	}
	if (expected->good) {
		check_no_verdict(expected, verdicts);
		i_assert(committed == expected->last_seq);
	}
}

/*
 * The connection
 */

static void work_timeout(unsigned int *rounds)
{
	/* the loop looks at descriptors after it has called this */
	if (++*rounds == 2)
		io_loop_stop(ioloop);
}

static void work_once(void)
{
	unsigned int rounds = 0;
	struct timeout *to = timeout_add_short(0, work_timeout, &rounds);

	io_loop_run(ioloop);
	timeout_remove(&to);
}

static void read_answers(int fd, buffer_t *answers)
{
	char buf[16384];
	ssize_t ret;

	while ((ret = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		buffer_append(answers, buf, ret);
}

/* Let the connection read all that there is. */
static void work(const int fds[2], buffer_t *answers)
{
	int unread;

	do {
		work_once();
		read_answers(fds[1], answers);
	} while (connections > 0 && ioctl(fds[0], FIONREAD, &unread) == 0 &&
		 unread > 0);
}

static void
send_all(const int fds[2], const struct fuzz_input *input, size_t piece_size,
	 buffer_t *answers)
{
	const uint8_t *p = input->p;
	size_t size;
	ssize_t ret;

	while (p < input->end && connections > 0) {
		size = I_MIN(piece_size, (size_t)(input->end - p));
		ret = send(fds[1], p, size, MSG_NOSIGNAL);
		if (ret < 0 && errno != EAGAIN)
			i_fatal("send() failed: %m");
		if (ret > 0)
			p += ret;
		work(fds, answers);
	}
}

static void fuzz_guard(const struct fuzz_input *input, size_t piece_size,
		       const struct expected *expected)
{
	struct master_service_connection conn;
	buffer_t *answers = t_buffer_create(1024);
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		i_fatal("socketpair() failed: %m");
	net_set_nonblock(fds[0], TRUE);
	net_set_nonblock(fds[1], TRUE);
	i_zero(&conn);
	conn.fd = fds[0];
	conn.name = "fuzz";
	geotrip_guard_client_create(&conn);
	i_assert(geotrip_guard_clients_count() == 1);
	send_all(fds, input, piece_size, answers);
	work(fds, answers);
	i_assert(!expected->good || connections == 1);
	i_assert(!expected->bad || connections == 0);
	check_answers(expected, answers);
	i_close_fd(&fds[1]);
	while (connections > 0)
		work_once();
	i_assert(geotrip_guard_clients_count() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input;
	struct expected expected;
	size_t piece_size;

	fuzz_begin(&input, bytes, size);
	if (ioloop == NULL)
		start();
	if (size == 0)
		return 0;
	piece_size = *input.p++;
	if (piece_size == 0)
		piece_size = SIZE_MAX;
	T_BEGIN {
		read_all(input);
		expect(&expected, input);
		fuzz_guard(&input, piece_size, &expected);
	} T_END;
	return 0;
}
