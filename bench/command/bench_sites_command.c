/*
 * sites: ranks the recorded kernel's call sites by what they cost in a heap.
 */
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_trace_open.h"
#include "kb_escape.h"
#include "kb_json.h"
#include "bench_sites.h"
#include "kb_bits.h"
#include "kb_signal.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOP_DEFAULT 20
#define NAME_SIZE   256

static const char *const costs[] = {
	[BENCH_SITES_NODES] = "nodes",
	[BENCH_SITES_PAGES] = "pages",
	[BENCH_SITES_WASTE] = "waste",
	[BENCH_SITES_LOOKUPS] = "lookups",
};

struct sites_options {
	const char *trace;
	const char *alloc;
	enum bench_sites_by by;
	uint32_t top;
	uint32_t heap_pages;
	bool frees;
	bool json;
	bool tsv;
};

static int take_cost(void *field, const struct kb_option *option,
		     const char *value, struct kb_diag *diag)
{
	(void)option;
	for (size_t i = 0; i < KB_ARRAY_LEN(costs); i++) {
		if (strcmp(value, costs[i]) != 0)
			continue;
		*(enum bench_sites_by *)field = (enum bench_sites_by)i;
		return 0;
	}
	return kb_fail(diag, KB_E_ARG,
		       "--by takes nodes, pages, waste or lookups, got '%s'",
		       value);
}

static int check(void *target, struct kb_diag *diag)
{
	const struct sites_options *o = target;

	if (o->json && o->tsv)
		return kb_fail(diag, KB_E_ARG,
			       "--json and --tsv exclude each other");
	if (o->frees &&
	    (o->by == BENCH_SITES_PAGES || o->by == BENCH_SITES_WASTE))
		return kb_fail(
			diag, KB_E_ARG,
			"--frees ranks by nodes or lookups; a free has no "
			"%s",
			costs[o->by]);
	return 0;
}

/* Whether a site contributes to the ranked figure. */
static bool takes_part(const struct bench_site *site, bool frees)
{
	return frees ? site->frees > 0 : site->allocs > 0;
}

/* Sites to show, of those that contribute. */
static size_t count_shown(const struct bench_sites *s,
			  const struct sites_options *o, size_t *all)
{
	*all = 0;
	for (size_t i = 0; i < s->count; i++)
		*all += takes_part(&s->site[i], o->frees);
	return o->top && o->top < *all ? o->top : *all;
}

static json_t *json_site(const struct bench_site *site)
{
	json_t *object = json_object();

#define X(name, help)                      \
	json_object_set_new(object, #name, \
			    json_integer((json_int_t)site->name));
	BENCH_SITE_COUNTERS(X)
#undef X
	return object;
}

static int print_json(const struct bench_sites *s,
		      const struct sites_options *o,
		      const struct alloc_spec *spec, struct kb_diag *diag)
{
	json_t *array = json_array();
	char name[NAME_SIZE];
	json_t *document;
	size_t all, left;
	int err;

	left = count_shown(s, o, &all);
	for (size_t i = 0; i < s->count && left > 0; i++) {
		json_t *object;

		if (!takes_part(&s->site[i], o->frees))
			continue;
		object = json_site(&s->site[i]);
		bench_sites_name(name, sizeof(name), s, s->site[i].id);
		json_object_set_new(object, "site", json_string(name));
		json_array_append_new(array, object);
		left--;
	}
	document = json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:o}",
			     "trace", s->walk.trace->file, "allocator",
			     spec->name, "by", costs[o->by], "frees", o->frees,
			     "sites_in_all", (json_int_t)all, "peak_event",
			     (json_int_t)s->peak_event, "total",
			     json_site(&s->total), "sites", array);
	err = kb_json_write(NULL, "-", document, 0, diag);
	json_decref(document);
	return err;
}

