/*
 * replay_usage: what the system did to this process while a timed replay ran.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_USAGE_H
#define REPLAY_USAGE_H

#include "replay_result.h"

#include <sys/resource.h>

/* Involuntary context switches and page faults since `before` was read. */
static inline void replay_usage_since(const struct rusage *before,
				      struct replay_time_result *out)
{
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	out->preemptions = (uint64_t)(now.ru_nivcsw - before->ru_nivcsw);
	out->faults = (uint64_t)(now.ru_minflt - before->ru_minflt +
				 now.ru_majflt - before->ru_majflt);
}

#endif /* REPLAY_USAGE_H */
