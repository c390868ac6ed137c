/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* auth-load SOCKET ADDRESSES [-n LOGINS] [-d IN_FLIGHT] [-c CONNECTIONS]
	[-u USERS] [-p PREFIX] [-w PASSWORD] [-s SEED] [-t SECONDS] [-x]
	[-r RATE] [-l SECONDS] [-o NUMBER] [-a]

   Log users in over the auth protocol, as Postfix does, keeping this many
   requests in flight, and print how fast that was: a line with a name and a
   number for each result. -x: with trips. -t, or SIGINT, ends it before all
   logins are done. A reply that the plan does not expect is an error, unless
   others suspend and release users meanwhile: -a.

   -r: not as fast as the server answers, but this many logins a second. A login
   takes from the time at which it should have been sent until it is answered.
   -l: reopen each connection after this time. -o: begin with this login of
   the plan, for a run that goes on where another one ended. */

#include "lib.h"
#include "base64.h"
#include "str.h"
#include "strnum.h"
#include "net.h"
#include "sort.h"
#include "write-full.h"
#include "load-plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/resource.h>

/* Even if nobody reads, this many requests fit into the buffers of a socket. */
#define MAX_IN_FLIGHT 1024
#define MAX_CONNECTIONS 256
#define CONNECT_MSECS 5000
/* Give up on a server that says nothing for this long. */
#define SILENCE_MSECS 30000

struct connection {
	int fd;
	unsigned int number, in_flight;
	/* when it is to be reopened */
	uint64_t expires;
	string_t *out;
	/* what was read, up to the beginning of an incomplete line */
	char in[65536];
	size_t in_size;
};

static struct {
	const char *socket_path, *password;
	unsigned int logins, in_flight, connections, seconds;
	/* 0: as fast as possible */
	unsigned int rate;
	/* 0: as long as the run */
	unsigned int connection_seconds;
	unsigned int first;
	bool any_reply;
	struct load_plan_settings plan;
} set = {
	.password = "correct-horse",
	.logins = 1000,
	.in_flight = 32,
	.connections = 1,
	.plan = { .users = 1000, .prefix = "user" },
};

static struct load_plan *plan;
/* when each request was sent, or should have been, and then how long it took;
   nanoseconds */
static uint64_t *times;
static unsigned int sent, ok, refused;
static uint64_t begin, deadline = UINT64_MAX, last_reply;
static volatile sig_atomic_t stop;

static uint64_t now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		i_fatal("clock_gettime() failed: %m");
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Talking to the server
 */

static void
append_request(struct connection *conn, unsigned int number)
{
	struct load_login login;
	buffer_t *response = t_buffer_create(256);

	load_plan_get(plan, set.first + number, &login);
	str_append_c(response, '\0');
	str_printfa(response, "%s%u@example.com", set.plan.prefix, login.user);
	str_append_c(response, '\0');
	str_append(response, set.password);

	/* no request has the number 0 */
	str_printfa(conn->out, "AUTH\t%u\tPLAIN\tservice=smtp\tno-penalty"
		    "\trip=%s\tresp=", number + 1, login.ip);
	base64_encode(response->data, response->used, conn->out);
	str_append_c(conn->out, '\n');
}

/* When should this request be sent? */
static uint64_t due_time(unsigned int number)
{
	return begin + number * 1000000000ULL / set.rate;
}

/* How many requests are to be sent now? */
static unsigned int count_due(uint64_t time)
{
	uint64_t due = set.logins;

	if (stop)
		return 0;
	if (set.rate > 0)
		due = I_MIN(due, (time - begin) * set.rate / 1000000000ULL + 1);
	return due <= sent ? 0 : due - sent;
}

/* Send the next requests in one write: those that are due, but no more than
   count. */
static void send_requests(struct connection *conn, unsigned int count)
{
	unsigned int i, first = sent;
	uint64_t time = now();

	if (time > deadline)
		stop = 1;
	if (conn->expires <= time)
		return;
	count = I_MIN(count, set.in_flight / set.connections - conn->in_flight);
	count = I_MIN(count, count_due(time));
	if (count == 0)
		return;
	str_truncate(conn->out, 0);
	while (sent - first < count) T_BEGIN {
		append_request(conn, sent++);
	} T_END;
	time = now();
	for (i = first; i < sent; i++)
		times[i] = set.rate > 0 ? due_time(i) : time;
	conn->in_flight += count;
	if (write_full(conn->fd, str_data(conn->out),
		       str_len(conn->out)) < 0)
		i_fatal("write() failed: %m");
}

