/*
 * export: a replay in a format that another tool draws.
 */
#include "bench_commands.h"
#include "bench_export.h"
#include "bench_options.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_signal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct export_options {
	const char *trace;
	const char *alloc;
	const char *results;
	const char *out;
	struct bench_export what;
};

static const char *const formats[] = {
	[BENCH_EXPORT_PERFETTO] = "perfetto",
	[BENCH_EXPORT_SPEEDSCOPE] = "speedscope",
	[BENCH_EXPORT_COLLAPSED] = "collapsed",
};

static const char *const weights[] = {
	[BENCH_EXPORT_NODES] = "nodes",
	[BENCH_EXPORT_NS] = "ns",
	[BENCH_EXPORT_BYTES] = "bytes",
};

/* The place of a word in a list of three; below 0 if it is not there. */
static int find_word(const char *const words[3], const char *word)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static int take_format(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	const int found = find_word(formats, value);

	(void)option;
	if (found < 0)
		return kb_fail(diag, KB_E_ARG,
			       "--to takes perfetto, speedscope or collapsed, "
			       "got '%s'",
			       value);
	*(enum bench_export_format *)field = (enum bench_export_format)found;
	return 0;
}

static int take_weight(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	const int found = find_word(weights, value);

	(void)option;
	if (found < 0)
		return kb_fail(diag, KB_E_ARG,
			       "--by takes nodes, ns or bytes, got '%s'",
			       value);
	*(enum bench_export_weight *)field = (enum bench_export_weight)found;
	return 0;
}

/* The cost model's ns per node in one cell of a result; 0 if it has none. */
static double node_ns(const json_t *cell)
{
	const json_t *model = json_object_get(cell, "cost_model");

	return json_number_value(json_object_get(
		json_object_get(model, "kfree"), "ns_per_node"));
}

/* Reads what a node costs this allocator from a results folder. */
static int read_results(struct export_options *o, const struct bench_trace *t,
			struct kb_diag *diag)
{
	json_t *document, *results, *cell;
	char *path = NULL;
	size_t i;

	if (!o->results)
		return 0;
	if (asprintf(&path, "%s/results.json", o->results) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	document = json_load_file(path, 0, NULL);
	results = json_object_get(document, "results");
	json_array_foreach(results, i, cell) {
		if (strcmp(kb_json_string_of(cell, "trace"), t->file) == 0 &&
		    strcmp(kb_json_string_of(cell, "allocator"),
			   o->what.spec.name) == 0)
			o->what.ns_per_node = node_ns(cell);
	}
	json_decref(document);
	if (o->what.ns_per_node <= 0)
		kb_fail(diag, KB_E_ARG,
			"%s has no cost per node of %s on %s; run bench "
			"with --pass latency",
			path, o->what.spec.name, t->file);
	free(path);
	return o->what.ns_per_node > 0 ? 0 : KB_E_ARG;
}

static int write_file(const struct export_options *o, struct kb_diag *diag)
{
	struct kb_out out;
	int err;

	if (strcmp(o->out, "-") == 0)
		return bench_export_write(stdout, &o->what, diag);
	err = kb_out_open(&out, o->out, diag);
	if (err < 0)
		return err;
	err = bench_export_write(out.stream, &o->what, diag);
	return kb_out_end(&out, err, diag);
}

static int export_trace(struct export_options *o, struct kb_diag *diag)
{
	struct bench_trace trace = { .fd = -1 };
	int err = alloc_spec_parse(&o->what.spec, o->alloc, diag);

	if (err == 0)
		err = alloc_require(&o->what.spec, diag);
	if (err == 0)
		err = bench_commands_open(&trace, o->trace, diag);
	if (err == 0)
		err = read_results(o, &trace, diag);
	if (err == 0) {
		o->what.trace = &trace;
		err = write_file(o, diag);
		err = bench_trace_judge(&trace, err, diag);
	}
	bench_trace_release(&trace);
	return err;
}

static int check_export(void *target, struct kb_diag *diag)
{
	const struct export_options *o = target;

	if (o->what.weight == BENCH_EXPORT_NS && !o->results)
		return kb_fail(diag, KB_E_ARG,
			       "--by ns needs --results, whose cost model says "
			       "what a node costs");
	return 0;
}

static int export_main(int argc, char **argv)
{
	struct export_options o = { .alloc = "kheap" };
	struct kb_diag diag;
	int status;

	if (!kb_options_go(&bench_export_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	return export_trace(&o, &diag) == 0 ? KB_EXIT_GOOD
					    : kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct export_options, member)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct export_options, trace)),
	{ .name = "to",
	  .value = "FORMAT",
	  .help = "perfetto: live bytes, objects and pages, and each kfree's "
		  "search, over the recorded time; speedscope, or collapsed "
		  "stacks: call sites by what they cost",
	  .is_required = true,
	  .kind = KB_OPTION_CALL,
	  .take = take_format,
	  AT(what.format) },
	{ .name = "output",
	  .value = "FILE",
	  .letter = 'o',
	  .help = "the file to write; '-' is standard output",
	  .is_required = true,
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(out) },
	{ .name = "alloc",
	  .value = "SPEC",
	  .help = "the allocator (default kheap)",
	  .kind = KB_OPTION_TEXT,
	  AT(alloc) },
	{ .name = "by",
	  .value = "WEIGHT",
	  .help = "the weight of collapsed stacks: nodes compared (default), "
		  "ns or bytes requested; speedscope has all of them",
	  .kind = KB_OPTION_CALL,
	  .take = take_weight,
	  AT(what.weight) },
	{ .name = "results",
	  .value = "DIR",
	  .help = "a results folder of the same trace and allocator: its cost "
		  "model says how long a node takes (without it a node is "
		  "drawn as 1 ns)",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_IN,
	  AT(results) },
	{ .name = NULL },
};

const struct kb_command bench_export_command = {
	.program = "bench",
	.name = "export",
	.summary = "write a replay for Perfetto, speedscope or flame graphs",
	.about = "Replays a trace into an allocator, counted and untimed, and "
		 "writes what happened in a format that another tool draws. "
		 "Open perfetto's file at ui.perfetto.dev, speedscope's at "
		 "speedscope.app; collapsed stacks are for flamegraph.pl.",
	.options = options,
	.stray = "trace",
	.check = check_export,
	.examples = "bench export --trace boot.trc --to perfetto -o boot.json\n"
		    "bench export --trace boot.trc --to collapsed --by bytes "
		    "-o - | flamegraph.pl >boot.svg",
	.exits = "0 written\n"
		 "2 usage, unreadable input, an output that cannot be written\n"
		 "4 the machine lacks the allocator\n"
		 "5 wrong result",
	.main = export_main,
};
