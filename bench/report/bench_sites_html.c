/*
 * The report's table of call sites.
 */
#include "bench_sites_html.h"

#include "bench_format.h"
#include "kb_escape.h"
#include "kb_bits.h"

#include <string.h>

struct column {
	const char *heading;
	size_t offset;
};

/* clang-format off */
static const struct column columns[] = {
	{ "allocs", offsetof(struct bench_site, allocs) },
	{ "lookups", offsetof(struct bench_site, lookups) },
	{ "nodes", offsetof(struct bench_site, nodes) },
	{ "page·events", offsetof(struct bench_site, page_events) },
	{ "waste·events, bytes", offsetof(struct bench_site, waste_byte_events) },
	{ "waste at peak, bytes", offsetof(struct bench_site, waste_at_peak) },
	{ "live at end", offsetof(struct bench_site, live_at_end) },
};
/* clang-format on */

static void write_row(FILE *out, const struct bench_site *site,
		      const char *name)
{
	char text[BENCH_TEXT_SIZE];

	fputs("<tr><th scope=\"row\">", out);
	kb_escape_html(out, name);
	fputs("</th>", out);
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++) {
		uint64_t n;

		memcpy(&n, (const char *)site + columns[i].offset, sizeof(n));
		fprintf(out, "<td data-v=\"%llu\">%s</td>",
			(unsigned long long)n, bench_format_count(text, n));
	}
	fputs("</tr>\n", out);
}

static void write_table(FILE *out, const struct bench_site_table *t)
{
	fputs("<h3>Cost by call site</h3>\n"
	      "<div class=\"pan\" role=\"region\" tabindex=\"0\" "
	      "aria-label=\"Call sites, table\">\n<table class=\"s\">\n"
	      "<caption>What the recorded kernel's call sites cost in ",
	      out);
	kb_escape_html(out, t->alloc);
	fprintf(out,
		": the %d whose objects' frees compare the most nodes. Counts "
		"are exact. A site is charged for what it allocates: pages, "
		"and bytes beyond those requested, times the events for which "
		"they are held; and for the lookups that free its "
		"objects.</caption>\n"
		"<thead><tr><th scope=\"col\">call site</th>",
		BENCH_SITE_ROWS);
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++)
		fprintf(out, "<th scope=\"col\">%s</th>", columns[i].heading);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < t->count; i++)
		write_row(out, &t->row[i].cost, t->row[i].name);
	fputs("</tbody>\n<tfoot>\n", out);
	write_row(out, &t->total, "all sites");
	fputs("</tfoot>\n</table>\n</div>\n", out);
}

void bench_sites_html(FILE *out, const struct bench_report *report)
{
	if (report->analysis && report->analysis->sites.count > 0)
		write_table(out, &report->analysis->sites);
}
