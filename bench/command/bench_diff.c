/*
 * diff: compares two results folders: what changed, and whether the difference is
 * significant.
 *
 * Counters are exact, so any difference counts. Two medians differ if their
 * intervals are disjoint and they are further apart than noise is: by 5%, by what
 * the epochs of both vary, and, of six allocators or more, by what all of them
 * changed by alike, as on a machine that is busier, and three times their deviation
 * from that. Single times differ by more than the sum of both timers' error bounds, and
 * by 10%.
 */
#include "bench_commands.h"
#include "bench_diff_figures.h"
#include "bench_format.h"
#include "bench_report.h"
#include "bench_stats.h"
#include "kb_escape.h"
#include "kb_json.h"
#include "kb_bits.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Width of a name in the table; longer ones shift their row to the right. */
#define NAME_WIDTH 20

/* One side. */
struct side {
	/* As given. */
	const char *path;
	json_t *document;
	const json_t *context;
	const json_t *results;
};

struct diff {
	struct side a;
	struct side b;

	/* ln(b / a) of all times per event: the median, and the deviation from
	 * it; 0 where there are too few to tell. */
	double common;
	double scatter;

	/* --out; NULL without. */
	const char *out;

	/* What is read of both sides. */
	struct kb_files files;
	bool force;
};

/* A number that may be absent or null. */
static bool number_of(const json_t *object, const char *name, double *out)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_number(value))
		return false;
	*out = json_number_value(value);
	return true;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The path of a file of a side, to be freed; NULL if out of memory. */
static char *find_file(const struct side *side, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", side->path, name) < 0)
		return NULL;
	return path;
}

static int add_file(struct kb_files *files, const struct side *side,
		    const char *name, struct kb_diag *diag)
{
	char *path = find_file(side, name);
	int err = path ? kb_files_add(files, path, KB_FILES_IN_NAMED, diag)
		       : kb_fail(diag, KB_E_NOMEM, "out of memory");

	free(path);
	return err;
}

/* The files of a side: one, or those of a results folder that are read, which must
 * stay of one run. */
static int add_side(struct kb_files *files, const struct side *side,
		    struct kb_diag *diag)
{
	int err;

	if (!is_folder(side->path))
		return kb_files_add(files, side->path, KB_FILES_IN_NAMED, diag);
	err = add_file(files, side, "results.json", diag);
	return err < 0 ? err : add_file(files, side, BENCH_DIFF_NODES, diag);
}

static int files(const void *target, struct kb_files *files,
		 struct kb_diag *diag)
{
	const struct diff *d = target;
	int err = add_side(files, &d->a, diag);

	return err < 0 ? err : add_side(files, &d->b, diag);
}

static int load(struct side *side)
{
	json_error_t error;
	char *path = is_folder(side->path) ? find_file(side, "results.json")
					   : strdup(side->path);

	if (!path) {
		kb_complain("bench", "out of memory");
		return KB_EXIT_USAGE;
	}
	side->document = json_load_file(path, 0, &error);
	if (!side->document)
		kb_complain("bench", "%s: %s", path, error.text);
	side->context = json_object_get(side->document, "context");
	side->results = json_object_get(side->document, "results");
	if (side->document &&
	    (!json_is_object(side->context) || !json_is_array(side->results))) {
		kb_complain("bench",
			    "%s: was not written by bench; name a results "
			    "folder",
			    path);
		side->context = NULL;
	}
	free(path);
	return side->context ? KB_EXIT_GOOD : KB_EXIT_USAGE;
}

/* The other side's cell to compare `cell` with. */
static const json_t *partner(const struct side *side, const json_t *cell,
			     bool any_trace)
{
	const json_t *other;
	size_t i;

	json_array_foreach(side->results, i, other) {
		if (strcmp(kb_json_string_of(other, "allocator"),
			   kb_json_string_of(cell, "allocator")) == 0 &&
		    (any_trace ||
		     strcmp(kb_json_string_of(other, "trace_sha256"),
			    kb_json_string_of(cell, "trace_sha256")) == 0))
			return other;
	}
	return NULL;
}

static bool has_trace(const struct side *side, const char *sha256)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(side->results, i, cell)
		if (strcmp(kb_json_string_of(cell, "trace_sha256"), sha256) ==
		    0)
			return true;
	return false;
}

