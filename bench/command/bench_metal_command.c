/*
 * metal: a trace on a real MMU, and in the simulation.
 */
#include "alloc_spec.h"
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_metal.h"
#include "bench_options.h"
#include "bench_trace_open.h"
#include "kb_bits.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_progress.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCS_DEFAULT "kheap,kheap:order=head,kheap:lookup=pte,kheap-fast"

/* MiB that the machine can have. */
#define MEMORY_MAX  2048

#define NAME_WIDTH  26
#define VALUE_WIDTH 18

struct metal_options {
	/* For the trace's name, the allocators, the window and the timeout. */
	struct bench_options bench;
	const char *trace;
	const char *image;
	const char *emit;
	uint32_t memory_mib;
	bool walk;
};

struct metalling {
	const struct metal_options *o;
	struct bench_trace trace;
	struct bench_metal_result *results;
	size_t done;
	struct kb_progress progress;
	struct kb_diag *diag;
};

/* --- What comes out ----------------------------------------------------------- */

static void print_pair(const char *name, const struct bench_metal_pair *pair)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	printf("%-*s%*s%*s%s\n", NAME_WIDTH, name, VALUE_WIDTH + 1,
	       bench_format_count(a, pair->simulated), VALUE_WIDTH + 1,
	       pair->has_real ? bench_format_count(b, pair->real) : "-",
	       pair->has_real && pair->real == pair->simulated ? ""
							       : "  differs");
}

static void print_digest(const char *name, const struct bench_metal_pair *pair)
{
	char real[24] = "-";

	if (pair->has_real)
		snprintf(real, sizeof(real), "%016" PRIx64, pair->real);
	printf("%-*s%*.16" PRIx64 "%*s%s\n", NAME_WIDTH, name, VALUE_WIDTH + 1,
	       pair->simulated, VALUE_WIDTH + 1, real,
	       pair->has_real && pair->real == pair->simulated ? ""
							       : "  differs");
}

static void print_differences(const struct bench_metal_result *r)
{
	const size_t shown = kb_min(r->differences, BENCH_METAL_DIFFERENCES);
	char text[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < shown; i++)
		printf("DIFFERS  %s\n", r->difference[i]);
	if (r->differences > shown)
		printf("DIFFERS  and in %s more ways\n",
		       bench_format_count(text, r->differences - shown));
}

static void print_result(const struct alloc_spec *spec,
			 const struct bench_metal_result *r)
{
	char text[BENCH_TEXT_SIZE];

	printf("\n%-*s %*s %*s\n", NAME_WIDTH, spec->name, VALUE_WIDTH,
	       "simulated", VALUE_WIDTH, "real");
	for (size_t i = 0; i < r->counters; i++)
		print_pair(r->counter[i].name, &r->counter[i].pair);
	print_digest("digest", &r->digest);
	print_digest("digest of PTEs", &r->state);
	print_pair("accessed and dirty pages", &r->accessed_dirty);
	print_pair("faults after a free", &r->faults);
	printf("%-*s %*s %*s\n", NAME_WIDTH, "stale accesses", VALUE_WIDTH, "0",
	       VALUE_WIDTH, bench_format_count(text, r->stale));
	printf("%s pages compared in the machine's memory\n",
	       bench_format_count(text, r->pairs));
	print_differences(r);
	printf("%s\n", r->equal ? "EQUAL" : "NOT EQUAL");
}

static void print_head(const struct metalling *m)
{
	char text[BENCH_TEXT_SIZE];

	printf("%s: %s events, simulated and on QEMU's MMU\n", m->trace.file,
	       bench_format_count(text, m->trace.counts.events));
}

static void print_instructions(const struct metalling *m)
{
	static const char title[] = "instructions/kfree";
	const struct alloc_spec *allocs = m->o->bench.allocs;
	int width = NAME_WIDTH;
	char t[5][BENCH_TEXT_SIZE];

	for (size_t i = 0; i < m->done; i++)
		width = (int)kb_max((uint64_t)width, strlen(allocs[i].name));
	printf("\n%-*s %9s %9s %9s %9s %9s\n", width, title, "mean", "median",
	       "90%", "99%", "max");
	for (size_t i = 0; i < m->done; i++) {
		const struct bench_metal_instructions *n =
			&m->results[i].instructions;

		if (n->kfrees == 0)
			continue;
		printf("%-*s %9s %9s %9s %9s %9s\n", width, allocs[i].name,
		       bench_format_number(t[0], (double)n->total /
							 (double)n->kfrees),
		       bench_format_count(t[1], n->p50),
		       bench_format_count(t[2], n->p90),
		       bench_format_count(t[3], n->p99),
		       bench_format_count(t[4], n->most));
	}
	printf("Exact, and the same in every run of this build of the kernel.\n"
	       "They are instructions, not time.\n");
}

static json_t *pair_json(const struct bench_metal_pair *pair)
{
	json_t *object =
		json_pack("{s:o}", "simulated", kb_json_count(pair->simulated));

	json_object_set_new(object, "real",
			    pair->has_real ? kb_json_count(pair->real)
					   : json_null());
	return object;
}

