#include "bench_lapse.h"

#include "kb_escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A column of the data, for the list of their lengths. */
struct column {
	const char *name;
	const struct bench_bytes *bytes;
};

#define COLUMNS_MAX 4

/* A string of JSON, in an element of a page: nothing ends the element. `text` is
 * cleaned. */
static void write_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '<' || *text == '&')
			fprintf(out, "\\u%04x", (unsigned)*text);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void write_columns(FILE *out, const struct column *column, size_t count)
{
	fputs("\"columns\":[", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s[\"%s\",%zu]", i ? "," : "", column[i].name,
			column[i].bytes->size);
	fputs("]", out);
}

static size_t trace_columns(struct column out[COLUMNS_MAX],
			    const struct bench_tape_trace *t)
{
	size_t n = 0;

#define X(member) out[n++] = (struct column){ #member, &t->member };
	BENCH_TAPE_TRACE(X)
#undef X
	return n;
}

static size_t alloc_columns(struct column out[COLUMNS_MAX],
			    const struct bench_tape_alloc *a)
{
	size_t n = 0;

#define X(member) out[n++] = (struct column){ #member, &a->member };
	BENCH_TAPE_ALLOC(X)
#undef X
	return n;
}

static void write_alloc(FILE *out, const struct bench_tape_alloc *a)
{
	struct column column[COLUMNS_MAX];

	fputs("{\"name\":", out);
	write_string(out, a->name);
	fprintf(out,
		",\"search\":\"%s\",\"atHead\":%s,\"firstIndex\":%" PRIu32
		",\"rows\":%" PRIu32 ",\"pageLow\":%" PRIu64
		",\"pageHigh\":%" PRIu64 ",",
		a->search, a->at_head ? "true" : "false", a->first_index,
		a->rows, a->page_low, a->page_high);
	write_columns(out, column, alloc_columns(column, a));
	fputs("}", out);
}

static void write_heading(FILE *out, const struct bench_tape *tape,
			  const char *trace)
{
	const char *name = (const char *)tape->trace.names.data;
	struct column column[COLUMNS_MAX];

	fputs("{\"trace\":", out);
	write_string(out, trace);
	fputs(",", out);
	write_columns(out, column, trace_columns(column, &tape->trace));
	fputs(",\"sites\":[", out);
	for (size_t i = 0; i < tape->trace.sites; i++) {
		fputs(i ? "," : "", out);
		write_string(out, name);
		name += strlen(name) + 1;
	}
	fputs("],\"allocators\":[", out);
	for (size_t i = 0; i < tape->count; i++) {
		fputs(i ? "," : "", out);
		write_alloc(out, &tape->alloc[i]);
	}
	fputs("]}", out);
}

static void append(struct bench_bytes *to, const struct column *column,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* An empty column has no memory. */
		if (column[i].bytes->size == 0)
			continue;
		memcpy(to->data + to->size, column[i].bytes->data,
		       column[i].bytes->size);
		to->size += column[i].bytes->size;
	}
}

/* All columns, one after the other. */
static int join(struct bench_bytes *out, const struct bench_tape *tape)
{
	struct column column[COLUMNS_MAX];
	size_t size = 1, n = trace_columns(column, &tape->trace);

	for (size_t i = 0; i < n; i++)
		size += column[i].bytes->size;
	for (size_t k = 0; k < tape->count; k++) {
		n = alloc_columns(column, &tape->alloc[k]);
		for (size_t i = 0; i < n; i++)
			size += column[i].bytes->size;
	}
	*out = (struct bench_bytes){ .data = malloc(size), .capacity = size };
	if (!out->data)
		return KB_E_NOMEM;
	n = trace_columns(column, &tape->trace);
	append(out, column, n);
	for (size_t k = 0; k < tape->count; k++) {
		n = alloc_columns(column, &tape->alloc[k]);
		append(out, column, n);
	}
	return 0;
}

static void write_base64(FILE *out, const unsigned char *data, size_t size)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				    "opqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		const size_t left = size - i;
		const uint32_t n = (uint32_t)data[i] << 16 |
				   (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
				   (left > 2 ? data[i + 2] : 0u);

		fputc(digit[n >> 18], out);
		fputc(digit[n >> 12 & 63], out);
		fputc(left > 1 ? digit[n >> 6 & 63] : '=', out);
		fputc(left > 2 ? digit[n & 63] : '=', out);
	}
}

static int write_data(FILE *out, const struct bench_tape *tape)
{
	struct bench_bytes whole;
	unsigned char *packed;
	uLongf size;
	int err = join(&whole, tape);

	if (err < 0)
		return err;
	size = compressBound(whole.size);
	packed = malloc(size);
	if (packed && compress2(packed, &size, whole.data, whole.size,
				Z_BEST_COMPRESSION) == Z_OK)
		write_base64(out, packed, size);
	else
		err = KB_E_NOMEM;
	free(packed);
	free(whole.data);
	return err;
}

int bench_lapse_section(FILE *out, const struct bench_tape *tape,
			const char *trace, struct kb_diag *diag)
{
	fputs("<section class=\"lapse\" aria-label=\"Time-lapse of the heap\" "
	      "tabindex=\"0\">\n<div class=\"lapse-stage\"><p>This part is "
	      "drawn by a script: the heap after any event of the trace, its "
	      "lists, its addresses, and each kfree's search. "
	      "<code>bench show --at N</code> draws the same in a "
	      "terminal.</p></div>\n"
	      "<script type=\"application/json\" class=\"lapse-head\">",
	      out);
	write_heading(out, tape, trace);
	fputs("</script>\n<script type=\"text/plain\" class=\"lapse-data\">",
	      out);
	if (write_data(out, tape) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	fputs("</script>\n</section>\n", out);
	return 0;
}

void bench_lapse_head(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n<title>",
	      out);
	kb_escape_html(out, title);
	fputs(" – kheap-replay</title>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'\">\n<style>\n",
	      out);
	fputs(bench_base_style, out);
}

int bench_lapse_page(FILE *out, const struct bench_tape *tape,
		     const char *trace, struct kb_diag *diag)
{
	int err;

	bench_lapse_head(out, trace);
	fputs(bench_lapse_style, out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
	kb_escape_html(out, trace);
	fputs(", event by event</h1>\n<p class=\"soft\">Space plays, the arrow "
	      "keys step (Shift: 100 events), w jumps to the longest search. "
	      "The address of this page remembers the moment.</p>\n"
	      "</header>\n<main>\n",
	      out);
	err = bench_lapse_section(out, tape, trace, diag);
	fputs("</main>\n<script>\n", out);
	fputs(bench_lapse_script, out);
	fputs("</script>\n</body>\n</html>\n", out);
	return err;
}