static void print_tsv(const struct bench_sites *s,
		      const struct sites_options *o)
{
	char text[NAME_SIZE];
	size_t all, left = count_shown(s, o, &all);

	fputs("site", stdout);
#define X(name, help) fputs("\t" #name, stdout);
	BENCH_SITE_COUNTERS(X)
#undef X
	putchar('\n');
	for (size_t i = 0; i < s->count && left > 0; i++) {
		const struct bench_site *site = &s->site[i];

		if (!takes_part(site, o->frees))
			continue;
		fputs(bench_sites_name(text, sizeof(text), s, site->id),
		      stdout);
#define X(name, help) printf("\t%" PRIu64, site->name);
		BENCH_SITE_COUNTERS(X)
#undef X
		putchar('\n');
		left--;
	}
}

static void print_cell(uint64_t n, int width)
{
	char text[BENCH_TEXT_SIZE];

	printf("  %*s", width, bench_format_count(text, n));
}

/* Columns if there is no terminal to ask; and those of the widest table without the
 * sites' names. */
#define COLUMNS_DEFAULT 80
#define COLUMNS_WIDE	110

/* How wide the table may be, and whether it then has every column. */
struct layout {
	size_t columns;
	bool wide;
};

static struct layout choose_layout(void)
{
	struct layout l = { .columns = COLUMNS_DEFAULT };
	struct winsize window;

	if (kb_terminal_window(STDOUT_FILENO, &window))
		l.columns = window.ws_col;
	l.wide = l.columns >= COLUMNS_WIDE;
	return l;
}

/* The site's name, cut to what is left of the line. */
static void print_name(const struct layout *l, size_t used, const char *name)
{
	const size_t room = l->columns > used + 12 ? l->columns - used : 12;

	printf("  ");
	kb_escape_fit(stdout, name, room);
	printf("\n");
}

/* The part of a site's figures that a narrow table has depends on the rank. */
static uint64_t ranked_figure(const struct bench_site *site,
			      enum bench_sites_by by)
{
	return by == BENCH_SITES_WASTE ? site->waste_byte_events
				       : site->page_events;
}

static void print_row(const struct bench_site *site,
		      const struct sites_options *o,
		      const struct bench_sites *s, const struct layout *l,
		      const char *name)
{
	char text[BENCH_TEXT_SIZE];
	uint64_t part = o->frees ? site->free_nodes : site->nodes;
	uint64_t whole = o->frees ? s->total.free_nodes : s->total.nodes;
	size_t used = 33;

	print_cell(o->frees ? site->frees : site->lookups, 9);
	print_cell(part, 11);
	if (whole)
		snprintf(text, sizeof(text), "%.1f%%",
			 100 * (double)part / (double)whole);
	else
		strcpy(text, "-");
	printf("  %7s", text);
	if (!o->frees && l->wide) {
		print_cell(site->page_events, 13);
		print_cell(site->waste_byte_events, 17);
		print_cell(site->waste_at_peak, 13);
		used += 49;
	} else if (!o->frees) {
		print_cell(ranked_figure(site, o->by), 17);
		used += 19;
	}
	print_name(l, used + 2, name);
}

static void print_heading(const struct sites_options *o, const struct layout *l)
{
	printf("  %9s  %11s  %7s", "lookups", "nodes", "share");
	if (!o->frees && l->wide)
		printf("  %13s  %17s  %13s", "page-events", "waste byte-events",
		       "waste at peak");
	else if (!o->frees)
		printf("  %17s", o->by == BENCH_SITES_WASTE
					 ? "waste byte-events"
					 : "page-events");
	printf("  site\n");
}

static void print_table(const struct bench_sites *s,
			const struct sites_options *o,
			const struct alloc_spec *spec)
{
	const struct layout l = choose_layout();
	char name[NAME_SIZE];
	size_t all, left = count_shown(s, o, &all);

	printf("%s in %s: call sites that %s, by %s; %zu of %zu\n\n",
	       s->walk.trace->file, spec->name, o->frees ? "free" : "allocate",
	       costs[o->by], left, all);
	print_heading(o, &l);
	for (size_t i = 0; i < s->count && left > 0; i++) {
		if (!takes_part(&s->site[i], o->frees))
			continue;
		print_row(
			&s->site[i], o, s, &l,
			bench_sites_name(name, sizeof(name), s, s->site[i].id));
		left--;
	}
	print_row(&s->total, o, s, &l, "all sites");
	if (!s->has_nodes)
		printf("\n%s counts no nodes.\n", spec->name);
	if (o->frees ? !s->has_free_sites : !s->has_sites)
		printf("\nThis trace does not record which sites %s.\n",
		       o->frees ? "free" : "allocate");
}

