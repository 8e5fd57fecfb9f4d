#include "bench_html.h"

#include "bench_format.h"
#include "bench_lapse.h"
#include "kb_escape.h"
#include "kb_gather.h"
#include "kb_out.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void write_title(FILE *f, const struct bench_report *reports,
			size_t count)
{
	const struct bench_report *r = &reports[0];

	fputs("<header>\n<h1>", f);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", f);
		kb_escape_html(f, reports[i].trace->file);
	}
	fprintf(f, " in %zu allocator%s</h1>\n<p class=\"soft\">", r->count,
		r->count == 1 ? "" : "s");
	if (r->trace->kernel_release[0] && count == 1) {
		fputs("Recorded on Linux ", f);
		kb_escape_html(f, r->trace->kernel_release);
		fputs(" · ", f);
	}
	fputs("measured ", f);
	kb_escape_html(f, r->env->date);
	fputs(" · revision ", f);
	kb_escape_html(f, r->env->revision);
	fputs("</p>\n</header>\n", f);
}

/* A run that was stopped says so first. */
static void write_warning(FILE *f, const struct bench_report *r)
{
	size_t partial = 0;

	for (size_t i = 0; i < r->count; i++)
		partial += r->cells[i].partial;
	if (kb_signal && partial)
		fputs("<p class=\"warn\"><strong>Partial.</strong> This run "
		      "was stopped early. The page has what it finished.</p>\n",
		      f);
	else if (partial)
		fprintf(f,
			"<p class=\"warn\"><strong>Partial.</strong> %zu of "
			"%zu allocators ran out of time before all their runs "
			"were done.</p>\n",
			partial, r->count);
}

/* The findings, each after "- ", as a list. */
static int write_facts(FILE *f, const struct bench_report *r, bool all,
		       struct kb_diag *diag)
{
	char *text = bench_facts_text(r, all), *save;

	if (!text)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the report");
	if (*text)
		fputs("<ul>\n", f);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		fputs("<li>", f);
		kb_escape_html(f,
			       strncmp(line, "- ", 2) == 0 ? line + 2 : line);
		fputs("</li>\n", f);
	}
	if (*text)
		fputs("</ul>\n", f);
	free(text);
	return 0;
}

static void write_sentence(FILE *f, const void *report)
{
	bench_facts_verdict(f, report);
}

/* A number of the strip, and of what in which allocator it is. */
static void write_number(FILE *f, const char *number, const char *unit,
			 const char *what, const struct bench_cell_summary *s)
{
	fprintf(f,
		"<li><span><strong>%s</strong>%s%s</span> <span "
		"class=\"soft\">%s in ",
		number, *unit ? " " : "", unit, what);
	kb_escape_html(f, s->cell->spec.name);
	fputs("</span></li>\n", f);
}

static void write_numbers(FILE *f, const struct bench_report *r)
{
	const struct bench_cell_summary *s =
		bench_summary_base(r->summary, r->baseline);
	char a[BENCH_TEXT_SIZE], unit[BENCH_TEXT_SIZE] = "";
	const struct bench_throughput *t = &s->throughput;

	fputs("<ul class=\"numbers\">\n", f);
	if (s->has_throughput && !t->below_floor) {
		if (t->ns.has_interval && t->ns.median > 0)
			snprintf(unit, sizeof(unit), "ns ±%.0f%%",
				 50 * (t->ns.high - t->ns.low) / t->ns.median);
		write_number(f, bench_format_number(a, t->ns.median),
			     *unit ? unit : "ns", "per event", s);
	}
	if (s->steps.nodes_visited.known)
		write_number(
			f, bench_format_number(a, s->steps.nodes_visited.value),
			"nodes", "compared per kfree", s);
	if (s->cell->count && s->cell->count->memory.mapped.count)
		write_number(
			f,
			bench_format_bytes(
				a, (double)s->cell->count->memory.mapped.peak),
			"", "mapped at the peak", s);
	fputs("</ul>\n", f);
}

static void write_badge(FILE *f, bool good, const char *text)
{
	fprintf(f, "<li class=\"%s\">%s</li>\n", good ? "good" : "bad", text);
}

static void write_verified(FILE *f, const struct bench_report *r)
{
	const struct bench_run_summary *s = r->summary;
	char text[80];

	if (s->failed)
		snprintf(text, sizeof(text), "%zu failed", s->failed);
	else if (s->verified)
		snprintf(text, sizeof(text), "%zu of %zu verified", s->verified,
			 s->verifiable);
	else
		snprintf(text, sizeof(text), "not verified");
	write_badge(f,
		    !s->failed && s->verified == s->verifiable &&
			    s->verified > 0,
		    text);
}

static void write_noise(FILE *f, const struct bench_report *r)
{
	size_t runs = 0, noisy = 0;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], text[160];

	if (!(r->settings->passes & BENCH_PASS_THROUGHPUT))
		return;
	for (size_t i = 0; i < r->count; i++) {
		runs += r->cells[i].epochs;
		noisy += r->summary->cell[i].throughput.contaminated;
	}
	snprintf(text, sizeof(text), "noise in %.40s of %.40s runs",
		 bench_format_count(a, noisy), bench_format_count(b, runs));
	write_badge(f, noisy * 10 <= runs, text);
}

/* The answer: a sentence, three numbers, and whether to believe them. */
static int write_verdict(FILE *f, const struct bench_report *r,
			 struct kb_diag *diag)
{
	char *text = kb_gather(write_sentence, r);

