/*
 * kheap: the cluster heap of core/, over its simulated pager.
 */
#include "alloc_gated.h"
#include "alloc_kheap.h"

#include "alloc_window.h"
#include "heap_lock.h"
#include "kb_bits.h"
#include "kheap.h"
#include "lookup.h"
#include "pager_mmap.h"
#include "pager_sim.h"
#include "replay_loop.h"

enum kheap_key {
	KEY_LOOKUP,
	KEY_ORDER,
	KEY_FIT,
	KEY_NODES,
	KEY_PAGER,
	KEY_TLB,
	KEY_FIRST_INDEX,
	KEY_LOCK,
	KEY_MAGAZINES
};

static const char *order_value(size_t i)
{
	static const char *const values[] = {
		[KHEAP_ORDER_TAIL] = "tail",
		[KHEAP_ORDER_HEAD] = "head",
	};

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

static const char *nodes_value(size_t i)
{
	static const char *const values[] = {
		[KHEAP_NODES_MALLOC] = "malloc",
		[KHEAP_NODES_POOL] = "pool",
	};

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

enum pager_choice { PAGER_SIM, PAGER_NONE, PAGER_MMAP };

static const char *pager_value(size_t i)
{
	static const char *const values[] = {
		[PAGER_SIM] = "sim",
		[PAGER_NONE] = "none",
		[PAGER_MMAP] = "mmap",
	};

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

/* Entries and ways. The default is the data TLB of Intel's Skylake, 1536x12 its
 * second level; 64x64 has a single set. */
static const struct {
	const char *name;
	uint32_t sets;
	uint32_t ways;
} tlbs[] = {
	{ "64x4", 16, 4 },	{ "16x4", 4, 4 },    { "32x4", 8, 4 },
	{ "64x64", 1, 64 },	{ "512x4", 128, 4 }, { "1024x8", 128, 8 },
	{ "1536x12", 128, 12 },
};

static const char *tlb_value(size_t i)
{
	return i < KB_ARRAY_LEN(tlbs) ? tlbs[i].name : NULL;
}

/* The heap's own keys, in the order of enum kheap_key. */
/* clang-format off */
#define HEAP_KEYS                                                              \
	{ "lookup", "how kfree finds a cluster", lookup_name },                \
	{ "order", "where in its row a new node goes", order_value },          \
	{ "fit", "which free run of pages kmalloc takes", runs_fit_name },     \
	{ "nodes", "where list nodes come from", nodes_value },                \
	{ "pager", "what backs the pages", pager_value },                      \
	{ "tlb", "entries x ways of the simulated TLB", tlb_value },           \
	{ "first_index", "the index of the first cluster, any number below "   \
			 "the window's pages", alloc_number }
/* clang-format on */

const struct alloc_key alloc_kheap_keys[] = {
	HEAP_KEYS,
	{ NULL, NULL, NULL },
};

static const struct alloc_key all_keys[] = {
	HEAP_KEYS,
	{ ALLOC_GATED_LOCK },
	{ ALLOC_GATED_MAGAZINES },
	{ NULL, NULL, NULL },
};

/* The timed boundary: one plain out-of-line call into the heap. */
static kb_always_inline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	return kheap_kmalloc(ctx, size);
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	kheap_kfree(ctx, (kva_t)handle);
}

static kb_always_inline void timed_touch(void *ctx, uint64_t handle,
					 uint32_t offset)
{
	kheap_touch(ctx, (kva_t)handle + offset);
}

static kb_always_inline int64_t kheap_lookup(const void *ctx, uint64_t handle)
{
	return kheap_find(ctx, (kva_t)handle);
}

static const struct replay_calls kheap_calls = {
	.alloc = timed_alloc,
	.free = timed_free,
	.touch = timed_touch,
	.lookup = kheap_lookup,
};

REPLAY_STAMP(kheap, kheap_calls)

static kb_always_inline uint64_t forward_alloc(void *ctx, uint32_t size)
{
	return kheap_kmalloc_forward(ctx, size);
}

static kb_always_inline void forward_free(void *ctx, uint64_t handle)
{
	kheap_kfree_forward(ctx, (kva_t)handle);
}

static const struct replay_calls forward_calls = {
	.alloc = forward_alloc,
	.free = forward_free,
	.touch = timed_touch,
};

static int kheap_fast_forward(void *ctx, const struct replay_op *ops,
			      size_t count, uint64_t *live,
			      enum alloc_touch touch)
{
	int err = kheap_forward(ctx);

	if (err < 0)
		return err;
	replay_loop(forward_calls, ctx, ops, count, live, touch);
	return 0;
}

static void kheap_free_steps(void *ctx, uint64_t handle, alloc_step_fn done,
			     void *user)
{
	kheap_kfree_steps(ctx, (kva_t)handle, done, user);
}

static uint64_t counted_alloc(void *ctx, uint32_t size)
{
	return kheap_kmalloc_counted(ctx, size);
}

static int counted_free(void *ctx, uint64_t handle)
{
	return kheap_kfree_counted(ctx, (kva_t)handle);
}

static void counted_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	kheap_touch_counted(ctx, (kva_t)handle + offset);
}

static uint64_t kheap_size_of(const void *ctx, uint64_t handle)
{
	int index = kheap_find(ctx, (kva_t)handle);

	if (index < 0 || kheap_cluster_va(ctx, index) != handle)
		return 0;
	return kheap_cluster_size(ctx, index);
}

static uint64_t kheap_size_quickly(const void *ctx, uint64_t handle)
{
	return kheap_size_at(ctx, (kva_t)handle);
}

static void kheap_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	alloc_window_fill(kheap_pager(ctx), (kva_t)handle, size, key);
}

