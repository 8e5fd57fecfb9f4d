/*
 * sweep: many configurations as jobs that any scheduler can run, and one answer.
 */
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_sweep_best.h"
#include "bench_sweep_gather.h"
#include "bench_sweep_merge.h"
#include "bench_sweep_page.h"
#include "bench_sweep_plan.h"
#include "bench_sweep_result.h"
#include "bench_sweep_submit.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_signal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders that one command takes, at most. */
#define FOLDERS_MAX 10000

/* Lines of a list on a terminal, at most. */
#define LINES_MAX 20

#define PROGRAM	  "bench sweep"

static int complain(const struct kb_diag *diag)
{
	return kb_complain_diag(PROGRAM, diag);
}

static void tell(void *user, const char *line)
{
	(void)user;
	kb_complain(PROGRAM, "%s", line);
}

/* --- plan --- */

struct plan_options {
	const char *spec;
	const char *folder;
	bool dry;
	bool json;
};

static int check_plan(void *target, struct kb_diag *diag)
{
	const struct plan_options *o = target;

	if (!o->folder && !o->dry)
		return kb_fail(diag, KB_E_ARG,
			       "--out DIR says where the plan goes; --dry-run "
			       "only counts");
	return 0;
}

static int print_size_json(const struct bench_sweep_size *size,
			   struct kb_diag *diag)
{
	json_t *document = json_pack(
		"{s:I, s:I, s:I, s:I, s:f}", "jobs", (json_int_t)size->jobs,
		"traces", (json_int_t)size->traces, "allocators",
		(json_int_t)size->allocs, "events", (json_int_t)size->events,
		"seconds", round(size->seconds));
	int err = kb_json_write(NULL, "-", document, 0, diag);

	json_decref(document);
	return err;
}

static void print_size(const struct plan_options *o,
		       const struct bench_sweep_size *size)
{
	char jobs[BENCH_TEXT_SIZE], traces[BENCH_TEXT_SIZE];
	char allocs[BENCH_TEXT_SIZE], events[BENCH_TEXT_SIZE];

	printf("%s jobs: %s traces, %s allocators; %s events to replay without "
	       "a clock.\nOne after the other they take about %.0f s.\n",
	       bench_format_count(jobs, size->jobs),
	       bench_format_count(traces, size->traces),
	       bench_format_count(allocs, size->allocs),
	       bench_format_count(events, size->events), ceil(size->seconds));
	if (!o->dry)
		printf("Start them with 'bench sweep submit %s --to local'.\n",
		       o->folder);
}

static int plan_main(int argc, char **argv);

#define AT_PLAN(member) .offset = offsetof(struct plan_options, member)

static const struct kb_option plan_options[] = {
	{ .name = "out",
	  .letter = 'o',
	  .value = "DIR",
	  .help = "the sweep's folder: a new one, or one that holds a sweep, "
		  "whose results then stay",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT_PLAN(folder) },
	{ .name = "dry-run",
	  .help = "say how many jobs there are and how long they may take; "
		  "write nothing",
	  .kind = KB_OPTION_SWITCH,
	  AT_PLAN(dry) },
	{ .name = "json",
	  .help = "say so as JSON",
	  .kind = KB_OPTION_SWITCH,
	  AT_PLAN(json) },
	{ .name = NULL },
};

static const struct kb_operand plan_operands[] = {
	{ .name = "SPEC",
	  .min = 1,
	  .max = 1,
	  AT_PLAN(spec),
	  .file = KB_FILES_IN },
	{ .name = NULL },
};

