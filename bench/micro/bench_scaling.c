#include "bench_scaling.h"

#include "alloc_list.h"
#include "kb_out.h"
#include "bench_page.h"
#include "bench_plot.h"
#include "gbench_shim.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kb_version.h"
#include "replay_op.h"
#include "replay_tick.h"
#include "kb_complain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The seed's window holds 2^14 clusters of two pages; for more, use the largest
 * possible window, which begins lower. */
#define SEED_LIVE_MAX 16384
#define SEED_MANY_MAX 1024
#define LARGE_PAGES   (UINT32_C(1) << 19)
#define LARGE_BASE    UINT32_C(0x40000000)

/* The number of real frees over which counters are averaged. */
#define COUNTED_FREES 512

/* As in Linux's lib/test_vmalloc.c. */
#define BUSY_LIVE	 15000
#define BUSY_PAGES	 100
#define RANDOM_PAGES_MAX 100

enum population { ONE_ROW, MANY_ROW };
enum free_order { FIFO, LIFO, RANDOM };

static const char *const population_names[] = { "one-row", "many-row" };
static const char *const order_names[] = { "fifo", "lifo", "random" };

/* Pages of the largest cluster of many-row. */
#define MANY_ROW_PAGES 31

static const int64_t one_row_live[] = { 16,    64,    256,    1024,  4096,
					16384, 65536, 262144, 524288 };
static const int64_t many_row_live[] = { 16, 64, 256, 1024, 4096, 16384 };

/* One lookup benchmark of one allocator. */
struct scene {
	struct alloc_spec spec;
	enum population population;
	enum free_order order;

	/* The longest run's results, by the index in one_row_live: ns and nodes
	 * per lookup; 0 if nothing ran. */
	double ns[KB_ARRAY_LEN(one_row_live)];
	double nodes[KB_ARRAY_LEN(one_row_live)];
};

/* One case of one allocator. */
struct case_run {
	struct alloc_spec spec;
	const struct vmalloc_case *which;
};

struct bench_scaling {
	struct scene *scenes;
	size_t count;
	struct case_run *cases;
	size_t case_count;
};

/* A heap with clusters in it, oldest first. */
struct heap {
	struct alloc alloc;
	uint64_t *handle;
	uint32_t *size;
	size_t count;
};

static void close_heap(struct heap *heap)
{
	free(heap->handle);
	free(heap->size);
	alloc_close(&heap->alloc);
}

static int open_heap(struct heap *heap, const struct alloc_spec *spec,
		     size_t live_max, bool large, struct kb_diag *diag)
{
	struct alloc_config config = {
		.spec = spec,
		.heap_base = large ? LARGE_BASE : 0,
		.heap_pages = large ? LARGE_PAGES : 0,
	};
	int err;

	memset(heap, 0, sizeof(*heap));
	err = alloc_open(&heap->alloc, &config, diag);
	if (err < 0)
		return err;
	heap->handle = calloc(live_max + 1, sizeof(*heap->handle));
	heap->size = calloc(live_max + 1, sizeof(*heap->size));
	if (!heap->handle || !heap->size)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return 0;
}

static uint32_t size_of(enum population population, uint64_t i)
{
	return population == ONE_ROW
		       ? BENCH_PAGE
		       : BENCH_PAGE * (1 + (uint32_t)(i % MANY_ROW_PAGES));
}

/* A heap takes only counted or only plain calls. */
static uint64_t allocate(const struct alloc *alloc, uint32_t size, bool counted)
{
	struct replay_op op = replay_op_alloc(0, size);
	uint64_t handle;

	if (counted)
		return alloc->vt->alloc(alloc->ctx, size);
	alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, &op, 1, &handle);
	return handle;
}

static int fill(struct heap *heap, enum population population, size_t live,
		bool counted, struct kb_diag *diag)
{
	for (; heap->count < live; heap->count++) {
		size_t i = heap->count;

		heap->size[i] = size_of(population, i);
		heap->handle[i] =
			allocate(&heap->alloc, heap->size[i], counted);
		if (!heap->handle[i])
			return kb_fail(diag, KB_E_RANGE,
				       "the window is too small");
	}
	return 0;
}

