#include "bench_summary_parts.h"

#include "bench_epochs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An epoch with this many more page faults than the median one is noisy: both
 * limits must be exceeded. */
#define FAULTS_MORE	  16
#define FAULTS_MORE_SHARE 0.1

/* More page faults than this are not the allocator's own. `values` has room for
 * one number per epoch. */
static double usual_faults(const struct bench_cell *cell, double *values)
{
	struct bench_summary s;

	for (size_t i = 0; i < cell->epochs; i++)
		values[i] = (double)cell->epoch[i].faults;
	bench_summarize(&s, values, cell->epochs);
	return fmax(s.median + FAULTS_MORE, s.median * (1 + FAULTS_MORE_SHARE));
}

static unsigned contamination(const struct replay_time_result *epoch,
			      double faults)
{
	return (epoch->preemptions ? BENCH_PREEMPTED : 0u) |
	       (epoch->steal_ms ? BENCH_STOLEN : 0u) |
	       ((double)epoch->faults > faults ? BENCH_FAULTED : 0u);
}

static void set_epochs(struct bench_cell_summary *s,
		       const struct replay_clock *clock, double *values)
{
	const struct bench_cell *cell = s->cell;
	const double faults = usual_faults(cell, values);

	for (size_t i = 0; i < cell->epochs; i++)
		s->epoch[i] = (struct bench_epoch){
			.ns = bench_epoch_ns(&cell->epoch[i], clock),
			.contamination = contamination(&cell->epoch[i], faults),
		};
}

static void judge_contamination(struct bench_cell_summary *s, double *values)
{
	struct bench_throughput *t = &s->throughput;
	size_t clean = 0;

	for (size_t i = 0; i < s->cell->epochs; i++) {
		const struct bench_epoch *epoch = &s->epoch[i];

		t->preempted += (epoch->contamination & BENCH_PREEMPTED) != 0;
		t->stolen += (epoch->contamination & BENCH_STOLEN) != 0;
		t->faulted += (epoch->contamination & BENCH_FAULTED) != 0;
		t->contaminated += epoch->contamination != 0;
		if (!epoch->contamination)
			values[clean++] = epoch->ns;
	}
	bench_summarize(&t->clean_ns, values, clean);
}

static void set_throughput(struct bench_cell_summary *s,
			   const struct replay_clock *clock, double *values)
{
	const struct bench_cell *cell = s->cell;
	const struct replay_time_result *last = &cell->epoch[cell->epochs - 1];
	struct bench_throughput *t = &s->throughput;
	struct bench_epochs epochs;

	s->has_throughput = bench_epochs_sum_up(&epochs, cell, clock);
	if (!s->has_throughput)
		return;
	for (size_t i = 0; i < cell->epochs; i++)
		values[i] = bench_epoch_cold_ns(&cell->epoch[i], clock);
	bench_summarize(&t->cold_ns, values, cell->epochs);
	t->ns = epochs.ns;
	t->windows = epochs.windows;
	t->interval_of_windows = epochs.interval_of_windows;
	t->events = last->events;
	t->covered = last->covered;
	t->sampled = last->windows > 0;
	t->floor_ns = BENCH_FLOOR_ERRORS * replay_clock_error_ns(clock) *
		      (double)last->slices / (double)last->events;
	t->below_floor = t->ns.median < t->floor_ns;
	s->whole = !t->below_floor && t->ns.median > 0 && cell->trace &&
		   t->covered == cell->trace->counts.events;
	judge_contamination(s, values);
}

int bench_summary_throughput(struct bench_cell_summary *s,
			     const struct replay_clock *clock,
			     struct kb_diag *diag)
{
	const size_t epochs = s->cell->epochs;
	double *values;

	if (epochs == 0)
		return 0;
	values = malloc(epochs * sizeof(*values));
	s->epoch = malloc(epochs * sizeof(*s->epoch));
	if (values && s->epoch) {
		set_epochs(s, clock, values);
		set_throughput(s, clock, values);
	}
	free(values);
	return values && s->epoch
		       ? 0
		       : kb_fail(diag, KB_E_NOMEM, "out of memory for figures");
}
