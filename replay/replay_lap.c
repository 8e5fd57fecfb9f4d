#include "replay_lap.h"

#include "kb_bits.h"
#include "replay_program.h"
#include "replay_steady.h"
#include "replay_tick.h"

#include <stdlib.h>

/* A replay that begins after this much warming up would change nothing, ns. */
#define WARM_NS UINT64_C(100000000)

struct replay_lap {
	struct replay_job job;
	struct replay_program program;

	/* The current slice, and how much of it has been run. */
	struct replay_slice slice;
	size_t done;

	/* An empty trace would make this loop forever. */
	bool any;
};

int replay_lap_new(struct replay_lap **out, const struct replay_job *job)
{
	struct replay_lap *lap = calloc(1, sizeof(*lap));

	*out = lap;
	if (!lap)
		return KB_E_NOMEM;
	lap->job = *job;
	replay_program_init(&lap->program, job->reader, job->feed);
	return 0;
}

void replay_lap_free(struct replay_lap *lap)
{
	if (!lap)
		return;
	replay_program_release(&lap->program);
	free(lap);
}

static int free_all(struct replay_lap *lap, struct kb_diag *diag)
{
	if (lap->job.feed)
		return replay_program_free_left(&lap->program, &lap->job.alloc,
						NULL, diag);
	replay_program_free_held(&lap->program, &lap->job.alloc, NULL);
	return 0;
}

/* Gets the next slice; at the trace's end, the first one again. */
static int refill(struct replay_lap *lap, struct kb_diag *diag)
{
	int err = replay_program_next(&lap->program, &lap->slice, diag);

	if (err == KB_END) {
		if (!lap->any)
			return kb_fail(diag, KB_E_CORRUPT,
				       "the trace has no events");
		err = free_all(lap, diag);
		if (err == 0)
			err = replay_program_rewind(&lap->program, diag);
		if (err == 0)
			err = replay_program_next(&lap->program, &lap->slice,
						  diag);
	}
	lap->done = 0;
	return err;
}

int replay_lap_run(struct replay_lap *lap, uint64_t count, uint64_t *ticks,
		   uint64_t *readings, struct kb_diag *diag)
{
	const struct alloc *alloc = &lap->job.alloc;
	bool use_tsc = lap->job.use_tsc;

	while (count > 0) {
		const struct replay_op *ops;
		uint64_t begin;
		size_t n;
		int err = 0;

		if (lap->done == lap->slice.count)
			err = refill(lap, diag);
		if (err < 0)
			return err;
		n = (size_t)kb_min(count, lap->slice.count - lap->done);
		ops = lap->slice.ops + lap->done;
		begin = replay_tick_begin(use_tsc);
		alloc->vt->run[lap->job.touch](alloc->ctx, ops, n,
					       lap->program.live);
		*ticks += alloc_ran_ticks(alloc,
					  replay_tick_end(use_tsc) - begin);
		(*readings)++;
		if (!lap->job.feed)
			replay_program_mark(&lap->program, ops, n);
		lap->done += n;
		lap->any = true;
		count -= n;
	}
	return 0;
}

int replay_lap_warm(struct replay_lap *lap, struct kb_diag *diag)
{
	const uint64_t events = trc_reader_info(lap->job.reader)->counts.events;
	const uint64_t begin = replay_tick_system();
	double ticks[REPLAY_REPEATS_MAX];
	size_t count = 0;
	int err = 0;

	do {
		uint64_t own = 0, readings = 0;

		err = replay_lap_run(lap,
				     kb_min(events, REPLAY_WARM_EVENTS_MAX),
				     &own, &readings, diag);
		ticks[count++] = (double)own;
	} while (err == 0 && events <= REPLAY_WARM_EVENTS_MAX &&
		 replay_tick_system() - begin < WARM_NS &&
		 !replay_steady_reached(ticks, count, 0));
	return err;
}