static bool same_traces(const struct side *a, const struct side *b)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(a->results, i, cell)
		if (!has_trace(b, kb_json_string_of(cell, "trace_sha256")))
			return false;
	return true;
}

/* What must be equal for times to be comparable. */
static const char *const machine[] = { "cpu_model", "cpus",  "system",
				       "compiler",  "flags", "build_type" };

/* The same, in the context's "machine". */
static const char *const memory[] = { "page_size", "transparent_hugepages",
				      "glibc_tunables", "ld_preload" };

/* What must be equal for figures to mean the same: not the passes, as what one side
 * lacks is not compared, nor the seed. */
static const char *const options[] = { "touch",	      "heap_pages", "heap_base",
				       "quick",	      "budget_s",   "evict_kib",
				       "evict_events" };

static void tell_unequal(const char *name, const json_t *a, const json_t *b)
{
	char *x = json_dumps(a, JSON_ENCODE_ANY);
	char *y = json_dumps(b, JSON_ENCODE_ANY);
	char clean_x[200], clean_y[200];

	kb_complain(
		"bench",
		"not comparable: %s is %s and %s; --force compares them "
		"anyway",
		name,
		kb_escape_clean(clean_x, sizeof(clean_x), x ? x : "absent"),
		kb_escape_clean(clean_y, sizeof(clean_y), y ? y : "absent"));
	free(x);
	free(y);
}

static const char *first_unequal(const json_t *a, const json_t *b,
				 const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *x = json_object_get(a, names[i]);
		const json_t *y = json_object_get(b, names[i]);

		/* Two that lack it are alike: older results lack some. */
		if ((x || y) && !json_equal(x, y))
			return names[i];
	}
	return NULL;
}

/* Tells on stderr why the two are not comparable; true if they are. */
static bool comparable(const struct diff *d)
{
	const json_t *a = d->a.context, *b = d->b.context;
	const json_t *a_opts = json_object_get(a, "options");
	const json_t *b_opts = json_object_get(b, "options");
	const char *name;

	if (!same_traces(&d->a, &d->b) || !same_traces(&d->b, &d->a)) {
		kb_complain("bench", "not comparable: the traces differ; "
				     "--force compares them anyway");
		return false;
	}
	name = first_unequal(a_opts, b_opts, options, KB_ARRAY_LEN(options));
	if (name)
		tell_unequal(name, json_object_get(a_opts, name),
			     json_object_get(b_opts, name));
	if (!name) {
		name = first_unequal(a, b, machine, KB_ARRAY_LEN(machine));
		if (name)
			tell_unequal(name, json_object_get(a, name),
				     json_object_get(b, name));
	}
	if (!name) {
		a = json_object_get(a, "machine");
		b = json_object_get(b, "machine");
		name = first_unequal(a, b, memory, KB_ARRAY_LEN(memory));
		if (name)
			tell_unequal(name, json_object_get(a, name),
				     json_object_get(b, name));
	}
	return !name;
}

static void print_change(double a, double b)
{
	char text[BENCH_TEXT_SIZE];

	if (a > 0)
		snprintf(text, sizeof(text), "%+.1f%%", 100 * (b - a) / a);
	else
		snprintf(text, sizeof(text), "-");
	printf("  %8s", text);
}

/* The allocator's name, cut to its column. */
static void print_name(const json_t *cell)
{
	char name[200];
	size_t columns;

	kb_escape_clean(name, sizeof(name),
			kb_json_string_of(cell, "allocator"));
	printf("  ");
	columns = kb_escape_fit(stdout, name, NAME_WIDTH);
	printf("%*s", (int)(NAME_WIDTH - columns), "");
}

/* A median with its interval. */
struct median {
	bool known;
	double ns;
	bool has_interval;
	double low;
	double high;
};

static void read_median(struct median *m, const json_t *cell)
{
	const json_t *t = json_object_get(cell, "throughput");

	m->known = number_of(t, "ns_per_event", &m->ns);
	m->has_interval = number_of(t, "ci_low", &m->low) &&
			  number_of(t, "ci_high", &m->high);
}

