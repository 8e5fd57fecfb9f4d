/*
 * fit: the smallest heap window that can replay a trace, for each allocator that
 * has one.
 */
#include "alloc_spec.h"
#include "bench_trace_open.h"
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_ideal_read.h"
#include "kb_json.h"
#include "kb_progress.h"
#include "bench_smallest.h"
#include "bench_spec.h"
#include "kb_bits.h"
#include "replay_program.h"
#include "trc_reader.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCS_DEFAULT                                         \
	"kheap,kheap:fit=next,kheap:fit=best,kheap:fit=worst," \
	"kheap:fit=custom,kheap:fit=quick"

/* Most sizes to try below the one that bisection finds; each takes a sixth of a
 * second for a million events. */
#define BELOW_DEFAULT 512u
#define BELOW_MAX     1000000u

/* The largest window of 32-bit addresses that the cluster heap takes
 * (KHEAP_PAGES_MAX), and a base low enough for it. */
#define FIT_PAGES_MAX (UINT32_C(1) << 19)
#define FIT_BASE      UINT32_C(0x40000000)

struct fit_options {
	const char *trace;
	const char *allocs;
	const char *json;
	uint32_t below;
};

/* One allocator's search. */
struct fit_cell {
	const struct alloc_spec *spec;
	struct bench_smallest found;
	bool done;
};

struct fitting {
	struct bench_trace trace;
	struct bench_ideal *ideal;
	struct trc_reader *reader;
	struct alloc_spec *specs;
	struct fit_cell *cells;
	size_t count;

	/* The allocator being searched, in the form in which it is tried. */
	struct alloc_spec tried;
	struct kb_progress progress;
	struct kb_diag *diag;
};

static int open_alloc(struct fitting *f, uint32_t pages, struct alloc *out)
{
	const struct alloc_config config = {
		.spec = &f->tried,
		.heap_base = FIT_BASE,
		.heap_pages = pages,
	};

	return alloc_open(out, &config, f->diag);
}

/* Replays a slice. Returns 1, 0 after a failed allocation, or <0. */
static int try_slice(const struct alloc *alloc, struct replay_program *program,
		     const struct replay_slice *slice, struct kb_diag *diag)
{
	for (size_t i = 0; i < slice->count; i++) {
		struct replay_op op = slice->ops[i];
		uint64_t *handle = &program->live[replay_op_slot(op)];

		if (!replay_op_is_free(op)) {
			*handle = alloc->vt->alloc(alloc->ctx, op.size);
			if (!*handle)
				return 0;
		} else if (alloc->vt->free(alloc->ctx, *handle) < 0) {
			return kb_fail(diag, KB_E_WRONG,
				       "event %" PRIu64 ": the allocator does "
				       "not know an address it returned",
				       slice->first_event + i + 1);
		}
	}
	return 1;
}

static int replay(struct fitting *f, const struct alloc *alloc)
{
	struct replay_program program;
	struct replay_slice slice;
	int does = 1, err;

	replay_program_init(&program, f->reader, NULL);
	err = replay_program_rewind(&program, f->diag);
	while (err == 0 && does > 0 &&
	       (err = replay_program_next(&program, &slice, f->diag)) == 0) {
		kb_progress_tick(&f->progress, slice.first_event,
				 f->trace.counts.events);
		does = kb_signal_came()
			       ? KB_E_STOPPED
			       : try_slice(alloc, &program, &slice, f->diag);
	}
	replay_program_release(&program);
	return err < 0 ? err : does;
}

static int try_pages(void *user, uint32_t pages)
{
	struct fitting *f = user;
	struct alloc alloc;
	int does;

	does = open_alloc(f, pages, &alloc);
	if (does < 0)
		return does;
	does = replay(f, &alloc);
	if (does >= 0 && alloc_check_host(&alloc, f->diag) < 0)
		does = KB_E_NOMEM;
	alloc_close(&alloc);
	return does;
}

/* The peak number of live pages is the minimum for an allocator of whole pages;
 * the peak of requested bytes, in pages, for any other. */