/* Returns an exit status. */
static int rank(const struct sites_options *o, struct kb_diag *diag)
{
	struct alloc_spec spec;
	struct alloc_config config = { .spec = &spec,
				       .heap_pages = o->heap_pages };
	struct bench_trace trace = { .fd = -1 };
	struct bench_sites sites;
	int err;

	memset(&sites, 0, sizeof(sites));
	err = alloc_spec_parse(&spec, o->alloc, diag);
	if (err == 0)
		err = bench_commands_open(&trace, o->trace, diag);
	if (err == 0) {
		err = bench_sites_read(&sites, &trace, &config, diag);
		err = bench_trace_judge(&trace, err, diag);
	}
	if (err == 0) {
		bench_sites_sort(&sites, o->by, o->frees);
		if (o->json)
			err = print_json(&sites, o, &spec, diag);
		else if (o->tsv)
			print_tsv(&sites, o);
		else
			print_table(&sites, o, &spec);
	}
	bench_sites_release(&sites);
	bench_trace_release(&trace);
	return err;
}

static int sites_main(int argc, char **argv)
{
	struct sites_options o = { .alloc = "kheap", .top = TOP_DEFAULT };
	struct kb_diag diag;
	int status;

	if (!kb_options_go(&bench_sites_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	if (rank(&o, &diag) == 0)
		return KB_EXIT_GOOD;
	return kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct sites_options, member)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct sites_options, trace)),
	{ .name = "alloc",
	  .value = "SPEC",
	  .help = "the heap (default kheap)",
	  .kind = KB_OPTION_TEXT,
	  AT(alloc) },
	{ .name = "by",
	  .value = "COST",
	  .help = "rank by nodes (default), pages, waste or lookups",
	  .kind = KB_OPTION_CALL,
	  .take = take_cost,
	  AT(by) },
	{ .name = "frees",
	  .help = "rank the sites that call kfree instead, by lookups or nodes",
	  .kind = KB_OPTION_SWITCH,
	  AT(frees) },
	{ .name = "top",
	  .value = "N",
	  .help = "show N sites (default 20); 0 shows all",
	  .kind = KB_OPTION_NUMBER32,
	  .high = UINT32_MAX,
	  AT(top) },
	{ .name = "json",
	  .help = "one JSON object: trace, allocator, sites, and their total",
	  .kind = KB_OPTION_SWITCH,
	  AT(json) },
	{ .name = "tsv",
	  .help = "a line of names, then one line per site",
	  .kind = KB_OPTION_SWITCH,
	  AT(tsv) },
	{ .name = "heap-pages",
	  .value = "N",
	  .help = "pages of the simulated heap window (default 32,766)",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = UINT32_MAX,
	  AT(heap_pages) },
	{ .name = NULL },
};

const struct kb_command bench_sites_command = {
	.program = "bench",
	.name = "sites",
	.summary = "rank the trace's call sites by what they cost in a heap",
	.about = "Ranks the call sites of the recorded kernel by what they "
		 "cost in this heap: lookups, the nodes these compare, pages "
		 "held over time, and usable bytes beyond the request. The "
		 "figures are counted, not timed: they are exact, and those of "
		 "all sites add up to the count pass's. A site is charged for "
		 "the objects it allocates: their pages while they live, and "
		 "the lookup when they are freed, whoever frees them.",
	.options = options,
	.stray = "trace",
	.notes = "Units:\n"
		 "  page-events  pages held, times the events for which they "
		 "are held\n"
		 "  waste        usable bytes less requested bytes, times "
		 "events; and at the\n"
		 "               event at which the heap first held most "
		 "pages",
	.examples = "bench sites --trace traces/boot.trc --by waste --top 10",
	.exits = "0 ranked\n"
		 "2 usage, unreadable input\n"
		 "5 wrong result",
	.check = check,
	.main = sites_main,
};
