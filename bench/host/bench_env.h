/*
 * bench_env: the machine and the build, as recorded in every result.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_ENV_H
#define BENCH_ENV_H

#include <stdbool.h>
#include <stddef.h>

/* What the system reports in files of one line: X(name, file). */
/* clang-format off */
#define BENCH_ENV_FILES(X)                                                     \
	X(clocksource, "/sys/devices/system/clocksource/clocksource0/"         \
		       "current_clocksource")                                  \
	X(transparent_hugepages, "/sys/kernel/mm/transparent_hugepage/enabled") \
	X(aslr, "/proc/sys/kernel/randomize_va_space")                         \
	X(overcommit, "/proc/sys/vm/overcommit_memory")                        \
	X(governor, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
/* clang-format on */

#define BENCH_ENV_LINE_SIZE 64

struct bench_env {
	/* The version and revision that were built, and with what. Static. */
	const char *version;
	const char *revision;
	const char *compiler;
	const char *flags;
	const char *build_type;

	/* "Linux 6.1.0-… x86_64" */
	char system[256];

	/* Model name of the CPU, or "unknown". */
	char cpu_model[128];

	/* Lines of BENCH_ENV_FILES; empty if there is no such file. */
#define X(name, file) char name[BENCH_ENV_LINE_SIZE];
	BENCH_ENV_FILES(X)
#undef X

	/* We run under a hypervisor (the CPU's flag). */
	bool hypervisor;

	/* Bytes; 0 if unknown. */
	long page_size;
	long cache_l1d;
	long cache_l2;
	long cache_l3;

	/* The C library's version; settings that change its and other
	 * libraries' code at start, "" if there are none. Static. */
	const char *libc;
	const char *glibc_tunables;
	const char *ld_preload;

	/* Processors online. */
	long cpus;

	/* The CPU that timed passes are pinned to; -1 for none. */
	int pinned_cpu;

	/* Start of the run, ISO 8601, UTC. */
	char date[32];

	/* One-minute load average at the start. */
	double load;

	/* A build whose timings are meaningless: assertions or sanitizers. */
	bool slow_build;
};

/* What this program was built with, in one line: compiler, flags, build type.
 * Times of two builds are comparable only if these are the same. */
void bench_env_build(char *out, size_t size);

/* Fills in everything but pinned_cpu, which becomes -1. */
void bench_env_read(struct bench_env *env);

#endif /* BENCH_ENV_H */
