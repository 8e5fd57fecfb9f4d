#include "replay_usage.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The line of /proc/stat for one CPU: eight figures, steal the last of them
 * (proc(5)). */
static uint64_t steal_of(int cpu)
{
	FILE *f = fopen("/proc/stat", "re");
	char name[16], line[256];
	uint64_t steal = 0;
	size_t length;

	length = (size_t)snprintf(name, sizeof(name), "cpu%d ", cpu);
	while (f && fgets(line, sizeof(line), f)) {
		char *at = line + length;

		if (strncmp(line, name, length) != 0)
			continue;
		/* It is the line's eighth number; 0 if there is no such
		 * line. */
		for (int i = 0; i < 8; i++)
			steal = strtoull(at, &at, 10);
		break;
	}
	if (f)
		fclose(f);
	return steal;
}

void replay_usage_read(struct replay_usage *usage)
{
	getrusage(RUSAGE_SELF, &usage->usage);
	usage->steal = steal_of(sched_getcpu());
}

void replay_usage_since(const struct replay_usage *before,
			struct replay_time_result *out)
{
	const struct rusage *was = &before->usage;
	struct replay_usage now;

	replay_usage_read(&now);
	out->preemptions = (uint64_t)(now.usage.ru_nivcsw - was->ru_nivcsw);
	out->faults = (uint64_t)(now.usage.ru_minflt - was->ru_minflt +
				 now.usage.ru_majflt - was->ru_majflt);
	out->steal_ms = now.steal > before->steal
				? (now.steal - before->steal) * 1000 /
					  (uint64_t)sysconf(_SC_CLK_TCK)
				: 0;
}
