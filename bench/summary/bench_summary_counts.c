#include "bench_summary_parts.h"

#include <math.h>

static struct bench_maybe known(double value)
{
	return (struct bench_maybe){ true, value };
}

static struct bench_maybe ratio(struct bench_maybe a, struct bench_maybe b)
{
	if (!a.known || !b.known || b.value <= 0)
		return (struct bench_maybe){ false, 0 };
	return known(a.value / b.value);
}

/* The share of the whole that the part does not cover. */
static struct bench_maybe uncovered(struct bench_maybe whole,
				    struct bench_maybe part)
{
	struct bench_maybe covered = ratio(part, whole);

	if (!covered.known || part.value > whole.value)
		return (struct bench_maybe){ false, 0 };
	return known(1 - covered.value);
}

static struct bench_maybe counter(const struct bench_cell *cell,
				  const char *name)
{
	uint64_t value;

	if (!bench_cell_counter(cell, name, &value))
		return (struct bench_maybe){ false, 0 };
	return known((double)value);
}

static struct bench_maybe mean_of(const struct replay_span *span)
{
	if (span->count == 0)
		return (struct bench_maybe){ false, 0 };
	return known((double)span->sum / (double)span->count);
}

static struct bench_maybe end_of(const struct replay_span *span)
{
	return (struct bench_maybe){ span->count > 0, (double)span->end };
}

static struct bench_maybe peak_of(const struct replay_span *span)
{
	return (struct bench_maybe){ span->count > 0, (double)span->peak };
}

static void set_memory(struct bench_memory *out, const struct replay_memory *m)
{
#define X(name, help) out->mean_##name = mean_of(&m->name);
	REPLAY_MEMORY(X)
#undef X
	out->mapped_ratio = ratio(peak_of(&m->mapped), peak_of(&m->requested));
	out->mean_waste = (struct bench_waste){
		uncovered(out->mean_granted, out->mean_requested),
		uncovered(out->mean_mapped, out->mean_granted),
		uncovered(out->mean_free, out->mean_largest),
	};
	out->end_waste = (struct bench_waste){
		uncovered(end_of(&m->granted), end_of(&m->requested)),
		uncovered(end_of(&m->mapped), end_of(&m->granted)),
		uncovered(end_of(&m->free), end_of(&m->largest)),
	};
}

static void set_quantiles(struct bench_step_quantiles *out,
			  const struct replay_tally *tally)
{
#define X(name, q) \
	out->name = replay_exact_quantile(tally, (unsigned)lround((q)*10000));
	BENCH_QUANTILES(X)
#undef X
}

static struct bench_maybe index_bytes(const struct bench_cell *cell)
{
	uint64_t bytes, live;

	if (!bench_cell_counter(cell, "lookup_bytes_peak", &bytes) ||
	    !bench_cell_counter(cell, "live_max", &live) || live == 0)
		return (struct bench_maybe){ false, 0 };
	return known(round(1000.0 * (double)bytes / (double)live) / 1000);
}

void bench_summary_counts(struct bench_cell_summary *s,
			  const struct bench_ideal *ideal)
{
	const struct bench_cell *cell = s->cell;
	const struct bench_maybe lookups = counter(cell, "lookups");

#define X(name) s->steps.name = ratio(counter(cell, #name), lookups);
	BENCH_STEPS(X)
#undef X
	s->index_bytes = index_bytes(cell);
	if (cell->count)
		set_memory(&s->memory, &cell->count->memory);
	if (cell->count && ideal)
		s->mapped_ratio = ratio(peak_of(&cell->count->memory.mapped),
					peak_of(&ideal->requested));
	for (unsigned k = 0; cell->exact && k < REPLAY_EXACT_COUNT; k++)
		if (cell->exact->of[k].lookups > 0)
			set_quantiles(&s->quantiles[k], &cell->exact->of[k]);
}
