#include "replay_steady.h"

#include <assert.h>
#include <math.h>

/* The largest over the smallest of replays that count as equal, … */
#define ALIKE 1.01

/* … and a replay that is long enough to be steady whatever came before it, ns. */
#define LONG_NS UINT64_C(50000000)

bool replay_steady_reached(const double *ticks, size_t count, uint64_t wall_ns)
{
	double low = INFINITY, high = 0;

	if (count < REPLAY_STEADY)
		return false;
	for (size_t i = count - REPLAY_STEADY; i < count; i++) {
		low = fmin(low, ticks[i]);
		high = fmax(high, ticks[i]);
	}
	return high <= ALIKE * low || wall_ns > LONG_NS ||
	       count >= REPLAY_REPEATS_MAX;
}

double replay_steady_of(const double *values, size_t count)
{
	const double *v = values + count - REPLAY_STEADY;

	static_assert(REPLAY_STEADY == 3, "the median of three");
	if (count < REPLAY_STEADY)
		return count > 0 ? values[0] : 0;
	return fmax(fmin(v[0], v[1]), fmin(fmax(v[0], v[1]), v[2]));
}
