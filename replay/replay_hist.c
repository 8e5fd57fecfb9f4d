#include "replay_hist.h"

#include "kb_bits.h"

#include <math.h>

/* How far a value of this size is shifted to leave 1 + SUB_BITS bits. */
static unsigned shift_of(uint64_t value)
{
	unsigned bits;

	if (value < REPLAY_HIST_SUB)
		return 0;
	bits = kb_log2(value);
	return bits - REPLAY_HIST_SUB_BITS;
}

size_t replay_hist_bucket_of(uint64_t value)
{
	unsigned shift = shift_of(value);

	if (value < REPLAY_HIST_SUB)
		return (size_t)value;
	return (size_t)(shift + 1) * REPLAY_HIST_SUB +
	       (size_t)((value >> shift) - REPLAY_HIST_SUB);
}

uint64_t replay_hist_bucket_low(size_t bucket)
{
	size_t group = bucket / REPLAY_HIST_SUB;
	uint64_t in_group = bucket % REPLAY_HIST_SUB;

	if (group == 0)
		return in_group;
	return (REPLAY_HIST_SUB + in_group) << (group - 1);
}

uint64_t replay_hist_bucket_width(size_t bucket)
{
	size_t group = bucket / REPLAY_HIST_SUB;

	return group == 0 ? 1 : UINT64_C(1) << (group - 1);
}

uint64_t replay_hist_bucket_middle(const struct replay_hist *hist,
				   size_t bucket)
{
	uint64_t middle = replay_hist_bucket_low(bucket) +
			  replay_hist_bucket_width(bucket) / 2;

	return kb_min(middle, hist->max);
}

void replay_hist_add_many(struct replay_hist *hist, uint64_t value,
			  uint64_t times)
{
	hist->bucket[replay_hist_bucket_of(value)] += times;
	hist->count += times;
	hist->max = kb_max(hist->max, value);
}

void replay_hist_add(struct replay_hist *hist, uint64_t value)
{
	replay_hist_add_many(hist, value, 1);
}

uint64_t replay_hist_above(const struct replay_hist *hist, uint64_t value)
{
	uint64_t above = 0;

	for (size_t i = replay_hist_bucket_of(value) + 1;
	     i < REPLAY_HIST_BUCKETS; i++)
		above += hist->bucket[i];
	return above;
}

void replay_hist_merge(struct replay_hist *into, const struct replay_hist *from)
{
	for (size_t i = 0; i < REPLAY_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
	into->count += from->count;
	into->max = kb_max(into->max, from->max);
}

uint64_t replay_hist_quantile(const struct replay_hist *hist, double q)
{
	/* Compared first: as a real number, a count near 2^64 rounds to
	 * 2^64. */
	const double wanted = ceil(q * (double)hist->count);
	uint64_t rank, seen = 0;

	if (wanted >= (double)hist->count)
		return hist->max;
	rank = (uint64_t)wanted;
	for (size_t i = 0; i < REPLAY_HIST_BUCKETS; i++) {
		seen += hist->bucket[i];
		if (seen >= rank && hist->bucket[i])
			return replay_hist_bucket_middle(hist, i);
	}
	return hist->max;
}