static json_t *digest_json(const struct bench_metal_pair *pair)
{
	char a[24], b[24];

	snprintf(a, sizeof(a), "%016" PRIx64, pair->simulated);
	snprintf(b, sizeof(b), "%016" PRIx64, pair->real);
	return json_pack("{s:s, s:s?}", "simulated", a, "real",
			 pair->has_real ? b : NULL);
}

static json_t *instructions_json(const struct bench_metal_instructions *n)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "kfrees",
			 kb_json_count(n->kfrees), "total",
			 kb_json_count(n->total), "min", (json_int_t)n->least,
			 "p50", (json_int_t)n->p50, "p90", (json_int_t)n->p90,
			 "p99", (json_int_t)n->p99, "max", (json_int_t)n->most);
}

static json_t *result_json(const struct metalling *m, size_t i)
{
	const struct bench_metal_result *r = &m->results[i];
	const size_t shown = kb_min(r->differences, BENCH_METAL_DIFFERENCES);
	json_t *counters = json_object();
	json_t *differences = json_array();
	json_t *object;

	for (size_t k = 0; k < r->counters; k++)
		json_object_set_new(counters, r->counter[k].name,
				    pair_json(&r->counter[k].pair));
	for (size_t k = 0; k < shown; k++)
		json_array_append_new(differences,
				      kb_json_text(r->difference[k]));
	object = json_pack(
		"{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "trace",
		kb_json_text(m->trace.file), "allocator",
		m->o->bench.allocs[i].name, "equal", r->equal, "counters",
		counters, "digest", digest_json(&r->digest),
		"accessed_dirty_pairs", kb_json_count(r->accessed_dirty.real),
		"faults_after_free", kb_json_count(r->faults.real),
		"stale_accesses", kb_json_count(r->stale), "pairs_compared",
		kb_json_count(r->pairs), "differences", differences);
	json_object_set_new(object, "pte_digest", digest_json(&r->state));
	if (r->instructions.kfrees > 0)
		json_object_set_new(object, "instructions_per_kfree",
				    instructions_json(&r->instructions));
	return object;
}

static int write_json(const struct metalling *m, const char *path)
{
	json_t *results = json_array();
	json_t *document;
	int err;

	for (size_t i = 0; i < m->done; i++)
		json_array_append_new(results, result_json(m, i));
	document = json_pack("{s:o}", "results", results);
	err = kb_json_write(NULL, path, document, 0, m->diag);
	json_decref(document);
	return err;
}

static bool is_text(const struct metalling *m)
{
	return !m->o->bench.json || strcmp(m->o->bench.json, "-") != 0;
}

/* Returns 0, or KB_E_WRONG for a difference: what was found is printed already, so
 * the diagnostic stays empty. */
static int report(const struct metalling *m)
{
	bool equal = true;
	int err = 0;

	if (is_text(m) && m->done > 0)
		print_instructions(m);
	if (m->o->bench.json)
		err = write_json(m, m->o->bench.json);
	for (size_t i = 0; i < m->done; i++)
		equal = equal && m->results[i].equal;
	return err < 0 ? err : equal ? 0 : KB_E_WRONG;
}

/* --- The command -------------------------------------------------------------- */

static int run_one(struct metalling *m, size_t i, int emit_fd)
{
	const struct metal_options *o = m->o;
	const struct alloc_spec *spec = &o->bench.allocs[i];
	const struct bench_metal_job job = {
		.trace = &m->trace,
		.spec = spec,
		.heap_base = o->bench.settings.heap_base,
		.heap_pages = o->bench.settings.heap_pages,
		.memory_mib = o->memory_mib,
		.walk = o->walk,
		.image = o->image,
		.emit_fd = emit_fd,
		.timeout_s = o->bench.settings.timeout_s,
		.stop = kb_signal_came,
		.progress = &m->progress,
	};
	int err;

	kb_progress_step(&m->progress, "metal", spec->name);
	err = bench_metal_run(&job, &m->results[i], m->diag);
	m->progress.done++;
	if (err < 0)
		return err;
	m->done++;
	if (!is_text(m))
		return 0;
	kb_progress_end(&m->progress);
	if (m->done == 1)
		print_head(m);
	print_result(spec, &m->results[i]);
	return 0;
}

/* With --emit: QEMU writes to the file that kb_out begins. */
static int run_emitting(struct metalling *m)
{
	struct kb_out out;
	int err = kb_out_open_fd(&out, m->o->emit, m->diag);

	if (err < 0)
		return err;
	err = run_one(m, 0, out.fd);
	if (err == 0)
		err = kb_out_commit(&out, m->diag);
	kb_out_release(&out);
	return err;
}

static int run_all(struct metalling *m)
{
	int err = 0;

	kb_progress_begin(&m->progress);
	m->progress.total = m->o->bench.alloc_count;
	if (m->o->emit)
		err = run_emitting(m);
	else
		for (size_t i = 0; i < m->o->bench.alloc_count && err == 0; i++)
			err = run_one(m, i, -1);
	kb_progress_end(&m->progress);
	return bench_trace_judge(&m->trace, err, m->diag);
}