static const struct kb_command plan_command = {
	.program = PROGRAM,
	.name = "plan",
	.summary = "make the list of jobs from a specification",
	.about =
		"Reads SPEC, a JSON file, and writes DIR/jobs.tsv: one job for "
		"every combination of its traces, allocators, windows, seeds "
		"and repeats. Relative file patterns are those of the working "
		"folder; the plan holds absolute paths. A job has a key, the "
		"hash of the trace, the allocator with all its options, the "
		"settings, and this build.",
	.options = plan_options,
	.operands = plan_operands,
	.notes = "Specification:\n"
		 "  traces      file patterns; required\n"
		 "  allocators  names as for --alloc; KEY=[A,B] tries each "
		 "value; required\n"
		 "  passes      verify, count, throughput, latency; default "
		 "[\"count\"]\n"
		 "  heap_pages  pages of the heap window; default [0], the "
		 "heap's own\n"
		 "  seeds       default [1]\n"
		 "  repeats     runs of each timed job; default 1\n"
		 "  budget_s    seconds per timed pass; default 20\n"
		 "  cpus        numbers of CPUs: a job each that does what "
		 "bench smp does;\n"
		 "              default none, and then passes must be named to "
		 "run too",
	.examples = "echo '{\"traces\": [\"traces/*.trc\"], \"allocators\": "
		    "[\"kheap:fit=[first,best]\"]}' > fits.json\n"
		    "bench sweep plan fits.json -o fits",
	.exits = "0 planned\n"
		 "2 usage, unreadable input, a folder that holds other files",
	.check = check_plan,
	.main = plan_main,
};

