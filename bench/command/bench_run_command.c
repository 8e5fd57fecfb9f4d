/*
 * bench without a command: replays traces into allocators and reports. This
 * file ties the parts together: measure (bench_run.c), read the trace for
 * everything that needs no clock (bench_analysis_read.c), sum up
 * (bench_summary.c), write (bench/report).
 */
#include "alloc_list.h"
#include "bench_analysis_read.h"
#include "bench_benchfmt.h"
#include "bench_commands.h"
#include "bench_failing.h"
#include "bench_folder.h"
#include "bench_format.h"
#include "bench_gbench.h"
#include "bench_micro.h"
#include "bench_hgrm.h"
#include "bench_html.h"
#include "bench_live.h"
#include "bench_options.h"
#include "bench_process.h"
#include "bench_data.h"
#include "bench_table.h"
#include "kb_escape.h"
#include "kb_out.h"
#include "kb_json.h"
#include "bench_plot.h"
#include "bench_report.h"
#include "bench_run.h"
#include "bench_trace_open.h"
#include "kb_terminal.h"
#include "kb_signal.h"
#include "kb_version.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What drawing all figures takes, roughly, ns. */
#define FIGURES_NS 2.5e9

/* One trace of a run, with its cells. */
struct job {
	struct bench_trace trace;
	struct bench_cell *cells;
	size_t count;
	struct alloc_spec *specs;

	/* NULL without the pass count. */
	struct bench_analysis *analysis;
	struct bench_run_summary summary;

	/* The results folder; NULL for none. */
	char *folder;

	/* Its part of the session, shares from 0 to 1. */
	double from;
	double to;
};

/* A run over all traces. */
struct session {
	struct bench_options opts;
	struct bench_env env;
	struct replay_clock clock;
	struct kb_progress progress;
	struct job *jobs;
	struct bench_report *reports;

	/* Traces that have a report. */
	size_t done;
	bool any_wrong;

	/* An allocator that could not be judged, and so not replayed. */
	bool any_unjudged;

	/* A picture could not be drawn or written. */
	bool any_undrawn;
};

static int complain(const struct kb_diag *diag)
{
	return kb_complain_diag("bench", diag);
}

/* Ends an allocator's line with its library's version, or why that is
 * missing. */
static void list_version(FILE *out, const struct alloc_ops *ops)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (alloc_available(ops, &diag) < 0)
		fprintf(out, ", %s\n", diag.text);
	else if (ops->version)
		fprintf(out, ", %s\n", ops->version());
	else
		fprintf(out, "\n");
}

struct samples {
	FILE *out;
	size_t count;
};

static void list_sample(const char *name, void *user)
{
	struct samples *s = user;

	fprintf(s->out, "%s%s", s->count++ ? ", " : "  ", name);
}

/* By name, wherever bench is run. */
static void list_samples(FILE *out)
{
	char *folder = bench_data_folder("traces");
	struct samples s = { .out = out };

	fprintf(out, "\nSample traces (--trace NAME; in %s)\n",
		folder ? folder : "traces");
	bench_data_samples(list_sample, &s);
	fprintf(out, "\n");
	free(folder);
}

static void write_list(FILE *out, const void *user)
{
	(void)user;
	fprintf(out,
		"Allocators (--alloc NAME[:KEY=VALUE,...]; a key's first value "
		"is its default)\n");
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		const struct alloc_key *key = (*o)->keys;

		fprintf(out, "  %-10s %s", (*o)->name, (*o)->help);
		list_version(out, *o);
		for (; key && key->name; key++) {
			fprintf(out, "    %s=", key->name);
			for (size_t i = 0; key->value(i); i++)
				fprintf(out, "%s%s", i ? "|" : "",
					key->value(i));
			fprintf(out, "  %s\n", key->help);
		}
	}
	fprintf(out,
		"\nPasses (--pass LIST)\n"
		"  verify      a shadow model agrees at every event\n"
		"  count       exact integer counters, untimed\n"
		"  throughput  ns per event with its 95%% interval\n"
		"  latency     kfree and lookup, operation by operation\n");
	list_samples(out);
}

static int list_everything(void)
{
	kb_terminal_print(stdout, kb_terminal_columns(0), write_list, NULL);
	return KB_EXIT_GOOD;
}

