#include "bench_sweep_plan.h"

#include "bench_settings.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "kb_out.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA 1

/* Work of a job, for the estimate: its start, and each event of an untimed pass.
 * Measured on a 2-core virtual machine, 2026-11. */
#define START_S 0.1
#define EVENT_S 1.0e-6

/* A plan on its way. */
struct planning {
	const struct bench_sweep_spec *spec;
	const char *folder;
	bool (*stop)(void);
	struct bench_sweep_size *size;
	struct kb_diag *diag;

	/* jobs.tsv; NULL if nothing is written. */
	FILE *out;

	/* SHA-256 of the traces so far. */
	char (*sha256)[65];

	/* The job to be written next, but for its number. */
	struct bench_sweep_job job;

	/* Of its trace. */
	uint64_t events;
};

static int count_bits(unsigned set)
{
	return __builtin_popcount(set);
}

/* Adds one job. */
static int add_job(struct planning *p)
{
	struct bench_sweep_size *size = p->size;
	int untimed = count_bits(p->job.passes & ~BENCH_PASS_TIMED);
	int err = bench_sweep_job_set_key(&p->job, p->diag);

	if (err < 0)
		return err;
	p->job.number = ++size->jobs;
	if (p->job.cpus)
		untimed = (int)(1 + p->job.cpus / 2);
	size->events += p->events * (uint64_t)untimed;
	size->seconds += START_S + EVENT_S * (double)p->events * untimed;
	if (p->job.passes & BENCH_PASS_TIMED)
		size->seconds += p->job.budget_ms / 1000.0;
	if (p->out)
		bench_sweep_job_write(p->out, &p->job);
	return 0;
}

/* Adds the jobs of one trace, allocator and window on several CPUs. */
static int add_cpus(struct planning *p)
{
	const struct bench_sweep_spec *spec = p->spec;
	const struct bench_sweep_job passes = p->job;
	int err = 0;

	p->job.passes = 0;
	p->job.budget_ms = 0;
	p->job.seed = 1;
	p->job.repeat = 1;
	for (size_t i = 0; i < spec->cpu_counts && err == 0; i++) {
		p->job.cpus = (uint32_t)spec->cpus[i];
		err = add_job(p);
	}
	p->job = passes;
	return err;
}

/* Adds the jobs of one trace and allocator. */
static int add_alloc(struct planning *p, const struct alloc_spec *alloc)
{
	const struct bench_sweep_spec *spec = p->spec;
	int err = 0;

	memcpy(p->job.allocator, alloc->name, sizeof(p->job.allocator));
	for (size_t w = 0; w < spec->windows && err == 0; w++) {
		p->job.heap_pages = (uint32_t)spec->heap_pages[w];
		for (size_t s = 0; s < spec->seeds && spec->passes; s++) {
			p->job.seed = spec->seed[s];
			for (uint32_t r = 1; r <= spec->repeats && err == 0;
			     r++) {
				p->job.repeat = r;
				err = add_job(p);
			}
		}
		if (err == 0)
			err = add_cpus(p);
	}
	return err;
}

static bool is_known(struct planning *p, const char *sha256)
{
	for (uint64_t i = 0; i < p->size->traces; i++)
		if (strcmp(p->sha256[i], sha256) == 0)
			return true;
	memcpy(p->sha256[p->size->traces++], sha256, 65);
	return false;
}

static int add_trace(struct planning *p, const char *path)
{
	struct bench_trace trace = { .fd = -1 };
	int err = bench_trace_open(&trace, path, p->stop, p->diag);

	if (err == 0 && strlen(path) >= sizeof(p->job.trace))
		err = kb_fail(p->diag, KB_E_ARG, "%s: the path is too long",
			      path);
	if (err == 0 && !is_known(p, trace.sha256)) {
		strcpy(p->job.trace, path);
		strcpy(p->job.trace_sha256, trace.sha256);
		p->events = trace.counts.events;
		for (size_t i = 0; i < p->spec->allocs && err == 0; i++)
			err = add_alloc(p, &p->spec->alloc[i]);
	}
	bench_trace_release(&trace);
	return err;
}

static int add_jobs(struct planning *p)
{
	const struct bench_sweep_spec *spec = p->spec;
	int err = 0;

	p->sha256 = calloc(spec->traces, sizeof(*p->sha256));
	if (!p->sha256)
		return kb_fail(p->diag, KB_E_NOMEM, "out of memory");
	p->job.passes = spec->passes;
	p->job.budget_ms =
		spec->passes & BENCH_PASS_TIMED ? spec->budget_ms : 0;
	p->size->allocs = spec->allocs;
	for (size_t i = 0; i < spec->traces && err == 0; i++)
		err = add_trace(p, spec->trace[i]);
	free(p->sha256);
	return err;
}

static char *path_in(const char *folder, const char *name, struct kb_diag *diag)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		kb_fail(diag, KB_E_NOMEM, "out of memory");
		return NULL;
	}
	return path;
}

