/*
 * gate and bless: exact counters against baselines that are committed and
 * reviewed like code. Times are not compared here.
 *
 * One file per trace, DIR/<trace's name>.counters:
 *
 *   kbcounters 1
 *   trace sha256:9f… events:31619
 *   config heap-pages:0 heap-base:0x0 touch:none
 *
 *   cell kheap
 *   exact nodes_visited 47476579
 *   max pages_peak 7899
 *   info lookup_bytes 0
 *   digest b893cb0d9a93d156
 *
 * `exact`: any difference fails, an improvement too; `max`: may fall, not rise;
 * `info`: printed only. bless keeps the kinds that a file has.
 */
#include "bench_commands.h"
#include "bench_format.h"
#include "bench_options.h"
#include "bench_trace_open.h"
#include "kb_out.h"
#include "bench_run.h"
#include "kb_bits.h"
#include "kb_signal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The cells gated by default: those that count. */
#define ALLOCS_GATED "kheap,kheap:order=head,kheap:lookup=pagemap,kheap-fast"

/* Searches are walked if a cell's compare at most this many nodes in all: about
 * ten seconds' worth. */
#define WALK_NODES_MAX	(UINT64_C(1) << 32)

#define BASELINE_FOLDER "bench/baseline"

/* A counter of a cell in a baseline. The digest is also one, called
 * "digest". */
struct entry {
	char cell[ALLOC_NAME_SIZE];
	char kind[8];
	char name[REPLAY_COUNTER_NAME_SIZE];
	uint64_t value;

	/* Matched by a counter of the run. */
	bool met;
};

/* A baseline, as read from its file or as this run would write it. */
struct baseline {
	/* The trace and configuration of the baseline. Others are not
	 * comparable. */
	char trace[128];
	char config[128];

	struct entry *entry;
	size_t count;
};

/* A gate or a bless in progress. */
struct gate {
	struct bench_options opts;
	struct replay_clock clock;
	const char *folder;

	/* bless only. */
	const char *reason;
};

static int add_entry(struct baseline *b, const struct entry *entry)
{
	struct entry *grown;

	grown = realloc(b->entry, (b->count + 1) * sizeof(*grown));
	if (!grown)
		return KB_E_NOMEM;
	b->entry = grown;
	b->entry[b->count++] = *entry;
	return 0;
}

static struct entry *find_entry(const struct baseline *b, const char *cell,
				const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->entry[i].cell, cell) == 0 &&
		    strcmp(b->entry[i].name, name) == 0)
			return &b->entry[i];
	return NULL;
}

static bool has_cell(const struct baseline *b, const char *cell)
{
	return find_entry(b, cell, "events") != NULL;
}

static bool is_kind(const char *kind)
{
	return strcmp(kind, "exact") == 0 || strcmp(kind, "max") == 0 ||
	       strcmp(kind, "info") == 0;
}

/* A whole number that ends its line. */
static bool take_number(const char *text, int base, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, base);
	return isxdigit((unsigned char)*text) && errno == 0 && *end == '\n';
}

/* `current` keeps the cell from line to line. */
static int read_line(struct baseline *b, struct entry *current,
		     const char *line)
{
	int at = 0, base = 10;

	if (!strchr(line, '\n'))
		return KB_E_FORMAT;
	if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#' ||
	    sscanf(line, "trace %127[^\n]", b->trace) == 1 ||
	    sscanf(line, "config %127[^\n]", b->config) == 1 ||
	    sscanf(line, "cell %159[^\n]", current->cell) == 1)
		return 0;
	if (strncmp(line, "digest ", 7) == 0) {
		strcpy(current->kind, "exact");
		strcpy(current->name, "digest");
		at = 7;
		base = 16;
	} else {
		sscanf(line, "%7s %31s %n", current->kind, current->name, &at);
	}
	if (at == 0 || !take_number(line + at, base, &current->value) ||
	    !is_kind(current->kind) || current->cell[0] == '\0' ||
	    find_entry(b, current->cell, current->name))
		return KB_E_FORMAT;
	return add_entry(b, current);
}