static bool kheap_intact(void *ctx, uint64_t handle, uint32_t size,
			 uint64_t key)
{
	return alloc_window_intact(kheap_pager(ctx), (kva_t)handle, size, key);
}

static uint64_t kheap_offset_of(const void *ctx, uint64_t handle)
{
	return handle - kheap_base(ctx);
}

static void kheap_gauge(const void *ctx, struct alloc_gauge *out)
{
	const unsigned steps = kheap_lookup_ops(ctx)->steps;
	struct kheap_counters counters;

	kheap_counters(ctx, &counters);
	/* Without node counts there are no lookups to report. */
	out->lookups = steps & LOOKUP_NODES ? counters.lookups : 0;
	out->nodes_visited = counters.nodes_visited;
	out->rows_visited =
		steps & LOOKUP_ROWS ? counters.rows_visited : ALLOC_UNKNOWN;
	out->lines_touched =
		steps & LOOKUP_LINES ? counters.lines_touched : ALLOC_UNKNOWN;
	out->pages_live = counters.pages_live;
	out->free_pages = kheap_free_pages(ctx);
	out->longest_free_run = kheap_longest_free_run(ctx);
}

static void kheap_hand_up(const void *ctx, alloc_counter_fn fn, void *user)
{
	struct kheap_counters heap;

	kheap_counters(ctx, &heap);
	alloc_window_heap_counters(&heap, kheap_lookup_ops(ctx)->steps, fn,
				   user);
	fn(user, "lookup_bytes", kheap_lookup_bytes(ctx));
	alloc_window_pager_counters(kheap_pager(ctx), fn, user);
}

/* Page tables count as metadata. With pager=none nothing is backed; with
 * pager=mmap only the host knows how much is. */
static void kheap_memory(void *ctx, struct alloc_memory *out)
{
	const struct pager pager = kheap_pager(ctx);
	struct kheap_counters heap;

	kheap_counters(ctx, &heap);
	out->mapped = heap.pages_live * KVA_PAGE_SIZE;
	out->resident = out->mapped;
	if (!pager.ops->counters)
		out->resident = pager.ops->payload ? ALLOC_UNKNOWN : 0;
	out->metadata = kheap_record_bytes(ctx) +
			alloc_window_table_bytes(pager, heap.pages_live);
	out->largest = (uint64_t)kheap_longest_free_run(ctx) * KVA_PAGE_SIZE;
}

static uint32_t kheap_inspect(const void *ctx, alloc_cluster_fn fn, void *user)
{
	uint32_t rows = kheap_pages(ctx);
	const struct KheapCluster *node;

	for (uint32_t row = 0; row < rows; row++) {
		TAILQ_FOREACH(node, kheap_row(ctx, row), prev_next_info) {
			int index = node->cluster_index;
			struct alloc_cluster cluster = {
				.row = row,
				.index = (uint32_t)index,
				.handle = kheap_cluster_va(ctx, index),
				.size = kheap_cluster_size(ctx, index),
			};

			fn(user, &cluster);
		}
	}
	return rows;
}

static uint32_t kheap_cluster_pages(const void *ctx, uint32_t size)
{
	(void)ctx;
	return kva_pages_of(size);
}

