/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Postfix's policy protocol, by a real connection: pieces of the input are
   written one after the other, separated by a byte that the protocol does not
   have. Whatever comes, the answers are lines that Postfix understands, and
   nothing is left when the connection is closed. */

#include "lib.h"
#include "ioloop.h"
#include "net.h"
#include "geotrip-event.h"
#include "geotrip-login.h"
#include "geotrip-policy.h"
#include "geotrip-policy-client.h"
#include "geotrip-settings-read.h"
#include "geotrip-store.h"
#include "master-service.h"
#include "fuzz.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define REFUSED "521 5.7.1 Suspended."
#define LET_THROUGH "DUNNO"
#define PIECE_END 0x1e

static struct ioloop *ioloop;
static struct geotrip_config config;
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

static void suspend(const char *db_path)
{
	const struct geotrip_store_settings set = {
		.path = db_path, .create = TRUE, .lock_wait_msecs = 1000,
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	const char *error;

	if (geotrip_store_open(store, &error) < 0 ||
	    geotrip_store_suspend(store, "user@example.com", GEOTRIP_NEVER,
				  "test", &error) < 0)
		i_fatal("%s", error);
	geotrip_store_deinit(&store);
}

static void start(void)
{
	struct geotrip_settings set = geotrip_default_settings;
	struct geotrip_policy *policy;
	struct event *event;
	const char *error;

	set.geotrip_db = t_strconcat(fuzz_directory(), "/db", NULL);
	set.geotrip_mmdb = t_strconcat(getenv("GEOTRIP_TEST_DATA"),
				       "/maxmind.mmdb", NULL);
	/* not the list of what is allowed */
	set.geotrip_mode = "enforce";
	set.geotrip_on_error = "allow";
	set.geotrip_suspend_services = "smtp";
	set.geotrip_exempt_users = "exempt*";
	set.geotrip_exempt_networks = "192.0.2.0/24";
	set.geotrip_message = "Suspended.";

	if (geotrip_config_parse(&set, default_pool, &config, &error) < 0)
		i_fatal("%s", error);
	suspend(config.db_path);
	/* as for all of Dovecot's processes */
	(void)signal(SIGPIPE, SIG_IGN);
	ioloop = io_loop_create();
	event = geotrip_event_create(NULL);
	policy = geotrip_policy_init(&config, event);
	geotrip_policy_serve(policy, geotrip_init(&config, event));
	geotrip_policy_clients_init(policy, event);
}

static void work_timeout(unsigned int *rounds)
{
	/* the loop looks at descriptors after it has called this */
	if (++*rounds == 2)
		io_loop_stop(ioloop);
}

/* Let the connection read what there is. */
static void work(void)
{
	unsigned int rounds = 0;
	struct timeout *to = timeout_add_short(0, work_timeout, &rounds);

	io_loop_run(ioloop);
	timeout_remove(&to);
}

static void check_answers(int fd)
{
	static const char *const answers[] = {
		"action="REFUSED"\n\n", "action="LET_THROUGH"\n\n"
	};
	char buf[65536];
	const char *p = buf;
	unsigned int i;
	ssize_t ret;

	ret = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	if (ret <= 0)
		return;
	buf[ret] = '\0';
	while (*p != '\0') {
		for (i = 0; i < N_ELEMENTS(answers); i++) {
			if (strncmp(p, answers[i], strlen(answers[i])) == 0)
				break;
		}
		/* all answers of one read() fit */
		i_assert(i < N_ELEMENTS(answers));
		p += strlen(answers[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct master_service_connection conn;
	struct fuzz_input input;
	const uint8_t *p, *end = bytes + size;
	int fds[2];

	fuzz_begin(&input, bytes, size);
	if (ioloop == NULL) T_BEGIN {
		start();
	} T_END;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		i_fatal("socketpair() failed: %m");
	net_set_nonblock(fds[0], TRUE);
	net_set_nonblock(fds[1], TRUE);
	i_zero(&conn);
	conn.fd = fds[0];
	conn.name = "fuzz";
	geotrip_policy_client_create(&conn);
	while (bytes < end && connections > 0) T_BEGIN {
		p = memchr(bytes, PIECE_END, end - bytes);
		if (p == NULL)
			p = end;
		/* a long one is cut off, and that is one more case */
		if (send(fds[1], bytes, p - bytes, MSG_NOSIGNAL) < 0 &&
		    errno != EPIPE && errno != EAGAIN && errno != ECONNRESET)
			i_fatal("send() failed: %m");
		work();
		check_answers(fds[1]);
		bytes = p + 1;
	} T_END;
	i_close_fd(&fds[1]);
	while (connections > 0)
		work();
	return 0;
}
