#include "bench_target.h"

#include "alloc_spec.h"
#include "bench_process.h"

static int open_trace(struct replay_job *job, const struct bench_target *target,
		      struct kb_diag *diag)
{
	const enum trc_columns columns =
		target->all_columns ? TRC_COLUMNS_ALL : TRC_COLUMNS_REPLAY;

	if (target->trace_fd)
		return trc_reader_open_fd(&job->reader, target->trace_fd,
					  target->trace, columns, diag);
	return trc_reader_open(&job->reader, target->trace, columns, diag);
}

static int open_feed(struct replay_job *job, const struct bench_target *target,
		     struct kb_diag *diag)
{
	const struct replay_feed_config config = { .cpu = target->ahead_cpu };

	if (!target->timed)
		return 0;
	return replay_feed_open(&job->feed, job->reader, &config, diag);
}

int bench_target_open(struct replay_job *job, const struct bench_target *target,
		      struct kb_diag *diag)
{
	struct alloc_spec spec;
	struct alloc_config config = {
		.spec = &spec,
		.heap_base = target->heap_base,
		.heap_pages = target->heap_pages,
		.walk = target->walk,
		.checked = target->checked,
		.use_tsc = job->use_tsc,
		.report = target->report,
	};
	int err;

	err = alloc_spec_parse(&spec, target->alloc, diag);
	if (err < 0)
		return err;
	if (spec.ops->foreign)
		bench_process_limit_memory();
	err = open_trace(job, target, diag);
	if (err == 0)
		err = open_feed(job, target, diag);
	if (err < 0)
		return err;
	return alloc_open(&job->alloc, &config, diag);
}

void bench_target_close(struct replay_job *job)
{
	alloc_close(&job->alloc);
	replay_feed_close(job->feed);
	job->feed = NULL;
	trc_reader_close(job->reader);
	job->reader = NULL;
}
