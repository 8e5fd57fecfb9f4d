/*
 * bench_env: the machine and the build, as every result carries them.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_ENV_H
#define BENCH_ENV_H

#include <stdbool.h>
#include <stddef.h>

struct bench_env {
	/* The revision that was built, and with what. Static. */
	const char *revision;
	const char *compiler;
	const char *flags;
	const char *build_type;

	/* "Linux 6.1.0-… x86_64" */
	char system[256];

	/* Model name of the CPU, or "unknown". */
	char cpu_model[128];

	/* Processors online. */
	long cpus;

	/* The CPU that timed passes are pinned to; -1 for none. */
	int pinned_cpu;

	/* Start of the run, ISO 8601, UTC. */
	char date[32];

	/* One-minute load average at the start. */
	double load;

	/* A build whose timings say nothing: assertions or sanitizers. */
	bool slow_build;
};

/* What this program was built with, in one line: compiler, flags, build type.
 * Times of two builds are comparable only if it is the same. */
void bench_env_build(char *out, size_t size);

/* Fills in everything but pinned_cpu, which becomes -1. */
void bench_env_read(struct bench_env *env);

#endif /* BENCH_ENV_H */