/* The number of rows that a population fills. */
static size_t rows_of(enum population population)
{
	return population == ONE_ROW ? 1 : MANY_ROW_PAGES;
}

/* Which cluster the i-th free frees: the oldest, the newest of each row in
 * turn, or any. */
static size_t victim(const struct heap *heap, const struct scene *scene,
		     size_t i, struct kb_rng *rng)
{
	size_t rows = (size_t)kb_min(rows_of(scene->population), heap->count);

	switch (scene->order) {
	case FIFO:
		return i % heap->count;
	case LIFO:
		return heap->count - 1 - i % rows;
	default:
		return (size_t)kb_rng_below(rng, heap->count);
	}
}

struct sums {
	double lookups;
	double rows;
	double nodes;
	double lines;
	bool has_rows, has_nodes, has_lines;
};

static void add_counter(void *user, const char *name, uint64_t value)
{
	struct sums *sums = user;

	if (strcmp(name, "lookups") == 0)
		sums->lookups = (double)value;
	if (strcmp(name, "rows_visited") == 0) {
		sums->rows = (double)value;
		sums->has_rows = true;
	}
	if (strcmp(name, "nodes_visited") == 0) {
		sums->nodes = (double)value;
		sums->has_nodes = true;
	}
	if (strcmp(name, "lines_touched") == 0) {
		sums->lines = (double)value;
		sums->has_lines = true;
	}
}

/* Frees clusters in the scene's order, replaces each by a new one of its size,
 * and reports the mean steps of those frees' lookups. */
static void count_steps(struct heap *heap, const struct scene *scene,
			struct sums *sums)
{
	const struct alloc *alloc = &heap->alloc;
	struct kb_rng rng = kb_rng_init(1);

	memset(sums, 0, sizeof(*sums));
	if (!alloc->vt->counters)
		return;
	for (size_t i = 0; i < COUNTED_FREES; i++) {
		size_t v = victim(heap, scene, i, &rng);

		alloc->vt->free(alloc->ctx, heap->handle[v]);
		heap->handle[v] = alloc->vt->alloc(alloc->ctx, heap->size[v]);
	}
	alloc->vt->counters(alloc->ctx, add_counter, sums);
}

static void tell_steps(struct gb_state *state, const struct sums *sums)
{
	if (sums->lookups == 0)
		return;
	if (sums->has_rows)
		gb_counter(state, "rows", sums->rows / sums->lookups);
	if (sums->has_nodes)
		gb_counter(state, "nodes", sums->nodes / sums->lookups);
	if (sums->has_lines)
		gb_counter(state, "lines", sums->lines / sums->lookups);
}

/* Moves the addresses to look up to the front: the oldest or the newest of each
 * row, or all in random order. Returns how many. */
static size_t choose_targets(struct heap *heap, const struct scene *scene)
{
	size_t rows = (size_t)kb_min(rows_of(scene->population), heap->count);
	struct kb_rng rng = kb_rng_init(2);
	uint64_t target;

	if (scene->order == LIFO)
		memmove(heap->handle, heap->handle + heap->count - rows,
			rows * sizeof(*heap->handle));
	if (scene->order != RANDOM)
		return rows;
	for (size_t i = heap->count; i > 1; i--) {
		size_t j = (size_t)kb_rng_below(&rng, i);

		target = heap->handle[i - 1];
		heap->handle[i - 1] = heap->handle[j];
		heap->handle[j] = target;
	}
	return heap->count;
}

/* Keeps a scene's figures for the plot. Longer runs come later and
 * overwrite. */
static void keep(struct scene *scene, int64_t live, double ns, double nodes)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(one_row_live); i++) {
		if (one_row_live[i] != live)
			continue;
		scene->ns[i] = ns;
		scene->nodes[i] = nodes;
	}
}

static void time_lookups(struct gb_state *state, struct scene *scene,
			 struct heap *heap, const struct sums *sums)
{
	const struct alloc *alloc = &heap->alloc;
	size_t targets = choose_targets(heap, scene), at = 0;
	int64_t n = gb_iters(state);
	uint64_t begin = replay_tick_system();