/* --benchmark_list_tests: the cells' names, and nothing is measured. */
static bool only_lists(const struct bench_options *opts)
{
	bool lists = false;

	for (int i = 1; i < opts->gbench_argc; i++) {
		const char *arg = opts->gbench_argv[i];

		if (strncmp(arg, "--benchmark_list_tests", 22) == 0)
			lists = strcmp(arg + 22, "=false") != 0;
	}
	return lists;
}

/* Another trace may have the same name: folders must not meet. */
static bool folder_is_taken(const struct session *s, const struct job *job)
{
	for (const struct job *other = s->jobs; other < job; other++)
		if (other->folder && strcmp(other->folder, job->folder) == 0)
			return true;
	return false;
}

static int choose_folder(struct session *s, struct job *job,
			 struct kb_diag *diag)
{
	const char *parent = s->opts.out ? s->opts.out : "results";
	int n;

	if (s->opts.out && s->opts.traces.count == 1)
		n = asprintf(&job->folder, "%s", parent);
	else
		n = asprintf(&job->folder, "%s/%s", parent, job->trace.name);
	if (n < 0) {
		job->folder = NULL;
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	if (folder_is_taken(s, job))
		return kb_fail(diag, KB_E_ARG,
			       "two traces would write to '%s'; run them one "
			       "by one with --out",
			       job->folder);
	return kb_out_check_folder(job->folder, diag);
}

/* Before anything is measured: a collision should not cost a run. */
static int choose_folders(struct session *s, struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < s->opts.traces.count; i++) {
		bench_trace_set_names(&s->jobs[i].trace,
				      s->opts.traces.word[i]);
		s->jobs[i].trace.fd = -1;
	}
	if (s->opts.no_out || only_lists(&s->opts))
		return 0;
	for (size_t i = 0; i < s->opts.traces.count && err == 0; i++)
		err = choose_folder(s, &s->jobs[i], diag);
	return err;
}

static int out_of_memory(void)
{
	kb_complain("bench", "out of memory");
	return KB_EXIT_USAGE;
}

/* Google Benchmark's options may select only some of the cells. Returns an exit
 * status. */
static int choose_cells(struct session *s, struct job *job)
{
	const struct bench_options *opts = &s->opts;
	size_t count = opts->alloc_count;

	job->specs = malloc(count * sizeof(*job->specs));
	job->cells = calloc(count + 1, sizeof(*job->cells));
	if (!job->specs || !job->cells)
		return out_of_memory();
	memcpy(job->specs, opts->allocs, count * sizeof(*job->specs));
	if (opts->gbench_argc > 1 &&
	    bench_gbench_filter(opts->gbench_argc, opts->gbench_argv,
				&job->trace, job->specs, &count) != 0)
		return KB_EXIT_USAGE;
	for (size_t i = 0; i < count; i++) {
		job->cells[i].trace = &job->trace;
		job->cells[i].spec = job->specs[i];
	}
	job->count = count;
	if (count)
		return KB_EXIT_GOOD;
	kb_complain("bench",
		    "--benchmark_filter matches nothing in '%s'; names are "
		    "like '%s/%s'",
		    job->trace.given, job->trace.file, opts->allocs[0].name);
	return KB_EXIT_USAGE;
}

/* Whether any result depends on the clock. */
static bool is_timed(const struct bench_options *opts)
{
	return opts->settings.passes & BENCH_PASS_TIMED;
}

/* If a format for programs goes to stdout, the table is omitted. */
static bool stdout_is_taken(const struct bench_options *opts)
{
	return bench_options_stdout_is_taken(opts) || opts->csv ||
	       opts->markdown;
}

static int write_table(const struct bench_report *report, const char *folder,
		       struct kb_diag *diag)
{
	struct kb_out out;
	int err = kb_out_open_in(&out, folder, "table.txt", diag);

	if (err < 0)
		return err;
	if (bench_wide_write(out.stream, report, 0, false) < 0)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory for the table");
	return kb_out_end(&out, err, diag);
}

static json_t *document_of(const struct bench_report *reports, size_t count)
{
	json_t *results = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *own = bench_json_results(&reports[i]);

		json_array_extend(results, own);
		json_decref(own);
	}
	return json_pack("{s:o, s:o}", "context",
			 bench_json_context(&reports[0]), "results", results);
}

