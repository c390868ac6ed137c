/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "write-full.h"
#include "fault-disk.h"

#include <fcntl.h>
#include <unistd.h>

/* A write, or with data = NULL the truncation to offset. */
struct disk_change {
	unsigned char *data;
	size_t size, offset;
};

struct fault_disk_file {
	char *path;
	bool deleted;
	buffer_t *synced;
	/* the oldest first */
	ARRAY(struct disk_change) changes;
};

static ARRAY(struct fault_disk_file *) disk_files;

static struct fault_disk_file *disk_find(const char *path)
{
	struct fault_disk_file *const *file;

	if (!array_is_created(&disk_files))
		i_array_init(&disk_files, 8);
	array_foreach(&disk_files, file) {
		if (strcmp((*file)->path, path) == 0)
			return *file;
	}
	return NULL;
}

static void disk_read(struct fault_disk_file *file)
{
	unsigned char block[4096];
	int fd = open(file->path, O_RDONLY);
	ssize_t ret;

	if (fd < 0)
		i_fatal("open(%s) failed: %m", file->path);
	buffer_set_used_size(file->synced, 0);
	while ((ret = read(fd, block, sizeof(block))) > 0)
		buffer_append(file->synced, block, ret);
	i_close_fd(&fd);
}

struct fault_disk_file *fault_disk_open(const char *path)
{
	struct fault_disk_file *file = disk_find(path);

	if (file == NULL) {
		file = i_new(struct fault_disk_file, 1);
		file->path = i_strdup(path);
		file->synced = buffer_create_dynamic(default_pool, 4096);
		file->deleted = TRUE;
		i_array_init(&file->changes, 64);
		array_push_back(&disk_files, &file);
	}
	if (file->deleted) {
		file->deleted = FALSE;
		disk_read(file);
	}
	return file;
}

void fault_disk_write(struct fault_disk_file *file, const void *data,
		      size_t size, sqlite3_int64 offset)
{
	struct disk_change *change = array_append_space(&file->changes);

	change->data = i_malloc(size);
	memcpy(change->data, data, size);
	change->size = size;
	change->offset = offset;
}

void fault_disk_truncate(struct fault_disk_file *file, sqlite3_int64 size)
{
	struct disk_change *change = array_append_space(&file->changes);

	change->offset = size;
}

static void
disk_apply(struct fault_disk_file *file, const struct disk_change *change,
	   size_t size)
{
	if (change->data != NULL) {
		buffer_write(file->synced, change->offset, change->data,
			     size);
	} else if (change->offset < file->synced->used) {
		buffer_set_used_size(file->synced, change->offset);
	} else {
		buffer_write_zero(file->synced, file->synced->used,
				  change->offset - file->synced->used);
	}
}

static void disk_clear(struct fault_disk_file *file)
{
	struct disk_change *change;

	array_foreach_modifiable(&file->changes, change)
		i_free(change->data);
	array_clear(&file->changes);
}

void fault_disk_sync(struct fault_disk_file *file)
{
	const struct disk_change *change;

	array_foreach(&file->changes, change)
		disk_apply(file, change, change->size);
	disk_clear(file);
}

void fault_disk_delete(const char *path)
{
	struct fault_disk_file *file = disk_find(path);

	if (file != NULL) {
		disk_clear(file);
		file->deleted = TRUE;
	}
}

/* As good as rand(), but the same everywhere. */
static unsigned int disk_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static void disk_sync_some(struct fault_disk_file *file, unsigned int *seed)
{
	const struct disk_change *change;

	array_foreach(&file->changes, change) {
		switch (disk_random(seed) % 3) {
		case 0:
			break;
		case 1:
			disk_apply(file, change, change->size);
			break;
		case 2:
			if (change->size > 0) {
				disk_apply(file, change,
					   disk_random(seed) % change->size);
			}
			break;
		}
	}
}

static void disk_write_back(struct fault_disk_file *file)
{
	int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		i_fatal("open(%s) failed: %m", file->path);
	if (write_full(fd, file->synced->data, file->synced->used) < 0)
		i_fatal("write(%s) failed: %m", file->path);
	i_close_fd(&fd);
}

void fault_disk_power_cut(unsigned int seed)
{
	struct fault_disk_file *const *filep;

	array_foreach(&disk_files, filep) {
		struct fault_disk_file *file = *filep;

		if (seed != 0)
			disk_sync_some(file, &seed);
		disk_clear(file);
		if (!file->deleted)
			disk_write_back(file);
	}
}

void fault_disk_forget(void)
{
	struct fault_disk_file *const *file;

	if (!array_is_created(&disk_files))
		return;
	array_foreach(&disk_files, file) {
		disk_clear(*file);
		array_free(&(*file)->changes);
		buffer_free(&(*file)->synced);
		i_free((*file)->path);
		i_free(*(struct fault_disk_file **)file);
	}
	array_free(&disk_files);
}