static int read_baseline(struct baseline *b, const char *path,
			 struct kb_diag *diag)
{
	struct entry current;
	char line[512];
	uint64_t number = 0;
	FILE *f = fopen(path, "re");
	int err = 0;

	memset(b, 0, sizeof(*b));
	memset(&current, 0, sizeof(current));
	if (!f)
		return kb_fail(diag, KB_E_IO,
			       "%s: %s; make it with 'bench "
			       "bless'",
			       path, strerror(errno));
	while (err == 0 && fgets(line, sizeof(line), f)) {
		if (++number > 1)
			err = read_line(b, &current, line);
		else if (strcmp(line, "kbcounters 1\n") != 0)
			err = KB_E_FORMAT;
		if (err < 0)
			kb_fail_line(diag, err, path, number,
				     "is not a line of a baseline, is a "
				     "duplicate, or is cut off; rewrite the "
				     "file with 'bench bless'");
	}
	fclose(f);
	if (err == 0 && (!*b->trace || !*b->config || b->count == 0))
		err = kb_fail(diag, KB_E_FORMAT,
			      "%s: is cut off; rewrite it with 'bench bless'",
			      path);
	return err;
}

static void release_baseline(struct baseline *b)
{
	free(b->entry);
	memset(b, 0, sizeof(*b));
}

/* The kind of a counter that has none yet: peaks may only fall, everything else
 * must stay equal. */
static const char *default_kind(const char *name)
{
	size_t length = strlen(name);

	if (length > 5 && strcmp(name + length - 5, "_peak") == 0)
		return "max";
	return "exact";
}

static int add_counter(struct baseline *b, const char *cell, const char *name,
		       uint64_t value)
{
	struct entry entry;

	memset(&entry, 0, sizeof(entry));
	snprintf(entry.cell, sizeof(entry.cell), "%s", cell);
	snprintf(entry.name, sizeof(entry.name), "%s", name);
	snprintf(entry.kind, sizeof(entry.kind), "%s", default_kind(name));
	entry.value = value;
	return add_entry(b, &entry);
}

static int add_cell(struct baseline *b, const struct bench_cell *cell)
{
	const struct replay_count_result *result = cell->count;
	int err = 0;

	for (uint32_t i = 0; i < result->counters.count && err == 0; i++)
		err = add_counter(b, cell->spec.name,
				  result->counters.item[i].name,
				  result->counters.item[i].value);
	if (err == 0 && result->has_digest)
		err = add_counter(b, cell->spec.name, "digest", result->digest);
	return err;
}

static void describe(struct baseline *b, const struct bench_trace *trace,
		     const struct bench_options *opts)
{
	snprintf(b->trace, sizeof(b->trace), "sha256:%s events:%" PRIu64,
		 trace->sha256, trace->counts.events);
	snprintf(b->config, sizeof(b->config),
		 "heap-pages:%" PRIu32 " heap-base:0x%" PRIx32 " touch:%s",
		 opts->settings.heap_pages, opts->settings.heap_base,
		 bench_touch_name(opts->settings.touch));
}

/* Nodes that a cell's searches and removals compare: the cost of walking
 * them. */
static uint64_t nodes_of(const struct baseline *b, const char *cell)
{
	static const char *const names[] = { "nodes_visited",
					     "remove_nodes_visited" };
	uint64_t nodes = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		const struct entry *entry = find_entry(b, cell, names[i]);

		nodes += entry ? entry->value : 0;
	}
	return nodes;
}

/* The cells to count: all, or, if `ranked` has them counted already, those to
 * walk. Returns how many. */
static size_t choose_cells(const struct gate *gate,
			   const struct bench_trace *trace,
			   const struct baseline *ranked,
			   struct bench_cell *cells)
{
	size_t count = 0;

