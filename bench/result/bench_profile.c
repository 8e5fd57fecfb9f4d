#include "bench_profile.h"

#include "bench_page.h"
#include "kb_bits.h"

/* Rows with a group of their own: 2^3. */
#define SINGLE_BITS 3
#define SINGLE_ROWS (1u << SINGLE_BITS)

unsigned bench_profile_group(uint64_t size)
{
	uint64_t row = bench_pages(size) - 1;
	unsigned group;

	if (row < SINGLE_ROWS)
		return (unsigned)row;
	group = SINGLE_ROWS + kb_log2(row) - SINGLE_BITS;
	return (unsigned)kb_min(group, BENCH_PROFILE_GROUPS - 1);
}

uint64_t bench_profile_group_first(unsigned group)
{
	if (group < SINGLE_ROWS)
		return group + 1;
	return (UINT64_C(1) << (group - SINGLE_ROWS + SINGLE_BITS)) + 1;
}

uint64_t bench_profile_group_last(unsigned group)
{
	if (group < SINGLE_ROWS)
		return group + 1;
	return UINT64_C(1) << (group - SINGLE_ROWS + SINGLE_BITS + 1);
}
