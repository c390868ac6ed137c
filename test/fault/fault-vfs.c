/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#include "lib.h"
#include "fault-disk.h"
#include "fault-plan.h"
#include "fault-vfs.h"

#include <sqlite3.h>

struct fault_file {
	sqlite3_file base;
	/* NULL: a temporary file, which no power cut concerns */
	struct fault_disk_file *disk;
	/* follows this struct */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static struct fault_disk_file *disk(sqlite3_file *file)
{
	return ((struct fault_file *)file)->disk;
}

static int file_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int
file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	if (fault_is_due(FAULT_READ))
		return SQLITE_IOERR_READ;
	return real(file)->pMethods->xRead(real(file), data, size, offset);
}

static int
write_through(sqlite3_file *file, const void *data, int size,
	      sqlite3_int64 offset)
{
	int ret = real(file)->pMethods->xWrite(real(file), data, size, offset);

	if (ret == SQLITE_OK && disk(file) != NULL)
		fault_disk_write(disk(file), data, size, offset);
	return ret;
}

static int
file_write(sqlite3_file *file, const void *data, int size,
	   sqlite3_int64 offset)
{
	if (fault_is_due(FAULT_WRITE))
		return SQLITE_IOERR_WRITE;
	if (fault_is_due(FAULT_WRITE_FULL)) {
		(void)write_through(file, data, size / 2, offset);
		return SQLITE_FULL;
	}
	return write_through(file, data, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int ret;

	if (fault_is_due(FAULT_TRUNCATE))
		return SQLITE_IOERR_TRUNCATE;
	ret = real(file)->pMethods->xTruncate(real(file), size);
	if (ret == SQLITE_OK && disk(file) != NULL)
		fault_disk_truncate(disk(file), size);
	return ret;
}

static int file_sync(sqlite3_file *file, int flags ATTR_UNUSED)
{
	if (fault_is_due(FAULT_SYNC))
		return SQLITE_IOERR_FSYNC;
	if (disk(file) != NULL)
		fault_disk_sync(disk(file));
	return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size_r)
{
	if (fault_is_due(FAULT_FILE_SIZE))
		return SQLITE_IOERR_FSTAT;
	return real(file)->pMethods->xFileSize(real(file), size_r);
}

static int file_lock(sqlite3_file *file, int type)
{
	if (fault_is_due(FAULT_LOCK))
		return SQLITE_IOERR_LOCK;
	if (fault_is_due(FAULT_BUSY))
		return SQLITE_BUSY;
	return real(file)->pMethods->xLock(real(file), type);
}

static int file_unlock(sqlite3_file *file, int type)
{
	return real(file)->pMethods->xUnlock(real(file), type);
}

static int file_check_reserved_lock(sqlite3_file *file, int *reserved_r)
{
	if (fault_is_due(FAULT_LOCK))
		return SQLITE_IOERR_CHECKRESERVEDLOCK;
	return real(file)->pMethods->xCheckReservedLock(real(file),
							reserved_r);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int file_device_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
file_shm_map(sqlite3_file *file, int page, int page_size, int extend,
	     void volatile **mem_r)
{
	if (fault_is_due(FAULT_SHM_MAP)) {
		*mem_r = NULL;
		return SQLITE_IOERR_SHMMAP;
	}
	return real(file)->pMethods->xShmMap(real(file), page, page_size,
					     extend, mem_r);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	if ((flags & SQLITE_SHM_LOCK) != 0) {
		if (fault_is_due(FAULT_SHM_LOCK))
			return SQLITE_IOERR_SHMLOCK;
		if (fault_is_due(FAULT_BUSY))
			return SQLITE_BUSY;
	}
	return real(file)->pMethods->xShmLock(real(file), offset, count,
					      flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static const sqlite3_io_methods file_methods = {
	/* without memory-mapped files, which geotrip does not use */
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_device_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs ATTR_UNUSED, const char *name, sqlite3_file *base,
	 int flags, int *flags_r)
{
	struct fault_file *file = (struct fault_file *)base;
	int ret;

	/* there is nothing to be closed yet */
	file->base.pMethods = NULL;
	file->disk = NULL;
	file->real = (sqlite3_file *)(file + 1);
	if (fault_is_due(FAULT_OPEN))
		return SQLITE_CANTOPEN;
	ret = real_vfs->xOpen(real_vfs, name, file->real, flags, flags_r);
	if (ret != SQLITE_OK)
		return ret;
	if (name != NULL)
		file->disk = fault_disk_open(name);
	file->base.pMethods = &file_methods;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs ATTR_UNUSED, const char *name,
	   int sync_dir ATTR_UNUSED)
{
	int ret;

	if (fault_is_due(FAULT_DELETE))
		return SQLITE_IOERR_DELETE;
	ret = real_vfs->xDelete(real_vfs, name, 0);
	if (ret == SQLITE_OK)
		fault_disk_delete(name);
	return ret;
}

static int
vfs_access(sqlite3_vfs *vfs ATTR_UNUSED, const char *name, int flags,
	   int *result_r)
{
	if (fault_is_due(FAULT_ACCESS))
		return SQLITE_IOERR_ACCESS;
	return real_vfs->xAccess(real_vfs, name, flags, result_r);
}

static int vfs_sleep(sqlite3_vfs *vfs ATTR_UNUSED, int usecs)
{
	return usecs;
}

void fault_vfs_init(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	/* what is not replaced works with either */
	vfs = *real_vfs;
	vfs.zName = "fault";
	vfs.pNext = NULL;
	vfs.szOsFile += sizeof(struct fault_file);
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xSleep = vfs_sleep;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		i_fatal("sqlite3_vfs_register() failed");
}