	for (size_t i = 0; i < gate->opts.alloc_count; i++) {
		const struct alloc_spec *spec = &gate->opts.allocs[i];
		uint64_t nodes = ranked ? nodes_of(ranked, spec->name) : 0;

		if (ranked && (nodes == 0 || nodes > WALK_NODES_MAX))
			continue;
		cells[count].trace = trace;
		cells[count++].spec = *spec;
	}
	return count;
}

/* Runs the count pass over one trace's cells into `now`; with `ranked`, once
 * more with every search made for real. */
static int count_trace(struct gate *gate, const struct bench_trace *trace,
		       const struct baseline *ranked, struct baseline *now,
		       struct kb_diag *diag)
{
	struct bench_cell *cells;
	struct kb_progress progress;
	struct bench_run run = { .settings = &gate->opts.settings,
				 .trace = trace,
				 .clock = &gate->clock,
				 .progress = &progress,
				 .cpu = -1,
				 .walk = ranked != NULL };
	int err;

	cells = calloc(gate->opts.alloc_count, sizeof(*cells));
	if (!cells)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	run.cells = cells;
	run.count = choose_cells(gate, trace, ranked, cells);
	kb_progress_begin(&progress);
	err = bench_run(&run, diag);
	describe(now, trace, &gate->opts);
	for (size_t i = 0; i < run.count && err == 0; i++) {
		if (cells[i].status < 0)
			err = kb_fail(diag, cells[i].status, "%s",
				      cells[i].diag.text);
		else
			err = add_cell(now, &cells[i]);
	}
	for (size_t i = 0; i < run.count; i++)
		bench_cell_release(&cells[i]);
	free(cells);
	return err;
}

/* Prints the allocators whose searches take too long to walk. */
static void note_unwalked(const struct gate *gate,
			  const struct bench_trace *trace,
			  const struct baseline *ranked)
{
	char text[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < gate->opts.alloc_count; i++) {
		const char *cell = gate->opts.allocs[i].name;
		uint64_t nodes = nodes_of(ranked, cell);

		if (nodes > WALK_NODES_MAX)
			printf("note  %s  %s  %s nodes are not walked, only "
			       "counted by rank\n",
			       trace->file, cell,
			       bench_format_count(text, nodes));
	}
}

/*
 * The counts in reports come from ranks (kheap.h), which would not change if a
 * heap searched longer than it should. So this compares what the heap walks
 * with them. Counts the differences; <0 is an error.
 */
static int check_walk(struct gate *gate, const struct bench_trace *trace,
		      const struct baseline *ranked, struct kb_diag *diag)
{
	struct baseline walked = { .count = 0 };
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	int err, different = 0;

	note_unwalked(gate, trace, ranked);
	err = count_trace(gate, trace, ranked, &walked, diag);
	for (size_t i = 0; i < walked.count && err == 0; i++) {
		const struct entry *w = &walked.entry[i];
		const struct entry *r = find_entry(ranked, w->cell, w->name);

		if (r && r->value == w->value)
			continue;
		printf("FAIL  %s  %s  %s  %s walked, %s by rank\n", trace->file,
		       w->cell, w->name, bench_format_count(a, w->value),
		       bench_format_count(b, r ? r->value : 0));
		different++;
	}
	release_baseline(&walked);
	return err < 0 ? err : different;
}

/* The condition on a counter of this kind, in words. */
static const char *rule_of(const char *kind)
{
	return strcmp(kind, "exact") == 0 ? "must match exactly"
	       : strcmp(kind, "max") == 0 ? "must not rise"
					  : "for information";
}

