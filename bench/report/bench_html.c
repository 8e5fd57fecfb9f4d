#include "bench_html.h"

#include "bench_figure.h"
#include "bench_format.h"
#include "bench_html_svg.h"
#include "kb_escape.h"
#include "kb_out.h"
#include "bench_sites_html.h"
#include "kb_bits.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A page being written. */
struct page {
	FILE *f;
	const struct bench_report *report;
	const char *folder;

	/* NULL for a page without figures. */
	const struct bench_plot_svgs *svgs;

	/* Figures so far; numbers their ids. */
	unsigned figures;
};

static void write_head(const struct page *p)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n<title>",
	      p->f);
	kb_escape_html(p->f, p->report->trace->file);
	/* The page loads and sends nothing, whatever a name contains. */
	fputs(" – kheap-replay</title>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'\">\n<style>\n",
	      p->f);
	fputs(bench_html_style, p->f);
	fputs("</style>\n</head>\n<body>\n", p->f);
}

static void write_title(const struct page *p)
{
	const struct bench_report *r = p->report;

	fputs("<header>\n<h1>", p->f);
	kb_escape_html(p->f, r->trace->file);
	fprintf(p->f, " in %zu allocator%s</h1>\n<p class=\"soft\">", r->count,
		r->count == 1 ? "" : "s");
	if (r->trace->kernel_release[0]) {
		fputs("Recorded on Linux ", p->f);
		kb_escape_html(p->f, r->trace->kernel_release);
		fputs(" · ", p->f);
	}
	fputs("measured ", p->f);
	kb_escape_html(p->f, r->env->date);
	fputs(" · revision ", p->f);
	kb_escape_html(p->f, r->env->revision);
	fputs("</p>\n</header>\n"
	      "<nav aria-label=\"Parts of this page\"><ul>"
	      "<li><a href=\"#facts\">What to notice</a></li>"
	      "<li><a href=\"#figures\">Figures</a></li>"
	      "<li><a href=\"#tables\">Tables</a></li>"
	      "<li><a href=\"#trace\">The trace</a></li>"
	      "<li><a href=\"#methods\">Methods</a></li>"
	      "<li><a href=\"#environment\">Environment</a></li>"
	      "</ul></nav>\n<main>\n",
	      p->f);
}

/* A run that was stopped says so first. */
static void write_warning(const struct page *p)
{
	size_t partial = 0;

	for (size_t i = 0; i < p->report->count; i++)
		partial += p->report->cells[i].partial;
	if (kb_signal)
		fputs("<p class=\"warn\"><strong>Partial.</strong> This run "
		      "was stopped early. The page has what it finished.</p>\n",
		      p->f);
	else if (partial)
		fprintf(p->f,
			"<p class=\"warn\"><strong>Partial.</strong> %zu of "
			"%zu allocators ran out of time before all their runs "
			"were done.</p>\n",
			partial, p->report->count);
}

/* The table's sentences, one per line after a "- ", as a list. */
static void write_facts(const struct page *p)
{
	char *text = NULL, *save = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	fputs("<h2 id=\"facts\">What to notice</h2>\n", p->f);
	if (f) {
		bench_facts_write(f, p->report);
		fclose(f);
	}
	if (!text || !*text) {
		fputs("<p>Nothing to report: the passes of this run compare "
		      "nothing.</p>\n",
		      p->f);
		free(text);
		return;
	}
	fputs("<ul>\n", p->f);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		fputs("<li>", p->f);
		kb_escape_html(p->f,
			       strncmp(line, "- ", 2) == 0 ? line + 2 : line);
		fputs("</li>\n", p->f);
	}
	fputs("</ul>\n", p->f);
	free(text);
}

/* One figure; a sentence if there are data but no picture. */
static void write_figure(struct page *p, const struct bench_picture *picture)
{
	const char *svg = p->svgs->text[picture - bench_pictures];
	char *label = NULL;
	bool drawn;

	fprintf(p->f, "<h3>%s</h3>\n<figure>\n", picture->title);
	if (asprintf(&label, "%s. %s", picture->title, picture->text) < 0)
		label = NULL;
	fprintf(p->f,
		"<div class=\"pan\" role=\"region\" tabindex=\"0\" "
		"aria-label=\"%s, figure\">\n",
		picture->title);
	drawn = svg && label && bench_html_svg(p->f, svg, ++p->figures, label);
	if (!drawn)
		fprintf(p->f,
			"<p>This figure could not be drawn. Its data is "
			"in %s.tsv next to this page.</p>\n",
			picture->name);
	fprintf(p->f, "</div>\n<figcaption>%s</figcaption>\n</figure>\n",
		picture->text);
	free(label);
}

static bool has_data(const struct page *p, const struct bench_picture *picture)
{
	if (picture->passes && !(p->report->settings->passes & picture->passes))
		return false;
	return bench_figure_has_data(p->folder, picture->name);
}