/* A folder is taken that is not there, is empty, or holds a sweep. */
static int check_folder(const char *folder, struct kb_diag *diag)
{
	char *plan = path_in(folder, "plan.json", diag);
	const struct dirent *entry = NULL;
	DIR *dir = opendir(folder);
	bool is_sweep;

	if (!plan) {
		if (dir)
			closedir(dir);
		return KB_E_NOMEM;
	}
	is_sweep = access(plan, F_OK) == 0;
	free(plan);
	while (dir && !is_sweep && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			break;
	if (dir)
		closedir(dir);
	if (entry)
		return kb_fail(diag, KB_E_ARG,
			       "%s: holds other files; name a new folder",
			       folder);
	return kb_out_check_folder(folder, diag);
}

static int write_plan_json(const struct planning *p)
{
	char build[512];
	json_t *document;
	int err;

	bench_sweep_build(build, sizeof(build));
	document = json_pack("{s:i, s:o, s:I}", "schema", SCHEMA, "build",
			     kb_json_text(build), "jobs",
			     (json_int_t)p->size->jobs);
	err = kb_json_write(p->folder, "plan.json", document, 0, p->diag);
	json_decref(document);
	return err;
}

static int make_folders(const struct planning *p)
{
	char *results = path_in(p->folder, "results", p->diag);
	int err;

	if (!results)
		return KB_E_NOMEM;
	err = kb_out_make_folder(results, p->diag);
	free(results);
	return err;
}

/* Writes the folder. The list of jobs comes first: plan.json says that it is
 * whole. */
static int write_folder(struct planning *p)
{
	char *path = path_in(p->folder, "jobs.tsv", p->diag);
	struct kb_out out;
	int err;

	if (!path)
		return KB_E_NOMEM;
	err = make_folders(p);
	if (err == 0)
		err = kb_out_open(&out, path, p->diag);
	free(path);
	if (err < 0)
		return err;
	p->out = out.stream;
	bench_sweep_job_write_names(p->out);
	err = add_jobs(p);
	if (err == 0)
		err = kb_out_commit(&out, p->diag);
	kb_out_release(&out);
	if (err == 0)
		err = write_plan_json(p);
	return err;
}

int bench_sweep_plan_write(const struct bench_sweep_spec *spec,
			   const char *folder, bool (*stop)(void),
			   struct bench_sweep_size *size, struct kb_diag *diag)
{
	struct planning p = { .spec = spec,
			      .folder = folder,
			      .stop = stop,
			      .size = size,
			      .diag = diag };
	int err;

	memset(size, 0, sizeof(*size));
	if (!folder)
		return add_jobs(&p);
	err = check_folder(folder, diag);
	return err < 0 ? err : write_folder(&p);
}

static int read_plan_json(struct bench_sweep_plan *plan, const char *path,
			  struct kb_diag *diag)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);
	const char *build =
		json_string_value(json_object_get(document, "build"));
	json_int_t jobs = json_integer_value(json_object_get(document, "jobs"));
	int err = 0;

	if (!document && access(path, F_OK) != 0)
		err = kb_fail(diag, KB_E_IO,
			      "%s: is no sweep: it has no plan.json; make it "
			      "with 'bench sweep plan'",
			      plan->folder);
	else if (!document || !build || jobs < 1 ||
		 json_integer_value(json_object_get(document, "schema")) !=
			 SCHEMA)
		err = kb_fail(diag, KB_E_FORMAT,
			      "%s: is damaged or of another version; plan the "
			      "sweep again, its results stay",
			      path);
	else
		snprintf(plan->build, sizeof(plan->build), "%s", build);
	plan->jobs = (uint64_t)jobs;
	json_decref(document);
	return err;
}

int bench_sweep_plan_open(struct bench_sweep_plan *plan, const char *folder,
			  struct kb_diag *diag)
{
	char *path = path_in(folder, "plan.json", diag);
	int err;

	memset(plan, 0, sizeof(*plan));
	plan->folder = folder;
	if (!path)
		return KB_E_NOMEM;
	err = read_plan_json(plan, path, diag);
	free(path);
	if (err < 0)
		return err;
	path = path_in(folder, "jobs.tsv", diag);
	if (!path)
		return KB_E_NOMEM;
	plan->stream = fopen(path, "re");
	if (!plan->stream)
		err = kb_fail(diag, KB_E_IO, "%s: %s", path, strerror(errno));
	else if (getline(&plan->text, &plan->room, plan->stream) < 0)
		err = kb_fail(diag, KB_E_FORMAT, "%s: is empty", path);
	plan->line = 1;
	free(path);
	return err;
}

void bench_sweep_plan_release(struct bench_sweep_plan *plan)
{
	if (plan->stream)
		fclose(plan->stream);
	free(plan->text);
	memset(plan, 0, sizeof(*plan));
}

static int damaged(const struct bench_sweep_plan *plan, const char *what,
		   struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_FORMAT,
		       "%s/jobs.tsv:%" PRIu64 ": %s; plan the sweep again, its "
		       "results stay",
		       plan->folder, plan->line, what);
}

int bench_sweep_plan_next(struct bench_sweep_plan *plan,
			  struct bench_sweep_job *job, struct kb_diag *diag)
{
	const uint64_t expected = plan->line;

	if (getline(&plan->text, &plan->room, plan->stream) < 0) {
		if (expected == plan->jobs + 1)
			return KB_END;
		return damaged(plan, "jobs are missing from here on", diag);
	}
	plan->line++;
	if (bench_sweep_job_read(job, plan->text) < 0 ||
	    job->number != expected)
		return damaged(plan, "is no job", diag);
	return 0;
}

int bench_sweep_plan_find(const char *folder, uint64_t number,
			  struct bench_sweep_job *job, struct kb_diag *diag)
{
	struct bench_sweep_plan plan;
	int err = bench_sweep_plan_open(&plan, folder, diag);

	if (err == 0 && (number < 1 || number > plan.jobs))
		err = kb_fail(diag, KB_E_ARG,
			      "%s has jobs 1 to %" PRIu64 ", not %" PRIu64,
			      folder, plan.jobs, number);
	for (uint64_t i = 0; i < number && err == 0; i++)
		err = bench_sweep_plan_next(&plan, job, diag);
	bench_sweep_plan_release(&plan);
	return err;
}