static void print_change(const char *file, const struct entry *was,
			 const struct entry *now, bool good)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	printf("%s  %s  %s  %s  ", good ? "note" : "FAIL", file, now->cell,
	       now->name);
	if (strcmp(was->name, "digest") == 0)
		printf("%016" PRIx64 " -> %016" PRIx64 "  (", was->value,
		       now->value);
	else
		printf("%s -> %s  (", bench_format_count(a, was->value),
		       bench_format_count(b, now->value));
	if (strcmp(was->name, "digest") != 0 && was->value > 0)
		printf("%+.2f%%; ",
		       100.0 * ((double)now->value - (double)was->value) /
			       (double)was->value);
	printf("%s)\n", rule_of(was->kind));
}

/* Compares one counter with its baseline. Returns whether it passes. */
static bool compare_entry(const char *file, const struct entry *was,
			  const struct entry *now)
{
	bool good = strcmp(was->kind, "info") == 0 ||
		    (strcmp(was->kind, "max") == 0 && now->value < was->value);

	if (was->value == now->value)
		return true;
	print_change(file, was, now, good);
	return good;
}

/* Counts the differences between baseline and run. */
static size_t compare(const char *file, struct baseline *was,
		      const struct baseline *now)
{
	size_t differences = 0;

	for (size_t i = 0; i < now->count; i++) {
		const struct entry *entry = &now->entry[i];
		struct entry *old = find_entry(was, entry->cell, entry->name);

		if (old) {
			old->met = true;
			differences += !compare_entry(file, old, entry);
			continue;
		}
		printf("FAIL  %s  %s  %s  (not in the baseline)\n", file,
		       entry->cell, entry->name);
		differences++;
	}
	for (size_t i = 0; i < was->count; i++) {
		if (was->entry[i].met || !has_cell(now, was->entry[i].cell))
			continue;
		printf("FAIL  %s  %s  %s  (in the baseline only)\n", file,
		       was->entry[i].cell, was->entry[i].name);
		differences++;
	}
	return differences;
}

/* Checks whether the two are comparable. Returns an exit status. */
static int check_comparable(const struct baseline *was,
			    const struct baseline *now, const char *path)
{
	if (strcmp(was->trace, now->trace) != 0) {
		kb_complain(
			"bench",
			"%s is a baseline of another trace (%s; this is %s)",
			path, was->trace, now->trace);
		return KB_EXIT_ENVIRONMENT;
	}
	if (strcmp(was->config, now->config) != 0) {
		kb_complain("bench",
			    "%s is a baseline of another configuration (%s; "
			    "this is "
			    "%s)",
			    path, was->config, now->config);
		return KB_EXIT_ENVIRONMENT;
	}
	for (size_t i = 0; i < now->count; i++) {
		if (has_cell(was, now->entry[i].cell))
			continue;
		kb_complain(
			"bench",
			"%s has no allocator '%s'; add it with 'bench bless'",
			path, now->entry[i].cell);
		return KB_EXIT_ENVIRONMENT;
	}
	return KB_EXIT_GOOD;
}

static int gate_file(struct gate *gate, const struct bench_trace *trace,
		     const struct baseline *now, const char *path,
		     struct kb_diag *diag)
{
	struct baseline was;
	size_t differences;
	int status;

	if (read_baseline(&was, path, diag) < 0) {
		release_baseline(&was);
		kb_complain("bench", "%s", diag->text);
		return KB_EXIT_ENVIRONMENT;
	}
	if (bench_trace_judge(trace, 0, diag) < 0) {
		release_baseline(&was);
		return kb_complain_diag("bench", diag);
	}
	status = check_comparable(&was, now, path);
	if (status == KB_EXIT_GOOD) {
		differences = compare(trace->file, &was, now);
		printf("%s  %s: %zu counters of %zu allocator%s, ",
		       differences ? "FAIL" : "PASS", trace->file, now->count,
		       gate->opts.alloc_count,
		       gate->opts.alloc_count == 1 ? "" : "s");
		if (differences)
			printf("%zu different\n", differences);
		else
			printf("all equal\n");
		status = differences ? KB_EXIT_WORSE : KB_EXIT_GOOD;
	}
	release_baseline(&was);
	return status;
}

