#include "bench_summary_parts.h"

#include <stdlib.h>
#include <string.h>

const struct bench_cell_summary *
bench_summary_find(const struct bench_run_summary *summary, const char *name)
{
	for (size_t i = 0; i < summary->count; i++)
		if (strcmp(summary->cell[i].cell->spec.name, name) == 0)
			return &summary->cell[i];
	return NULL;
}

const struct bench_cell_summary *
bench_summary_base(const struct bench_run_summary *summary, const char *name)
{
	const struct bench_cell_summary *s =
		name ? bench_summary_find(summary, name) : NULL;

	return s ? s : &summary->cell[0];
}

const struct bench_cell_summary *
bench_summary_fastest(const struct bench_run_summary *summary)
{
	const struct bench_cell_summary *best = NULL;

	for (size_t i = 0; i < summary->count; i++) {
		const struct bench_cell_summary *s = &summary->cell[i];

		if (!s->whole || s->cell->status < 0 ||
		    strcmp(s->cell->spec.name, BENCH_HARNESS) == 0)
			continue;
		if (!best ||
		    s->throughput.ns.median < best->throughput.ns.median)
			best = s;
	}
	return best;
}

static bool is_number(const struct bench_cell_summary *s)
{
	return s && s->has_throughput && !s->throughput.below_floor;
}

struct bench_maybe bench_summary_ratio(const struct bench_cell_summary *a,
				       const struct bench_cell_summary *b)
{
	if (!is_number(a) || !is_number(b) || b->throughput.ns.median <= 0 ||
	    a->throughput.covered != b->throughput.covered)
		return (struct bench_maybe){ false, 0 };
	return (struct bench_maybe){ true, a->throughput.ns.median /
						   b->throughput.ns.median };
}

static void set_clock(struct bench_run_summary *out,
		      const struct replay_clock *clock)
{
	out->floor_ns = replay_clock_floor_ns(clock);
	out->error_ns = replay_clock_error_ns(clock);
	out->frozen_error_ns =
		replay_clock_batch_error_ns(clock, REPLAY_FROZEN_BATCH);
}

/* Figures that need all cells' times. */
static void compare(struct bench_run_summary *out)
{
	const struct bench_cell_summary *base, *harness;

	base = bench_summary_find(out, BENCH_BASELINE);
	harness = bench_summary_find(out, BENCH_HARNESS);
	if (is_number(harness))
		out->harness_ns =
			(struct bench_maybe){ true,
					      harness->throughput.ns.median };
	for (size_t i = 0; i < out->count; i++) {
		struct bench_cell_summary *s = &out->cell[i];

		s->ratio = bench_summary_ratio(s, base);
		s->harness_share = bench_summary_ratio(harness, s);
		/* Per event, whatever the kind: the harness takes the same time
		 * for each. */
		if (is_number(s) && out->harness_ns.known)
			s->net_ns = (struct bench_maybe){
				true,
				s->throughput.ns.median - out->harness_ns.value
			};
	}
}

/* True if an allocator reports what it maps. Some report less than they hand
 * out; those figures are not compared. */
static bool maps(const struct bench_cell_summary *s)
{
	const struct replay_count_result *count = s->cell->count;

	return count && count->memory.mapped.peak > 0 &&
	       count->memory.mapped.peak >= count->memory.granted.peak;
}

static uint64_t mapped(const struct bench_cell_summary *s)
{
	return s->cell->count->memory.mapped.peak;
}

static void find_extremes(struct bench_run_summary *out)
{
	for (size_t i = 0; i < out->count; i++) {
		const struct bench_cell_summary *s = &out->cell[i];

		if (s->has_intrusion &&
		    s->intrusion.computed > out->intrusion_max)
			out->intrusion_max = s->intrusion.computed;
		if (!maps(s))
			continue;
		if (!out->maps_least || mapped(s) < mapped(out->maps_least))
			out->maps_least = s;
		if (!out->maps_most || mapped(s) > mapped(out->maps_most))
			out->maps_most = s;
	}
}

static void count_verified(struct bench_run_summary *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = r->cell[i].cell;
		const bool can = !cell->verify || cell->verify->has_memory;

		r->failed += cell->status < 0;
		r->verifiable += can;
		r->verified += can && cell->verify && cell->status == 0;
	}
}

int bench_summary_make(struct bench_run_summary *out,
		       const struct bench_summary_source *source,
		       struct kb_diag *diag)
{
	int err = 0;

	memset(out, 0, sizeof(*out));
	set_clock(out, source->clock);
	out->cell = calloc(source->count + 1, sizeof(*out->cell));
	if (!out->cell)
		return kb_fail(diag, KB_E_NOMEM, "out of memory for figures");
	out->count = source->count;
	for (size_t i = 0; i < source->count && err == 0; i++) {
		struct bench_cell_summary *s = &out->cell[i];

		s->cell = &source->cells[i];
		err = bench_summary_throughput(s, source->clock, diag);
		bench_summary_latency(s, source->clock);
		bench_summary_counts(s, source->ideal);
	}
	if (err < 0)
		return err;
	compare(out);
	find_extremes(out);
	count_verified(out);
	return 0;
}

void bench_summary_release(struct bench_run_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		free(summary->cell[i].epoch);
	free(summary->cell);
	memset(summary, 0, sizeof(*summary));
}