/* Writes the reports as one document; as kb_json_write. */
static int write_json(const struct bench_report *reports, size_t count,
		      const char *folder, const char *name,
		      struct kb_diag *diag)
{
	json_t *document = document_of(reports, count);
	int err = kb_json_write(folder, name, document, JSON_REAL_PRECISION(12),
				diag);

	json_decref(document);
	return err;
}

static int clear_folder(const char *folder, struct kb_diag *diag)
{
	const int err = kb_out_make_folder(folder, diag);

	return err == 0 ? bench_folder_clear(folder, diag) : err;
}

static int write_folder(const struct bench_report *report, const char *folder,
			struct kb_diag *diag)
{
	int err;

	err = write_json(report, 1, folder, "results.json", diag);
	if (err == 0)
		err = write_table(report, folder, diag);
	if (err == 0)
		err = bench_tsv_write(report, folder, diag);
	if (err == 0)
		err = bench_hgrm_write(report, folder, diag);
	return err;
}

/* Draws the figures. A picture that cannot be drawn or written does not end the
 * run, for the numbers exist, but its exit status is then a failure; if there
 * is no gnuplot at all, the run only says so. */
static void draw_figures(struct session *s, const char *folder)
{
	const struct bench_plot_job job = { .folder = folder,
					    .progress = &s->progress };
	struct kb_diag diag;
	size_t drawn = 0;
	int err;

	if (s->opts.no_plots || kb_signal)
		return;
	kb_diag_init(&diag);
	err = bench_plot(&job, &drawn, &diag);
	if (err < 0)
		complain(&diag);
	s->any_undrawn |= err < 0 && err != KB_E_ENVIRONMENT;
}

/* The event of the longest search, as trc print numbers it; false if no search was
 * counted. */
static bool longest_search(const struct bench_report *report, uint64_t *event)
{
	const struct replay_count_result *count = report->cells[0].count;
	uint64_t most = 0;

	for (uint32_t i = 0; count && i < count->marks.dearest; i++) {
		const struct replay_dear *d = &count->marks.dear[i];

		if (d->nodes > most) {
			most = d->nodes;
			*event = d->event;
		}
	}
	return most > 0;
}

/* The last line: what to do with the results. */
static void tell_next(const struct session *s,
		      const struct bench_report *report, const struct job *job)
{
	uint64_t event;

	printf("%sNext: ", job->folder ? "" : "\n");
	if (job->folder) {
		printf("open ");
		bench_html_link(stdout, job->folder);
		printf("\n");
		return;
	}
	if (longest_search(report, &event) && !s->opts.verbose)
		printf("bench show --trace %s --at %" PRIu64
		       " (longest search); -v for more\n",
		       report->trace->given, event + 1);
	else if (!s->opts.verbose)
		printf("-v prints all figures; --out DIR draws them\n");
	else
		printf("--out DIR writes a report with figures\n");
}

/* Prints the table of a run that is over. */
static int print_table(const struct session *s,
		       const struct bench_report *report,
		       struct bench_live *live)
{
	const size_t columns =
		live->columns ? live->columns : BENCH_TABLE_COLUMNS;
	int err;

	if (s->opts.markdown)
		return bench_table_markdown(stdout, report);
	if (stdout_is_taken(&s->opts))
		return 0;
	if (s->opts.verbose) {
		err = bench_wide_write(stdout, report, live->columns,
				       live->color);
	} else {
		err = bench_table_write(stdout, report, columns, live->color);
		bench_facts_wrap(stdout, report, false, columns);
	}
	fflush(stdout);
	return err;
}

static struct bench_failing failing_of(struct session *s,
				       const struct bench_report *report,
				       const struct job *job)
{
	return (struct bench_failing){ .report = report,
				       .cells = job->cells,
				       .folder = job->folder,
				       .progress = &s->progress };
}

/* The report says where they are. One that cannot be made does not end the run. */
static void write_failing(struct session *s, const struct bench_report *report,
			  const struct job *job)
{
	const struct bench_failing failing = failing_of(s, report, job);
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = bench_failing_write(&failing, &diag);
	if (err < 0 && err != KB_E_STOPPED)
		complain(&diag);
	s->any_undrawn |= err < 0 && err != KB_E_STOPPED;
}