static void write_entries(FILE *f, const struct baseline *b,
			  const struct baseline *kinds, const char **cell)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct entry *e = &b->entry[i];
		const struct entry *old = find_entry(kinds, e->cell, e->name);

		if (!*cell || strcmp(*cell, e->cell) != 0)
			fprintf(f, "\ncell %s\n", e->cell);
		*cell = e->cell;
		if (strcmp(e->name, "digest") == 0)
			fprintf(f, "digest %016" PRIx64 "\n", e->value);
		else
			fprintf(f, "%s %s %" PRIu64 "\n",
				old ? old->kind : e->kind, e->name, e->value);
	}
}

/* Cells of the old file that this run did not count are kept. */
static void drop_met_cells(struct baseline *was, const struct baseline *now)
{
	size_t kept = 0;

	for (size_t i = 0; i < was->count; i++)
		if (!has_cell(now, was->entry[i].cell))
			was->entry[kept++] = was->entry[i];
	was->count = kept;
}

/* Copies what a file holds; one that is not there holds nothing. Returns 0, or an
 * errno. */
static int copy_file(const char *path, FILE *out)
{
	char text[4096];
	FILE *f = fopen(path, "re");
	size_t n;
	int cause;

	if (!f)
		return errno == ENOENT ? 0 : errno;
	while ((n = fread(text, 1, sizeof(text), f)) > 0)
		fwrite(text, 1, n, out);
	cause = ferror(f) ? EIO : 0;
	fclose(f);
	return cause;
}

static void write_change(FILE *f, const struct gate *gate,
			 const struct bench_trace *trace)
{
	const time_t now = time(NULL);
	char date[16];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	fprintf(f, "%s %s: %s\n", date, trace->name, gate->reason);
}

/* Adds a line to CHANGES, whole as every file. */
static int note_change(struct gate *gate, const struct bench_trace *trace,
		       struct kb_diag *diag)
{
	struct kb_out out;
	char *path;
	int err, cause;