static void print_median(const struct median *m)
{
	char text[BENCH_TEXT_SIZE], share[32] = "";

	if (m->has_interval && m->ns > 0)
		snprintf(share, sizeof(share), "±%.0f%%",
			 50 * (m->high - m->low) / m->ns);
	printf("  %8s %-*s", m->known ? bench_format_number(text, m->ns) : "-",
	       bench_format_width(share, 5), share);
}

/* A change below this is never told from noise. */
#define FLOOR_SHARE 0.05

/* The deviation of the common change counts this many times. */
#define SCATTERS 3.0

/* Fewer times than this have no common change. */
#define COMMON_MIN 6

static double spread_share(const json_t *cell, const struct median *m)
{
	double spread = 0;

	number_of(json_object_get(cell, "throughput"), "spread", &spread);
	return m->ns > 0 ? spread / m->ns : 0;
}

/* ln(b / a) of every pair that has times; how many there are. */
static size_t collect_changes(const struct diff *d, double *out, size_t room)
{
	const json_t *cell;
	size_t i, n = 0;

	json_array_foreach(d->a.results, i, cell) {
		const json_t *other = partner(&d->b, cell, d->force);
		struct median a, b;

		if (!other || n == room)
			continue;
		read_median(&a, cell);
		read_median(&b, other);
		if (a.known && b.known && a.ns > 0 && b.ns > 0)
			out[n++] = log(b.ns / a.ns);
	}
	return n;
}

/* What all allocators' times changed by alike. */
static void find_common(struct diff *d)
{
	const size_t room = json_array_size(d->a.results);
	double *change = calloc(room + 1, sizeof(*change));
	struct bench_summary s;
	size_t count;

	if (!change)
		return;
	count = collect_changes(d, change, room);
	if (count >= COMMON_MIN) {
		bench_summarize(&s, change, count);
		d->common = s.median;
		d->scatter = s.spread;
	}
	free(change);
}

static const char slower[] = "SLOWER";
static const char faster[] = "FASTER";

/* `noise` is what ln(b / a) may be without meaning. */
static const char *judge_medians(const struct median *a, const struct median *b,
				 double noise)
{
	if (!a->known || !b->known)
		return "unresolved";
	if (!a->has_interval || !b->has_interval)
		return "no interval";
	if (b->high >= a->low && b->low <= a->high)
		return "n.s.";
	if (fabs(log(b->ns / a->ns)) <= noise)
		return "inside noise";
	return b->high < a->low ? faster : slower;
}

/* The counters that determine the time. */
static const char *const work[] = {
	"rows_visited",	 "nodes_visited",	 "levels_walked",
	"lines_touched", "remove_nodes_visited", "fit_steps",
	"pte_writes",	 "tlb_invalidations",
};

/* If the time changed, says why: the work, named by the counter that changed
 * most, or the speed of the same work. Says nothing if no work is counted. */
static void name_cause(const json_t *a, const json_t *b, bool is_slower)
{
	const json_t *x = json_object_get(a, "counters");
	const json_t *y = json_object_get(b, "counters");
	const char *most = NULL;
	double most_share = 0;
	bool is_counted = false;

	for (size_t i = 0; i < KB_ARRAY_LEN(work); i++) {
		double before = 0, after = 0, share;

		if (!number_of(x, work[i], &before) ||
		    !number_of(y, work[i], &after))
			continue;
		is_counted = true;
		share = (after - before) / (before > 0 ? before : 1);
		if (fabs(share) > fabs(most_share)) {
			most_share = share;
			most = work[i];
		}
	}
	if (!is_counted)
		return;
	if (!most)
		printf("\n    the same work, done %s",
		       is_slower ? "slower" : "faster");
	else
		printf("\n    %s work, %s %+.1f%%",
		       most_share > 0 ? "more" : "less", most,
		       100 * most_share);
}

static void compare_throughput(const struct diff *d, const json_t *a,
			       const json_t *b)
{
	const char *verdict;
	struct median x, y;
	double noise;

	if (!json_object_get(a, "throughput") ||
	    !json_object_get(b, "throughput"))
		return;
	read_median(&x, a);
	read_median(&y, b);
	print_name(a);
	print_median(&x);
	print_median(&y);
	if (x.known && y.known)
		print_change(x.ns, y.ns);
	else
		printf("  %8s", "-");
	noise = fmax(FLOOR_SHARE + fabs(d->common) + SCATTERS * d->scatter,
		     spread_share(a, &x) + spread_share(b, &y));
	verdict = judge_medians(&x, &y, noise);
	printf("  %s", verdict);
	if (verdict == slower || verdict == faster)
		name_cause(a, b, verdict == slower);
	printf("\n");
}

