/*
 * trc_fit: how a trace allocates, as frequencies to draw from: its classes of
 * allocs, the lifetimes of each, its cpus and its event rate.
 *
 * Private to the trc program.
 */
#ifndef TRC_FIT_H
#define TRC_FIT_H

#include "kb_status.h"
#include "trc_intern.h"
#include "trc_names.h"

#include <stdint.h>

/* Most lifetimes kept of each class: a fair sample of all. */
#define TRC_FIT_LIVES 32

/* Cpus whose shares are kept; higher ones count as the last. */
#define TRC_FIT_CPUS 1024

struct trc_fit_class {
	uint64_t size;
	uint64_t size_granted;

	/* A number in the names given to trc_fit_read. */
	uint32_t site;

	/* Objects of the class, and of all classes up to this one. */
	uint64_t count;
	uint64_t sum;

	/* Lifetimes in allocs; UINT64_MAX of those that live to the end. */
	uint64_t lives[TRC_FIT_LIVES];
};

struct trc_fit {
	/* Owned; keys.count of them, by the keys' numbers. */
	struct trc_fit_class *classes;
	uint32_t class_room;
	struct trc_intern keys;

	uint64_t cpu_sums[TRC_FIT_CPUS];

	/* Mean time between events, ns or ticks. */
	double gap;
};

/* Fits to the trace at `path`; its sites enter `names`. `seed` determines which
 * lifetimes are kept. Returns 0 or an error with `diag` filled; release it in
 * any case. */
int trc_fit_read(struct trc_fit *fit, const char *path, struct trc_names *names,
		 uint64_t seed, struct kb_diag *diag);

/* Draw by a random number: a class by its frequency, one of its lifetimes, a
 * cpu by its share of the events. */
const struct trc_fit_class *trc_fit_class(const struct trc_fit *fit,
					  uint64_t random);
uint64_t trc_fit_life(const struct trc_fit_class *of, uint64_t random);
uint16_t trc_fit_cpu(const struct trc_fit *fit, uint64_t random);

/* Frees all; a zeroed struct is empty. */
void trc_fit_release(struct trc_fit *fit);

#endif /* TRC_FIT_H */
