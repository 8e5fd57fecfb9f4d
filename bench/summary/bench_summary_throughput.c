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

/* One replay's figure of all epochs. */
static void sum_up_round(struct bench_summary *out,
			 const struct bench_cell *cell, uint32_t round,
			 const struct replay_clock *clock, double *values)
{
	for (size_t i = 0; i < cell->epochs; i++)
		values[i] =
			bench_round_ns(&cell->epoch[i].replay[round], clock);
	bench_summarize(out, values, cell->epochs);
}

static void set_curve(struct bench_cell_summary *s,
		      const struct replay_clock *clock, double *values)
{
	struct bench_throughput *t = &s->throughput;
	struct bench_summary round;

	t->repeats = s->cell->epoch[0].repeats;
	for (uint32_t i = 0; i < t->repeats; i++) {
		sum_up_round(&round, s->cell, i, clock, values);
		t->curve[i] = round.median;
		if (i == 0)
			t->cold_ns = round;
		if (i == 1)
			t->second_ns = round;
	}
}

/* From the epochs that have them. */
static void set_pressed(struct bench_cell_summary *s,
			const struct replay_clock *clock, double *values)
{
	const struct bench_cell *cell = s->cell;
	struct bench_throughput *t = &s->throughput;

	for (unsigned p = 0; p < REPLAY_PRESSURES; p++) {
		size_t count = 0;

		for (size_t i = 0; i < cell->epochs; i++)
			if (cell->epoch[i].has_pressed)
				values[count++] = bench_epoch_pressed_ns(
					&cell->epoch[i], p, clock);
		t->has_pressed = count > 0;
		if (t->has_pressed)
			bench_summarize(&t->pressed_ns[p], values, count);
	}
}

/* What the pilot saw of one slice, times the slices of a replay. */
static void set_entry(struct bench_cell_summary *s,
		      const struct replay_round *last,
		      const struct replay_clock *clock)
{
	const double entry = s->cell->entry_ticks - clock->cost.mean;

	if (s->cell->entry_ticks <= 0 || last->ticks == 0)
		return;
	s->throughput.entry_share =
		(struct bench_maybe){ true, fmax(entry, 0) *
						    (double)last->slices /
						    (double)last->ticks };
}

static void set_throughput(struct bench_cell_summary *s,
			   const struct replay_clock *clock, double *values)
{
	const struct bench_cell *cell = s->cell;
	const struct replay_time_result *epoch = &cell->epoch[cell->epochs - 1];
	const struct replay_round *last;
	struct bench_throughput *t = &s->throughput;
	struct bench_epochs epochs;

	s->has_throughput = bench_epochs_sum_up(&epochs, cell, clock);
	if (!s->has_throughput)
		return;
	last = &epoch->replay[epoch->repeats - 1];
	t->sampled = epoch->windows > 0;
	t->feed = (enum replay_feed_kind)epoch->feed;
	if (!t->sampled)
		set_curve(s, clock, values);
	set_pressed(s, clock, values);
	set_entry(s, last, clock);
	t->ns = epochs.ns;
	t->windows = epochs.windows;
	t->interval_of_windows = epochs.interval_of_windows;
	t->events = last->events;
	t->covered = epoch->covered;
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