static void print_time(bool known, double ns, double floor_ns)
{
	char text[BENCH_TEXT_SIZE], with_sign[BENCH_TEXT_SIZE + 1];

	bench_format_ns(text, known ? ns : floor_ns);
	snprintf(with_sign, sizeof(with_sign), "%s%s", known ? "" : "<", text);
	printf("  %*s", bench_format_width(with_sign, 8), with_sign);
}

/* A change of a single time below this is never told from noise. */
#define TIME_SHARE 0.10

/* One quantile of one kind of operation in both. */
static void compare_time(const json_t *a, const json_t *b, const char *kind,
			 const char *quantile)
{
	const json_t *x = json_object_get(a, kind);
	const json_t *y = json_object_get(b, kind);
	double x_ns = 0, y_ns = 0, x_error = 0, y_error = 0;
	double x_floor = 0, y_floor = 0;
	bool has_x, has_y;

	/* With too few samples there is no such member. */
	if (!json_object_get(x, quantile) || !json_object_get(y, quantile))
		return;
	has_x = number_of(x, quantile, &x_ns);
	has_y = number_of(y, quantile, &y_ns);
	number_of(x, "error", &x_error);
	number_of(y, "error", &y_error);
	number_of(x, "floor", &x_floor);
	number_of(y, "floor", &y_floor);
	print_name(a);
	printf("  %-6s %-4s", strcmp(kind, "kfree_ns") ? "lookup" : "kfree",
	       quantile);
	print_time(has_x, x_ns, x_floor);
	print_time(has_y, y_ns, y_floor);
	if (has_x && has_y)
		print_change(x_ns, y_ns);
	else
		printf("  %8s", "-");
	if (!has_x || !has_y)
		printf("  unresolved\n");
	else if (fabs(x_ns - y_ns) <= x_error + y_error ||
		 fabs(x_ns - y_ns) <= TIME_SHARE * fmax(x_ns, y_ns))
		printf("  n.s.\n");
	else
		printf("  different\n");
}

static void compare_latency(const struct diff *d, const json_t *a,
			    const json_t *b)
{
	(void)d;
	compare_time(a, b, "kfree_ns", "p50");
	compare_time(a, b, "kfree_ns", "p99");
	compare_time(a, b, "lookup_ns", "p50");
	compare_time(a, b, "lookup_ns", "p99");
}

static void tell_single(const json_t *cell, const char *name, char letter)
{
	char clean[64];

	print_name(cell);
	printf("  %-20s only in %c\n",
	       kb_escape_clean(clean, sizeof(clean), name), letter);
}

/* All counters of a pair: prints and counts those that differ. */
static void compare_counters(const json_t *a, const json_t *b, size_t *equal,
			     size_t *different)
{
	json_t *counters = json_object_get(a, "counters");
	json_t *others = json_object_get(b, "counters");
	char before[BENCH_TEXT_SIZE], after[BENCH_TEXT_SIZE];
	const char *name;
	json_t *value;

	json_object_foreach(counters, name, value) {
		const json_t *other = json_object_get(others, name);
		char clean[64];

		if (other && json_equal(value, other)) {
			++*equal;
			continue;
		}
		++*different;
		if (!other) {
			tell_single(a, name, 'A');
			continue;
		}
		print_name(a);
		printf("  %-20s %12s %12s",
		       kb_escape_clean(clean, sizeof(clean), name),
		       bench_format_count(before,
					  (uint64_t)json_integer_value(value)),
		       bench_format_count(after,
					  (uint64_t)json_integer_value(other)));
		print_change(json_number_value(value),
			     json_number_value(other));
		printf("\n");
	}
	json_object_foreach(others, name, value) {
		if (counters && json_object_get(counters, name))
			continue;
		++*different;
		tell_single(a, name, 'B');
	}
	/* A cell without a digest was not counted or has none. */
	if (*kb_json_string_of(a, "digest") &&
	    *kb_json_string_of(b, "digest") &&
	    strcmp(kb_json_string_of(a, "digest"),
		   kb_json_string_of(b, "digest")) != 0) {
		print_name(a);
		printf("  %-20s different addresses or sizes\n", "digest");
		++*different;
	}
}

