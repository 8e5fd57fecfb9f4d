#include "bench_cell.h"

#include <stdlib.h>
#include <string.h>

enum bench_judgement bench_cell_judgement(const struct bench_cell *cell)
{
	const struct bench_failure *f = &cell->failure;

	if (!cell->spec.ops->foreign)
		return BENCH_JUDGED_NONE;
	if (f->fault.kind[0])
		return f->fault.judged ? BENCH_JUDGED_WRONG : BENCH_JUDGED_NOT;
	if (cell->status < 0)
		return BENCH_JUDGED_WRONG;
	if (cell->partial)
		return BENCH_JUDGED_NOT;
	return cell->verify ? BENCH_JUDGED_RIGHT : BENCH_JUDGED_NONE;
}

void bench_cell_release(struct bench_cell *cell)
{
	free(cell->verify);
	free(cell->count);
	free(cell->exact);
	free(cell->latency);
	free(cell->epoch);
	memset(cell, 0, sizeof(*cell));
}

static void merge_laps(struct replay_laps *into, const struct replay_laps *from)
{
	into->laps += from->laps;
	into->ticks += from->ticks;
	if (into->best_ticks == 0 ||
	    (from->best_ticks && from->best_ticks < into->best_ticks))
		into->best_ticks = from->best_ticks;
}

void bench_latency_merge(struct replay_latency_result *into,
			 const struct replay_latency_result *from)
{
	for (size_t i = 0; i < REPLAY_SERIES_COUNT; i++) {
		replay_hist_merge(&into->series[i].weighted,
				  &from->series[i].weighted);
		replay_hist_merge(&into->series[i].plain,
				  &from->series[i].plain);
		into->series[i].preempted += from->series[i].preempted;
	}
	replay_hist_merge(&into->frozen.cold, &from->frozen.cold);
	replay_hist_merge(&into->frozen.warm, &from->frozen.warm);
	into->frozen.places += from->frozen.places;
	for (uint32_t i = 0;
	     i < from->samples && into->samples < REPLAY_SAMPLES_MAX; i++)
		into->sample[into->samples++] = from->sample[i];
	merge_laps(&into->probed, &from->probed);
	merge_laps(&into->plain, &from->plain);
	into->pairs += from->pairs;
}

bool bench_cell_counter(const struct bench_cell *cell, const char *name,
			uint64_t *value)
{
	const struct replay_counter *counter;

	if (!cell->count)
		return false;
	counter = replay_counters_find(&cell->count->counters, name);
	if (!counter)
		return false;
	*value = counter->value;
	return true;
}