static void write_figures(struct page *p)
{
	fputs("<h2 id=\"figures\">Figures</h2>\n", p->f);
	if (!p->svgs) {
		fprintf(p->f,
			"<p>This run drew no figures. The data is in the "
			"*.tsv files next to this page%s.</p>\n",
			kb_signal ? "; 'bench plot' draws them" : "");
		return;
	}
	fputs("<p class=\"soft\">Hover over a point to see its "
	      "values.</p>\n",
	      p->f);
	for (const struct bench_picture *c = bench_pictures; c->name; c++)
		if (!kb_signal && has_data(p, c))
			write_figure(p, c);
}

static void write_trace(const struct page *p)
{
	const struct trc_counts *counts = &p->report->trace->counts;
	char number[BENCH_TEXT_SIZE];

	fputs("<h2 id=\"trace\">The trace</h2>\n<table class=\"env\">\n"
	      "<caption>What was recorded and how it was imported.</caption>\n"
	      "<tbody>\n<tr><th scope=\"row\">file</th><td class=\"t\">",
	      p->f);
	kb_escape_html(p->f, p->report->trace->file);
	fprintf(p->f,
		"</td></tr>\n<tr><th scope=\"row\">SHA-256</th>"
		"<td class=\"t\">%s</td></tr>\n",
		p->report->trace->sha256);
#define X(name, help)                                                          \
	fprintf(p->f,                                                          \
		"<tr><th scope=\"row\">%s</th><td class=\"t\">%s</td></tr>\n", \
		help, bench_format_count(number, counts->name));
	TRC_COUNTS(X)
#undef X
	fputs("</tbody>\n</table>\n", p->f);
}

static void write_methods(const struct page *p)
{
	char floor[BENCH_TEXT_SIZE];

	fputs("<h2 id=\"methods\">Methods</h2>\n"
	      "<p>Each number comes from one of four passes. "
	      "<em>verify</em> checks the replay against a model at every "
	      "event. <em>count</em> counts steps exactly and is not timed. "
	      "<em>throughput</em> times whole replays in fresh processes. "
	      "<em>latency</em> times single operations, chosen by a hash of "
	      "the event's number, so they are the same for every "
	      "allocator.</p>\n"
	      "<p>A throughput figure is the median over all runs. Its 95% "
	      "interval is that of the median by order statistics and assumes "
	      "no distribution. If two intervals overlap, there is no "
	      "significant difference. Each process replays the trace up to "
	      "16 times, until the time stays within 1%; its figure is the "
	      "median of the last three replays. The first one is the cold "
	      "figure. A trace too long to repeat is replayed once.</p>\n"
	      "<p>Every allocator is called the same way, through one "
	      "out-of-line call. The null allocator does nothing: its time is "
	      "harness overhead, which is not subtracted from the "
	      "others.</p>\n",
	      p->f);
	fprintf(p->f,
		"<p>Single times below %s, the resolution of this machine's "
		"timer, are given as less than that.</p>\n",
		bench_format_ns(floor, p->report->summary->floor_ns));
}

static void write_page(struct page *p)
{
	write_head(p);
	write_title(p);
	write_warning(p);
	write_facts(p);
	write_figures(p);
	fputs("<h2 id=\"tables\">Tables</h2>\n<p class=\"soft\">Click a "
	      "column heading to sort; click again to reverse.</p>\n",
	      p->f);
	bench_html_tables(p->f, p->report);
	bench_sites_html(p->f, p->report);
	write_trace(p);
	write_methods(p);
	fputs("<h2 id=\"environment\">Environment</h2>\n", p->f);
	bench_html_environment(p->f, p->report);
	fputs("</main>\n<script>\n", p->f);
	fputs(bench_html_script, p->f);
	fputs("</script>\n</body>\n</html>\n", p->f);
}

int bench_html_write(const struct bench_report *report, const char *folder,
		     const struct bench_plot_svgs *svgs, struct kb_diag *diag)
{
	struct page page = { .report = report, .folder = folder, .svgs = svgs };
	struct kb_out out;
	char *path;
	int err;

	if (asprintf(&path, "%s/report.html", folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(&out, path, diag);
	free(path);
	if (err < 0)
		return err;
	page.f = out.stream;
	write_page(&page);
	return kb_out_commit(&out, diag);
}

void bench_html_link(FILE *out, const char *folder)
{
	char *path = realpath(folder, NULL);

	fputs("file://", out);
	for (const char *c = path ? path : folder; *c; c++) {
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7F ||
		    strchr("%\"<>?#[]{}|\\^`'()*!;", *c))
			fprintf(out, "%%%02X", (unsigned)(unsigned char)*c);
		else
			fputc(*c, out);
	}
	fputs("/report.html", out);
	free(path);
}