static void print_side(char letter, const struct side *side)
{
	char path[400], revision[100], date[100];

	printf("%c  %s: revision %s, %s\n", letter,
	       kb_escape_clean(path, sizeof(path), side->path),
	       kb_escape_clean(revision, sizeof(revision),
			       kb_json_string_of(side->context, "revision")),
	       kb_escape_clean(date, sizeof(date),
			       kb_json_string_of(side->context, "date")));
}

static bool any_has(const struct diff *d, const char *pass)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(d->a.results, i, cell) {
		const json_t *other = partner(&d->b, cell, d->force);

		if (json_object_get(cell, pass) && json_object_get(other, pass))
			return true;
	}
	return false;
}

/* Applies a comparison to every pair of cells. */
static void each_pair(const struct diff *d,
		      void (*compare)(const struct diff *d, const json_t *a,
				      const json_t *b))
{
	const json_t *cell;
	size_t i;

	json_array_foreach(d->a.results, i, cell) {
		const json_t *other = partner(&d->b, cell, d->force);

		if (other)
			compare(d, cell, other);
	}
}

static void tell_lonely(const struct side *here, const struct side *there,
			bool any_trace, char letter)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(here->results, i, cell) {
		char name[200];

		if (partner(there, cell, any_trace))
			continue;
		printf("Only in %c: %s\n", letter,
		       kb_escape_clean(name, sizeof(name),
				       kb_json_string_of(cell, "allocator")));
	}
}

/* A schema says what the names mean: others' results cannot be read. */
static bool is_ours(const struct side *side)
{
	double schema = 0;

	if (number_of(side->context, "schema", &schema) &&
	    schema == BENCH_SCHEMA)
		return true;
	kb_complain("bench",
		    "%s: is of schema %g, which another version of bench "
		    "wrote; this one compares schema %d: measure it again",
		    side->path, schema, BENCH_SCHEMA);
	return false;
}

static void print_diff(const struct diff *d)
{
	size_t equal = 0, different = 0;
	const json_t *cell;
	size_t i;

	print_side('A', &d->a);
	print_side('B', &d->b);
	if (any_has(d, "throughput")) {
		printf("\nns per event, with half the 95%% interval (n.s.: no "
		       "significant difference)\n  %-*s  %8s        %8s        "
		       "%8s\n",
		       NAME_WIDTH, "allocator", "A", "B", "change");
		each_pair(d, compare_throughput);
	}
	if (any_has(d, "kfree_ns")) {
		printf("\nSingle operations (unresolved: below the "
		       "timer's resolution)\n  %-*s  %-11s  %8s  %8s  %8s\n",
		       NAME_WIDTH, "allocator", "", "A", "B", "change");
		each_pair(d, compare_latency);
	}
	printf("\nCounters, exact\n");
	json_array_foreach(d->a.results, i, cell) {
		const json_t *other = partner(&d->b, cell, d->force);

		if (other)
			compare_counters(cell, other, &equal, &different);
	}
	printf("  %zu equal, %zu different\n", equal, different);
	tell_lonely(&d->a, &d->b, d->force, 'A');
	tell_lonely(&d->b, &d->a, d->force, 'B');
}

/* The times of every pair that has them. */
static size_t collect_ratios(const struct diff *d, struct bench_diff_ratio *out)
{
	const json_t *cell;
	size_t i, n = 0;

	json_array_foreach(d->a.results, i, cell) {
		const json_t *other = partner(&d->b, cell, d->force);
		struct median a, b;

		read_median(&a, cell);
		read_median(&b, other);
		if (!a.known || !b.known || a.ns <= 0)
			continue;
		out[n] = (struct bench_diff_ratio){
			.allocator = kb_json_string_of(cell, "allocator"),
			.ratio = b.ns / a.ns,
		};
		if (a.has_interval && b.has_interval && a.low > 0) {
			out[n].has_interval = true;
			out[n].low = b.low / a.high;
			out[n].high = b.high / a.low;
		}
		n++;
	}
	return n;
}

