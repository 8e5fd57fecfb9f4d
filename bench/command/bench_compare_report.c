#include "bench_compare_report.h"

#include "bench_benchfmt.h"
#include "kb_escape.h"
#include "kb_out.h"
#include "kb_json.h"
#include "kb_bits.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static json_t *numbers(const double *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_real(values[i]));
	return array;
}

json_t *bench_compare_gate(const struct bench_pair *p, const char *kind,
			   const struct bench_summary *s)
{
	json_t *gate;

	gate = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:I, s:f, s:f, s:f, s:o, "
		"s:o, s:o}",
		"kind", kind, "trace", p->trace->file, "trace_sha256",
		p->trace->sha256, "allocator", p->alloc[0], "versus",
		p->alloc[1], "verdict", bench_verdict_name(p->verdict), "alpha",
		p->test.alpha, "slice_ops", (json_int_t)p->slice_ops, "seconds",
		p->seconds, "inject_pct", p->inject_ppm / 1e4, "change_pct",
		100 * expm1(s->median), "log_ratios",
		numbers(p->ratio, p->epochs), "base_ns",
		numbers(p->ns[0], p->epochs), "candidate_ns",
		numbers(p->ns[1], p->epochs));
	if (gate && s->has_interval) {
		json_object_set_new(gate, "low_pct",
				    json_real(100 * expm1(s->low)));
		json_object_set_new(gate, "high_pct",
				    json_real(100 * expm1(s->high)));
	}
	return gate;
}

static const char *text_of(const json_t *gate, const char *key)
{
	return json_string_value(json_object_get(gate, key));
}

static double number_of(const json_t *gate, const char *key)
{
	return json_number_value(json_object_get(gate, key));
}

static size_t epochs_of(const json_t *gate)
{
	return json_array_size(json_object_get(gate, "log_ratios"));
}

/* A field of a Markdown table: a bar would end it, a backtick would end its
 * code. */
static void write_code(FILE *f, const char *text)
{
	fputc('`', f);
	for (; *text; text++)
		fputc(*text == '|' || *text == '`' ? '_' : *text, f);
	fputc('`', f);
}

static void write_change(FILE *f, const json_t *gate)
{
	fprintf(f, "%+.2f%%", number_of(gate, "change_pct"));
	if (json_object_get(gate, "low_pct"))
		fprintf(f, " | [%+.2f%%, %+.2f%%]", number_of(gate, "low_pct"),
			number_of(gate, "high_pct"));
	else
		fprintf(f, " | ");
}

static void write_markdown(FILE *f, const void *user)
{
	const json_t *document = user;
	const json_t *gate;
	size_t i;

	fprintf(f, "### Time, paired in lock-step\n\n");
	if (json_is_true(json_object_get(document, "same_code"))) {
		fprintf(f, "The two builds have the same code: nothing to "
			   "measure.\n");
		return;
	}
	fprintf(f, "| verdict | gate | trace | allocator | change | 95%% "
		   "interval | runs |\n|---|---|---|---|---|---|---|\n");
	json_array_foreach(json_object_get(document, "gates"), i, gate) {
		fprintf(f, "| %s | %s | ", text_of(gate, "verdict"),
			text_of(gate, "kind"));
		write_code(f, text_of(gate, "trace"));
		fprintf(f, " | ");
		write_code(f, text_of(gate, "allocator"));
		fprintf(f, " | ");
		write_change(f, gate);
		fprintf(f, " | %zu |\n", epochs_of(gate));
	}
	fprintf(f, "\nA/A compares the base with itself. If it does not pass, "
		   "the other verdicts mean nothing.\n");
}

static void write_testcase(FILE *f, const json_t *gate)
{
	const char *verdict = text_of(gate, "verdict");

	fprintf(f, "  <testcase classname=\"compare.%s\" name=\"",
		strcmp(text_of(gate, "kind"), "A/A") == 0 ? "self" : "gate");
	kb_escape_html(f, text_of(gate, "trace"));
	fputc('/', f);
	kb_escape_html(f, text_of(gate, "allocator"));
	fprintf(f, "\">");
	if (strcmp(verdict, "FAIL") == 0)
		fprintf(f, "<failure message=\"%.2f%% slower\"/>",
			number_of(gate, "change_pct"));
	else if (strcmp(verdict, "PASS") != 0)
		fprintf(f, "<skipped message=\"%s\"/>", verdict);
	fprintf(f, "</testcase>\n");
}

static void write_junit(FILE *f, const void *user)
{
	const json_t *gates = json_object_get(user, "gates");
	const json_t *gate;
	size_t i, failures = 0;

	json_array_foreach(gates, i, gate)
		failures += strcmp(text_of(gate, "verdict"), "FAIL") == 0;
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"bench compare\" tests=\"%zu\" "
		"failures=\"%zu\">\n",
		json_array_size(gates), failures);
	json_array_foreach(gates, i, gate)
		write_testcase(f, gate);
	fprintf(f, "</testsuite>\n");
}

static void write_benchfmt(FILE *f, const json_t *document, const char *side,
			   const char *figures)
{
	const json_t *context = json_object_get(document, "context");
	const json_t *gate, *ns;
	size_t i, k;

	bench_benchfmt_key(f, "cpu", text_of(context, "cpu_model"));
	bench_benchfmt_key(f, "system", text_of(context, "system"));
	bench_benchfmt_key(f, "side", side);
	json_array_foreach(json_object_get(document, "gates"), i, gate) {
		if (strcmp(text_of(gate, "kind"), "A/B") != 0)
			continue;
		json_array_foreach(json_object_get(gate, figures), k, ns) {
			bench_benchfmt_name(f, text_of(gate, "trace"),
					    text_of(gate, "allocator"));
			fprintf(f, " %.0f %.6g ns/op\n",
				number_of(gate, "slice_ops") *
					BENCH_LOCKSTEP_TURNS / 2,
				json_number_value(ns));
		}
	}
}

static void write_base(FILE *f, const void *user)
{
	write_benchfmt(f, user, "base", "base_ns");
}

static void write_candidate(FILE *f, const void *user)
{
	write_benchfmt(f, user, "candidate", "candidate_ns");
}

int bench_compare_report(const char *folder, const json_t *document,
			 struct kb_diag *diag)
{
	static const struct {
		const char *name;
		void (*write)(FILE *f, const void *user);
	} files[] = {
		{ "compare.md", write_markdown },
		{ "compare.junit.xml", write_junit },
		{ "base.benchfmt", write_base },
		{ "candidate.benchfmt", write_candidate },
	};
	int err = kb_out_make_folder(folder, diag);

	if (err == 0)
		err = kb_json_write(folder, "compare.json", document, 0, diag);
	for (size_t i = 0; i < KB_ARRAY_LEN(files) && err == 0; i++)
		err = kb_out_write(folder, files[i].name, files[i].write,
				   document, diag);
	return err;
}
