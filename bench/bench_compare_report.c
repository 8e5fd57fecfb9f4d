#include "bench_compare_report.h"

#include "bench_out.h"

#include <jansson.h>
#include <string.h>

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

static void write_json(FILE *f, const void *user)
{
	json_dumpf(user, f, JSON_INDENT(1));
	fputc('\n', f);
}

/* A cell of a Markdown table: a bar would end it, a backtick its code. */
static void write_code(FILE *f, const char *text)
{
	fputc('`', f);
	for (; *text; text++)
		fputc(*text == '|' || *text == '`' ? '_' : *text, f);
	fputc('`', f);
}

static void write_change(FILE *f, const json_t *gate)
{
	fprintf(f, "%+.2f %%", number_of(gate, "change_pct"));
	if (json_object_get(gate, "low_pct"))
		fprintf(f, " | %+.2f … %+.2f %%", number_of(gate, "low_pct"),
			number_of(gate, "high_pct"));
	else
		fprintf(f, " | ");
}

static void write_markdown(FILE *f, const void *user)
{
	const json_t *document = user;
	const json_t *gate;
	size_t i;

	fprintf(f, "### Time, paired in lock-step\n\n"
		   "| verdict | gate | trace | allocator | change | 95 %% "
		   "interval | epochs |\n|---|---|---|---|---|---|---|\n");
	json_array_foreach(json_object_get(document, "gates"), i, gate)
	{
		fprintf(f, "| %s | %s | ", text_of(gate, "verdict"),
			text_of(gate, "kind"));
		write_code(f, text_of(gate, "trace"));
		fprintf(f, " | ");
		write_code(f, text_of(gate, "allocator"));
		fprintf(f, " | ");
		write_change(f, gate);
		fprintf(f, " | %zu |\n", epochs_of(gate));
	}
	fprintf(f, "\nA/A is the base against itself: it must pass for the "
		   "rest to mean anything.\n");
}

static void write_xml_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*text, f);
		}
	}
}

static void write_testcase(FILE *f, const json_t *gate)
{
	const char *verdict = text_of(gate, "verdict");

	fprintf(f, "  <testcase classname=\"compare.%s\" name=\"",
		strcmp(text_of(gate, "kind"), "A/A") == 0 ? "self" : "gate");
	write_xml_text(f, text_of(gate, "trace"));
	fputc('/', f);
	write_xml_text(f, text_of(gate, "allocator"));
	fprintf(f, "\">");
	if (strcmp(verdict, "FAIL") == 0)
		fprintf(f, "<failure message=\"%+.2f %% slower\"/>",
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

	json_array_foreach(gates, i, gate) failures +=
		strcmp(text_of(gate, "verdict"), "FAIL") == 0;
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"bench compare\" tests=\"%zu\" "
		"failures=\"%zu\">\n",
		json_array_size(gates), failures);
	json_array_foreach(gates, i, gate) write_testcase(f, gate);
	fprintf(f, "</testsuite>\n");
}

int bench_compare_report(const char *folder, const json_t *document,
			 struct kb_diag *diag)
{
	int err = bench_out_make_folder(folder, diag);

	if (err == 0)
		err = bench_out_write(folder, "compare.json", write_json,
				      document, diag);
	if (err == 0)
		err = bench_out_write(folder, "compare.md", write_markdown,
				      document, diag);
	if (err == 0)
		err = bench_out_write(folder, "compare.junit.xml", write_junit,
				      document, diag);
	return err;
}