	if (asprintf(&path, "%s/CHANGES", gate->folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(&out, path, diag);
	if (err == 0) {
		cause = copy_file(path, out.stream);
		if (cause)
			err = kb_fail(diag, KB_E_IO, "cannot read '%s': %s",
				      path, strerror(cause));
		else
			write_change(out.stream, gate, trace);
	}
	if (err == 0)
		err = kb_out_commit(&out, diag);
	else
		kb_out_release(&out);
	free(path);
	return err;
}

static int write_baseline(const struct baseline *now, const char *path,
			  struct kb_diag *diag)
{
	struct baseline was;
	struct kb_out out;
	const char *cell = NULL;
	int err;

	/* A missing or unreadable file has no kinds to keep. */
	if (read_baseline(&was, path, NULL) < 0 ||
	    strcmp(was.trace, now->trace) != 0 ||
	    strcmp(was.config, now->config) != 0)
		release_baseline(&was);
	err = kb_out_open(&out, path, diag);
	if (err == 0) {
		fprintf(out.stream, "kbcounters 1\ntrace %s\nconfig %s\n",
			now->trace, now->config);
		write_entries(out.stream, now, &was, &cell);
		drop_met_cells(&was, now);
		write_entries(out.stream, &was, &was, &cell);
		err = kb_out_commit(&out, diag);
	}
	release_baseline(&was);
	return err;
}

static int bless_file(struct gate *gate, const struct bench_trace *trace,
		      const struct baseline *now, const char *path,
		      struct kb_diag *diag)
{
	if (kb_out_make_folder(gate->folder, diag) < 0 ||
	    write_baseline(now, path, diag) < 0 ||
	    note_change(gate, trace, diag) < 0)
		return kb_complain_diag("bench", diag);
	printf("Written: %s\n", path);
	return KB_EXIT_GOOD;
}

/* The path of a trace's baseline, to be freed. Returns 0, or KB_E_NOMEM with `diag`
 * filled. */
static int find_baseline(const struct gate *gate,
			 const struct bench_trace *trace, char **path,
			 struct kb_diag *diag)
{
	if (asprintf(path, "%s/%s.counters", gate->folder, trace->name) >= 0)
		return 0;
	*path = NULL;
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

typedef int (*file_fn)(struct gate *gate, const struct bench_trace *trace,
		       const struct baseline *now, const char *path,
		       struct kb_diag *diag);

static int do_trace(struct gate *gate, const char *given, file_fn do_file)
{
	struct baseline now = { .count = 0 };
	struct bench_trace trace;
	struct kb_diag diag;
	char *path = NULL;
	int status, err, different = 0;

	kb_diag_init(&diag);
	err = bench_commands_open(&trace, given, &diag);
	if (err < 0)
		return kb_complain_diag("bench", &diag);
	trace.beside = &gate->opts.files;
	err = count_trace(gate, &trace, NULL, &now, &diag);
	if (err == 0)
		err = different = check_walk(gate, &trace, &now, &diag);
	if (err >= 0 && find_baseline(gate, &trace, &path, &diag) < 0)
		err = KB_E_NOMEM;
	if (err < 0)
		status = kb_complain_diag("bench", &diag);
	else if (different)
		status = KB_EXIT_WORSE;
	else
		status = do_file(gate, &trace, &now, path, &diag);
	free(path);
	release_baseline(&now);
	bench_trace_release(&trace);
	return status;
}

/* Two traces of one name would have one baseline. */
static int check_names(const struct kb_words *traces, struct kb_diag *diag)
{
	struct bench_trace a, b;

	for (size_t i = 0; i < traces->count; i++) {
		bench_trace_set_names(&a, traces->word[i]);
		for (size_t k = 0; k < i; k++) {
			bench_trace_set_names(&b, traces->word[k]);
			if (strcmp(a.name, b.name) == 0)
				return kb_fail(diag, KB_E_ARG,
					       "'%s' and '%s' have the same "
					       "baseline, %s.counters; rename "
					       "one of them",
					       b.given, a.given, a.name);
		}
	}
	return 0;
}

static int check(void *target, struct kb_diag *diag)
{
	struct gate *gate = target;
	int err = check_names(&gate->opts.traces, diag);

	if (err < 0)
		return err;
	gate->opts.settings.passes = BENCH_PASS_COUNT;
	return bench_options_check(&gate->opts, ALLOCS_GATED, diag);
}

static int files(const void *target, struct kb_files *files,
		 struct kb_diag *diag)
{
	const struct gate *gate = target;
	int err = bench_options_files(&gate->opts, files, diag);

	for (size_t i = 0; i < gate->opts.traces.count && err == 0; i++) {
		struct bench_trace trace;
		char *path = NULL;

		bench_trace_set_names(&trace, gate->opts.traces.word[i]);
		err = find_baseline(gate, &trace, &path, diag);
		if (err == 0)
			err = kb_files_add(files, path, KB_FILES_IN_NAMED,
					   diag);
		free(path);
	}
	return err;
}

/* Without the baselines, which it writes. */
static int files_of_bless(const void *target, struct kb_files *files,
			  struct kb_diag *diag)
{
	const struct gate *gate = target;

	return bench_options_files(&gate->opts, files, diag);
}

static int check_bless(void *target, struct kb_diag *diag)
{
	const struct gate *gate = target;

	if (!*gate->reason)
		return kb_fail(diag, KB_E_ARG,
			       "say why the counters change: --reason TEXT");
	return check(target, diag);
}

static int run_all(const struct kb_command *command, int argc, char **argv,
		   file_fn do_file)
{
	struct gate gate = { .folder = BASELINE_FOLDER };
	int status;

	bench_options_init(&gate.opts);
	if (kb_options_go(command, &gate, argc, argv, &status)) {
		status = KB_EXIT_GOOD;
		for (size_t i = 0; i < gate.opts.traces.count; i++)
			status = kb_exit_graver(
				status,
				do_trace(&gate, gate.opts.traces.word[i],
					 do_file));
	}
	bench_options_release(&gate.opts);
	return status;
}

static int gate_main(int argc, char **argv)
{
	return run_all(&bench_gate_command, argc, argv, gate_file);
}

static int bless_main(int argc, char **argv)
{
	return run_all(&bench_bless_command, argc, argv, bless_file);
}

#define AT(member) .offset = offsetof(struct gate, member)

#define OPTS	   offsetof(struct gate, opts)

#define OPTIONS_OF_BOTH                                                       \
	BENCH_OPTION_TRACE(OPTS),                                             \
		BENCH_OPTION_ALLOC(OPTS, "Default: kheap, kheap:order=head, " \
					 "kheap:lookup=pagemap, kheap-fast"), \
		{ .name = "baseline",                                         \
		  .value = "DIR",                                             \
		  .help = "where the baselines are (default bench/baseline)", \
		  .kind = KB_OPTION_TEXT,                                     \
		  .file = KB_FILES_IN,                                        \
		  AT(folder) },                                               \
		BENCH_OPTION_HEAP_PAGES(OPTS), BENCH_OPTION_HEAP_BASE(OPTS),  \
		BENCH_OPTION_TOUCH(OPTS)

static const struct kb_option gate_options[] = {
	OPTIONS_OF_BOTH,
	{ .name = NULL },
};

static const struct kb_option bless_options[] = {
	{ .name = "reason",
	  .value = "TEXT",
	  .help = "why the counters change, for DIR/CHANGES",
	  .is_required = true,
	  .is_single = true,
	  .kind = KB_OPTION_TEXT,
	  AT(reason) },
	OPTIONS_OF_BOTH,
	{ .name = NULL },
};

const struct kb_command bench_gate_command = {
	.program = "bench",
	.name = "gate",
	.summary = "compare exact counters with committed baselines",
	.about = "Recounts each allocator's work and compares every counter "
		 "and digest with DIR/NAME.counters, after the trace's name. A "
		 "counter marked 'exact' must be equal, one marked 'max' may "
		 "fall, 'info' is only reported. Searches are counted by each "
		 "cluster's rank, and also walked unless that takes minutes. "
		 "If a walk takes more steps than its rank, the gate fails.",
	.options = gate_options,
	.stray = "trace",
	.examples = "bench gate --trace traces/boot.trc --trace "
		    "traces/debian-boot.trc",
	.exits = "0 equal\n"
		 "1 a counter or digest differs\n"
		 "2 usage, unreadable input\n"
		 "4 baseline of another trace or configuration, or none\n"
		 "5 an allocator failed",
	.check = check,
	.files = files,
	BENCH_KEEPS_FILES(OPTS),
	.main = gate_main,
};

const struct kb_command bench_bless_command = {
	.program = "bench",
	.name = "bless",
	.summary = "rewrite those baselines",
	.about = "Recounts each allocator's work, writes DIR/NAME.counters, "
		 "after the trace's name, and adds a line with the date and "
		 "the reason to DIR/CHANGES. Kinds (exact, max, info) that the "
		 "file has are kept.",
	.options = bless_options,
	.stray = "trace",
	.examples = "bench bless --trace traces/boot.trc --reason 'removal "
		    "without a walk'",
	.exits = "0 written\n"
		 "2 usage, unreadable input, an output that cannot be written\n"
		 "4 an allocator is not available\n"
		 "5 an allocator failed",
	.check = check_bless,
	.files = files_of_bless,
	BENCH_KEEPS_FILES(OPTS),
	.main = bless_main,
};
