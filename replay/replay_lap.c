#include "replay_lap.h"

#include "kb_bits.h"
#include "replay_program.h"
#include "replay_tick.h"

#include <stdlib.h>

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
	replay_program_init(&lap->program, job->reader);
	return 0;
}

void replay_lap_free(struct replay_lap *lap)
{
	if (!lap)
		return;
	replay_program_release(&lap->program);
	free(lap);
}

/* Gets the next slice; at the trace's end, the first one again. */
static int refill(struct replay_lap *lap, struct kb_diag *diag)
{
	int err = replay_program_next(&lap->program, &lap->slice, diag);

	if (err == KB_END) {
		if (!lap->any)
			return kb_fail(diag, KB_E_CORRUPT,
				       "the trace has no events");
		replay_program_free_held(&lap->program, &lap->job.alloc, NULL);
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
		*ticks += replay_tick_end(use_tsc) - begin;
		(*readings)++;
		replay_program_mark(&lap->program, ops, n);
		lap->done += n;
		lap->any = true;
		count -= n;
	}
	return 0;
}