	while (gb_next_batch(state, n)) {
		for (int64_t i = 0; i < n; i++) {
			gb_do_not_optimize(alloc->vt->lookup(alloc->ctx,
							     heap->handle[at]));
			at = at + 1 < targets ? at + 1 : 0;
		}
	}
	keep(scene, gb_arg_of(state),
	     (double)(replay_tick_system() - begin) / (double)n,
	     sums->has_nodes && sums->lookups > 0 ? sums->nodes / sums->lookups
						  : 0);
}

static bool needs_large(const struct scene *scene, size_t live)
{
	return live > SEED_LIVE_MAX ||
	       (scene->population == MANY_ROW && live > SEED_MANY_MAX);
}

/* Counts and times in separate heaps. */
static int measure_steps(const struct scene *scene, size_t live,
			 struct sums *sums, struct kb_diag *diag)
{
	struct heap heap;
	int err = open_heap(&heap, &scene->spec, live, needs_large(scene, live),
			    diag);

	if (err == 0)
		err = fill(&heap, scene->population, live, true, diag);
	if (err == 0)
		count_steps(&heap, scene, sums);
	close_heap(&heap);
	return err;
}

static void lookup_body(struct gb_state *state, void *user)
{
	struct scene *scene = user;
	size_t live = (size_t)gb_arg_of(state);
	struct sums sums = { 0 };
	struct kb_diag diag;
	struct heap heap;
	int err;

	kb_diag_init(&diag);
	err = open_heap(&heap, &scene->spec, live, needs_large(scene, live),
			&diag);
	if (err == 0)
		err = fill(&heap, scene->population, live, false, &diag);
	if (err == 0)
		err = measure_steps(scene, live, &sums, &diag);
	if (err < 0) {
		gb_skip(state, diag.text);
	} else {
		time_lookups(state, scene, &heap, &sums);
		tell_steps(state, &sums);
		gb_complexity_n(state, (int64_t)live);
	}
	close_heap(&heap);
}

static int prepare_none(struct heap *heap, struct kb_diag *diag)
{
	(void)heap;
	(void)diag;
	return 0;
}

static int prepare_busy(struct heap *heap, struct kb_diag *diag)
{
	return fill(heap, ONE_ROW, BUSY_LIVE, false, diag);
}

/* Pages in a row, every second one freed again. */
static int prepare_holes(struct heap *heap, struct kb_diag *diag)
{
	int err = fill(heap, ONE_ROW, BUSY_LIVE, false, diag);

	for (size_t i = 1; err == 0 && i < heap->count; i += 2) {
		const struct replay_op op = replay_op_free(0, BENCH_PAGE);

		heap->alloc.vt->run[ALLOC_TOUCH_NONE](heap->alloc.ctx, &op, 1,
						      &heap->handle[i]);
	}
	return err;
}

/* Writes an iteration's operations from `op` on; returns the end. */
static struct replay_op *iterate_page(struct replay_op *op, struct kb_rng *rng)
{
	(void)rng;
	*op++ = replay_op_alloc(0, BENCH_PAGE);
	*op++ = replay_op_free(0, BENCH_PAGE);
	return op;
}

static struct replay_op *iterate_random(struct replay_op *op,
					struct kb_rng *rng)
{
	uint64_t pages = 1 + kb_rng_below(rng, RANDOM_PAGES_MAX);
	uint32_t size = (uint32_t)pages * BENCH_PAGE;

	*op++ = replay_op_alloc(0, size);
	*op++ = replay_op_free(0, size);
	return op;
}

static struct replay_op *iterate_busy(struct replay_op *op, struct kb_rng *rng)
{
	(void)rng;
	*op++ = replay_op_alloc(0, BUSY_PAGES * BENCH_PAGE);
	*op++ = replay_op_alloc(1, BENCH_PAGE);
	*op++ = replay_op_free(0, BUSY_PAGES * BENCH_PAGE);
	*op++ = replay_op_free(1, BENCH_PAGE);
	return op;
}

static const struct vmalloc_case {
	const char *name;
	int (*prepare)(struct heap *heap, struct kb_diag *diag);
	struct replay_op *(*iterate)(struct replay_op *op, struct kb_rng *rng);
} vmalloc_cases[] = {
	{ "fix_size", prepare_none, iterate_page },
	{ "random_size", prepare_none, iterate_random },
	{ "long_busy", prepare_busy, iterate_busy },
	{ "full_fit", prepare_holes, iterate_page },
};

