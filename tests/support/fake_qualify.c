/*
 * bench-fake-time: bench with a counting clock (kb_fake_time.h), which is all that
 * it measures with: no time-stamp counter, and readings that cost nothing.
 */
#include "replay_clock.h"

#include <string.h>

void __wrap_replay_clock_qualify(struct replay_clock *clock);

void __wrap_replay_clock_qualify(struct replay_clock *clock)
{
	memset(clock, 0, sizeof(*clock));
	clock->quantum = 1;
}