/* Draws both sides to --out. Returns an exit status. */
static int draw_diff(const struct diff *d)
{
	size_t cells = json_array_size(d->a.results), drawn;
	struct bench_diff_figures figures = {
		.a = d->a.path,
		.b = d->b.path,
		.out = d->out,
		.trace = kb_json_string_of(json_array_get(d->a.results, 0),
					   "trace"),
		.machine = kb_json_string_of(d->b.context, "cpu_model"),
	};
	struct bench_diff_ratio *ratio = calloc(cells + 1, sizeof(*ratio));
	struct kb_diag diag;
	int err;

	if (!ratio) {
		kb_complain("bench", "out of memory");
		return KB_EXIT_USAGE;
	}
	kb_diag_init(&diag);
	figures.ratio = ratio;
	figures.ratios = collect_ratios(d, ratio);
	err = bench_diff_figures(&figures, &drawn, &diag);
	free(ratio);
	if (err < 0)
		return kb_complain_diag("bench", &diag);
	printf("\nWritten to %s/figures/: %zu picture%s\n", d->out, drawn,
	       drawn == 1 ? "" : "s");
	return KB_EXIT_GOOD;
}

/* Returns an exit status. */
static int judge_files(const struct diff *d)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	return kb_files_judge(&d->files, 0, &diag) < 0
		       ? kb_complain_diag("bench", &diag)
		       : KB_EXIT_GOOD;
}

static int diff_main(int argc, char **argv)
{
	struct diff d = { .force = false };
	int status;

	if (!kb_options_go(&bench_diff_command, &d, argc, argv, &status)) {
		kb_files_release(&d.files);
		return status;
	}
	status = load(&d.a);
	if (status == KB_EXIT_GOOD)
		status = load(&d.b);
	if (status == KB_EXIT_GOOD)
		status = judge_files(&d);
	if (status == KB_EXIT_GOOD && (!is_ours(&d.a) || !is_ours(&d.b)))
		status = KB_EXIT_ENVIRONMENT;
	if (status == KB_EXIT_GOOD && !d.force && !comparable(&d))
		status = KB_EXIT_ENVIRONMENT;
	if (status == KB_EXIT_GOOD) {
		find_common(&d);
		print_diff(&d);
	}
	if (status == KB_EXIT_GOOD && d.out)
		status = draw_diff(&d);
	if (status == KB_EXIT_GOOD)
		status = judge_files(&d);
	kb_files_release(&d.files);
	json_decref(d.a.document);
	json_decref(d.b.document);
	return status;
}

#define AT(member) .offset = offsetof(struct diff, member)

static const struct kb_option diff_options[] = {
	{ .name = "force",
	  .help = "compare results of different traces, options, machines, "
		  "compilers or flags anyway",
	  .kind = KB_OPTION_SWITCH,
	  AT(force) },
	{ .name = "out",
	  .value = "DIR",
	  .help = "draw both in one picture: times as a ratio with its "
		  "interval, and nodes compared; data goes to DIR, pictures "
		  "to DIR/figures",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT(out) },
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "A", 1, 1, offsetof(struct diff, a.path), KB_FILES_IN },
	{ "B", 1, 1, offsetof(struct diff, b.path), KB_FILES_IN },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command bench_diff_command = {
	.program = "bench",
	.name = "diff",
	.summary = "compare two results folders",
	.about = "Compares two results folders (or results.json files), "
		 "allocator by allocator. Results of different traces, "
		 "options, machines, compilers or flags are refused without "
		 "--force, and those of another schema always.",
	.options = diff_options,
	.operands = operands,
	.notes = "What is compared:\n"
		 "  times     two medians differ if their 95% intervals are "
		 "disjoint and the\n"
		 "            change is larger than noise: 5%, what the runs "
		 "vary, what all\n"
		 "            allocators changed by alike; single times by "
		 "more than both error\n"
		 "            bounds together, and 10%\n"
		 "  counters  counters and digests are exact: every "
		 "difference is shown",
	.examples = "bench diff results/before results/after",
	.exits = "0 compared, whatever differs\n"
		 "2 usage, unreadable input\n"
		 "4 not comparable, or no gnuplot for --out",
	.files = files,
	.keeps_files = true,
	.files_offset = offsetof(struct diff, files),
	.main = diff_main,
};