/* Iterations per call of the timed loop, and the most operations that they
 * take. */
#define BATCH	  64
#define BATCH_OPS (4 * BATCH)

static void time_case(struct gb_state *state, const struct vmalloc_case *which,
		      const struct alloc *alloc)
{
	struct kb_rng rng = kb_rng_init(3);
	struct replay_op ops[BATCH_OPS], *end = ops;
	uint64_t live[2] = { 0, 0 };
	int64_t n = gb_iters(state);

	for (int i = 0; i < BATCH; i++)
		end = which->iterate(end, &rng);
	while (gb_next_batch(state, n)) {
		for (int64_t done = 0; done < n; done += BATCH) {
			/* The last batch may be a short one. */
			int64_t left = n - done < BATCH ? n - done : BATCH;
			size_t count =
				(size_t)(end - ops) / BATCH * (size_t)left;

			alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, ops, count,
							 live);
		}
	}
	gb_items(state, n);
	if (!live[0])
		gb_counter(state, "failed", 1);
}

static void case_body(struct gb_state *state, void *user)
{
	const struct case_run *run = user;
	struct kb_diag diag;
	struct heap heap;
	int err;

	kb_diag_init(&diag);
	err = open_heap(&heap, &run->spec, BUSY_LIVE, false, &diag);
	if (err == 0)
		err = run->which->prepare(&heap, &diag);
	if (err < 0)
		gb_skip(state, diag.text);
	else
		time_case(state, run->which, &heap.alloc);
	close_heap(&heap);
}

static bool has_lookup(const struct alloc_spec *spec)
{
	struct alloc_config config = { .spec = spec };
	struct alloc alloc;
	bool has;

	if (alloc_open(&alloc, &config, NULL) < 0)
		return false;
	has = alloc.vt->lookup != NULL;
	alloc_close(&alloc);
	return has;
}

static void register_lookup(struct scene *scene)
{
	bool one = scene->population == ONE_ROW;
	const int64_t *live = one ? one_row_live : many_row_live;
	size_t count =
		one ? KB_ARRAY_LEN(one_row_live) : KB_ARRAY_LEN(many_row_live);
	char name[ALLOC_NAME_SIZE + 64];
	struct gb_bench *bench;

	snprintf(name, sizeof(name), "lookup/%s/%s/%s", scene->spec.name,
		 population_names[scene->population],
		 order_names[scene->order]);
	bench = gb_register(name, lookup_body, scene);
	gb_arg_name(bench, "live");
	for (size_t i = 0; i < count; i++)
		gb_arg(bench, live[i]);
	gb_complexity(bench);
}

static void add_cases(struct bench_scaling *s, const struct alloc_spec *spec)
{
	char name[ALLOC_NAME_SIZE + 64];

	for (size_t i = 0; i < KB_ARRAY_LEN(vmalloc_cases); i++) {
		struct case_run *run = &s->cases[s->case_count++];

		run->spec = *spec;
		run->which = &vmalloc_cases[i];
		snprintf(name, sizeof(name), "%s/%s", run->which->name,
			 spec->name);
		gb_register(name, case_body, run);
	}
}

/* The scenes of one allocator: a lookup in each population and order. */
#define SCENES_EACH 6

static void add_scenes(struct bench_scaling *s, const struct alloc_spec *spec)
{
	for (int p = ONE_ROW; p <= MANY_ROW; p++) {
		for (int o = FIFO; o <= RANDOM; o++) {
			struct scene *scene = &s->scenes[s->count++];

			scene->spec = *spec;
			scene->population = (enum population)p;
			scene->order = (enum free_order)o;
			register_lookup(scene);
		}
	}
}

static const struct alloc_key *lookup_key(void)
{
	const struct alloc_key *key = alloc_list[0]->keys;

	while (strcmp(key->name, "lookup") != 0)
		key++;
	return key;
}

