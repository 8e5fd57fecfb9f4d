/*
 * Long random sequences of operations on the heap and on its plain model, for
 * every lookup, fit, order, nodes and pager, plain and counted: both must agree on every
 * answer, and at intervals on everything.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "pager_mmap.h"
#include "shadow_heap.h"

#include <string.h>

#define PAGES 120

/* A page table ends 50 pages into the window. */
#define BASE (UINT32_C(0xF0400000) - 50 * KVA_PAGE_SIZE)

enum { STEPS = 600, INTERVAL = 61 };

enum pager_kind {
	PAGER_NONE,
	PAGER_SIM,
	PAGER_SIM_TIGHT,
	PAGER_MMAP,
	PAGER_KINDS
};

/* Frames of PAGER_SIM_TIGHT: about two thirds of what the window needs. */
#define TIGHT_FRAMES 80

/* A heap and its model. */
struct pair {
	struct kheap *h;
	struct shadow_heap shadow;
	struct kb_rng rng;
	bool counted;

	/* Lookups asked for, most pages live. */
	uint64_t lookups;
	uint32_t pages_peak;
};

/* What a heap is made of. */
struct kind {
	const struct lookup_ops *lookup;
	enum kheap_order order;
	enum runs_fit fit;
	enum kheap_nodes nodes;
	enum pager_kind pager;
	bool counted;
};

static void pair_init(struct pair *p, struct kind kind)
{
	struct kheap_config config = {
		.base = BASE,
		.pages = PAGES,
		.first_index = 7,
		.order = kind.order,
		.fit = kind.fit,
		.nodes = kind.nodes,
		.lookup = kind.lookup,
	};
	const uint32_t limit = kind.pager == PAGER_SIM_TIGHT ? TIGHT_FRAMES : 0;

	memset(p, 0, sizeof(*p));
	shadow_init(&p->shadow, &config, limit);
	if (kind.pager == PAGER_MMAP)
		assert_int_equal(pager_mmap_new(&config.pager, BASE, PAGES), 0);
	else if (kind.pager != PAGER_NONE)
		config.pager = test_pager_sim(limit);
	p->h = test_heap_new(config);
	p->rng = kb_rng_init(7 + kind.order + 10 * (uint64_t)kind.pager);
	p->counted = kind.counted;
}

static void pair_release(struct pair *p)
{
	kheap_free(p->h);
	shadow_release(&p->shadow);
}

static uint32_t below(struct pair *p, uint32_t bound)
{
	return (uint32_t)kb_rng_below(&p->rng, bound);
}

/* Mostly small, some of many pages, a few too large for any window. */
static uint32_t random_size(struct pair *p)
{
	switch (below(p, 16)) {
	case 0:
		return 0;
	case 1:
		return below(p, 40 * KVA_PAGE_SIZE);
	case 2:
		return UINT32_MAX - below(p, 10000);
	case 3:
	case 4:
		return below(p, 8) * KVA_PAGE_SIZE;
	default:
		return 1 + below(p, 2 * KVA_PAGE_SIZE);
	}
}

/* The word of each page of a cluster: written when it is handed out, and found
 * when it is freed. */
static void payload(struct pair *p, kva_t va, bool write)
{
	const struct pager pager = kheap_pager(p->h);
	const int idx = kheap_find(p->h, va);
	const kva_t end = va + kheap_cluster_size(p->h, idx);
	const uint64_t born = p->shadow.clusters[idx].born;

	for (; pager.ops->payload && va != end; va += KVA_PAGE_SIZE) {
		uint64_t *word = pager.ops->payload(pager.ctx, va);

		assert_non_null(word);
		if (write)
			*word = born << 32 | va;
		else
			assert_int_equal(*word, born << 32 | va);
	}
}

static void step_kmalloc(struct pair *p)
{
	const uint32_t size = random_size(p);
	const kva_t expected = shadow_kmalloc(&p->shadow, size);
	const kva_t va = p->counted ? kheap_kmalloc_counted(p->h, size)
				    : kheap_kmalloc(p->h, size);

	assert_int_equal(va, expected);
	if (va != 0)
		payload(p, va, true);
}

/* Any page of the window, and some addresses that are no page's. */
static void step_kfree(struct pair *p)
{
	kva_t va = BASE + below(p, PAGES) * KVA_PAGE_SIZE;
	int expected;
	int status;

	if (below(p, 20) == 0)
		va = (kva_t)kb_rng_next(&p->rng);
	if (below(p, 20) == 0)
		va += below(p, KVA_PAGE_SIZE);
	if (below(p, 50) == 0)
		va = 0;
	if (shadow_find(&p->shadow, va) >= 0)
		payload(p, va, false);
	expected = shadow_kfree(&p->shadow, va);
	status = p->counted ? kheap_kfree_counted(p->h, va)
			    : kheap_kfree(p->h, va);
	assert_int_equal(status, expected);
	p->lookups += va != 0;
}

static void step_touch(struct pair *p)
{
	const kva_t va = BASE + below(p, PAGES) * KVA_PAGE_SIZE;

	if (shadow_find(&p->shadow, va) < 0)
		return;
	if (p->counted)
		kheap_touch_counted(p->h, va + below(p, KVA_PAGE_SIZE));
	else
		kheap_touch(p->h, va + below(p, KVA_PAGE_SIZE));
}

static void pair_step(struct pair *p)
{
	const uint32_t kind = below(p, 10);
	uint32_t live;

	if (kind < 3)
		step_kmalloc(p);
	else if (kind < 9)
		step_kfree(p);
	else
		step_touch(p);
	live = shadow_pages_live(&p->shadow);
	if (live > p->pages_peak)
		p->pages_peak = live;
}

