#include "bench_sweep_result.h"

#include "bench_analysis_read.h"
#include "bench_report.h"
#include "bench_run.h"
#include "bench_smp_report.h"
#include "bench_smp_run.h"
#include "bench_sweep_plan.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "kb_signal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA 1

/* The largest file that can be a result, bytes. */
#define RESULT_MAX (16 << 20)

/* One job's run. */
struct measuring {
	const struct bench_sweep_job *job;
	struct bench_settings settings;
	struct bench_env env;
	struct replay_clock clock;
	struct kb_progress progress;
	struct bench_trace trace;
	struct bench_cell cell;
	struct bench_analysis analysis;
	struct bench_run_summary summary;
};

char *bench_sweep_result_path(const char *folder, const char *key)
{
	char *path;

	return asprintf(&path, "%s/results/%s.json", folder, key) < 0 ? NULL
								      : path;
}

static bool is_result(const json_t *document, const char *key)
{
	const json_t *sweep = json_object_get(document, "sweep");
	const char *own = json_string_value(json_object_get(sweep, "key"));

	return json_integer_value(json_object_get(sweep, "schema")) == SCHEMA &&
	       own && strcmp(own, key) == 0 &&
	       json_is_object(json_object_get(document, "context")) &&
	       json_array_size(json_object_get(document, "results")) == 1;
}

/* Reads a whole file; NULL with `diag` filled if that fails. */
static char *read_whole(const char *path, size_t *size, struct kb_diag *diag)
{
	FILE *in = fopen(path, "re");
	char *bytes = NULL;
	struct stat st;

	if (in && fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= RESULT_MAX) {
		bytes = malloc((size_t)st.st_size + 1);
		*size = bytes ? fread(bytes, 1, (size_t)st.st_size, in) : 0;
	}
	if (!bytes)
		kb_fail(diag, KB_E_IO, "%s: %s", path,
			in ? "is no result's file" : strerror(errno));
	if (in)
		fclose(in);
	return bytes;
}

int bench_sweep_result_read(json_t **document, char sha256[65],
			    const char *path, const char *key,
			    struct kb_diag *diag)
{
	size_t size = 0;
	char *bytes = read_whole(path, &size, diag);

	*document = NULL;
	if (!bytes)
		return KB_E_IO;
	if (sha256)
		SHA256Data((const uint8_t *)bytes, size, sha256);
	*document = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
	free(bytes);
	if (is_result(*document, key))
		return 0;
	json_decref(*document);
	*document = NULL;
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: is damaged or no result of this job; remove it and "
		       "run the job again",
		       path);
}

static void set_up(struct measuring *m)
{
	const struct bench_sweep_job *job = m->job;

	m->settings = (struct bench_settings){
		.passes = job->passes,
		.heap_pages = job->heap_pages,
		.cpu = -1,
		.seed = job->seed,
		.budget_s = job->budget_ms / 1000.0,
		.timeout_s = BENCH_TIMEOUT_DEFAULT_S,
	};
	m->trace.fd = -1;
	bench_env_read(&m->env);
	m->env.pinned_cpu = bench_default_cpu();
}

/* Opens what was planned and nothing else. */
static int open_trace(struct measuring *m, struct kb_diag *diag)
{
	const struct bench_sweep_job *job = m->job;
	int err = bench_trace_open(&m->trace, job->trace, kb_signal_came, diag);

	if (err == 0 && strcmp(m->trace.sha256, job->trace_sha256) != 0)
		err = kb_fail(diag, KB_E_CORRUPT,
			      "%s: has changed since the sweep was planned; "
			      "plan it again",
			      job->trace);
	return err;
}

static int measure(struct measuring *m, struct kb_diag *diag)
{
	struct bench_run run = { .settings = &m->settings,
				 .trace = &m->trace,
				 .clock = &m->clock,
				 .progress = &m->progress,
				 .cells = &m->cell,
				 .count = 1,
				 .cpu = m->env.pinned_cpu };
	struct kb_diag ignored = { 0 };
	int err;

	m->cell.trace = &m->trace;
	replay_clock_qualify(&m->clock);
	replay_clock_calibrate(&m->clock, &ignored);
	kb_progress_begin(&m->progress);
	err = bench_run(&run, diag);
	kb_progress_end(&m->progress);
	/* Only times need a clock that keeps its pace. */
	if (err == 0 && m->settings.passes & BENCH_PASS_TIMED)
		err = replay_clock_calibrate(&m->clock, diag);
	return err;
}

static int sum_up(struct measuring *m, struct kb_diag *diag)
{
	const struct bench_analysis_job what = { .settings = &m->settings,
						 .trace = &m->trace,
						 .cells = &m->cell,
						 .count = 1 };
	struct bench_summary_source source = { .cells = &m->cell,
					       .count = 1,
					       .clock = &m->clock };
	int err = 0;

	if (m->settings.passes & BENCH_PASS_COUNT) {
		err = bench_analysis_read(&m->analysis, &what, diag);
		err = bench_trace_judge(&m->trace, err, diag);
		source.ideal = &m->analysis.ideal;
	}
	return err < 0 ? err : bench_summary_make(&m->summary, &source, diag);
}

static json_t *sweep_json(const struct bench_sweep_job *job)
{
	char passes[BENCH_SWEEP_PASSES_SIZE], build[512], host[256];
	json_t *object;

	if (gethostname(host, sizeof(host)) != 0)
		strcpy(host, "unknown");
	host[sizeof(host) - 1] = '\0';
	bench_sweep_build(build, sizeof(build));
	object = json_pack(
		"{s:i, s:s, s:I, s:I, s:o, s:s, s:I, s:I, s:I, s:o, "
		"s:o}",
		"schema", SCHEMA, "key", job->key, "number",
		(json_int_t)job->number, "repeat", (json_int_t)job->repeat,
		"trace", kb_json_text(job->trace), "passes",
		bench_sweep_passes(passes, job->passes), "heap_pages",
		(json_int_t)job->heap_pages, "seed", (json_int_t)job->seed,
		"budget_ms", (json_int_t)job->budget_ms, "build",
		kb_json_text(build), "host", kb_json_text(host));
	if (job->cpus)
		json_object_set_new(object, "cpus", json_integer(job->cpus));
	return object;
}