static bool kheap_valid(const void *ctx)
{
	return kheap_is_valid(ctx);
}

static bool kheap_starved(const void *ctx)
{
	return kheap_is_starved(ctx);
}

static void kheap_close(void *ctx)
{
	kheap_free(ctx);
}

/* clang-format off */
#define KHEAP_VT							\
	REPLAY_STAMPED(kheap),						\
	.alloc = counted_alloc,						\
	.free = counted_free,						\
	.free_steps = kheap_free_steps,					\
	.touch = counted_touch,						\
	.alignment = KVA_PAGE_SIZE,					\
	.has_memory = true,						\
	.lookup = kheap_lookup,						\
	.size_of = kheap_size_of,					\
	.granule = KVA_PAGE_SIZE,					\
	.size_at = kheap_size_quickly,					\
	.fill = kheap_fill,						\
	.intact = kheap_intact,						\
	.offset_of = kheap_offset_of,					\
	.gauge = kheap_gauge,						\
	.cluster_pages = kheap_cluster_pages,				\
	.memory = kheap_memory,						\
	.counters = kheap_hand_up,					\
	.inspect = kheap_inspect,					\
	.is_valid = kheap_valid,					\
	.is_starved = kheap_starved,					\
	.close = kheap_close
/* clang-format on */

static const struct alloc_vt kheap_vt = { KHEAP_VT };

/* With a lookup that walks. */
static const struct alloc_vt kheap_walking_vt = {
	KHEAP_VT,
	.fast_forward = kheap_fast_forward,
};

static int open_pager(struct pager *out, const struct alloc_config *config,
		      uint32_t below)
{
	const uint32_t *choice = config->spec->choice;
	const kva_t base =
		config->heap_base ? config->heap_base : KHEAP_BASE_DEFAULT;
	const uint32_t pages =
		config->heap_pages ? config->heap_pages : KHEAP_PAGES_DEFAULT;
	const struct pager_sim_config sim = {
		.tlb_sets = tlbs[choice[KEY_TLB]].sets,
		.tlb_ways = tlbs[choice[KEY_TLB]].ways,
	};

	below = kb_min(below, base >> KVA_PAGE_SHIFT);
	switch ((enum pager_choice)choice[KEY_PAGER]) {
	case PAGER_SIM:
		return pager_sim_new(out, &sim);
	case PAGER_MMAP:
		return pager_mmap_new(out, base - (below << KVA_PAGE_SHIFT),
				      pages + below);
	case PAGER_NONE:
		break;
	}
	*out = pager_none();
	return 0;
}

int alloc_kheap_new(struct kheap **out, const struct alloc_config *config,
		    uint32_t below, struct kb_diag *diag)
{
	const struct alloc_spec *spec = config->spec;
	const uint32_t *choice = spec->choice;
	struct kheap_config heap = {
		.base = config->heap_base,
		.pages = config->heap_pages,
		.first_index = choice[KEY_FIRST_INDEX],
		.order = choice[KEY_ORDER],
		.fit = choice[KEY_FIT],
		.nodes = choice[KEY_NODES],
		.count = config->walk ? KHEAP_COUNT_WALKED : KHEAP_COUNT_RANKED,
		.lookup = lookup_list[choice[KEY_LOOKUP]],
	};
	int err = open_pager(&heap.pager, config, below);

	if (err < 0)
		return kb_fail(diag, err, "pager=%s: %s",
			       pager_value(choice[KEY_PAGER]),
			       kb_status_str(err));
	err = kheap_new(out, &heap, diag);
	if (err == KB_E_NOMEM)
		return kb_fail(diag, err, "%s: out of memory", spec->name);
	return err;
}

static int kheap_open(struct alloc *out, const struct alloc_config *config,
		      struct kb_diag *diag)
{
	const uint32_t *choice = config->spec->choice;
	struct kheap *h;
	int err = alloc_kheap_new(&h, config, 0, diag);

	if (err < 0)
		return err;
	out->vt = kheap_lookup_ops(h)->find_ranked ? &kheap_walking_vt
						   : &kheap_vt;
	out->ctx = h;
	return alloc_gated_wrap(out, choice[KEY_LOCK], choice[KEY_MAGAZINES],
				diag);
}

const struct alloc_ops alloc_kheap = {
	.name = "kheap",
	.help = "the teaching kernel's cluster heap",
	.keys = all_keys,
	.open = kheap_open,
};