static void handle_reply(const char *line, uint64_t time)
{
	bool is_ok = strncmp(line, "OK\t", 3) == 0;
	struct load_login login;
	unsigned int id;

	if ((!is_ok && strncmp(line, "FAIL\t", 5) != 0) ||
	    str_parse_uint(strchr(line, '\t') + 1, &id, NULL) < 0 ||
	    id == 0 || id > sent)
		i_fatal("The server said: %s", line);
	load_plan_get(plan, set.first + id - 1, &login);
	if (is_ok == login.refused && !set.any_reply)
		i_fatal("This login should %sbe refused: %s",
			login.refused ? "" : "not ", line);
	times[id - 1] = time - times[id - 1];
	last_reply = time;
	if (is_ok)
		ok++;
	else
		refused++;
}

/* Returns FALSE if the server hung up. */
static bool read_more(struct connection *conn)
{
	ssize_t ret = read(conn->fd, conn->in + conn->in_size,
			   sizeof(conn->in) - 1 - conn->in_size);

	if (ret <= 0)
		return FALSE;
	conn->in_size += ret;
	conn->in[conn->in_size] = '\0';
	return TRUE;
}

/* Returns the next line, or NULL. *pos is where it begins. */
static char *next_line(struct connection *conn, char **pos)
{
	char *line = *pos, *end = strchr(line, '\n');

	if (end == NULL) {
		conn->in_size -= line - conn->in;
		memmove(conn->in, line, conn->in_size + 1);
		return NULL;
	}
	*end = '\0';
	*pos = end + 1;
	return line;
}

/* Returns how many replies there were. */
static unsigned int read_replies(struct connection *conn)
{
	char *line, *pos = conn->in;
	unsigned int count = 0;
	uint64_t time;

	if (!read_more(conn))
		i_fatal("The server hung up: %m");
	time = now();
	while ((line = next_line(conn, &pos)) != NULL) {
		handle_reply(line, time);
		count++;
	}
	conn->in_flight -= count;
	return count;
}

/* Returns FALSE if the server hung up. */
static bool read_handshake(struct connection *conn)
{
	char *line, *pos;

	conn->in_size = 0;
	while (read_more(conn)) {
		pos = conn->in;
		while ((line = next_line(conn, &pos)) != NULL) {
			if (strcmp(line, "DONE") == 0) {
				/* nothing follows before we ask */
				conn->in_size = 0;
				return TRUE;
			}
		}
	}
	return FALSE;
}

static bool connection_try_open(struct connection *conn)
{
	/* as process ids go, but of no process */
	const char *hello = t_strdup_printf("VERSION\t1\t2\nCPID\t%u\n",
		0x40000000 + ((unsigned int)getpid() << 8) + conn->number);

	conn->fd = net_connect_unix(set.socket_path);
	if (conn->fd == -1)
		return FALSE;
	/* it was opened to be used with an event loop, but writes may wait */
	net_set_nonblock(conn->fd, FALSE);
	if (write_full(conn->fd, hello, strlen(hello)) == 0 &&
	    read_handshake(conn))
		return TRUE;
	i_close_fd(&conn->fd);
	return FALSE;
}

/* During a reload there is no socket for a moment, and who is waiting at the
   old one is hung up on. */
static void connection_open(struct connection *conn, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };
	uint64_t give_up = now() + CONNECT_MSECS * 1000000ULL;

	while (!connection_try_open(conn)) {
		if (now() > give_up)
			i_fatal("connect(%s) failed: %m", set.socket_path);
		(void)usleep(1000);
	}
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
		i_fatal("epoll_ctl() failed: %m");
	conn->expires = set.connection_seconds == 0 ? UINT64_MAX :
		now() + set.connection_seconds * 1000000000ULL;
}

/* Those whose time is over, and on which nothing is in flight. */
static void renew_connections(struct connection *conns, int epoll)
{
	struct connection *conn;

	for (conn = conns; conn < conns + set.connections; conn++) {
		if (conn->in_flight > 0 || conn->expires > now())
			continue;
		i_close_fd(&conn->fd);
		T_BEGIN {
			connection_open(conn, epoll);
		} T_END;
		send_requests(conn, UINT_MAX);
	}
}

/* At a rate: send what is due, over one connection after the other. */
static void send_due(struct connection *conns)
{
	static unsigned int next = 0;
	unsigned int i, due = count_due(now());

	for (i = 0; i < set.connections && count_due(now()) > 0; i++) {
		send_requests(&conns[next++ % set.connections],
			      due / set.connections + 1);
	}
}

static void wait_for_replies(struct connection *conns, int epoll)
{
	struct epoll_event events[MAX_CONNECTIONS];
	int i, count;

	count = epoll_wait(epoll, events, set.connections,
			   set.rate > 0 ? 1 : SILENCE_MSECS);
	if (count < 0 && errno != EINTR)
		i_fatal("epoll_wait() failed: %m");
	if (ok + refused < sent &&
	    now() - last_reply > SILENCE_MSECS * 1000000ULL)
		i_fatal("The server is silent");
	for (i = 0; i < count; i++) {
		struct connection *conn = events[i].data.ptr;

		send_requests(conn, read_replies(conn));
	}
	if (set.connection_seconds > 0)
		renew_connections(conns, epoll);
}