static int find_bound(struct fitting *f, const struct alloc_spec *spec,
		      uint32_t *bound)
{
	struct alloc alloc;
	uint64_t bytes;
	int err = open_alloc(f, 0, &alloc);

	if (err < 0)
		return err;
	bytes = alloc.vt->granule == BENCH_PAGE ? f->ideal->pages.peak
						: f->ideal->requested.peak;
	if (!alloc.vt->gauge)
		err = kb_fail(f->diag, KB_E_ARG,
			      "%s has no heap window with a size; try kheap, "
			      "or see bench --list",
			      spec->name);
	alloc_close(&alloc);
	bytes = kb_max(kb_div_up(bytes, BENCH_PAGE), 1);
	if (err == 0 && bytes > FIT_PAGES_MAX)
		err = kb_fail(f->diag, KB_E_RANGE,
			      "%s: %" PRIu64 " pages are live at once; a heap "
			      "window has at most %" PRIu32,
			      f->trace.given, bytes, FIT_PAGES_MAX);
	*bound = (uint32_t)bytes;
	return err;
}

static int search(struct fitting *f, struct fit_cell *cell, uint32_t below)
{
	int err;

	f->tried = *cell->spec;
	bench_spec_choose(&f->tried, "lookup", "pagemap");
	bench_spec_choose(&f->tried, "pager", "none");
	err = find_bound(f, cell->spec, &cell->found.bound);
	if (err < 0)
		return err;
	cell->found.max = FIT_PAGES_MAX;
	cell->found.below_max = below;
	kb_progress_step(&f->progress, "fit", cell->spec->name);
	err = bench_smallest_search(&cell->found, try_pages, f);
	f->progress.done++;
	cell->done = err == 0;
	return err;
}

/* --- The output
 * --------------------------------------------------------------- */

static void print_head(const struct fitting *f)
{
	const struct bench_ideal *ideal = f->ideal;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	printf("%s: %s events, at most %s bytes live\n", f->trace.file,
	       bench_format_count(a, f->trace.counts.events),
	       bench_format_count(b, ideal->requested.peak));
	printf("peak live pages      %8s  the lower bound for any allocator of "
	       "whole pages\n",
	       bench_format_count(a, ideal->pages.peak / BENCH_PAGE));
	if (ideal->has_packing)
		printf("offline packing      %8s  by %s\n",
		       bench_format_count(a, ideal->packing.height),
		       ideal->packing.order);
	else
		printf("offline packing             -  the trace is too long, "
		       "or its objects too large\n");
}

static void print_cell(const struct fit_cell *cell, int width)
{
	const struct bench_smallest *s = &cell->found;
	char a[BENCH_TEXT_SIZE];

	printf("%-*s ", width, cell->spec->name);
	if (s->pages == 0) {
		printf("%9s  fails even with %s pages\n", "-",
		       bench_format_count(a, s->max));
		return;
	}
	printf("%9s  %9.4f  ", bench_format_count(a, s->pages),
	       (double)s->pages / (double)s->bound);
	if (s->pages == s->bound)
		printf("the lower bound");
	else if (s->tried_from == s->bound)
		printf("no smaller size works");
	else
		printf("no size from %s up to it works; smaller ones were not "
		       "tried",
		       bench_format_count(a, s->tried_from));
	if (s->refused_above)
		printf("; %s fails, though larger",
		       bench_format_count(a, s->refused_above));
	printf("\n");
}

static void print_table(const struct fitting *f)
{
	static const char bound[] = "× bound";
	int width = (int)strlen("allocator");

	print_head(f);
	for (size_t i = 0; i < f->count; i++)
		width = (int)kb_max((uint64_t)width, strlen(f->specs[i].name));
	printf("\n%-*s %9s  %*s\n", width, "allocator", "pages",
	       bench_format_width(bound, 9), bound);
	for (size_t i = 0; i < f->count; i++)
		if (f->cells[i].done)
			print_cell(&f->cells[i], width);
}

static json_t *cell_json(const struct fit_cell *cell)
{
	const struct bench_smallest *s = &cell->found;
	json_t *object = json_pack(
		"{s:s, s:I, s:I, s:I}", "allocator", cell->spec->name, "bound",
		(json_int_t)s->bound, "tries", (json_int_t)s->tries,
		"tried_from", (json_int_t)s->tried_from);

	json_object_set_new(object, s->pages ? "pages" : "refuses",
			    json_integer(s->pages ? s->pages : s->max));
	if (s->refused_above)
		json_object_set_new(object, "refused_above",
				    json_integer(s->refused_above));
	return object;
}

static json_t *document_of(const struct fitting *f)
{
	json_t *results = json_array();
	json_t *document;

	for (size_t i = 0; i < f->count; i++)
		if (f->cells[i].done)
			json_array_append_new(results, cell_json(&f->cells[i]));
	document =
		json_pack("{s:s, s:s, s:I, s:I, s:o}", "trace", f->trace.file,
			  "trace_sha256", f->trace.sha256, "live_bytes",
			  (json_int_t)f->ideal->requested.peak, "live_pages",
			  (json_int_t)(f->ideal->pages.peak / BENCH_PAGE),
			  "results", results);
	if (f->ideal->has_packing)
		json_object_set_new(document, "packing_pages",
				    json_integer(f->ideal->packing.height));
	return document;
}

