/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the country database: opens it, notices when it is replaced, and looks
   up addresses. */

#define _GNU_SOURCE /* for memfd_create() */

#include "lib.h"
#include "eacces-error.h"
#include "write-full.h"
#include "geotrip-geo.h"
#include "geotrip-mmdb.h"
#include "geotrip-mmdb-check.h"

#include <unistd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* City databases have about 60 MB. Anything larger than this is not a country
   database, could get the process killed for its memory, and would take too
   long to read while logins wait. */
#define MAX_FILE_SIZE (128 * 1024 * 1024)
/* The database type in the metadata may have any length. */
#define MAX_TYPE_BYTES 80

#define MEND_FILE "Put a country database in MaxMind's format there"

struct geotrip_geo {
	char *path;
	/* the file that was last opened or tried; zero-initialized */
	struct stat st;
	/* it was tried and could not be used */
	char *error;
	bool open;
	MMDB_s mmdb;
};

struct geotrip_geo *geotrip_geo_init(const char *path)
{
	struct geotrip_geo *geo = i_new(struct geotrip_geo, 1);

	geo->path = i_strdup(path);
	return geo;
}

void geotrip_geo_deinit(struct geotrip_geo **_geo)
{
	struct geotrip_geo *geo = *_geo;

	if (geo == NULL)
		return;
	*_geo = NULL;
	if (geo->open)
		MMDB_close(&geo->mmdb);
	i_free(geo->error);
	i_free(geo->path);
	i_free(geo);
}

static bool same_file(const struct stat *st1, const struct stat *st2)
{
	return st1->st_dev == st2->st_dev && st1->st_ino == st2->st_ino &&
		st1->st_size == st2->st_size &&
		st1->st_mtim.tv_sec == st2->st_mtim.tv_sec &&
		st1->st_mtim.tv_nsec == st2->st_mtim.tv_nsec &&
		st1->st_ctim.tv_sec == st2->st_ctim.tv_sec &&
		st1->st_ctim.tv_nsec == st2->st_ctim.tv_nsec;
}

/* Copy fd to memory. Returns a file descriptor for the copy, -1 on error. */
static int copy_to_memory(int fd, const struct stat *st, const char **error_r)
{
	char buf[IO_BLOCK_SIZE * 16];
	off_t left = st->st_size;
	int mem_fd;

	mem_fd = memfd_create("geotrip-mmdb", MFD_CLOEXEC);
	if (mem_fd == -1) {
		*error_r = t_strdup_printf("memfd_create() failed: %m");
		return -1;
	}
	while (left > 0) {
		ssize_t ret = read(fd, buf, I_MIN((off_t)sizeof(buf), left));

		if (ret < 0)
			*error_r = t_strdup_printf("read() failed: %m");
		else if (ret == 0)
			*error_r = "it was truncated while being read";
		else if (write_full(mem_fd, buf, ret) < 0) {
			*error_r = t_strdup_printf("write() failed: %m");
			ret = -1;
		}
		if (ret <= 0) {
			i_close_fd(&mem_fd);
			return -1;
		}
		left -= ret;
	}
	return mem_fd;
}

static const char *mmdb_type(const MMDB_s *mmdb)
{
	return t_strndup(mmdb->metadata.database_type, MAX_TYPE_BYTES);
}

/* Check the copy before libmaxminddb reads it. Returns the same as
   mmdb_open_copy(). */
static int check_copy(int mem_fd, size_t size, const char **error_r)
{
	void *file;
	int ret;

	file = mmap(NULL, size, PROT_READ, MAP_SHARED, mem_fd, 0);
	if (file == MAP_FAILED) {
		*error_r = t_strdup_printf("mmap() failed: %m");
		return -1;
	}
	ret = geotrip_mmdb_check(file, size, error_r);
	if (munmap(file, size) < 0)
		i_error("munmap() failed: %m");
	return ret < 0 ? 0 : 1;
}

/* Open a copy of the file and check whether it is usable. Returns 1 if it is, 0
   if it is not, and -1 if this is unknown because the file cannot be read
   now. */
