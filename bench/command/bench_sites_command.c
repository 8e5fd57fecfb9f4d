/*
 * sites: ranks the recorded kernel's call sites by what they cost in a heap.
 */
#include "kb_args.h"
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_trace_open.h"
#include "kb_escape.h"
#include "kb_json.h"
#include "bench_sites.h"
#include "kb_bits.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int bench_sites_main(int argc, char **argv);

#define TOP_DEFAULT 20
#define NAME_SIZE   256

/* clang-format off */
static const char sites_help[] =
"usage: bench sites --trace FILE [--alloc SPEC] [--by COST] [--frees] [--top N]\n"
"                   [--json | --tsv] [--heap-pages N]\n"
"\n"
"Ranks the call sites of the recorded kernel by what they cost in this heap:\n"
"lookups, nodes that these compare, pages held over time, and bytes granted but\n"
"not asked for. Counted, not timed: exact, and the sites' figures add up to the\n"
"count pass's. A site is charged for the objects that it allocates: their pages\n"
"while they live, and the lookup of their free, whoever calls that.\n"
"\n"
"  --alloc SPEC    the heap (default kheap)\n"
"  --by COST       nodes (default), pages, waste or lookups\n"
"  --frees         rank by the site that calls kfree instead: lookups and nodes\n"
"  --top N         how many to show (default 20); 0 for all\n"
"  --json          one object: trace, allocator, sites, and their total\n"
"  --tsv           a line of names, then one line a site\n"
"  --heap-pages N  as in a run\n"
"\n"
"  page-events     pages held, times the events for which they are held\n"
"  waste           bytes granted less bytes asked for; likewise times events, and\n"
"                  at the event at which the heap first held most pages\n"
"\n"
"  bench sites --trace traces/boot.trc --by waste --top 10\n"
"\n"
"Exit status: 0 ranked; 2 usage, unreadable input; 5 wrong result.\n";
/* clang-format on */

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
	uint64_t top;
	uint64_t heap_pages;
	bool frees;
	bool json;
	bool tsv;
	bool help;
};

static int parse_cost(const char *text, enum bench_sites_by *out,
		      struct kb_diag *diag)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(costs); i++) {
		if (strcmp(text, costs[i]) != 0)
			continue;
		*out = (enum bench_sites_by)i;
		return 0;
	}
	return kb_fail(diag, KB_E_ARG,
		       "--by wants nodes, pages, waste or lookups, not '%s'",
		       text);
}

static int parse(struct sites_options *o, int argc, char **argv,
		 struct kb_diag *diag)
{
	const char *by = NULL, *top = NULL, *heap_pages = NULL;
	const struct kb_arg args[] = {
		{ "--trace", &o->trace, NULL },
		{ "--alloc", &o->alloc, NULL },
		{ "--by", &by, NULL },
		{ "--top", &top, NULL },
		{ "--frees", NULL, &o->frees },
		{ "--json", NULL, &o->json },
		{ "--tsv", NULL, &o->tsv },
		{ "--help", NULL, &o->help },
		{ "--heap-pages", &heap_pages, NULL },
	};
	int err = kb_args_parse(args, KB_ARRAY_LEN(args), argc, argv, diag);

	if (err == 0 && by)
		err = parse_cost(by, &o->by, diag);
	if (err == 0 && top)
		err = kb_args_number("--top", top, 0, UINT32_MAX, &o->top,
				     diag);
	if (err == 0 && heap_pages)
		err = kb_args_number("--heap-pages", heap_pages, 1, UINT32_MAX,
				     &o->heap_pages, diag);
	if (err < 0)
		return err;
	if (o->help)
		return 0;
	if (!o->trace)
		return kb_fail(diag, KB_E_ARG, "sites needs --trace FILE");
	if (o->json && o->tsv)
		return kb_fail(diag, KB_E_ARG,
			       "--json and --tsv cannot both be had");
	if (o->frees &&
	    (o->by == BENCH_SITES_PAGES || o->by == BENCH_SITES_WASTE))
		return kb_fail(diag, KB_E_ARG,
			       "a free holds no %s: --frees goes with --by "
			       "nodes or lookups",
			       costs[o->by]);
	return 0;
}