/* Writes the results folder, with its page. Returns an exit status. */
static int fill_folder(struct session *s, const struct bench_report *report,
		       const struct job *job)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (clear_folder(job->folder, &diag) < 0)
		return complain(&diag);
	write_failing(s, report, job);
	if (write_folder(report, job->folder, &diag) < 0)
		return complain(&diag);
	kb_progress_part(&s->progress, s->progress.shown, s->progress.to);
	s->progress.total = bench_plot_count(job->folder);
	draw_figures(s, job->folder);
	kb_progress_end(&s->progress);
	return bench_html_write(report, 1, job->folder, &diag) < 0
		       ? complain(&diag)
		       : KB_EXIT_GOOD;
}

/* Writes and prints one trace's report. Returns an exit status. */
static int report_job(struct session *s, const struct bench_report *report,
		      const struct job *job, struct bench_live *live)
{
	struct bench_failing failing;
	int status = KB_EXIT_GOOD;
	int printed = print_table(s, report, live);

	if (job->folder)
		status = fill_folder(s, report, job);
	if (printed < 0) {
		kb_complain("bench", "out of memory for the table");
		return KB_EXIT_USAGE;
	}
	if (status == KB_EXIT_GOOD && !stdout_is_taken(&s->opts)) {
		if (job->folder)
			printf("\nWritten to %s/: report.html, results.json, "
			       "table.txt, *.tsv%s\n",
			       job->folder,
			       s->opts.no_plots ? "" : ", figures/");
		failing = failing_of(s, report, job);
		bench_failing_tell(stdout, &failing);
		if (s->opts.traces.count == 1)
			tell_next(s, report, job);
		else
			printf("\n");
	}
	return status;
}

/* Several traces have one page for all of them, next to their folders. */
static int report_all(const struct session *s)
{
	const char *parent = s->opts.out ? s->opts.out : "results";
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (s->opts.traces.count < 2 || s->done == 0 || !s->jobs[0].folder)
		return KB_EXIT_GOOD;
	if (bench_html_write(s->reports, s->done, parent, &diag) < 0)
		return complain(&diag);
	if (!stdout_is_taken(&s->opts)) {
		printf("Next: open ");
		bench_html_link(stdout, parent);
		printf("\n");
	}
	return KB_EXIT_GOOD;
}

/* Results that need no clock go with the pass count. */
static int analyse(const struct session *s, struct job *job,
		   struct kb_diag *diag)
{
	const struct bench_analysis_job what = { .settings = &s->opts.settings,
						 .trace = &job->trace,
						 .cells = job->cells,
						 .count = job->count,
						 .whole = job->folder != NULL };

	if (!(s->opts.settings.passes & BENCH_PASS_COUNT))
		return 0;
	job->analysis = malloc(sizeof(*job->analysis));
	if (!job->analysis)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return bench_analysis_read(job->analysis, &what, diag);
}

static int sum_up(const struct session *s, struct job *job,
		  struct kb_diag *diag)
{
	const struct bench_summary_source source = {
		.cells = job->cells,
		.count = job->count,
		.clock = &s->clock,
		.ideal = job->analysis ? &job->analysis->ideal : NULL,
	};

	return bench_summary_make(&job->summary, &source, diag);
}

/* The report, but for the analysis. */
static struct bench_report report_of(const struct session *s,
				     const struct job *job)
{
	return (struct bench_report){ .settings = &s->opts.settings,
				      .env = &s->env,
				      .clock = &s->clock,
				      .trace = &job->trace,
				      .cells = job->cells,
				      .count = job->count,
				      .baseline = s->opts.baseline[0]
							  ? s->opts.baseline
							  : NULL,
				      .summary = &job->summary,
				      .skipped = s->opts.skipped,
				      .skipped_count = s->opts.skipped_count };
}

/* Told once per trace, after it has run: what does not keep plugins from the machine
 * here. */
static void tell_open(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->cells[i].in_the_open) {
			kb_complain("bench",
				    "note: the kernel gives plugins no "
				    "namespaces of their own here; the filter "
				    "of system calls and the limits hold");
			return;
		}
}