static int plan_main(int argc, char **argv)
{
	struct plan_options o = { .spec = NULL };
	struct bench_sweep_spec spec;
	struct bench_sweep_size size;
	struct kb_diag diag;
	int status, err;

	if (!kb_options_go(&plan_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	err = bench_sweep_spec_read(&spec, o.spec, &diag);
	if (err == 0)
		err = bench_sweep_plan_write(&spec, o.dry ? NULL : o.folder,
					     kb_signal_came, &size, &diag);
	bench_sweep_spec_release(&spec);
	if (err == 0 && o.json)
		err = print_size_json(&size, &diag);
	else if (err == 0)
		print_size(&o, &size);
	return err == 0 ? KB_EXIT_GOOD : complain(&diag);
}

/* --- run --- */

struct run_options {
	const char *folder;
	uint64_t job;
	bool quiet;
};

#define AT_RUN(member) .offset = offsetof(struct run_options, member)

static const struct kb_option run_options[] = {
	{ .name = "job",
	  .value = "N",
	  .help = "the job's number in jobs.tsv",
	  .is_required = true,
	  .kind = KB_OPTION_NUMBER,
	  .low = 1,
	  .high = INT64_MAX,
	  AT_RUN(job) },
	{ .name = "quiet",
	  .letter = 'q',
	  .help = "say nothing if all goes well",
	  .kind = KB_OPTION_SWITCH,
	  AT_RUN(quiet) },
	{ .name = NULL },
};

static const struct kb_operand run_operands[] = {
	{ .name = "DIR",
	  .min = 1,
	  .max = 1,
	  AT_RUN(folder),
	  .file = KB_FILES_NONE },
	{ .name = NULL },
};

static int run_main(int argc, char **argv);

static const struct kb_command run_command = {
	.program = PROGRAM,
	.name = "run",
	.summary = "run one job and write its result",
	.about =
		"Writes DIR/results/KEY.json, whole or not at all. A job whose "
		"result is there is not run again, and a damaged result is "
		"replaced; so a job may be killed at any moment and started "
		"again. An allocator that fails is a result too.",
	.options = run_options,
	.operands = run_operands,
	.examples = "bench sweep run fits --job 1",
	.exits = "0 the result is there\n"
		 "2 usage, no such job, a trace that changed since the plan\n"
		 "4 another build planned it, or the allocator is missing",
	.main = run_main,
};

static int run_main(int argc, char **argv)
{
	struct run_options o = { .folder = NULL };
	struct bench_sweep_job job;
	struct kb_diag diag;
	int status, err;
	bool ran = false;

	if (!kb_options_go(&run_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	err = bench_sweep_plan_find(o.folder, o.job, &job, &diag);
	if (err == 0)
		err = bench_sweep_result_make(o.folder, &job, &ran, &diag);
	if (err < 0)
		return complain(&diag);
	if (!o.quiet)
		printf("%s/results/%s.json%s\n", o.folder, job.key,
		       ran ? "" : " was there already");
	return KB_EXIT_GOOD;
}

/* --- submit --- */

struct submit_options {
	const char *folder;
	enum bench_sweep_engine engine;
	uint32_t at_a_time;
	bool only_write;
};

static int take_engine(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	static const char *const engines[] = {
		[BENCH_SWEEP_LOCAL] = "local",
		[BENCH_SWEEP_PARALLEL] = "parallel",
		[BENCH_SWEEP_SLURM] = "slurm",
	};
	struct submit_options *o = field;

	(void)option;
	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
		if (strcmp(value, engines[i]) == 0) {
			o->engine = (enum bench_sweep_engine)i;
			return 0;
		}
	}
	return kb_fail(diag, KB_E_ARG,
		       "--to takes slurm, parallel or local, got '%s'", value);
}

#define AT_SUBMIT(member) .offset = offsetof(struct submit_options, member)

static const struct kb_option submit_options[] = {
	{ .name = "to",
	  .value = "ENGINE",
	  .help = "slurm: an array job; parallel: GNU parallel; local: "
		  "processes of this machine",
	  .is_required = true,
	  .kind = KB_OPTION_CALL,
	  .take = take_engine,
	  .offset = 0 },
	{ .name = "jobs",
	  .letter = 'j',
	  .value = "N",
	  .help = "run at most N jobs at a time (default: one per CPU; Slurm: "
		  "no limit). Timed jobs run one by one, and on Slurm with a "
		  "node of their own",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = 1000000,
	  AT_SUBMIT(at_a_time) },
	{ .name = "no-start",
	  .help = "write the script for Slurm or GNU parallel, and start "
		  "nothing",
	  .kind = KB_OPTION_SWITCH,
	  AT_SUBMIT(only_write) },
	{ .name = NULL },
};

static const struct kb_operand submit_operands[] = {
	{ .name = "DIR",
	  .min = 1,
	  .max = 1,
	  AT_SUBMIT(folder),
	  .file = KB_FILES_NONE },
	{ .name = NULL },
};

static int check_submit(void *target, struct kb_diag *diag)
{
	const struct submit_options *o = target;

	if (o->only_write && o->engine == BENCH_SWEEP_LOCAL)
		return kb_fail(diag, KB_E_ARG,
			       "--no-start has no script to write for 'local'");
	return 0;
}

static int submit_main(int argc, char **argv);

static const struct kb_command submit_command = {
	.program = PROGRAM,
	.name = "submit",
	.summary = "have Slurm, GNU parallel or this machine run the jobs",
	.about =
		"Slurm: writes DIR/slurm.sbatch, an array job that can be "
		"requeued, with a log per task in DIR/logs, and submits it "
		"with sbatch. GNU parallel: writes DIR/parallel.sh, with a job "
		"log and --resume-failed, runs it and waits. local: runs the "
		"jobs itself and waits. Jobs that have a result end at once.",
	.options = submit_options,
	.operands = submit_operands,
	.examples = "bench sweep submit fits --to local -j 2\n"
		    "bench sweep submit fits --to slurm -j 100",
	.exits = "0 submitted, or all jobs are done\n"
		 "2 usage, an unreadable plan\n"
		 "3 jobs failed\n"
		 "4 the engine is missing or failed",
	.check = check_submit,
	.main = submit_main,
};

static int report_submission(const struct bench_sweep_submission *s)
{
	char jobs[BENCH_TEXT_SIZE], failed[BENCH_TEXT_SIZE];

	bench_format_count(jobs, s->jobs);
	if (s->only_write) {
		printf("%s\n", s->script);
	} else if (s->engine == BENCH_SWEEP_SLURM) {
		printf("%s jobs submitted: %s\n", jobs, s->script);
	} else if (s->failed) {
		kb_complain(PROGRAM,
			    "%s of %s jobs failed; 'bench sweep status' lists "
			    "them",
			    bench_format_count(failed, s->failed), jobs);
		return KB_EXIT_UNDECIDED;
	} else {
		printf("%s jobs are done. Next: bench sweep merge %s\n", jobs,
		       s->folder);
	}
	return KB_EXIT_GOOD;
}

static int submit_main(int argc, char **argv)
{
	struct submit_options o = { .folder = NULL };
	struct bench_sweep_submission *s;
	struct kb_progress progress;
	struct kb_diag diag;
	int status, err;
	char *folder;

	if (!kb_options_go(&submit_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	folder = realpath(o.folder, NULL);
	s = calloc(1, sizeof(*s));
	if (!folder || !s) {
		kb_complain(PROGRAM, "%s: %s", o.folder, strerror(errno));
		free(folder);
		free(s);
		return KB_EXIT_USAGE;
	}
	s->folder = folder;
	s->engine = o.engine;
	s->at_a_time = o.at_a_time;
	s->only_write = o.only_write;
	kb_progress_begin(&progress);
	err = bench_sweep_submit(s, &progress, &diag);
	kb_progress_end(&progress);
	status = err == 0 ? report_submission(s) : complain(&diag);
	free(folder);
	free(s);
	return status;
}

/* --- status and merge --- */

struct folder_options {
	struct kb_words folders;
	const char *out;
	bool json;
};

#define AT_FOLDERS(member) .offset = offsetof(struct folder_options, member)

static const struct kb_operand folder_operands[] = {
	{ .name = "DIR",
	  .min = 1,
	  .max = FOLDERS_MAX,
	  AT_FOLDERS(folders),
	  .file = KB_FILES_NONE },
	{ .name = NULL },
};

static int gather(struct bench_sweep_gather *g, const struct folder_options *o,
		  struct kb_diag *diag)
{
	memset(g, 0, sizeof(*g));
	g->folder = o->folders.word;
	g->folders = o->folders.count;
	kb_signal_catch();
	return bench_sweep_gather(g, tell, NULL, kb_signal_came, diag);
}

static size_t count_failed(const struct bench_sweep_gather *g)
{
	size_t failed = 0;

	for (size_t i = 0; i < g->count; i++)
		failed += g->found[i].failed;
	return failed;
}

static const struct kb_option status_options[] = {
	{ .name = "json",
	  .help = "say so as JSON, with the keys of the missing jobs",
	  .kind = KB_OPTION_SWITCH,
	  AT_FOLDERS(json) },
	{ .name = NULL },
};

static int status_main(int argc, char **argv);

static const struct kb_command status_command = {
	.program = PROGRAM,
	.name = "status",
	.summary = "say how far a sweep is",
	.about =
		"Reads the plans and results of one sweep, or of its copies on "
		"several machines. A job is done if one of the folders has its "
		"result.",
	.options = status_options,
	.operands = folder_operands,
	.examples = "bench sweep status fits",
	.exits = "0 all jobs are done\n"
		 "2 usage, an unreadable plan\n"
		 "3 jobs are missing\n"
		 "5 two results of one job differ",
	.main = status_main,
};

static int print_status_json(const struct bench_sweep_gather *g,
			     struct kb_diag *diag)
{
	json_t *missing = json_array();
	json_t *document;
	int err;

	for (size_t i = 0; i < g->missings; i++)
		json_array_append_new(missing, json_string(g->missing[i]));
	document = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "jobs",
			     (json_int_t)g->jobs, "done",
			     (json_int_t)(g->jobs - g->missings), "failed",
			     (json_int_t)count_failed(g), "damaged",
			     (json_int_t)g->damaged, "of_no_job",
			     (json_int_t)g->strays, "machines",
			     (json_int_t)g->machines, "missing", missing);
	err = kb_json_write(NULL, "-", document, 0, diag);
	json_decref(document);
	return err;
}

/* Lists the first missing jobs of each folder by number. */
static void list_missing(const struct bench_sweep_gather *g)
{
	struct bench_sweep_plan plan;
	struct bench_sweep_job job;
	struct kb_diag ignored = { 0 };
	int lines = 0;

	if (g->missings == 0 ||
	    bench_sweep_plan_open(&plan, g->folder[0], &ignored) < 0)
		return;
	while (lines < LINES_MAX &&
	       bench_sweep_plan_next(&plan, &job, &ignored) == 0) {
		if (!bsearch(job.key, g->missing, g->missings,
			     sizeof(*g->missing),
			     (int (*)(const void *, const void *))strcmp))
			continue;
		printf("  missing: job %" PRIu64 ", %s, %s\n", job.number,
		       job.allocator, job.trace);
		lines++;
	}
	bench_sweep_plan_release(&plan);
}

static void print_status(const struct bench_sweep_gather *g)
{
	char done[BENCH_TEXT_SIZE], jobs[BENCH_TEXT_SIZE];
	char text[BENCH_TEXT_SIZE];

	printf("%s of %s jobs are done",
	       bench_format_count(done, g->jobs - g->missings),
	       bench_format_count(jobs, g->jobs));
	if (count_failed(g))
		printf("; in %s results the allocator failed",
		       bench_format_count(text, count_failed(g)));
	printf(".\n");
	list_missing(g);
}

static int status_main(int argc, char **argv)
{
	struct folder_options o = { .out = NULL };
	struct bench_sweep_gather g = { 0 };
	struct kb_diag diag;
	int status, err;

	if (!kb_options_go(&status_command, &o, argc, argv, &status)) {
		kb_words_release(&o.folders);
		return status;
	}
	kb_diag_init(&diag);
	err = gather(&g, &o, &diag);
	if (err == 0 && o.json)
		err = print_status_json(&g, &diag);
	else if (err == 0)
		print_status(&g);
	status = err < 0      ? complain(&diag)
		 : g.missings ? KB_EXIT_UNDECIDED
			      : KB_EXIT_GOOD;
	bench_sweep_gather_release(&g);
	kb_words_release(&o.folders);
	return status;
}

static const struct kb_option merge_options[] = {
	{ .name = "out",
	  .letter = 'o',
	  .value = "DIR",
	  .help = "where merged.json goes (default: the first DIR)",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT_FOLDERS(out) },
	{ .name = NULL },
};

static int merge_main(int argc, char **argv);

static const struct kb_command merge_command = {
	.program = PROGRAM,
	.name = "merge",
	.summary = "put all results into one file",
	.about =
		"Writes merged.json. The same results give the same bytes, in "
		"whatever order and however often they are given. What is "
		"exact must be equal wherever a job ran. Times are pooled over "
		"the repeats of a job on one machine (CPU model, CPUs, "
		"kernel, host), never over machines. Missing jobs and damaged "
		"results are named.",
	.options = merge_options,
	.operands = folder_operands,
	.examples = "bench sweep merge fits\n"
		    "bench sweep merge node1/fits node2/fits --out fits",
	.exits = "0 merged; what is missing was said\n"
		 "2 usage, an unreadable plan; merged, but a result was "
		 "damaged\n"
		 "5 two results of one job differ; nothing was written",
	.main = merge_main,
};

static int write_merged(const struct folder_options *o,
			const struct bench_sweep_gather *g,
			struct kb_diag *diag)
{
	const char *folder = o->out ? o->out : o->folders.word[0];
	struct kb_out out;
	char *path;
	int err = kb_out_make_folder(folder, diag);

	if (err < 0)
		return err;
	if (asprintf(&path, "%s/merged.json", folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(&out, path, diag);
	if (err == 0)
		err = bench_sweep_merge(out.stream, g, diag);
	if (err == 0)
		err = kb_out_commit(&out, diag);
	kb_out_release(&out);
	if (err == 0)
		printf("%s\n", path);
	free(path);
	return err;
}

static int merge_main(int argc, char **argv)
{
	struct folder_options o = { .out = NULL };
	struct bench_sweep_gather g = { 0 };
	char missing[BENCH_TEXT_SIZE], jobs[BENCH_TEXT_SIZE];
	struct kb_diag diag;
	int status, err;

	if (!kb_options_go(&merge_command, &o, argc, argv, &status)) {
		kb_words_release(&o.folders);
		return status;
	}
	kb_diag_init(&diag);
	err = gather(&g, &o, &diag);
	if (err == 0)
		err = write_merged(&o, &g, &diag);
	if (err == 0 && g.missings)
		kb_complain(
			PROGRAM,
			"%s of %s jobs have no result; 'bench sweep status' "
			"lists them",
			bench_format_count(missing, g.missings),
			bench_format_count(jobs, g.jobs));
	status = err < 0     ? complain(&diag)
		 : g.damaged ? KB_EXIT_USAGE
			     : KB_EXIT_GOOD;
	bench_sweep_gather_release(&g);
	kb_words_release(&o.folders);
	return status;
}

/* --- best --- */

struct best_options {
	const char *input;
	const char *machine;
	const char *html;
	bool json;
};

#define AT_BEST(member) .offset = offsetof(struct best_options, member)

static const struct kb_option best_options[] = {
	{ .name = "machine",
	  .value = "NAME",
	  .help = "whose times count, as merged.json names it; needed if there "
		  "are several",
	  .kind = KB_OPTION_TEXT,
	  AT_BEST(machine) },
	{ .name = "html",
	  .value = "FILE",
	  .help = "also write a page: all configurations by their geometric "
		  "mean, a heat map of configurations and traces, and the "
		  "Pareto fronts",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT_BEST(html) },
	{ .name = "json",
	  .help = "one JSON object",
	  .kind = KB_OPTION_SWITCH,
	  AT_BEST(json) },
	{ .name = NULL },
};

static const struct kb_operand best_operands[] = {
	{ .name = "DIR",
	  .min = 1,
	  .max = 1,
	  AT_BEST(input),
	  .file = KB_FILES_IN },
	{ .name = NULL },
};

static int best_main(int argc, char **argv);

static const struct kb_command best_command = {
	.program = PROGRAM,
	.name = "best",
	.summary = "choose a configuration from a merged sweep",
	.about = "Reads DIR/merged.json. For each trace it prints the Pareto "
		 "front: the configurations that no other one equals or beats "
		 "in time, tail, memory and bytes of index. The best one "
		 "overall has the smallest geometric mean, over all traces, of "
		 "its time over the trace's smallest; of equals it is the one "
		 "with less memory, then less index. It must have served every "
		 "request. Without times, nodes compared per lookup take their "
		 "place.",
	.options = best_options,
	.operands = best_operands,
	.examples = "bench sweep best fits\n"
		    "bench sweep best --html fits.html fits",
	.exits = "0 chosen\n"
		 "2 usage, unreadable input\n"
		 "3 no configuration served every trace",
	.main = best_main,
};

static json_t *cost_json(double cost)
{
	return isfinite(cost) ? json_real(round(cost * 1000) / 1000)
			      : json_null();
}

static json_t *point_json(const struct bench_sweep_best *b,
			  const struct bench_sweep_point *p)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "trace",
			 b->trace[p->trace], "configuration",
			 b->config[p->config], "time",
			 cost_json(p->cost[BENCH_SWEEP_TIME]), "tail",
			 cost_json(p->cost[BENCH_SWEEP_TAIL]), "memory_bytes",
			 cost_json(p->cost[BENCH_SWEEP_MEMORY]), "index_bytes",
			 cost_json(p->cost[BENCH_SWEEP_INDEX]));
}

static int print_best_json(const struct bench_sweep_best *b,
			   struct kb_diag *diag)
{
	const bool found = b->best != SIZE_MAX;
	json_t *front = json_array();
	json_t *document;
	int err;

	for (size_t i = 0; i < b->points; i++)
		if (b->point[i].on_front)
			json_array_append_new(front,
					      point_json(b, &b->point[i]));
	document = json_pack(
		"{s:s, s:o, s:o, s:o, s:I, s:I, s:b, s:o}", "time_unit",
		b->timed ? "ns per event" : "nodes per lookup", "best",
		found ? json_string(b->config[b->best]) : json_null(), "ratio",
		found ? json_real(b->overall[b->best].ratio) : json_null(),
		"next",
		b->next != SIZE_MAX ? json_string(b->config[b->next])
				    : json_null(),
		"wins", (json_int_t)(found ? b->overall[b->best].wins : 0),
		"traces", (json_int_t)b->traces, "sure",
		(int)(found && b->is_sure), "front", front);
	err = kb_json_write(NULL, "-", document, JSON_REAL_PRECISION(12), diag);
	json_decref(document);
	return err;
}

static void print_cost(double cost, int width,
		       char *(*format)(char out[BENCH_TEXT_SIZE], double x))
{
	char text[BENCH_TEXT_SIZE];

	printf("  %*s", width, isfinite(cost) ? format(text, cost) : "-");
}

static void print_front(const struct bench_sweep_best *b, size_t trace)
{
	printf("\n%s\n  %10s  %10s  %9s  %9s  %s\n", b->trace[trace],
	       b->timed ? "ns/event" : "nodes/kfree",
	       b->timed ? "kfree p99" : "max", "memory", "index",
	       "on the Pareto front");
	for (size_t i = 0; i < b->points; i++) {
		const struct bench_sweep_point *p = &b->point[i];

		if (p->trace != trace || !p->on_front)
			continue;
		print_cost(p->cost[BENCH_SWEEP_TIME], 10, bench_format_number);
		print_cost(p->cost[BENCH_SWEEP_TAIL], 10,
			   b->timed ? bench_format_ns : bench_format_number);
		print_cost(p->cost[BENCH_SWEEP_MEMORY], 9, bench_format_bytes);
		print_cost(p->cost[BENCH_SWEEP_INDEX], 9, bench_format_bytes);
		printf("  %s\n", b->config[p->config]);
	}
}

static void print_best(const struct bench_sweep_best *b)
{
	for (size_t i = 0; i < b->traces; i++)
		print_front(b, i);
	putchar('\n');
	bench_sweep_verdict(stdout, b);
	putchar('\n');
}

static int best_of(const struct best_options *o, const char *path,
		   struct bench_sweep_best *best, struct kb_diag *diag)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);
	int err;

	if (!document)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: %s; make it with 'bench sweep merge'", path,
			       error.text);
	err = bench_sweep_best(best, document, o->machine, diag);
	json_decref(document);
	if (err == 0 && o->json)
		err = print_best_json(best, diag);
	else if (err == 0)
		print_best(best);
	if (err == 0 && o->html)
		err = bench_sweep_page(best, o->html, path, diag);
	return err;
}

static int best_main(int argc, char **argv)
{
	struct best_options o = { .input = NULL };
	struct bench_sweep_best best = { 0 };
	struct kb_diag diag;
	int status, err;
	char *path;

	if (!kb_options_go(&best_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	if (asprintf(&path, "%s/merged.json", o.input) < 0) {
		path = NULL;
		err = kb_fail(&diag, KB_E_NOMEM, "out of memory");
	} else {
		err = best_of(&o, path, &best, &diag);
	}
	status = err < 0		 ? complain(&diag)
		 : best.best == SIZE_MAX ? KB_EXIT_UNDECIDED
					 : KB_EXIT_GOOD;
	free(path);
	bench_sweep_best_release(&best);
	return status;
}

/* --- sweep itself --- */

static const struct kb_command *const commands[] = {
	&plan_command,
	&run_command,
	&submit_command,
	&status_command,
	&merge_command,
	&best_command,
	NULL,
};

static const struct kb_option no_options[] = { { .name = NULL } };

static const struct kb_command itself = {
	.program = PROGRAM,
	.about = "Tries every combination of traces, allocators and settings "
		 "as jobs that are independent of each other. A job is one "
		 "command, its result one file; so any scheduler can run them, "
		 "on one machine or many, and the results can be copied "
		 "together.",
	.options = no_options,
	.examples = "bench sweep plan fits.json -o fits\n"
		    "bench sweep submit fits --to local\n"
		    "bench sweep merge fits\n"
		    "bench sweep best fits",
	.exits = "0 done\n"
		 "2 usage, unreadable input\n"
		 "3 jobs are missing or failed\n"
		 "4 this machine lacks what the jobs need\n"
		 "5 two results of one job differ",
	.commands = commands,
};

static int sweep_main(int argc, char **argv)
{
	return kb_options_group(&itself, argc, argv);
}

const struct kb_command bench_sweep_command = {
	.program = "bench",
	.name = "sweep",
	.summary = "try many configurations as jobs, on a cluster or here",
	.options = no_options,
	.commands = commands,
	.main = sweep_main,
};
