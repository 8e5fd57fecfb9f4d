/* The system's calls; kb_fault.h says of which kind each is. */
#include "kb_fault_wrap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

WRAP(STAT, int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(STAT, int, -1, stat, (const char *path, struct stat *st), (path, st))
WRAP(READ, ssize_t, -1, read, (int fd, void *to, size_t size), (fd, to, size))
WRAP(READ, ssize_t, -1, pread, (int fd, void *to, size_t size, off_t at),
     (fd, to, size, at))
WRAP(WRITE, ssize_t, -1, write, (int fd, const void *from, size_t size),
     (fd, from, size))
WRAP(WRITE, ssize_t, -1, pwrite,
     (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
WRAP(WRITE, int, -1, ftruncate, (int fd, off_t size), (fd, size))
WRAP(SYNC, int, -1, fsync, (int fd), (fd))
WRAP(RENAME, int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(SEEK, off_t, -1, lseek, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(MAP, void *, MAP_FAILED, mmap,
     (void *at, size_t size, int access, int flags, int fd, off_t from),
     (at, size, access, flags, fd, from))
WRAP(START, int, -1, memfd_create, (const char *name, unsigned flags),
     (name, flags))
WRAP(START, FILE *, NULL, tmpfile, (void), ())
WRAP(START, FILE *, NULL, fdopen, (int fd, const char *mode), (fd, mode))
WRAP(START, int, -1, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(START, pid_t, -1, fork, (void), ())
WRAP(WAIT, pid_t, -1, waitpid, (pid_t pid, int *status, int flags),
     (pid, status, flags))
WRAP(OPEN, FILE *, NULL, fopen, (const char *path, const char *mode),
     (path, mode))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	return kb_fault_is_due(KB_FAULT_OPEN) ? -1
					      : __real_open(path, flags, mode);
}
