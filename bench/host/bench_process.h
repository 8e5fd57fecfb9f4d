/*
 * bench_process: child processes of bench that share memory with it: this program,
 * or another build of it, executed again under a name that selects its job.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The descriptors under which a child finds the shared memory and the file that it
 * is to read. */
#define BENCH_PROCESS_SHARED_FD 3
#define BENCH_PROCESS_FILE_FD	4

struct sandbox_space;

/* Memory shared with children; zeroed. */
struct bench_shared {
	int fd;
	void *memory;
	size_t size;

	/* A file for children to read, as their BENCH_PROCESS_FILE_FD; -1 for
	 * none. Borrowed. */
	int file_fd;

	/* For children that run foreign code: where they live, and a file that
	 * takes the place of standard output and error. NULL and -1: as this
	 * process. Borrowed. */
	struct sandbox_space *space;
	int output_fd;
};

/* Makes shared memory, without a file. Returns 0, to be released, or <0 with `diag`
 * filled. */
int bench_shared_new(struct bench_shared *shared, size_t size,
		     struct kb_diag *diag);
void bench_shared_release(struct bench_shared *shared);

/* In a child: maps what the parent shares. NULL if nothing is shared, or less
 * than `size` bytes. */
void *bench_shared_attach(size_t size);

/* Executes `exe` as `name` with the shared memory and the file. It leaves signals
 * that ask programs to end to its parent, and ends with it. Returns its process id,
 * or -1 with errno set, also if `exe` cannot be executed. */
pid_t bench_process_spawn(const char *exe, const char *name,
			  const struct bench_shared *shared);

/* This program's file. */
#define BENCH_PROCESS_SELF "/proc/self/exe"

/* Waits for a child's end; its wait status. */
int bench_process_reap(pid_t child);

/* The same; `*used` gets what it has used. */
int bench_process_reap_used(pid_t child, struct rusage *used);

/* Whether the child that ended so has used up the CPU time that it is allowed. */
bool bench_process_hit_limit(int status, const struct rusage *used);

/* Pins this process to a CPU; -1 pins nothing. Returns 0, or KB_E_ENVIRONMENT
 * with `diag` filled. */
int bench_process_pin(int cpu, struct kb_diag *diag);

/* Whether that would succeed, and nothing else: returns as it does. */
int bench_process_can_pin(int cpu, struct kb_diag *diag);

/* In a child: limits private writable memory to half of the machine's, so that
 * runaway code ends only itself. A sanitizer's shadow is larger than that, so
 * its builds have no limit. */
void bench_process_limit_memory(void);

/* In a child: makes it die with its parent. */
void bench_process_follow_parent(void);

#endif /* BENCH_PROCESS_H */
