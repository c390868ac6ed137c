/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* auth-load SOCKET ADDRESSES [-n LOGINS] [-d IN_FLIGHT] [-c CONNECTIONS]
	[-u USERS] [-p PREFIX] [-w PASSWORD] [-s SEED] [-t SECONDS] [-x]

   Log users in over the auth protocol, as Postfix does, keeping so many
   requests in flight, and print how fast that was: a line with a name and a
   number for each result. -x: with trips. -t, or SIGINT, ends it before all
   logins are done. A reply that the plan does not expect is an error. */

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

/* Even if nobody reads, so many requests fit into the buffers of a socket. */
#define MAX_IN_FLIGHT 1024
#define MAX_CONNECTIONS 256
/* The server is given up when it says nothing for so long. */
#define SILENCE_MSECS 30000

struct connection {
	int fd;
	string_t *out;
	/* what was read, up to the beginning of an incomplete line */
	char in[65536];
	size_t in_size;
};

static struct {
	const char *socket_path, *password;
	unsigned int logins, in_flight, connections, seconds;
	struct load_plan_settings plan;
} set = {
	.password = "correct-horse",
	.logins = 1000,
	.in_flight = 32,
	.connections = 1,
	.plan = { .users = 1000, .prefix = "user" },
};

static struct load_plan *plan;
/* when each request was sent, and then how long it took; nanoseconds */
static uint64_t *times;
static unsigned int sent, ok, refused;
static uint64_t deadline = UINT64_MAX;
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

	load_plan_get(plan, number, &login);
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

/* Send the next requests, as many as were answered, in one write. */
static void send_requests(struct connection *conn, unsigned int count)
{
	uint64_t time;
	unsigned int i, first = sent;

	str_truncate(conn->out, 0);
	for (i = 0; i < count && sent < set.logins && !stop; i++) T_BEGIN {
		append_request(conn, sent++);
	} T_END;
	time = now();
	for (i = first; i < sent; i++)
		times[i] = time;
	if (time > deadline)
		stop = 1;
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
	load_plan_get(plan, id - 1, &login);
	if (is_ok == login.refused)
		i_fatal("This login should %sbe refused: %s",
			login.refused ? "" : "not ", line);
	times[id - 1] = time - times[id - 1];
	if (is_ok)
		ok++;
	else
		refused++;
}

static void read_more(struct connection *conn)
{
	ssize_t ret = read(conn->fd, conn->in + conn->in_size,
			   sizeof(conn->in) - 1 - conn->in_size);

	if (ret <= 0)
		i_fatal("The server hung up: %m");
	conn->in_size += ret;
	conn->in[conn->in_size] = '\0';
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

	read_more(conn);
	time = now();
	while ((line = next_line(conn, &pos)) != NULL) {
		handle_reply(line, time);
		count++;
	}
	return count;
}

static void read_handshake(struct connection *conn)
{
	char *line, *pos;

	for (;;) {
		read_more(conn);
		pos = conn->in;
		while ((line = next_line(conn, &pos)) != NULL) {
			if (strcmp(line, "DONE") == 0) {
				/* nothing follows before we ask */
				conn->in_size = 0;
				return;
			}
		}
	}
}

static struct connection *connection_open(unsigned int number)
{
	struct connection *conn = i_new(struct connection, 1);
	const char *hello;

	conn->fd = net_connect_unix(set.socket_path);
	if (conn->fd == -1)
		i_fatal("connect(%s) failed: %m", set.socket_path);
	/* it was opened to be used with an event loop, but writes may wait */
	net_set_nonblock(conn->fd, FALSE);
	conn->out = str_new(default_pool, 65536);
	/* as process ids go, but of no process */
	hello = t_strdup_printf("VERSION\t1\t2\nCPID\t%u\n", 0x40000000 +
				((unsigned int)getpid() << 8) + number);
	if (write_full(conn->fd, hello, strlen(hello)) < 0)
		i_fatal("write() failed: %m");
	read_handshake(conn);
	return conn;
}

static void connection_close(struct connection **_conn)
{
	struct connection *conn = *_conn;

	*_conn = NULL;
	i_close_fd(&conn->fd);
	str_free(&conn->out);
	i_free(conn);
}

static void run_load(void)
{
	struct connection *conns[MAX_CONNECTIONS];
	struct epoll_event event, events[MAX_CONNECTIONS];
	int i, count, epoll = epoll_create1(0);

	if (epoll == -1)
		i_fatal("epoll_create1() failed: %m");
	for (i = 0; i < (int)set.connections; i++) {
		conns[i] = connection_open(i);
		event.events = EPOLLIN;
		event.data.ptr = conns[i];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i]->fd, &event) < 0)
			i_fatal("epoll_ctl() failed: %m");
	}
	if (set.seconds > 0)
		deadline = now() + set.seconds * 1000000000ULL;
	for (i = 0; i < (int)set.connections; i++)
		send_requests(conns[i], set.in_flight / set.connections);
	while (ok + refused < sent) {
		count = epoll_wait(epoll, events, set.connections,
				   SILENCE_MSECS);
		if (count < 0 && errno != EINTR)
			i_fatal("epoll_wait() failed: %m");
		if (count == 0)
			i_fatal("The server is silent");
		for (i = 0; i < count; i++) {
			struct connection *conn = events[i].data.ptr;

			send_requests(conn, read_replies(conn));
		}
	}
	for (i = 0; i < (int)set.connections; i++)
		connection_close(&conns[i]);
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

	while ((c = getopt(argc, argv, "n:d:c:u:p:w:s:t:x")) != -1) {
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
	uint64_t begin;

	lib_init();
	parse_options(argc, argv);
	plan = load_plan_init(&set.plan);
	times = i_new(uint64_t, set.logins);
	(void)signal(SIGINT, handle_signal);

	begin = now();
	run_load();
	report((now() - begin) / 1e9);

	i_free(times);
	load_plan_deinit(&plan);
	lib_deinit();
	return 0;
}
