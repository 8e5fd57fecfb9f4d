/*
 * replay_usage: what the system did to this process while a timed replay ran.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_USAGE_H
#define REPLAY_USAGE_H

#include "replay_result.h"

#include <sys/resource.h>

struct replay_usage {
	struct rusage usage;

	/* Time that the hypervisor has taken from our CPU, in clock ticks of
	 * /proc/stat; 0 if there is no such file. */
	uint64_t steal;
};

/* Reads the current state. */
void replay_usage_read(struct replay_usage *usage);

/* Involuntary context switches, page faults and stolen time since `before` was
 * read. */
void replay_usage_since(const struct replay_usage *before,
			struct replay_time_result *out);

#endif /* REPLAY_USAGE_H */