static void assert_pager_counters(const struct pair *p)
{
	const struct pager pager = kheap_pager(p->h);
	const uint32_t live = shadow_pages_live(&p->shadow);
	const uint32_t tables = shadow_tables(&p->shadow);
	struct pager_counters c;

	if (!pager.ops->counters)
		return;
	pager.ops->counters(pager.ctx, &c);
	assert_int_equal(c.maps - c.unmaps, p->counted ? live : 0);
	assert_int_equal(c.frames_live, p->counted ? live + tables : 0);
	assert_int_equal(c.page_tables_made - c.page_tables_dropped,
			 p->counted ? tables : 0);
	assert_int_equal(c.pde_writes,
			 c.page_tables_made + c.page_tables_dropped);
	assert_int_equal(c.tlb_invalidations, c.unmaps);
	assert_true(p->shadow.frame_limit == 0 ||
		    c.frames_peak <= p->shadow.frame_limit);
}

static void assert_pair(const struct pair *p)
{
	struct kheap_counters c;

	assert_heap_is(p->h, &p->shadow);
	kheap_counters(p->h, &c);
	assert_int_equal(c.lookups, p->counted ? p->lookups : 0);
	assert_int_equal(c.clusters_live,
			 p->counted ? shadow_clusters_live(&p->shadow) : 0);
	assert_int_equal(c.pages_live,
			 p->counted ? shadow_pages_live(&p->shadow) : 0);
	assert_int_equal(c.pages_peak, p->counted ? p->pages_peak : 0);
	assert_pager_counters(p);
}

static void run(struct kind kind)
{
	struct pair p;
	int i;

	pair_init(&p, kind);
	for (i = 0; i < STEPS; i++) {
		pair_step(&p);
		if (i % INTERVAL == 0)
			assert_pair(&p);
	}
	assert_pair(&p);
	pair_release(&p);
}

/* All heaps with one lookup and one fit. */
static void run_all(const struct lookup_ops *lookup, enum runs_fit fit)
{
	enum { ALL = 2 * 2 * 2 * PAGER_KINDS };
	int i;

	for (i = 0; i < ALL; i++)
		run((struct kind){
			.lookup = lookup,
			.order = (enum kheap_order)(i & 1),
			.fit = fit,
			.nodes = (enum kheap_nodes)(i >> 1 & 1),
			.pager = (enum pager_kind)(i >> 3),
			.counted = i >> 2 & 1,
		});
}

static void test_kheap_shadow__every_combination(void **state)
{
	const struct lookup_ops *const *lookup;
	int fit;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++)
		for (fit = 0; fit < RUNS_FITS; fit++)
			run_all(*lookup, (enum runs_fit)fit);
}

/* Expect: heaps at the same addresses know nothing of each other. */
static void test_kheap_shadow__heaps_side_by_side(void **state)
{
	static const struct {
		const char *lookup;
		struct kind kind;
	} kinds[] = {
		{ "rows", { .pager = PAGER_SIM, .counted = true } },
		{ "pagemap",
		  { .order = KHEAP_ORDER_HEAD, .pager = PAGER_SIM } },
		{ "hash", { .pager = PAGER_SIM_TIGHT, .counted = true } },
		{ "judy", { .fit = RUNS_QUICK, .pager = PAGER_NONE } },
	};
	struct pair pairs[KB_ARRAY_LEN(kinds)];
	struct kb_rng rng = kb_rng_init(3);
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(kinds); i++) {
		struct kind kind = kinds[i].kind;

		kind.lookup = lookup_by_name(kinds[i].lookup);
		pair_init(&pairs[i], kind);
	}
	for (i = 0; i < 2 * STEPS; i++)
		pair_step(&pairs[kb_rng_below(&rng, KB_ARRAY_LEN(kinds))]);
	for (i = 0; i < KB_ARRAY_LEN(kinds); i++) {
		assert_pair(&pairs[i]);
		pair_release(&pairs[i]);
	}
}

/* The same operations on two heaps. */
static void check_alike(struct kind a_kind, struct kind b_kind)
{
	struct pair a;
	struct pair b;
	int i;

	pair_init(&a, a_kind);
	pair_init(&b, b_kind);
	b.rng = a.rng;
	for (i = 0; i < STEPS; i++) {
		pair_step(&a);
		pair_step(&b);
	}
	for (i = 0; i < PAGES; i++) {
		assert_int_equal(kheap_cluster_va(a.h, i),
				 kheap_cluster_va(b.h, i));
		assert_int_equal(kheap_cluster_size(a.h, i),
				 kheap_cluster_size(b.h, i));
	}
	pair_release(&a);
	pair_release(&b);
}

/* Expect: the same operations, whatever the lookup and the order, give the same
 * addresses for one fit; here against the first of the list. */
static void test_kheap_shadow__lookups_agree(void **state)
{
	const struct lookup_ops *const *lookup;
	struct kind a = { .pager = PAGER_SIM, .counted = true };
	int fit;

	(void)state;
	for (fit = 0; fit < RUNS_FITS; fit++) {
		for (lookup = &lookup_list[1]; *lookup; lookup++) {
			struct kind b = a;

			a.lookup = lookup_list[0];
			a.fit = (enum runs_fit)fit;
			b.lookup = *lookup;
			b.fit = a.fit;
			b.order = KHEAP_ORDER_HEAD;
			check_alike(a, b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kheap_shadow__every_combination),
		cmocka_unit_test(test_kheap_shadow__heaps_side_by_side),
		cmocka_unit_test(test_kheap_shadow__lookups_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
