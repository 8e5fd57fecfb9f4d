#include "bench_gbench.h"

#include "gbench_shim.h"
#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a cell's benchmark reports in its repetitions. */
struct replayed {
	const struct bench_cell_summary *summary;

	/* The epoch that the next repetition reports. */
	size_t next;
};

void bench_gbench_name(char *out, size_t size, const struct bench_trace *trace,
		       const struct alloc_spec *spec)
{
	snprintf(out, size, "%s/%s", trace->file, spec->name);
}

struct matching {
	const struct bench_trace *trace;
	const struct alloc_spec *from;
	size_t from_count;
	struct alloc_spec *into;
	size_t count;
};

static void keep_match(const char *name, void *user)
{
	struct matching *m = user;
	char own[512];

	for (size_t i = 0; i < m->from_count; i++) {
		bench_gbench_name(own, sizeof(own), m->trace, &m->from[i]);
		if (strcmp(own, name) == 0)
			m->into[m->count++] = m->from[i];
	}
}

static void never_run(struct gb_state *state, void *user)
{
	(void)user;
	gb_skip(state, "only listed");
}

int bench_gbench_filter(int argc, char **argv, const struct bench_trace *trace,
			struct alloc_spec *specs, size_t *count)
{
	struct alloc_spec *all = calloc(*count + 1, sizeof(*all));
	struct matching m = { trace, all, *count, specs, 0 };
	char name[512];
	int err;

	if (!all)
		return KB_EXIT_USAGE;
	memcpy(all, specs, *count * sizeof(*all));
	for (size_t i = 0; i < *count; i++) {
		bench_gbench_name(name, sizeof(name), trace, &all[i]);
		gb_register(name, never_run, NULL);
	}
	err = gb_match(argc, argv, keep_match, &m);
	gb_clear();
	free(all);
	*count = m.count;
	return err;
}

static void tell_counters(struct gb_state *state, const struct bench_cell *cell)
{
	const struct replay_counters *counters;

	if (!cell->count)
		return;
	counters = &cell->count->counters;
	/* Omits a counter of 0: the library would give its coefficient of
	 * variation as NaN, which is not valid JSON. */
	for (uint32_t i = 0; i < counters->count; i++)
		if (counters->item[i].value)
			gb_counter(state, counters->item[i].name,
				   (double)counters->item[i].value);
}

static void tell_epoch(struct gb_state *state, void *user)
{
	struct replayed *r = user;
	const struct bench_cell *cell = r->summary->cell;
	int64_t n = gb_iters(state);
	double ns;

	if (cell->status < 0 || cell->epochs == 0) {
		gb_skip(state, cell->status < 0 ? cell->diag.text
						: "no run was timed");
		return;
	}
	ns = r->summary->epoch[r->next++ % cell->epochs].ns;
	while (gb_next_batch(state, n))
		gb_iteration_time(state, ns * (double)n / 1e9);
	gb_items(state, n);
	tell_counters(state, cell);
}

static void register_cell(struct replayed *r)
{
	const struct bench_cell *cell = r->summary->cell;
	struct gb_bench *bench;
	char name[512];

	bench_gbench_name(name, sizeof(name), cell->trace, &cell->spec);
	bench = gb_register(name, tell_epoch, r);
	gb_use_manual_time(bench);
	gb_repetitions(bench, cell->epochs ? (int)cell->epochs : 1);
	gb_iterations(bench, cell->epochs && cell->epoch[0].replay[0].events
				     ? (int64_t)cell->epoch[0].replay[0].events
				     : 1);
}

static void tell_context(const struct bench_report *report)
{
	const struct bench_env *env = report->env;

	gb_context("kheap_replay_revision", env->revision);
	gb_context("kheap_replay_build", env->build_type);
	gb_context("compiler", env->compiler);
	gb_context("cpu_model", env->cpu_model);
	gb_context("system", env->system);
}

/* Writes the library's report to the file of --benchmark_out. */
static int write_file(int argc, char **argv, const char *text)
{
	static const char option[] = "--benchmark_out=";
	const char *path = "";
	struct kb_out out;
	struct kb_diag diag;
	int err;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], option, strlen(option)) == 0)
			path = argv[i] + strlen(option);
	kb_diag_init(&diag);
	err = kb_out_open(&out, path, &diag);
	if (err == 0) {
		fputs(text, out.stream);
		err = kb_out_commit(&out, &diag);
	}
	return err < 0 ? kb_complain_diag("bench", &diag) : 0;
}

int bench_gbench_run(int argc, char **argv, bool all, bool to_stderr)
{
	char *text;
	int err = gb_run(argc, argv, all, to_stderr, &text);

	if (err == 0 && text)
		err = write_file(argc, argv, text);
	free(text);
	return err;
}

int bench_gbench_report(const struct bench_report *reports, size_t count,
			int argc, char **argv, bool to_stderr)
{
	struct replayed *replayed;
	size_t cells = 0, next = 0;
	int err;

	for (size_t i = 0; i < count; i++)
		cells += reports[i].count;
	replayed = calloc(cells + 1, sizeof(*replayed));
	if (!replayed)
		return KB_EXIT_USAGE;
	tell_context(&reports[0]);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < reports[i].count; k++) {
			struct replayed *r = &replayed[next++];

			r->summary = &reports[i].summary->cell[k];
			register_cell(r);
		}
	}
	err = bench_gbench_run(argc, argv, true, to_stderr);
	gb_clear();
	free(replayed);
	return err;
}