static int write_result(const struct measuring *m, const char *path,
			struct kb_diag *diag)
{
	const struct bench_report report = {
		.settings = &m->settings,
		.env = &m->env,
		.clock = &m->clock,
		.trace = &m->trace,
		.cells = &m->cell,
		.count = 1,
		.analysis = m->settings.passes & BENCH_PASS_COUNT ? &m->analysis
								  : NULL,
		.summary = &m->summary,
	};
	json_t *document =
		json_pack("{s:o, s:o, s:o}", "sweep", sweep_json(m->job),
			  "context", bench_json_context(&report), "results",
			  bench_json_results(&report));
	int err = kb_json_write(NULL, path, document, JSON_REAL_PRECISION(12),
				diag);

	json_decref(document);
	return err;
}

static int run_passes(struct measuring *m, const char *path,
		      struct kb_diag *diag)
{
	int err = measure(m, diag);

	if (err == 0)
		err = sum_up(m, diag);
	return err < 0 ? err : write_result(m, path, diag);
}

/* A replay on several CPUs. What bench smp writes, and the machine that it ran on. */
static int write_smp(const struct measuring *m, const struct bench_smp *smp,
		     const char *path, struct kb_diag *diag)
{
	json_t *document = bench_smp_json(smp);
	json_t *context = json_object_get(document, "context");
	int err;

	json_object_set_new(document, "sweep", sweep_json(m->job));
	json_object_set_new(context, "cpu_model",
			    kb_json_text(m->env.cpu_model));
	json_object_set_new(context, "cpus",
			    json_integer((json_int_t)m->env.cpus));
	json_object_set_new(context, "system", kb_json_text(m->env.system));
	err = kb_json_write(NULL, path, document, 0, diag);
	json_decref(document);
	return err;
}

static int run_smp(struct measuring *m, const char *path, struct kb_diag *diag)
{
	struct bench_smp_settings settings = {
		.allocs = &m->cell.spec,
		.alloc_count = 1,
		.cpus = { m->job->cpus },
		.cpus_count = 1,
		.speed_count = 1,
		.heap_pages = m->job->heap_pages,
		.lock = smp_threads_lock(0),
	};
	struct smp_program program = { 0 };
	struct bench_smp smp = { .settings = &settings,
				 .trace = &m->trace,
				 .program = &program,
				 .costs = &smp_costs_default };
	struct trc_reader *reader = NULL;
	int err = trc_reader_open_fd(&reader, m->trace.fd, m->trace.given,
				     TRC_COLUMNS_ALL, diag);

	if (err == 0)
		err = smp_program_read(&program, reader, diag);
	trc_reader_close(reader);
	if (err == 0)
		err = bench_smp_run(&smp, &m->progress, diag);
	err = bench_trace_judge(&m->trace, err, diag);
	if (err == 0)
		err = write_smp(m, &smp, path, diag);
	bench_smp_release(&smp);
	smp_program_release(&program);
	return err;
}

static int run_job(const struct bench_sweep_job *job, const char *path,
		   struct kb_diag *diag)
{
	struct measuring *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	m->job = job;
	set_up(m);
	err = alloc_spec_parse(&m->cell.spec, job->allocator, diag);
	if (err == 0)
		err = alloc_require(&m->cell.spec, diag);
	if (err == 0)
		err = open_trace(m, diag);
	if (err == 0 && job->cpus)
		err = run_smp(m, path, diag);
	else if (err == 0)
		err = run_passes(m, path, diag);
	bench_summary_release(&m->summary);
	bench_cell_release(&m->cell);
	bench_trace_release(&m->trace);
	free(m);
	return err;
}

/* The key is computed anew: it covers the build, and a line that was edited. */
static int check_key(const char *folder, const struct bench_sweep_job *job,
		     struct kb_diag *diag)
{
	struct bench_sweep_job own = *job;
	struct bench_sweep_plan plan;
	char build[512];
	int err = bench_sweep_job_set_key(&own, diag);

	if (err < 0 || strcmp(own.key, job->key) == 0)
		return err;
	bench_sweep_build(build, sizeof(build));
	err = bench_sweep_plan_open(&plan, folder, diag);
	if (err == 0 && strcmp(plan.build, build) != 0)
		err = kb_fail(diag, KB_E_ENVIRONMENT,
			      "the sweep was planned by another build (%s); "
			      "run it with that one or plan it again",
			      plan.build);
	else if (err == 0)
		err = kb_fail(diag, KB_E_FORMAT,
			      "%s/jobs.tsv: job %" PRIu64
			      " was edited; plan the sweep again",
			      folder, job->number);
	bench_sweep_plan_release(&plan);
	return err;
}

int bench_sweep_result_make(const char *folder,
			    const struct bench_sweep_job *job, bool *ran,
			    struct kb_diag *diag)
{
	char *path = bench_sweep_result_path(folder, job->key);
	struct kb_diag ignored = { 0 };
	json_t *document;
	int err;

	*ran = false;
	if (!path)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = bench_sweep_result_read(&document, NULL, path, job->key,
				      &ignored);
	if (err == 0) {
		json_decref(document);
	} else {
		err = check_key(folder, job, diag);
		if (err == 0)
			err = run_job(job, path, diag);
		*ran = err == 0;
	}
	free(path);
	return err;
}
