/*
 * kb_fault: lets a call of some functions fail, once, in a test program that
 * kb_add_faults() of tests/CMakeLists.txt has linked: there every call that our
 * own code makes of them comes here first. What a shared library does inside is
 * out of reach.
 */
#ifndef KB_FAULT_H
#define KB_FAULT_H

#include <stdbool.h>

enum kb_fault {
	KB_FAULT_MALLOC = 1 << 0,
	KB_FAULT_CALLOC = 1 << 1,
	KB_FAULT_REALLOC = 1 << 2,

	/* strdup and the like; the contexts of zstd, zlib and xxHash. */
	KB_FAULT_CREATE = 1 << 3,
	KB_FAULT_MEMORY = KB_FAULT_MALLOC | KB_FAULT_CALLOC | KB_FAULT_REALLOC |
			  KB_FAULT_CREATE,

	KB_FAULT_OPEN = 1 << 4,
	KB_FAULT_STAT = 1 << 5,

	/* read, pread; write, pwrite, ftruncate. */
	KB_FAULT_READ = 1 << 6,
	KB_FAULT_WRITE = 1 << 7,
	KB_FAULT_SYNC = 1 << 8,
	KB_FAULT_RENAME = 1 << 9,
	KB_FAULT_MAP = 1 << 10,
	KB_FAULT_SEEK = 1 << 11,

	/* Temporary files, pipes and processes: to make them, to wait. */
	KB_FAULT_START = 1 << 12,
	KB_FAULT_WAIT = 1 << 13
};

/* Of the calls of these kinds from now on the n-th fails, with this errno. */
void kb_fault_begin(unsigned kinds, unsigned n, int error);

/* From now on none does. Returns whether one has failed since kb_fault_begin. */
bool kb_fault_end(void);

/* Allocations, more than at the program's start, that our own code has made and
 * not freed: malloc, calloc, realloc and strdup's kind. */
long kb_fault_unfreed(void);

#endif /* KB_FAULT_H */
