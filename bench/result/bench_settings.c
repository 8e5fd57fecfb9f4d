#include "bench_settings.h"

#include "kb_bits.h"
#include "kb_suggest.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

const struct bench_pass_entry bench_passes[] = {
	{ BENCH_PASS_VERIFY, "verify" },
	{ BENCH_PASS_COUNT, "count" },
	{ BENCH_PASS_THROUGHPUT, "throughput" },
	{ BENCH_PASS_LATENCY, "latency" },
	{ BENCH_PASS_ALL, NULL },
};

unsigned bench_pass_find(const char *name, const char **nearest)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	for (const struct bench_pass_entry *p = bench_passes; p->name; p++) {
		if (strcmp(p->name, name) == 0)
			return (unsigned)p->pass;
		kb_suggest_offer(&near, p->name);
	}
	if (nearest)
		*nearest = kb_suggest_best(&near);
	return 0;
}

const char *bench_pass_name(enum bench_pass pass)
{
	for (const struct bench_pass_entry *p = bench_passes; p->name; p++)
		if (p->pass == pass)
			return p->name;
	return "unknown";
}

static const char *const touch_names[] = {
	[ALLOC_TOUCH_NONE] = "none",
	[ALLOC_TOUCH_FIRST] = "first",
	[ALLOC_TOUCH_ALL] = "all",
};

const char *bench_touch_name(enum alloc_touch touch)
{
	return touch_names[touch];
}

int bench_default_cpu(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -1;
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

int bench_other_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || sched_getaffinity(0, sizeof(set), &set) != 0)
		return -1;
	for (int other = 0; other < CPU_SETSIZE; other++)
		if (other != cpu && CPU_ISSET(other, &set))
			return other;
	return -1;
}
