/*
 * replay_steady: when replays of the same trace, one after the other in one
 * process, have reached their steady state. Allocators that grow need several:
 * not before that does a replay cost what the next one will.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_STEADY_H
#define REPLAY_STEADY_H

#include "replay_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True if the last REPLAY_STEADY of `count` replays are within 1% of each other,
 * or if there are enough anyway: REPLAY_REPEATS_MAX, or REPLAY_STEADY if the last
 * one took over 50 ms. `ticks` has their times, in any unit; `wall_ns` is the
 * last one's, ns.
 */
bool replay_steady_reached(const double *ticks, size_t count, uint64_t wall_ns);

/* The median of the last REPLAY_STEADY of `count` values; of fewer the first. */
double replay_steady_of(const double *values, size_t count);

#endif /* REPLAY_STEADY_H */