static int check(struct metal_options *o, struct kb_diag *diag)
{
	int err = bench_options_check(&o->bench, ALLOCS_DEFAULT, diag);

	for (size_t i = 0; err == 0 && i < o->bench.alloc_count; i++)
		err = bench_metal_check(&o->bench.allocs[i], o->image, diag);
	if (err == 0 && o->emit && o->bench.alloc_count != 1)
		err = kb_fail(diag, KB_E_ARG,
			      "--emit takes exactly one allocator; name it "
			      "with --alloc");
	if (err == 0 && o->emit)
		err = kb_out_check_file(o->emit, diag);
	if (err == 0 && o->bench.json && strcmp(o->bench.json, "-") != 0)
		err = kb_out_check_file(o->bench.json, diag);
	return err;
}

static int run(struct metalling *m, struct metal_options *o)
{
	int err = check(o, m->diag);
	int reported;

	if (err == 0)
		err = bench_commands_open(&m->trace, o->trace, m->diag);
	if (err < 0)
		return err;
	m->results = calloc(o->bench.alloc_count, sizeof(*m->results));
	if (!m->results)
		return kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	err = run_all(m);
	if (err < 0 && err != KB_E_STOPPED)
		return err;
	reported = report(m);
	return err < 0 ? err : reported;
}

static int metal_main(int argc, char **argv)
{
	struct metal_options o = { 0 };
	struct kb_diag diag;
	struct metalling m = { .o = &o, .trace.fd = -1, .diag = &diag };
	int status;
	int err;

	bench_options_init(&o.bench);
	if (!kb_options_go(&bench_metal_command, &o, argc, argv, &status)) {
		bench_options_release(&o.bench);
		return status;
	}
	kb_diag_init(&diag);
	kb_signal_catch();
	err = run(&m, &o);
	bench_trace_release(&m.trace);
	free(m.results);
	bench_options_release(&o.bench);
	if (err == 0 || diag.status == 0)
		return kb_exit_of(err);
	return kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct metal_options, member)
#define BENCH	   offsetof(struct metal_options, bench)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct metal_options, trace)),
	BENCH_OPTION_ALLOC(BENCH, "Only kheap and kheap-fast, with simulated "
				  "paging (default: " ALLOCS_DEFAULT ")"),
	BENCH_OPTION_HEAP_PAGES(BENCH),
	BENCH_OPTION_HEAP_BASE(BENCH),
	{ .name = "memory",
	  .value = "MIB",
	  .help = "memory of the machine (default: what the trace needs)",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = MEMORY_MAX,
	  AT(memory_mib) },
	{ .name = "walk",
	  .help = "have the kernel make each counted search for real; the "
		  "counts are the same",
	  .kind = KB_OPTION_SWITCH,
	  AT(walk) },
	{ .name = "timeout",
	  .value = "SECONDS",
	  .help = "stop a kernel that says nothing for SECONDS (default 60)",
	  .kind = KB_OPTION_CALL,
	  .take = bench_options_take_seconds,
	  BENCH_OPTION(BENCH, settings.timeout_s) },
	{ .name = "image",
	  .value = "FILE",
	  .help = "boot FILE, a kernel built from metal/, instead of the one "
		  "in bench",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_IN,
	  AT(image) },
	{ .name = "emit",
	  .value = "FILE",
	  .help = "also write the trace of its own heap that the kernel "
		  "emits, for 'trc import'; for one allocator",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(emit) },
	BENCH_OPTION_JSON(BENCH),
	{ .name = NULL },
};

const struct kb_command bench_metal_command = {
	.program = "bench",
	.name = "metal",
	.summary = "compare the simulated paging with a real MMU",
	.about = "Boots a small kernel that contains the same heap under QEMU, "
		 "replays the trace there over the processor's own page "
		 "tables, and compares it with the simulation: every counter "
		 "of heap and paging, the digest of all addresses, the "
		 "accessed and dirty flags, and the page-table entries in the "
		 "machine's memory. In the kernel each page is written to "
		 "when it is allocated, read before it is freed, and touched "
		 "after that, which must fault.\n"
		 "\n"
		 "It also shows how many instructions each kfree takes in the "
		 "kernel. That is exact, and the same in every run; it is not "
		 "time.\n"
		 "\n"
		 "QEMU's own processor (TCG) is used, never KVM.",
	.options = options,
	.stray = "trace",
	.examples = "bench metal --trace traces/boot.trc",
	.exits = "0 equal\n"
		 "2 usage, unreadable or corrupt input, a trace too large for "
		 "the machine\n"
		 "4 QEMU is missing or could not run the kernel\n"
		 "5 a difference\n"
		 "130 after SIGINT, with finished results shown\n"
		 "143 after SIGTERM, likewise",
	.main = metal_main,
};
