/*
 * sandbox_space: child processes that run foreign code: in namespaces of their own,
 * where the kernel allows it, and with limits.
 *
 * In namespaces of its own a child sees no process but its own and no network, and
 * every file is read-only. The kernel refuses them in many containers.
 *
 * bench's own files and replay/allocators include this file.
 */
#ifndef SANDBOX_SPACE_H
#define SANDBOX_SPACE_H

#include "kb_status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox_space {
	/* A folder that the child may write to, or NULL. Borrowed. */
	const char *writable;

	/* The child, as this process knows it. */
	pid_t child;

	/* The first process of the namespace, which ends with this one; 0 where
	 * the child has no namespaces of its own. */
	pid_t keeper;
};

/* Makes this process the parent of whatever its children leave behind. */
void sandbox_space_adopt(void);

/* Whether children get namespaces of their own: 0, or KB_E_ENVIRONMENT with `diag`
 * saying what the kernel answers. */
int sandbox_space_check(struct kb_diag *diag);

/*
 * As fork; the child is in a session of its own. Returns 0 in the child, which soon
 * executes a program or _exits; its process id in the parent; or -1. One thread
 * only.
 */
pid_t sandbox_space_fork(struct sandbox_space *space);

/* After the child has been waited for, or to end it: kills and reaps everything
 * that it has left, also what it let go of if this process adopts. */
void sandbox_space_end(struct sandbox_space *space);

/* Limits of a process that runs foreign code; 0 is none. */
struct sandbox_limits {
	/* Private writable memory, and one file's size, bytes. */
	uint64_t memory;
	uint64_t file;

	/* Open files. */
	uint32_t files;

	/* Processor time, s. */
	uint32_t seconds;
};

/* Sets them, and no core files. */
void sandbox_space_limit(const struct sandbox_limits *limits);

/* A file in memory of `size` bytes that can neither grow nor shrink, for children to
 * write to: more than that fails. -1 if there is none. */
int sandbox_space_file(uint64_t size);

#endif /* SANDBOX_SPACE_H */
