#include "bench_failing.h"

#include "bench_format.h"
#include "bench_shrink.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A fault that may be looked for in a shorter trace. */
static bool is_found(const struct bench_cell *cell)
{
	const struct bench_failure *f = &cell->failure;

	return cell->status == KB_E_WRONG && f->fault.kind[0] &&
	       f->pass == BENCH_PASS_VERIFY;
}

/* Shown while it runs. */
struct watched {
	struct kb_progress *progress;
	const struct bench_shrink *shrink;
};

static bool watch(uint64_t events, void *user)
{
	const struct watched *w = user;

	(void)events;
	w->progress->done = (size_t)w->shrink->tries;
	kb_progress_tick(w->progress, 0, 1);
	return kb_signal != 0;
}

static void fill_job(const struct bench_failing *f,
		     const struct bench_cell *cell, struct bench_job *job)
{
	const struct bench_settings *settings = f->report->settings;

	*job = (struct bench_job){
		.pass = BENCH_PASS_VERIFY,
		.heap_pages = settings->heap_pages,
		.heap_base = settings->heap_base,
		.touch = settings->touch,
		.cpu = -1,
		.seed = settings->seed,
		.is_mute = true,
		.timeout_ms = (uint32_t)kb_max(
			1, (uint64_t)(settings->timeout_s * 1e3)),
	};
	strcpy(job->trace, f->report->trace->given);
	strcpy(job->alloc, cell->spec.name);
}

static int shrink(const struct bench_failing *f, struct bench_cell *cell,
		  const char *path, struct kb_diag *diag)
{
	const struct bench_trace *trace = f->report->trace;
	struct bench_shrink shrink = {
		.trace = trace,
		.path = trace->path,
		.kind = cell->failure.fault.kind,
		.fault_event = cell->failure.has_event ? cell->failure.event
						       : REPLAY_NO_EVENT,
		.watch = watch,
	};
	struct watched watched = { f->progress, &shrink };
	int err;

	shrink.user = &watched;
	fill_job(f, cell, &shrink.job);
	f->progress->done = 0;
	f->progress->total = BENCH_SHRINK_TRIES;
	kb_progress_step(f->progress, "shortest trace", cell->spec.name);
	err = bench_shrink(&shrink, path, diag);
	if (err == 0 && shrink.events == trace->counts.events)
		unlink(path);
	else if (err == 0)
		cell->failure.trace_events = shrink.events;
	return err;
}

/* Of one allocator, the `i`-th. */
static int write_one(const struct bench_failing *f, size_t i,
		     struct kb_diag *diag)
{
	struct bench_failure *failure = &f->cells[i].failure;
	char safe[ALLOC_NAME_SIZE + 24];
	char *path;
	int err;

	bench_report_component(f->report, i, safe, sizeof(safe));
	if (asprintf(&path, "%s/failing-%s.trc", f->folder, safe) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = shrink(f, &f->cells[i], path, diag);
	if (err == 0 && failure->trace_events > 0)
		snprintf(failure->trace, sizeof(failure->trace),
			 "failing-%s.trc", safe);
	free(path);
	return err;
}

int bench_failing_write(const struct bench_failing *f, struct kb_diag *diag)
{
	struct kb_progress *p = f->progress;
	const double to = p->to;
	int err = 0;

	if (!f->folder)
		return 0;
	kb_progress_part(p, p->shown, (p->shown + to) / 2);
	for (size_t i = 0; i < f->report->count && err == 0; i++) {
		const struct bench_cell *cell = &f->cells[i];

		if (kb_signal)
			err = KB_E_STOPPED;
		else if (is_found(cell) && !cell->failure.by_clock)
			err = write_one(f, i, diag);
	}
	kb_progress_end(p);
	kb_progress_part(p, p->shown, to);
	return err;
}

/* What makes bench verify one allocator as this run did. */
static void write_options(FILE *out, const struct bench_settings *settings,
			  const char *alloc)
{
	if (settings->heap_pages)
		fprintf(out, " --heap-pages %" PRIu32, settings->heap_pages);
	if (settings->heap_base)
		fprintf(out, " --heap-base 0x%" PRIX32, settings->heap_base);
	if (settings->touch != ALLOC_TOUCH_NONE)
		fprintf(out, " --touch %s", bench_touch_name(settings->touch));
	fprintf(out, " --pass verify --alloc ");
	kb_escape_word(out, alloc);
}

static void tell_file(FILE *out, const struct bench_failing *f,
		      const struct bench_cell *cell)
{
	char digits[BENCH_TEXT_SIZE];
	char *path;

	if (asprintf(&path, "%s/%s", f->folder, cell->failure.trace) < 0)
		return;
	fprintf(out, "%s shows the fault in %s event%s: bench --out none",
		cell->failure.trace,
		bench_format_count(digits, cell->failure.trace_events),
		cell->failure.trace_events == 1 ? "" : "s");
	write_options(out, f->report->settings, cell->spec.name);
	fprintf(out, " --trace ");
	kb_escape_word(out, path);
	fprintf(out, "\n");
	free(path);
}

/* For a trace that has a file, which trc reads. */
static void tell_command(FILE *out, const struct bench_failing *f,
			 const struct bench_cell *cell)
{
	const struct bench_trace *trace = f->report->trace;

	if (cell->failure.by_clock)
		fprintf(out, "A clock found the hang, so bench looks for no "
			     "shorter trace; to make one:");
	else
		fprintf(out, "To make the shortest trace that shows the "
			     "fault:");
	fprintf(out, " trc minimize --status 5 ");
	kb_escape_word(out, trace->sample[0] ? trace->sample : trace->given);
	fprintf(out, " failing.trc -- bench --out none");
	if (cell->failure.by_clock)
		fprintf(out, " --timeout 2");
	write_options(out, f->report->settings, cell->spec.name);
	fprintf(out, " --trace {}\n");
}

void bench_failing_tell(FILE *out, const struct bench_failing *f)
{
	for (size_t i = 0; i < f->report->count; i++) {
		const struct bench_cell *cell = &f->cells[i];

		if (!is_found(cell))
			continue;
		if (cell->failure.trace[0])
			tell_file(out, f, cell);
		else if (f->report->trace->has_name &&
			 (!f->folder || cell->failure.by_clock))
			tell_command(out, f, cell);
	}
}
