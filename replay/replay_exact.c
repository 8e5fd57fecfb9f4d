#include "replay_exact.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

const char *replay_exact_name(enum replay_exact_kind kind)
{
	static const char *const names[] = {
#define X(name, help) #name,
		REPLAY_EXACT_KINDS(X)
#undef X
	};

	return names[kind];
}

void replay_exact_add(struct replay_exact *exact, enum replay_exact_kind kind,
		      uint64_t steps)
{
	struct replay_tally *tally = &exact->of[kind];
	const uint32_t i = (uint32_t)kb_min(steps, REPLAY_EXACT_VALUES - 1);

	tally->lookups++;
	tally->at[i]++;
	tally->max = (uint32_t)kb_max(tally->max, i);
}

void replay_exact_add_row(struct replay_exact *exact, uint64_t row,
			  uint64_t nodes)
{
	const uint32_t i = (uint32_t)kb_min(row, REPLAY_EXACT_VALUES - 1);

	exact->rows = (uint32_t)kb_max(exact->rows, i + 1);
	exact->row_lookups[i]++;
	exact->row_nodes[i] += nodes;
}

uint32_t replay_exact_quantile(const struct replay_tally *tally, unsigned share)
{
	/* No product that could overflow. */
	const uint64_t whole = tally->lookups / 10000 * share;
	const uint64_t rank =
		whole + kb_div_up(tally->lookups % 10000 * share, 10000);
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < tally->max; i++) {
		seen += tally->at[i];
		if (seen >= rank)
			break;
	}
	return i;
}

struct replay_exact *replay_exact_copy(const struct replay_exact *from)
{
	struct replay_exact *to = calloc(1, sizeof(*to));

	if (!to)
		return NULL;
	for (unsigned k = 0; k < REPLAY_EXACT_COUNT; k++) {
		const struct replay_tally *tally = &from->of[k];
		const uint32_t max =
			(uint32_t)kb_min(tally->max, REPLAY_EXACT_VALUES - 1);

		to->of[k].lookups = tally->lookups;
		to->of[k].max = max;
		memcpy(to->of[k].at, tally->at,
		       ((size_t)max + 1) * sizeof(tally->at[0]));
	}
	to->rows = (uint32_t)kb_min(from->rows, REPLAY_EXACT_VALUES);
	memcpy(to->row_lookups, from->row_lookups,
	       to->rows * sizeof(to->row_lookups[0]));
	memcpy(to->row_nodes, from->row_nodes,
	       to->rows * sizeof(to->row_nodes[0]));
	return to;
}