static int
mmdb_open_copy(int fd, const struct stat *st, MMDB_s *mmdb_r,
	       const char **error_r)
{
	int mem_fd, ret;

	if (!S_ISREG(st->st_mode) || st->st_size > MAX_FILE_SIZE) {
		*error_r = "it is not a regular file of at most 128 MB";
		return 0;
	}
	if (st->st_size == 0) {
		*error_r = "it is empty";
		return 0;
	}
	mem_fd = copy_to_memory(fd, st, error_r);
	if (mem_fd == -1)
		return -1;
	ret = check_copy(mem_fd, st->st_size, error_r);
	if (ret <= 0) {
		i_close_fd(&mem_fd);
		return ret;
	}
	ret = MMDB_open(t_strdup_printf("/proc/self/fd/%d", mem_fd),
			MMDB_MODE_MMAP, mmdb_r);
	i_close_fd(&mem_fd);

	if (ret != MMDB_SUCCESS) {
		*error_r = MMDB_strerror(ret);
		return ret == MMDB_OUT_OF_MEMORY_ERROR ||
			ret == MMDB_IO_ERROR ? -1 : 0;
	}
	if (!geotrip_mmdb_has_countries(mmdb_r)) {
		*error_r = t_strdup_printf(
			"it has no countries, its type is %s",
			geotrip_escape(mmdb_type(mmdb_r)));
		MMDB_close(mmdb_r);
		return 0;
	}
	return 1;
}

static int geo_set_error(struct geotrip_geo *geo, const char *error,
			 const char *mend, const char **error_r)
{
	i_free(geo->error);
	geo->error = i_strdup_printf(
		"Cannot use the country database geotrip_mmdb=%s: %s. %s%s",
		geo->path, error, mend, geo->open ?
		"; the previous one stays in use" : "");
	*error_r = geo->error;
	return -1;
}

/* A system call failed: errno says why. */
static int geo_set_errno(struct geotrip_geo *geo, const char *func,
			 const char **error_r)
{
	if (errno == EACCES) {
		return geo_set_error(geo, eacces_error_get(func, geo->path),
			"Change its mode to 0644, and check the directories "
			"above it", error_r);
	}
	return geo_set_error(geo, t_strdup_printf("%s() failed: %m", func),
			     MEND_FILE, error_r);
}

int geotrip_geo_refresh(struct geotrip_geo *geo, const char **error_r)
{
	const char *error;
	struct stat st;
	MMDB_s mmdb;
	int fd, ret;

	if (stat(geo->path, &st) < 0) {
		i_zero(&geo->st);
		return geo_set_errno(geo, "stat", error_r);
	}
	if (same_file(&geo->st, &st)) {
		if (geo->error == NULL)
			return 0;
		*error_r = geo->error;
		return -1;
	}

	fd = open(geo->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) < 0) {
		ret = geo_set_errno(geo, "open", error_r);
		i_close_fd(&fd);
		return ret;
	}
	ret = mmdb_open_copy(fd, &st, &mmdb, &error);
	i_close_fd(&fd);

	/* Do not retry the same bad file until it changes. */
	geo->st = st;
	if (ret < 0)
		i_zero(&geo->st);
	if (ret <= 0)
		return geo_set_error(geo, error, MEND_FILE, error_r);
	if (geo->open)
		MMDB_close(&geo->mmdb);
	geo->mmdb = mmdb;
	geo->open = TRUE;
	i_free(geo->error);
	return 1;
}

union geotrip_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void
ip_to_sockaddr(const struct ip_addr *ip, union geotrip_sockaddr *addr_r)
{
	i_zero(addr_r);
	addr_r->sa.sa_family = ip->family;
	if (IPADDR_IS_V4(ip))
		addr_r->in.sin_addr = ip->u.ip4;
	else
		addr_r->in6.sin6_addr = ip->u.ip6;
}

enum geotrip_geo_result
geotrip_geo_lookup(struct geotrip_geo *geo, const struct ip_addr *ip,
		   struct geotrip_country *country_r)
{
	union geotrip_sockaddr addr;
	MMDB_lookup_result_s result;
	int ret;

	i_zero(country_r);
	if (!geo->open)
		return GEOTRIP_GEO_NO_DATABASE;

	ip_to_sockaddr(ip, &addr);
	result = MMDB_lookup_sockaddr(&geo->mmdb, &addr.sa, &ret);
	/* an error here is a damaged record, or an IPv6 address in a database
	   that has only IPv4: the country of this address is unknown */
	if (ret != MMDB_SUCCESS || !result.found_entry ||
	    !geotrip_mmdb_get_country(&result.entry, country_r))
		return GEOTRIP_GEO_UNKNOWN;
	return GEOTRIP_GEO_FOUND;
}

bool geotrip_geo_get_info(struct geotrip_geo *geo,
			  struct geotrip_geo_info *info_r)
{
	if (!geo->open)
		return FALSE;
	info_r->type = mmdb_type(&geo->mmdb);
	info_r->build_epoch = geo->mmdb.metadata.build_epoch;
	info_r->ipv4_only = geo->mmdb.metadata.ip_version == 4;
	return TRUE;
}