/* Measures one trace and reports it. Returns an exit status. */
static int run_job(struct session *s, struct job *job, struct kb_diag *diag)
{
	struct bench_report *report = &s->reports[s->done];
	const bool prints = !stdout_is_taken(&s->opts);
	struct bench_live live;
	struct bench_run run = { .settings = &s->opts.settings,
				 .trace = &job->trace,
				 .clock = &s->clock,
				 .progress = &s->progress,
				 .cells = job->cells,
				 .count = job->count,
				 .cpu = s->env.pinned_cpu,
				 .on_result = prints ? bench_live_tell : NULL,
				 .user = &live,
				 .after_ns = job->folder && !s->opts.no_plots
						     ? FIGURES_NS
						     : 0 };
	int err;

	/* A wrong --cpu is told before anything is shown. */
	if (is_timed(&s->opts) &&
	    bench_process_can_pin(s->opts.settings.cpu, diag) < 0)
		return complain(diag);
	*report = report_of(s, job);
	bench_live_begin(&live, report);
	kb_progress_part(&s->progress, job->from, job->to);
	err = bench_run(&run, diag);
	if (prints && live.titled)
		bench_live_wipe(&live);
	if (err < 0 && err != KB_E_STOPPED)
		return complain(diag);
	tell_open(job);
	err = analyse(s, job, diag);
	if (bench_trace_judge(&job->trace, err, diag) < 0)
		return complain(diag);
	if (is_timed(&s->opts) && replay_clock_calibrate(&s->clock, diag) < 0)
		return complain(diag);
	if (sum_up(s, job, diag) < 0)
		return complain(diag);
	report->analysis = job->analysis;
	s->done++;
	for (size_t i = 0; i < job->count; i++) {
		const int status = job->cells[i].status;

		s->any_unjudged |= status == KB_E_UNSUPPORTED;
		s->any_wrong |= status < 0 && status != KB_E_UNSUPPORTED;
	}
	if (prints)
		bench_live_end(&live);
	return report_job(s, report, job, &live);
}

static void list_cells(const struct job *job)
{
	char name[512];

	for (size_t i = 0; i < job->count; i++) {
		bench_gbench_name(name, sizeof(name), &job->trace,
				  &job->cells[i].spec);
		printf("%s\n", name);
	}
}

static int run_trace(struct session *s, const char *given)
{
	struct job *job = &s->jobs[s->done];
	struct kb_diag diag;
	int status;

	kb_diag_init(&diag);
	if (bench_commands_open(&job->trace, given, &diag) < 0)
		return kb_signal ? KB_EXIT_GOOD : complain(&diag);
	job->trace.beside = &s->opts.files;
	status = choose_cells(s, job);
	if (status != KB_EXIT_GOOD)
		return status;
	if (only_lists(&s->opts)) {
		list_cells(job);
		return KB_EXIT_GOOD;
	}
	return run_job(s, job, &diag);
}

/* All traces' epochs in one file, or on stdout. */
static int write_benchfmt(const struct session *s, struct kb_diag *diag)
{
	struct kb_out out;
	int err;

	if (strcmp(s->opts.benchfmt, "-") == 0) {
		bench_benchfmt_write(stdout, s->reports, s->done);
		return 0;
	}
	err = kb_out_open(&out, s->opts.benchfmt, diag);
	if (err < 0)
		return err;
	bench_benchfmt_write(out.stream, s->reports, s->done);
	return kb_out_commit(&out, diag);
}

/* Everything after the measurements. Returns an exit status. */
static int finish_session(struct session *s, int status)
{
	struct kb_diag diag;
	int own = KB_EXIT_GOOD;

	kb_diag_init(&diag);
	if (s->done && s->opts.json &&
	    write_json(s->reports, s->done, NULL, s->opts.json, &diag) < 0)
		own = complain(&diag);
	if (own == KB_EXIT_GOOD)
		own = report_all(s);
	if (own == KB_EXIT_GOOD && s->done && s->opts.benchfmt &&
	    write_benchfmt(s, &diag) < 0)
		own = complain(&diag);
	if (s->done && s->opts.csv)
		bench_csv_write(stdout, s->reports, s->done);
	if (status == KB_EXIT_GOOD)
		status = own;
	if (status == KB_EXIT_GOOD && s->done && s->opts.gbench_argc > 1 &&
	    !kb_signal)
		status = bench_gbench_report(
			s->reports, s->done, s->opts.gbench_argc,
			s->opts.gbench_argv,
			bench_options_use_stdout(&s->opts));
	if (kb_signal)
		return kb_exit_of(KB_E_STOPPED);
	if (status == KB_EXIT_GOOD && s->any_wrong)
		return KB_EXIT_WRONG;
	if (status == KB_EXIT_GOOD && s->any_unjudged)
		return KB_EXIT_ENVIRONMENT;
	if (status == KB_EXIT_GOOD && s->any_undrawn)
		return KB_EXIT_USAGE;
	return status;
}