/* Whether a site has any part in what is ranked. */
static bool takes_part(const struct bench_site *site, bool frees)
{
	return frees ? site->frees > 0 : site->allocs > 0;
}

/* Sites to show, of those that take part. */
static size_t count_shown(const struct bench_sites *s,
			  const struct sites_options *o, size_t *all)
{
	*all = 0;
	for (size_t i = 0; i < s->count; i++)
		*all += takes_part(&s->site[i], o->frees);
	return o->top && o->top < *all ? (size_t)o->top : *all;
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

static void print_row(const struct bench_site *site, bool frees,
		      const struct bench_sites *s, const char *name)
{
	char text[BENCH_TEXT_SIZE];
	uint64_t part = frees ? site->free_nodes : site->nodes;
	uint64_t whole = frees ? s->total.free_nodes : s->total.nodes;

	print_cell(frees ? site->frees : site->lookups, 9);
	print_cell(part, 11);
	if (whole)
		snprintf(text, sizeof(text), "%.1f %%",
			 100 * (double)part / (double)whole);
	else
		strcpy(text, "-");
	printf("  %7s", text);
	if (!frees) {
		print_cell(site->page_events, 13);
		print_cell(site->waste_byte_events, 17);
		print_cell(site->waste_at_peak, 13);
	}
	printf("  %s\n", name);
}

static void print_table(const struct bench_sites *s,
			const struct sites_options *o,
			const struct alloc_spec *spec)
{
	char name[NAME_SIZE];
	size_t all, left = count_shown(s, o, &all);

	printf("%s in %s: call sites that %s, by %s; %zu of %zu\n\n",
	       s->walk.trace->file, spec->name, o->frees ? "free" : "allocate",
	       costs[o->by], left, all);
	printf("  %9s  %11s  %7s", "lookups", "nodes", "share");
	if (!o->frees)
		printf("  %13s  %17s  %13s", "page-events", "waste byte-events",
		       "waste at peak");
	printf("  site\n");
	for (size_t i = 0; i < s->count && left > 0; i++) {
		if (!takes_part(&s->site[i], o->frees))
			continue;
		print_row(
			&s->site[i], o->frees, s,
			bench_sites_name(name, sizeof(name), s, s->site[i].id));
		left--;
	}
	print_row(&s->total, o->frees, s, "all sites together");
	if (!s->has_nodes)
		printf("\n%s counts no nodes.\n", spec->name);
	if (o->frees ? !s->has_free_sites : !s->has_sites)
		printf("\nThis trace does not say which sites %s.\n",
		       o->frees ? "free" : "allocate");
}

/* Returns an exit status. */
static int rank(const struct sites_options *o, struct kb_diag *diag)
{
	struct alloc_spec spec;
	struct alloc_config config = { .spec = &spec,
				       .heap_pages = (uint32_t)o->heap_pages };
	struct bench_trace trace = { .fd = -1 };
	struct bench_sites sites;
	int err;

	memset(&sites, 0, sizeof(sites));
	err = alloc_spec_parse(&spec, o->alloc, diag);
	if (err == 0)
		err = bench_trace_open(&trace, o->trace, kb_signal_came, diag);
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

int bench_sites_main(int argc, char **argv)
{
	struct sites_options o = { .alloc = "kheap", .top = TOP_DEFAULT };
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = parse(&o, argc, argv, &diag);
	if (err == 0 && o.help) {
		fputs(sites_help, stdout);
		return 0;
	}
	if (err == 0)
		err = rank(&o, &diag);
	if (err == 0)
		return 0;
	fprintf(stderr, "bench: %s\n", diag.text);
	return bench_commands_status(err);
}
