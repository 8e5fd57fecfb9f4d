/*
 * certify-noise: a neighbor that disturbs measurements, in bursts.
 *
 * usage: certify-noise cpu|memory CPU SEED
 *
 * Pinned to CPU it is busy for 1 to 20 ms, sleeps for as long, and so on until it
 * is killed or its parent ends: with arithmetic (cpu), or with writing through
 * 64 MiB, which leaves nobody's lines in a shared cache (memory).
 */
#include "bench_process.h"
#include "kb_rng.h"
#include "replay_tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_SIZE  (64u << 20)
#define STRETCH	     4096
#define BURST_MIN_NS 1000000
#define BURST_MAX_NS 20000000

static uint64_t burst_ns(struct kb_rng *rng)
{
	return BURST_MIN_NS + kb_rng_below(rng, BURST_MAX_NS - BURST_MIN_NS);
}

/* A little of the work; NULL buffer is arithmetic. Returns what nobody wants,
 * so that it is done. */
static unsigned work(unsigned char *buffer, size_t *at)
{
	unsigned sum = 1;

	if (buffer) {
		memset(buffer + *at, (int)*at, STRETCH);
		*at = (*at + STRETCH) % BUFFER_SIZE;
		return buffer[*at];
	}
	for (unsigned i = 0; i < STRETCH; i++)
		sum = sum * 1664525 + i;
	return sum;
}

static void disturb(unsigned char *buffer, struct kb_rng *rng)
{
	volatile unsigned sink = 0;
	size_t at = 0;

	for (;;) {
		uint64_t end = replay_tick_system() + burst_ns(rng);
		struct timespec rest = { .tv_nsec = (long)burst_ns(rng) };

		while (replay_tick_system() < end)
			sink = work(buffer, &at);
		nanosleep(&rest, NULL);
	}
	(void)sink;
}

int main(int argc, char **argv)
{
	struct kb_diag diag;
	struct kb_rng rng;
	unsigned char *buffer = NULL;

	if (argc != 4 ||
	    (strcmp(argv[1], "cpu") != 0 && strcmp(argv[1], "memory") != 0)) {
		fprintf(stderr, "usage: certify-noise cpu|memory CPU SEED\n");
		return 2;
	}
	kb_diag_init(&diag);
	bench_process_follow_parent();
	if (bench_process_pin(atoi(argv[2]), &diag) < 0) {
		fprintf(stderr, "certify-noise: %s\n", diag.text);
		return 4;
	}
	rng = kb_rng_init(strtoull(argv[3], NULL, 10));
	if (strcmp(argv[1], "memory") == 0) {
		buffer = malloc(BUFFER_SIZE);
		if (!buffer)
			return 2;
	}
	disturb(buffer, &rng);
	free(buffer);
	return 0;
}