static int write_json(const struct fitting *f, const char *path)
{
	json_t *document = document_of(f);
	int err = kb_json_write(NULL, path, document, 0, f->diag);

	json_decref(document);
	return err;
}

static int report(const struct fitting *f, const struct fit_options *o)
{
	if (!o->json || strcmp(o->json, "-") != 0)
		print_table(f);
	return o->json ? write_json(f, o->json) : 0;
}

/* --- The command -------------------------------------------------------------- */

static int open_fitting(struct fitting *f, const struct fit_options *o)
{
	int err =
		alloc_spec_parse_list(&f->specs, &f->count, o->allocs, f->diag);

	if (err == 0)
		err = bench_commands_open(&f->trace, o->trace, f->diag);
	if (err < 0)
		return err;
	f->cells = calloc(f->count + 1, sizeof(*f->cells));
	f->ideal = malloc(sizeof(*f->ideal));
	if (!f->cells || !f->ideal)
		return kb_fail(f->diag, KB_E_NOMEM, "out of memory");
	for (size_t i = 0; i < f->count; i++)
		f->cells[i].spec = &f->specs[i];
	err = bench_ideal_read(f->ideal, &f->trace, f->diag);
	if (err < 0)
		return err;
	return trc_reader_open_fd(&f->reader, f->trace.fd, f->trace.given,
				  TRC_COLUMNS_REPLAY, f->diag);
}

static void close_fitting(struct fitting *f)
{
	trc_reader_close(f->reader);
	bench_trace_release(&f->trace);
	free(f->ideal);
	free(f->cells);
	free(f->specs);
}

static int run(struct fitting *f, const struct fit_options *o)
{
	int err = open_fitting(f, o);

	if (err < 0)
		return err;
	kb_progress_begin(&f->progress);
	f->progress.total = f->count;
	for (size_t i = 0; i < f->count && err == 0; i++)
		err = search(f, &f->cells[i], o->below);
	kb_progress_end(&f->progress);
	err = bench_trace_judge(&f->trace, err, f->diag);
	if (err == 0 || err == KB_E_STOPPED)
		err = report(f, o);
	return err;
}

static int fit_main(int argc, char **argv)
{
	struct fit_options o = { .allocs = ALLOCS_DEFAULT,
				 .below = BELOW_DEFAULT };
	struct kb_diag diag;
	struct fitting f = { .trace.fd = -1, .diag = &diag };
	int status;
	int err;

	if (!kb_options_go(&bench_fit_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	err = run(&f, &o);
	close_fitting(&f);
	return err == 0 ? KB_EXIT_GOOD : kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct fit_options, member)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct fit_options, trace)),
	{ .name = "alloc",
	  .value = "LIST",
	  .help = "allocators with a heap window (default: kheap with each "
		  "fit). The addresses an allocator returns do not depend on "
		  "lookup or paging, so kheap is searched with a page map and "
		  "without paging, whatever its name says",
	  .kind = KB_OPTION_TEXT,
	  AT(allocs) },
	{ .name = "below",
	  .value = "N",
	  .help = "try at most N smaller sizes (default 512)",
	  .kind = KB_OPTION_NUMBER32,
	  .high = BELOW_MAX,
	  AT(below) },
	BENCH_OPTION_JSON_AT(offsetof(struct fit_options, json)),
	{ .name = NULL },
};

const struct kb_command bench_fit_command = {
	.program = "bench",
	.name = "fit",
	.summary = "find the smallest heap that can replay a trace",
	.about = "Finds the smallest heap window, in pages, that can replay a "
		 "trace without a failed allocation, for each fit policy of "
		 "the cluster heap or for the allocators named. Next to it: "
		 "the lower bound for any window, and what a packing made "
		 "offline, with the whole trace known, takes.\n"
		 "\n"
		 "A larger window may fail where a smaller one did not, so the "
		 "search doubles and halves first, and then tries every "
		 "smaller size down to the bound.",
	.options = options,
	.stray = "trace",
	.examples = "bench fit --trace traces/debian-boot.trc",
	.exits = "0 searched\n"
		 "2 usage, unreadable or corrupt input\n"
		 "5 a wrong result\n"
		 "130 after SIGINT, with finished results shown\n"
		 "143 after SIGTERM, likewise",
	.main = fit_main,
};