/* Parts the progress line among the traces, by the sizes of their files. */
static void share_traces(struct session *s)
{
	const size_t count = s->opts.traces.count;
	double whole = 0;

	for (size_t i = 0; i < count; i++) {
		struct stat st;

		s->jobs[i].from = whole;
		whole += stat(s->opts.traces.word[i], &st) == 0 && st.st_size
				 ? (double)st.st_size
				 : 1;
		s->jobs[i].to = whole;
	}
	for (size_t i = 0; i < count; i++) {
		s->jobs[i].from /= whole;
		s->jobs[i].to /= whole;
	}
}
static int run_session(struct session *s)
{
	size_t count = s->opts.traces.count;
	int status = KB_EXIT_GOOD;
	struct kb_diag diag;

	kb_diag_init(&diag);
	s->jobs = calloc(count, sizeof(*s->jobs));
	s->reports = calloc(count, sizeof(*s->reports));
	if (!s->jobs || !s->reports)
		return out_of_memory();
	if (choose_folders(s, &diag) < 0)
		return complain(&diag);
	kb_signal_catch();
	bench_env_read(&s->env);
	s->env.pinned_cpu = s->opts.settings.cpu >= 0 ? s->opts.settings.cpu
						      : bench_default_cpu();
	replay_clock_qualify(&s->clock);
	if (replay_clock_calibrate(&s->clock, &diag) < 0 && is_timed(&s->opts))
		return complain(&diag);
	kb_progress_begin(&s->progress);
	share_traces(s);
	for (size_t i = 0; i < count && status == KB_EXIT_GOOD && !kb_signal;
	     i++)
		status = run_trace(s, s->opts.traces.word[i]);
	if (status == KB_EXIT_GOOD && !kb_signal)
		kb_progress_finish(&s->progress);
	return finish_session(s, status);
}

static void release_session(struct session *s)
{
	for (size_t i = 0; s->jobs && i < s->opts.traces.count; i++) {
		struct job *job = &s->jobs[i];

		for (size_t k = 0; k < job->count; k++)
			bench_cell_release(&job->cells[k]);
		bench_summary_release(&job->summary);
		bench_trace_release(&job->trace);
		free(job->cells);
		free(job->specs);
		if (job->analysis)
			bench_tape_release(&job->analysis->tape);
		free(job->analysis);
		free(job->folder);
	}
	free(s->jobs);
	free(s->reports);
	bench_options_release(&s->opts);
	memset(s, 0, sizeof(*s));
}

static int run_micro(const struct bench_options *opts)
{
	const struct bench_micro_job job = {
		.traces = opts->traces.word,
		.trace_count = opts->traces.count,
		.allocs = opts->allocs,
		.alloc_count = opts->alloc_count,
		.out = opts->out,
		.no_plots = opts->no_plots,
		.argc = opts->gbench_argc,
		.argv = opts->gbench_argv,
	};

	return bench_micro(&job);
}

static int dispatch(struct session *s)
{
	switch (s->opts.command) {
	case BENCH_LIST:
		list_everything();
		return KB_EXIT_GOOD;
	case BENCH_VERSION:
		printf("bench (kheap-replay) %s, revision %s\n", kb_version,
		       kb_revision);
		return KB_EXIT_GOOD;
	case BENCH_MICRO:
		return run_micro(&s->opts);
	default:
		return run_session(s);
	}
}

static void tell_skipped(const struct bench_options *opts)
{
	for (size_t i = 0; i < opts->skipped_count; i++)
		kb_complain("bench", "%s is skipped: %s",
			    opts->skipped[i].spec.name,
			    opts->skipped[i].why.text);
}

int bench_run_main(int argc, char **argv)
{
	static struct session session;
	struct kb_diag diag;
	int status;

	kb_diag_init(&diag);
	switch (bench_options_parse(&session.opts, argc, argv, &diag)) {
	case 0:
		tell_skipped(&session.opts);
		status = dispatch(&session);
		break;
	case KB_OPTIONS_HELP:
		kb_options_help(stdout, &bench_itself);
		status = KB_EXIT_GOOD;
		break;
	default:
		status = complain(&diag);
		break;
	}
	release_session(&session);
	return status;
}
