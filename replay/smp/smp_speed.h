/*
 * smp_speed: how much faster than recorded a trace is replayed: a decimal with at
 * most three places, or as fast as can be.
 *
 * The engines of replay/smp, and bench, may include this file.
 */
#ifndef SMP_SPEED_H
#define SMP_SPEED_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest factor. */
#define SMP_SPEED_MAX UINT64_C(1000000000)

/* Times the factor. */
#define SMP_SPEED_ONE UINT64_C(1000)

/* Room for the text of any speed, the NUL included. */
#define SMP_SPEED_TEXT 24

struct smp_speed {
	/* 1000 times the factor; 0: as fast as can be, with no think time. */
	uint64_t thousandths;
};

/* Takes "max", "10" or "0.125": `length` bytes. Returns 0, or KB_E_ARG with `diag`
 * filled, as the value of --`name`. */
int smp_speed_parse(struct smp_speed *out, const char *text, size_t length,
		    const char *name, struct kb_diag *diag);

/* As it is parsed, without a needless place. Returns `out`. */
const char *smp_speed_text(char out[SMP_SPEED_TEXT], struct smp_speed speed);

/*
 * What `ns` of the recording are at this speed, ps, rounded down: exact. False if
 * they are more than INT64_MAX ps.
 */
bool smp_speed_scale(struct smp_speed speed, uint64_t ns, uint64_t *ps);

#endif /* SMP_SPEED_H */
