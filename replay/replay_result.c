#include "replay_result.h"

#include "alloc.h"
#include "kb_bits.h"

#include <string.h>

const struct replay_counter *
replay_counters_find(const struct replay_counters *counters, const char *name)
{
	for (uint32_t i = 0; i < counters->count; i++)
		if (strcmp(counters->item[i].name, name) == 0)
			return &counters->item[i];
	return NULL;
}

/* Bin b of B ends at total * (b + 1) / B. */
uint64_t replay_bin_end(uint64_t events, uint32_t bins, uint32_t bin)
{
	uint64_t most = kb_max(kb_min(bins, events), 1);
	uint64_t whole = events / most, rest = events % most;
	uint64_t next = bin + UINT64_C(1);

	return next >= most ? UINT64_MAX : whole * next + rest * next / most;
}

void replay_span_add(struct replay_span *span, uint64_t value)
{
	if (value == ALLOC_UNKNOWN)
		return;
	span->low = span->count ? kb_min(span->low, value) : value;
	span->peak = kb_max(span->peak, value);
	span->end = value;
	span->count++;
	/* No trace gets near the limit; a sum that did would stay there. */
	span->sum =
		span->sum > UINT64_MAX - value ? UINT64_MAX : span->sum + value;
}

const uint32_t replay_pressed_kib[REPLAY_PRESSURES] = { 32, 1024, 4096 };