	if (!text)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the report");
	fputs("<section class=\"verdict\" aria-label=\"Verdict\">\n<p>", f);
	kb_escape_html(f, text);
	free(text);
	fputs("</p>\n", f);
	write_numbers(f, r);
	fputs("<ul class=\"badges\">\n", f);
	write_verified(f, r);
	write_noise(f, r);
	fputs("</ul>\n</section>\n", f);
	write_warning(f, r);
	return write_facts(f, r, false, diag);
}

static void write_trace(FILE *f, const struct bench_report *r)
{
	const struct trc_counts *counts = &r->trace->counts;
	char number[BENCH_TEXT_SIZE];

	fputs("<table class=\"env\">\n"
	      "<caption>What was recorded and how it was imported.</caption>\n"
	      "<tbody>\n<tr><th scope=\"row\">file</th><td class=\"t\">",
	      f);
	kb_escape_html(f, r->trace->file);
	fprintf(f,
		"</td></tr>\n<tr><th scope=\"row\">SHA-256</th>"
		"<td class=\"t\">%s</td></tr>\n",
		r->trace->sha256);
#define X(name, help)                                                          \
	fprintf(f,                                                             \
		"<tr><th scope=\"row\">%s</th><td class=\"t\">%s</td></tr>\n", \
		help, bench_format_count(number, counts->name));
	TRC_COUNTS(X)
#undef X
	fputs("</tbody>\n</table>\n", f);
}

static void write_methods(FILE *f, const struct bench_report *r)
{
	char floor[BENCH_TEXT_SIZE];

	fputs("<p>Each number comes from one of four passes. "
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
	      f);
	fprintf(f,
		"<p>Single times below %s, the resolution of this machine's "
		"timer, are given as less than that.</p>\n",
		bench_format_ns(floor, r->summary->floor_ns));
}

static void open_fold(FILE *f, const char *title)
{
	fprintf(f, "<details>\n<summary>%s</summary>\n", title);
}

static void close_fold(FILE *f)
{
	fputs("</details>\n", f);
}

static int write_folds(FILE *f, const struct bench_report *r,
		       struct kb_diag *diag)
{
	open_fold(f, "All findings");
	if (write_facts(f, r, true, diag) < 0)
		return diag->status;
	close_fold(f);
	if (bench_html_has_model(r)) {
		open_fold(f, "Cost model");
		bench_html_model(f, r);
		close_fold(f);
	}
	open_fold(f, "Methods");
	write_methods(f, r);
	close_fold(f);
	open_fold(f, "The trace");
	write_trace(f, r);
	close_fold(f);
	open_fold(f, "Environment");
	bench_html_environment(f, r);
	close_fold(f);
	return 0;
}

static int write_lapse(FILE *f, const struct bench_report *r,
		       struct kb_diag *diag)
{
	if (!r->analysis || r->analysis->tape.count == 0)
		return 0;
	fputs("<h2>The heap, event by event</h2>\n<p class=\"soft\">Space "
	      "plays, the arrow keys step, w jumps to the longest "
	      "search.</p>\n",
	      f);
	return bench_lapse_section(f, &r->analysis->tape, r->trace->file, diag);
}

/* Everything about one trace. */
static int write_article(FILE *f, const struct bench_report *r, bool several,
			 struct kb_diag *diag)
{
	fputs("<article class=\"trace\" id=\"trace-", f);
	kb_escape_id(f, r->trace->name);
	fputs("\">\n", f);
	if (several) {
		fputs("<h2>", f);
		kb_escape_html(f, r->trace->file);
		fputs("</h2>\n", f);
	}
	if (write_verdict(f, r, diag) < 0 ||
	    bench_html_ranking(f, r, diag) < 0 || write_lapse(f, r, diag) < 0)
		return diag->status;
	bench_html_sites(f, r);
	bench_html_latency(f, r);
	bench_html_memory(f, r);
	bench_html_tables(f, r);
	if (write_folds(f, r, diag) < 0)
		return diag->status;
	fputs("</article>\n", f);
	return 0;
}

static void write_tabs(FILE *f, const struct bench_report *reports,
		       size_t count)
{
	fputs("<nav class=\"tabs\" aria-label=\"Traces\"><ul>\n"
	      "<li><a href=\"#overview\">All traces</a></li>\n",
	      f);
	for (size_t i = 0; i < count; i++) {
		fputs("<li><a href=\"#trace-", f);
		kb_escape_id(f, reports[i].trace->name);
		fputs("\">", f);
		kb_escape_html(f, reports[i].trace->file);
		fputs("</a></li>\n", f);
	}
	fputs("</ul></nav>\n", f);
}

static int write_page(FILE *f, const struct bench_report *reports, size_t count,
		      struct kb_diag *diag)
{
	int err = 0;

	bench_lapse_head(f, reports[0].trace->file);
	fputs(bench_lapse_style, f);
	fputs(bench_html_style, f);
	fputs("</style>\n</head>\n<body>\n", f);
	write_title(f, reports, count);
	if (count > 1)
		write_tabs(f, reports, count);
	fputs("<main>\n", f);
	if (count > 1)
		bench_html_overview(f, reports, count);
	for (size_t i = 0; i < count && err == 0; i++)
		err = write_article(f, &reports[i], count > 1, diag);
	fputs("</main>\n<script>\n", f);
	fputs(bench_lapse_script, f);
	fputs("</script>\n<script>\n", f);
	fputs(bench_html_script, f);
	fputs("</script>\n</body>\n</html>\n", f);
	return err;
}

int bench_html_write(const struct bench_report *reports, size_t count,
		     const char *folder, struct kb_diag *diag)
{
	struct kb_out out;
	int err = kb_out_open_in(&out, folder, "report.html", diag);

	if (err < 0)
		return err;
	err = write_page(out.stream, reports, count, diag);
	return kb_out_end(&out, err, diag);
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