static void run_load(void)
{
	struct connection *conns = i_new(struct connection, set.connections);
	unsigned int i;
	int epoll = epoll_create1(0);

	if (epoll == -1)
		i_fatal("epoll_create1() failed: %m");
	for (i = 0; i < set.connections; i++) {
		conns[i].number = i;
		conns[i].out = str_new(default_pool, 65536);
		connection_open(&conns[i], epoll);
	}
	begin = last_reply = now();
	if (set.seconds > 0)
		deadline = begin + set.seconds * 1000000000ULL;
	for (i = 0; set.rate == 0 && i < set.connections; i++)
		send_requests(&conns[i], UINT_MAX);
	while (ok + refused < sent || (sent < set.logins && !stop)) {
		if (set.rate > 0)
			send_due(conns);
		wait_for_replies(conns, epoll);
	}
	for (i = 0; i < set.connections; i++) {
		i_close_fd(&conns[i].fd);
		str_free(&conns[i].out);
	}
	i_free(conns);
	i_close_fd(&epoll);
}

/*
 * Results
 */

static int time_cmp(const uint64_t *t1, const uint64_t *t2)
{
	return *t1 < *t2 ? -1 : (*t1 > *t2 ? 1 : 0);
}

/* The latency in milliseconds that this share of all logins stayed within. */
static double quantile(double share)
{
	unsigned int idx = share * sent;

	return times[I_MIN(idx, sent - 1)] / 1e6;
}

static void report(double seconds)
{
	struct rusage usage;

	i_qsort(times, sent, sizeof(*times), time_cmp);
	if (getrusage(RUSAGE_SELF, &usage) < 0)
		i_fatal("getrusage() failed: %m");
	printf("logins %u\nok %u\nrefused %u\n", sent, ok, refused);
	printf("seconds %.6f\nrate %.1f\n", seconds, sent / seconds);
	printf("p50_ms %.4f\np99_ms %.4f\np999_ms %.4f\nmax_ms %.4f\n",
	       quantile(0.5), quantile(0.99), quantile(0.999), quantile(1));
	/* near the seconds: this program was what the server waited for */
	printf("load_cpu_seconds %.3f\n",
	       usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void handle_signal(int signum ATTR_UNUSED)
{
	stop = 1;
}

static void set_number(const char *text, unsigned int min, unsigned int max,
		       unsigned int *number_r)
{
	if (str_to_uint(text, number_r) < 0 || *number_r < min ||
	    *number_r > max)
		i_fatal("%s: not a number from %u to %u", text, min, max);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "n:d:c:u:p:w:s:t:xr:l:o:a")) != -1) {
		switch (c) {
		case 'n':
			set_number(optarg, 1, 100000000, &set.logins);
			break;
		case 'd':
			set_number(optarg, 1, MAX_IN_FLIGHT, &set.in_flight);
			break;
		case 'c':
			set_number(optarg, 1, MAX_CONNECTIONS,
				   &set.connections);
			break;
		case 'u':
			set_number(optarg, 1, INT_MAX, &set.plan.users);
			break;
		case 'p':
			set.plan.prefix = optarg;
			break;
		case 'w':
			set.password = optarg;
			break;
		case 's':
			set_number(optarg, 0, INT_MAX, &set.plan.seed);
			break;
		case 't':
			set_number(optarg, 0, 3600, &set.seconds);
			break;
		case 'x':
			set.plan.trips = TRUE;
			break;
		case 'r':
			set_number(optarg, 1, 1000000, &set.rate);
			break;
		case 'l':
			set_number(optarg, 1, 3600, &set.connection_seconds);
			break;
		case 'o':
			set_number(optarg, 0, INT_MAX, &set.first);
			break;
		case 'a':
			set.any_reply = TRUE;
			break;
		default:
			exit(64);
		}
	}
	if (argc - optind != 2)
		i_fatal("Usage: auth-load [OPTION...] SOCKET ADDRESSES");
	if (set.in_flight < set.connections)
		i_fatal("There are more connections than logins in flight");
	set.socket_path = argv[optind];
	set.plan.addresses_path = argv[optind + 1];
}

int main(int argc, char *argv[])
{
	lib_init();
	parse_options(argc, argv);
	plan = load_plan_init(&set.plan);
	times = i_new(uint64_t, set.logins);
	(void)signal(SIGINT, handle_signal);
	(void)signal(SIGPIPE, SIG_IGN);

	run_load();
	report((now() - begin) / 1e9);

	i_free(times);
	load_plan_deinit(&plan);
	lib_deinit();
	return 0;
}