/* The kheap with each of its lookups, and the seed's in the other order. */
static int all_lookups(struct alloc_spec **specs, size_t *count)
{
	const struct alloc_key *key = lookup_key();
	char name[ALLOC_NAME_SIZE];
	int err = 0;

	for (size_t i = 0; key->value(i) && err == 0; i++) {
		snprintf(name, sizeof(name), "kheap:lookup=%s", key->value(i));
		err = alloc_spec_parse_list(specs, count, name, NULL);
	}
	if (err == 0)
		err = alloc_spec_parse_list(specs, count, "kheap:order=head",
					    NULL);
	return err;
}

static int register_all(struct bench_scaling *s, const struct alloc_spec *specs,
			size_t count)
{
	s->scenes = calloc(count * SCENES_EACH + 1, sizeof(*s->scenes));
	s->cases = calloc(count * KB_ARRAY_LEN(vmalloc_cases) + 1,
			  sizeof(*s->cases));
	if (!s->scenes || !s->cases)
		return KB_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		if (has_lookup(&specs[i]))
			add_scenes(s, &specs[i]);
		add_cases(s, &specs[i]);
	}
	return 0;
}

struct bench_scaling *bench_scaling_register(const struct bench_micro_job *job)
{
	struct bench_scaling *s = calloc(1, sizeof(*s));
	struct alloc_spec *specs = NULL;
	size_t count = 0;
	int err = s ? 0 : KB_E_NOMEM;

	if (err == 0 && job->alloc_count)
		err = register_all(s, job->allocs, job->alloc_count);
	else if (err == 0)
		err = all_lookups(&specs, &count);
	if (err == 0 && !job->alloc_count)
		err = register_all(s, specs, count);
	free(specs);
	if (err == 0)
		return s;
	kb_complain("bench", "%s", kb_status_str(err));
	bench_scaling_free(s);
	return NULL;
}

/* The plot shows random frees of one-page clusters. */
static bool is_drawn(const struct scene *scene)
{
	if (scene->population != ONE_ROW || scene->order != RANDOM)
		return false;
	for (size_t i = 0; i < KB_ARRAY_LEN(one_row_live); i++)
		if (scene->ns[i] > 0)
			return true;
	return false;
}

static void write_scene(FILE *f, const struct scene *scene)
{
	fprintf(f, "%s\tns\tnodes\n", scene->spec.name);
	for (size_t i = 0; i < KB_ARRAY_LEN(one_row_live); i++) {
		if (scene->ns[i] <= 0)
			continue;
		fprintf(f, "%" PRId64 "\t%.6g", one_row_live[i], scene->ns[i]);
		if (scene->nodes[i] > 0)
			fprintf(f, "\t%.6g\n", scene->nodes[i]);
		else
			fprintf(f, "\t?\n");
	}
	fprintf(f, "\n\n");
}

static void write_tsv(FILE *f, const void *user)
{
	const struct bench_scaling *s = user;
	size_t series = 0;

	for (size_t i = 0; i < s->count; i++)
		series += is_drawn(&s->scenes[i]);
	fprintf(f,
		"title\tLookup cost by number of live clusters\n"
		"revision\t%s\n"
		"series\t%zu\n\n\n",
		kb_revision, series);
	for (size_t i = 0; i < s->count; i++)
		if (is_drawn(&s->scenes[i]))
			write_scene(f, &s->scenes[i]);
}

static int write_folder(const struct bench_scaling *s, const char *folder,
			struct kb_diag *diag)
{
	int err = kb_out_make_folder(folder, diag);

	if (err < 0)
		return err;
	return kb_out_write(folder, "lookup-scaling.tsv", write_tsv, s, diag);
}

int bench_scaling_report(const struct bench_scaling *scaling,
			 const struct bench_micro_job *job)
{
	const struct bench_plot_job plot = { .folder = job->out };
	struct kb_diag diag;
	size_t drawn;
	int err;

	if (!job->out)
		return 0;
	kb_diag_init(&diag);
	err = write_folder(scaling, job->out, &diag);
	/* As in a run, says why gnuplot could not draw; the numbers exist. */
	if (err == 0 && !job->no_plots)
		bench_plot(&plot, &drawn, &diag);
	if (diag.status < 0)
		kb_complain_diag("bench", &diag);
	return err < 0 ? 2 : 0;
}

void bench_scaling_free(struct bench_scaling *scaling)
{
	if (!scaling)
		return;
	free(scaling->scenes);
	free(scaling->cases);
	free(scaling);
}
