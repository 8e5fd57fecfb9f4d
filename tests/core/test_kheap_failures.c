/*
 * Whatever can fail is made to fail, at every place there is; each time the
 * heap must be as it was.
 */
#include "heap_support.h"
#include "kb_fault.h"
#include "kb_rng.h"
#include "kheap_fast.h"
#include "kheap_internal.h"
#include "pager_mmap.h"
#include "shadow_heap.h"

#include <errno.h>
#include <stdlib.h>

/* A lookup that searches the arrays, and whose insert fails on demand. */
struct failing_lookup {
	bool fails;
	unsigned inserted;
};

static int failing_init(struct kheap *h)
{
	h->lookup_state = calloc(1, sizeof(struct failing_lookup));
	return h->lookup_state ? 0 : KB_E_NOMEM;
}

static void failing_release(struct kheap *h)
{
	free(h->lookup_state);
}

static int failing_insert(struct kheap *h, int idx)
{
	struct failing_lookup *state = h->lookup_state;

	/* The contract: in the arrays and in its row already. */
	assert_int_not_equal(h->cluster_va[idx], 0);
	assert_int_equal(h->cluster_node[idx]->cluster_index, idx);
	if (state->fails)
		return KB_E_NOMEM;
	state->inserted++;
	return 0;
}

static void failing_erase(struct kheap *h, int idx)
{
	struct failing_lookup *state = h->lookup_state;

	/* In the arrays still, but no longer in its row. */
	assert_int_not_equal(h->cluster_va[idx], 0);
	assert_int_not_equal(h->cluster_size[idx], 0);
	assert_null(h->cluster_node[idx]);
	state->inserted--;
}

static int failing_find(const struct kheap *h, kva_t va)
{
	uint32_t i;

	for (i = 0; i < h->pages; i++)
		if (va != 0 && h->cluster_va[i] == va)
			return (int)i;
	return -1;
}

static int failing_find_counted(struct kheap *h, kva_t va)
{
	h->counters.lookups++;
	return failing_find(h, va);
}

static const struct lookup_ops failing_lookup_ops = {
	.name = "failing",
	.help = "for this test",
	.init = failing_init,
	.release = failing_release,
	.insert = failing_insert,
	.erase = failing_erase,
	.find = failing_find,
	.find_counted = failing_find_counted,
};

/* In this build the heap checks itself with memory of its own, so that an n-th
 * allocation is not one of those that are counted here. */
static void skip_where_walks_allocate(void)
{
#ifdef KB_DEBUG_FULL
	skip();
#endif
}

/* Two heaps that do the same, but one of them meets failures in between, and
 * what both should do. */
struct twins {
	struct kheap *tried;
	struct kheap *other;
	struct shadow_heap shadow;

	/* Which kind of operation they use; the one for the whole life. */
	bool counted;
};

static kva_t twin_kmalloc(const struct twins *t, struct kheap *h, uint32_t size)
{
	return t->counted ? kheap_kmalloc_counted(h, size)
			  : kheap_kmalloc(h, size);
}

static int twin_kfree(const struct twins *t, struct kheap *h, kva_t va)
{
	return t->counted ? kheap_kfree_counted(h, va) : kheap_kfree(h, va);
}

static void twins_init(struct twins *t, const struct lookup_ops *lookup,
		       enum runs_fit fit, bool counted)
{
	const struct kheap_config config = {
		.base = TEST_BASE,
		.pages = TEST_PAGES,
		.first_index = 40,
		.fit = fit,
		.lookup = lookup,
	};
	struct kheap_config with_pager = config;

	with_pager.pager = test_pager_sim(0);
	t->tried = test_heap_new(with_pager);
	with_pager.pager = test_pager_sim(0);
	t->other = test_heap_new(with_pager);
	shadow_init(&t->shadow, &config, 0);
	t->counted = counted;
}

static void twins_release(struct twins *t)
{
	kheap_free(t->tried);
	kheap_free(t->other);
	shadow_release(&t->shadow);
}

/* Both do one random operation. */
static void twins_step(struct twins *t, struct kb_rng *rng)
{
	const kva_t va = TEST_VA(kb_rng_below(rng, TEST_PAGES));
	const uint32_t size = (uint32_t)kb_rng_below(rng, 5 * KVA_PAGE_SIZE);
	kva_t expected;

	if (shadow_find(&t->shadow, va) >= 0) {
		assert_int_equal(shadow_kfree(&t->shadow, va), 0);
		assert_int_equal(twin_kfree(t, t->tried, va), 0);
		assert_int_equal(twin_kfree(t, t->other, va), 0);
		return;
	}
	expected = shadow_kmalloc(&t->shadow, size);
	assert_int_equal(twin_kmalloc(t, t->tried, size), expected);
	assert_int_equal(twin_kmalloc(t, t->other, size), expected);
}

/* Both are as they should be, down to the frame of each page. */
static void assert_twins(const struct twins *t)
{
	const struct pager tried = kheap_pager(t->tried);
	const struct pager other = kheap_pager(t->other);
	uint32_t i;

	assert_heap_is(t->tried, &t->shadow);
	for (i = 0; i < TEST_PAGES; i++) {
		uint64_t pa = 0;
		uint64_t pa_other = 0;

		assert_int_equal(
			tried.ops->translate(tried.ctx, TEST_VA(i), &pa),
			other.ops->translate(other.ctx, TEST_VA(i), &pa_other));
		assert_int_equal(pa, pa_other);
	}
}

/* A kmalloc that fails, `inject` having seen to it, before each of many random
 * operations. */
static void check_failing_kmalloc(const struct lookup_ops *lookup,
				  enum runs_fit fit, bool counted,
				  void (*inject)(struct kheap *h, bool on))
{
	struct kb_rng rng = kb_rng_init(11);
	struct twins t;
	int i;

	twins_init(&t, lookup, fit, counted);
	for (i = 0; i < 300; i++) {
		const uint32_t pages = 1 + (uint32_t)kb_rng_below(&rng, 6);

		inject(t.tried, true);
		assert_int_equal(
			twin_kmalloc(&t, t.tried, pages * KVA_PAGE_SIZE), 0);
		inject(t.tried, false);
		assert_true(kheap_is_starved(t.tried));
		assert_twins(&t);
		twins_step(&t, &rng);
		assert_twins(&t);
	}
	twins_release(&t);
}

static void fail_node(struct kheap *h, bool on)
{
	(void)h;
	if (on)
		kb_fault_begin(KB_FAULT_MALLOC, 1, ENOMEM);
	else
		kb_fault_end();
}

static void fail_insert(struct kheap *h, bool on)
{
	struct failing_lookup *state = h->lookup_state;

	state->fails = on;
}

/* Expect: no node to be had undoes index, pages and run. */
static void test_kheap_failures__no_node(void **state)
{
	const struct lookup_ops *const *lookup;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		check_failing_kmalloc(*lookup, RUNS_FIRST, false, fail_node);
		check_failing_kmalloc(*lookup, RUNS_FIRST, true, fail_node);
	}
}

/* Expect: what a fit remembers is unchanged too. Quick fit is omitted: what it
 * has merged for a request that then fails stays merged, as page_runs.h
 * says. */
static void test_kheap_failures__no_node_in_any_fit(void **state)
{
	int fit;

	(void)state;
	for (fit = 0; fit < RUNS_QUICK; fit++)
		check_failing_kmalloc(lookup_by_name("hash"),
				      (enum runs_fit)fit, fit % 2, fail_node);
}

/* Expect: no room in the lookup undoes also the node. */
static void test_kheap_failures__no_room_in_the_lookup(void **state)
{
	(void)state;
	check_failing_kmalloc(&failing_lookup_ops, RUNS_FIRST, false,
			      fail_insert);
	check_failing_kmalloc(&failing_lookup_ops, RUNS_BEST, true,
			      fail_insert);
}

/* The lookup is told of each cluster that lives, and of no other. */
static void test_kheap_failures__lookup_errors_are_passed_on(void **state)
{
	const long before = kb_fault_unfreed();
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .lookup = &failing_lookup_ops });
	const struct failing_lookup *lookup = h->lookup_state;
	kva_t a;

	(void)state;
	a = kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 1);
	assert_int_equal(lookup->inserted, 2);
	assert_false(kheap_is_starved(h));
	fail_insert(h, true);
	assert_int_equal(kheap_kmalloc(h, 1), 0);
	assert_true(kheap_is_starved(h));
	fail_insert(h, false);
	assert_int_equal(lookup->inserted, 2);
	assert_int_equal(kheap_kfree(h, a), 0);
	assert_int_equal(kheap_kfree(h, a), KB_E_NOT_LIVE);
	assert_int_equal(lookup->inserted, 1);
	kheap_free(h);
	assert_int_equal(kb_fault_unfreed(), before);
}

/* kheap_add_cluster itself: no node, nothing stored. */
static void test_kheap_failures__add_cluster(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });

	(void)state;
	kb_fault_begin(KB_FAULT_MALLOC, 1, ENOMEM);
	assert_int_equal(kheap_add_cluster(h, 0, 3, 4096, TEST_VA(0)),
			 KB_E_NOMEM);
	assert_true(kb_fault_end());
	assert_heap_empty(h);
	kheap_free(h);
}

/*
 * A window over a 4 MiB boundary, filled by clusters of 1 to 7 pages, on a
 * machine with n frames, for every n up to what the window needs.
 *
 * Expect: each kmalloc succeeds exactly if its pages and page tables can be
 * had, and a failed one changes nothing.
 */
static void test_kheap_failures__every_frame_limit(void **state)
{
	enum { PAGES = 40 };
	const struct kheap_config config = {
		.base = UINT32_C(0xF0400000) - 13 * KVA_PAGE_SIZE,
		.pages = PAGES,
	};
	uint32_t limit;

	(void)state;
	for (limit = 1; limit <= PAGES + 3; limit++) {
		struct kheap_config with_pager = config;
		struct kb_rng rng = kb_rng_init(limit);
		struct shadow_heap shadow;
		struct kheap *h;
		int i;

		with_pager.pager = test_pager_sim(limit);
		h = test_heap_new(with_pager);
		shadow_init(&shadow, &config, limit);
		for (i = 0; i < 60; i++) {
			const uint32_t size =
				(1 + (uint32_t)kb_rng_below(&rng, 7)) *
				KVA_PAGE_SIZE;
			const kva_t va =
				config.base + (kva_t)kb_rng_below(&rng, PAGES) *
						      KVA_PAGE_SIZE;

			assert_int_equal(kheap_kmalloc_counted(h, size),
					 shadow_kmalloc(&shadow, size));
			assert_heap_is(h, &shadow);
			assert_int_equal(kheap_kfree_counted(h, va),
					 shadow_kfree(&shadow, va));
			assert_heap_is(h, &shadow);
		}
		/* Too few frames are the heap's result. */
		assert_false(kheap_is_starved(h));
		kheap_free(h);
		shadow_release(&shadow);
	}
}

/* A pager that refuses from the n-th map on. */
static void test_kheap_failures__map_refused(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1; n < 6; n++) {
		struct spy_pager spy;
		struct kheap *h = test_heap_new(
			(struct kheap_config){ .pager = test_pager_spy(&spy) });
		unsigned i;

		spy.fail_from = n;
		for (i = 1; i < n; i++)
			assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(i - 1));
		assert_int_equal(kheap_kmalloc(h, 1), 0);
		assert_int_equal(kheap_kmalloc_counted(h, 8192), 0);
		assert_int_equal(spy.unmaps, 0);
		assert_int_equal(kheap_free_pages(h), TEST_PAGES - (n - 1));
		assert_cluster(h, (int)n - 1, 0, 0);
		assert_true(kheap_is_valid(h));
		spy.fail_from = 0;
		assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(n - 1));
		assert_int_equal(kheap_find(h, TEST_VA(n - 1)), n - 1);
		kheap_free(h);
	}
}

/* Each allocation that making a heap needs fails once. Expect: KB_E_NOMEM, no
 * heap, the pager released all the same, and nothing left behind. Returns how
 * many there are. */
static unsigned check_failing_new(const struct kheap_config *like)
{
	unsigned n;
	int status = KB_E_NOMEM;

	for (n = 1; status != 0; n++) {
		struct spy_pager spy;
		struct kheap_config config = *like;
		struct kheap *h = NULL;
		const long before = kb_fault_unfreed();

		config.pages = TEST_PAGES;
		config.pager = test_pager_spy(&spy);

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		status = kheap_new(&h, &config, NULL);
		assert_int_equal(kb_fault_end(), status != 0);
		assert_null(config.pager.ops);
		if (status != 0) {
			assert_int_equal(status, KB_E_NOMEM);
			assert_null(h);
			assert_int_equal(spy.frees, 1);
			assert_int_equal(kb_fault_unfreed(), before);
		}
		kheap_free(h);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	return n - 1;
}

static void test_kheap_failures__new(void **state)
{
	const struct lookup_ops *const *lookup;

	(void)state;
	skip_where_walks_allocate();
	/* The heap, five arrays, three of the runs; the last n succeeds. */
	for (lookup = lookup_list; *lookup; lookup++)
		assert_true(check_failing_new(&(struct kheap_config){
				    .lookup = *lookup }) > 9);
}

/* The order by size is one more, so is the pool of nodes; the lists of quick fit
 * are five. */
static void test_kheap_failures__new_with_more(void **state)
{
	const struct lookup_ops *scan = lookup_by_name("scan");
	unsigned plain;

	(void)state;
	skip_where_walks_allocate();
	plain = check_failing_new(&(struct kheap_config){ .lookup = scan });
	assert_int_equal(check_failing_new(&(struct kheap_config){
				 .lookup = scan, .fit = RUNS_BEST }),
			 plain + 1);
	assert_int_equal(check_failing_new(&(struct kheap_config){
				 .lookup = scan, .fit = RUNS_CUSTOM }),
			 plain + 1);
	assert_int_equal(check_failing_new(&(struct kheap_config){
				 .lookup = scan, .fit = RUNS_QUICK }),
			 plain + 5);
	assert_int_equal(check_failing_new(&(struct kheap_config){
				 .lookup = scan, .nodes = KHEAP_NODES_POOL }),
			 plain + 1);
}

/* What ranked counting takes is made by the first counted kmalloc. Expect: that
 * fails and changes nothing for want of any of it, and can be tried again. */
static void check_failing_ranks(const char *lookup, unsigned allocations)
{
	unsigned n;
	kva_t va = 0;

	for (n = 1; va == 0; n++) {
		const long before = kb_fault_unfreed();
		struct kheap *h = test_heap_new(
			(struct kheap_config){ .lookup = lookup_by_name(lookup),
					       .count = KHEAP_COUNT_RANKED });

		kb_fault_begin(KB_FAULT_CALLOC, n, ENOMEM);
		va = kheap_kmalloc_counted(h, 1);
		assert_int_equal(kb_fault_end(), va == 0);
		assert_int_equal(kheap_is_starved(h), va == 0);
		if (va == 0) {
			assert_heap_empty(h);
			assert_int_equal(kheap_kmalloc_counted(h, 1),
					 TEST_VA(0));
		}
		assert_int_equal(kheap_kfree_counted(h, TEST_VA(0)), 0);
		assert_heap_empty(h);
		kheap_free(h);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	assert_int_equal(n - 2, allocations);
}

static void test_kheap_failures__no_ranks(void **state)
{
	(void)state;
	skip_where_walks_allocate();
	check_failing_ranks("rows", 5);
	check_failing_ranks("rowmap", 5);
	check_failing_ranks("scan", 1);
}

/* A heap's life, many clusters live at its end. */
static void live_and_die(struct kheap_config config, bool counted)
{
	struct kb_rng rng = kb_rng_init(5);
	const long before = kb_fault_unfreed();
	struct kheap *h;
	uint32_t i;

	config.pager = test_pager_sim(0);
	h = test_heap_new(config);
	for (i = 0; i < 200; i++) {
		const kva_t va = TEST_VA(kb_rng_below(&rng, TEST_PAGES));

		(counted ? kheap_kmalloc_counted : kheap_kmalloc)(h, 1);
		if (i > 80)
			(counted ? kheap_kfree_counted : kheap_kfree)(h, va);
	}
	assert_true(kheap_free_pages(h) < TEST_PAGES / 2);
	assert_true(kheap_is_valid(h));
	if (!counted)
		assert_int_equal(kheap_forward(h), 0);
	kheap_free(h);
	assert_int_equal(kb_fault_unfreed(), before);
}

static void test_kheap_failures__free_frees_everything(void **state)
{
	const struct lookup_ops *const *lookup;
	int fit;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		live_and_die((struct kheap_config){ .lookup = *lookup }, false);
		live_and_die((struct kheap_config){ .lookup = *lookup }, true);
		live_and_die((struct kheap_config){ .lookup = *lookup,
						    .count = KHEAP_COUNT_RANKED,
						    .nodes = KHEAP_NODES_POOL },
			     true);
	}
	for (fit = 0; fit < RUNS_FITS; fit++)
		live_and_die((struct kheap_config){ .fit = (enum runs_fit)fit },
			     false);
}

/* The window's first page is the address space's second, and its last one is the
 * only one in a leaf of a radix tree. */
static void test_kheap_failures__low_window(void **state)
{
	const struct lookup_ops *const *lookup;
	uint32_t i;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		const long before = kb_fault_unfreed();
		struct kheap *h = test_heap_new(
			(struct kheap_config){ .base = KVA_PAGE_SIZE,
					       .pages = 5 * 64 + 1,
					       .lookup = *lookup,
					       .pager = test_pager_sim(0) });

		for (i = 1; i <= 5 * 64 + 1; i++)
			assert_int_equal(kheap_kmalloc(h, 1),
					 i * KVA_PAGE_SIZE);
		assert_true(kheap_is_valid(h));
		kheap_free(h);
		assert_int_equal(kb_fault_unfreed(), before);
	}
}

/* A radix tree of three levels, of which the n-th node cannot be had. Expect:
 * those made before it are gone. */
static void test_kheap_failures__radix_without_a_node(void **state)
{
	const struct lookup_ops *radix = lookup_by_name("radix");
	unsigned n;

	(void)state;
	skip_where_walks_allocate();
	for (n = 1; n <= 4; n++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.pages = 5000, .lookup = radix });

		kb_fault_begin(KB_FAULT_CALLOC, n, ENOMEM);
		assert_int_equal(kheap_kmalloc(h, 1), n < 4 ? 0 : TEST_VA(0));
		assert_int_equal(kb_fault_end(), n < 4);
		assert_int_equal(kheap_lookup_bytes(h) == 0, n < 4);
		assert_true(kheap_is_valid(h));
		kheap_free(h);
	}
}

/* Nodes that the caller frees, and pages in two page tables. */
static void test_kheap_failures__parts_free_everything(void **state)
{
	const kva_t va = UINT32_C(0xF0400000) - 600 * KVA_PAGE_SIZE;
	const long before = kb_fault_unfreed();
	struct pager pager = test_pager_sim(0);
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, va, 1200), 0);
	pager_release(&pager);
	assert_int_equal(kheap_add_cluster(h, 0, 3, 4096, TEST_VA(0)), 0);
	kheap_free_node(h, kheap_remove_cluster(h, 0, 3));
	kheap_free(h);
	assert_int_equal(kb_fault_unfreed(), before);
}

/* The n-th allocation after the heap was made fails, whichever it is, for every
 * n and every lookup, while clusters come and then go. Expect: a kmalloc fails
 * and changes nothing, or the lookup makes do; a kfree never fails. False if there
 * were less than n. */
static bool check_nth(const struct lookup_ops *lookup, unsigned n)
{
	bool has_failed;

	struct kheap *h = test_heap_new((struct kheap_config){
		.lookup = lookup, .pager = test_pager_sim(0) });
	uint32_t pages = 0;
	uint32_t i;

	kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
	for (i = 0; i < TEST_PAGES; i++) {
		const kva_t va = kheap_kmalloc(h, 1);

		if (va == 0)
			continue;
		assert_int_equal(va, TEST_VA(pages));
		pages++;
	}
	assert_int_equal(kheap_free_pages(h), TEST_PAGES - pages);
	assert_true(pages + 1 >= TEST_PAGES);
	for (i = 0; i < pages; i++)
		assert_int_equal(kheap_kfree(h, TEST_VA(i)), 0);
	has_failed = kb_fault_end();
	assert_heap_empty(h);
	kheap_free(h);
	return has_failed;
}

static void test_kheap_failures__nth_allocation(void **state)
{
	const struct lookup_ops *const *lookup;
	unsigned n;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		for (n = 1; check_nth(*lookup, n); n++)
			;
		/* A node each. */
		assert_true(n > TEST_PAGES);
	}
}

/* The same for the heap made for speed. */
static void test_kheap_failures__fast_new(void **state)
{
	const struct kheap_fast_config config = { .pages = TEST_PAGES };
	unsigned n;
	int status = KB_E_NOMEM;

	(void)state;
	for (n = 1; status != 0; n++) {
		struct kheap_fast *f = NULL;
		const long before = kb_fault_unfreed();

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		status = kheap_fast_new(&f, &config, NULL);
		assert_int_equal(kb_fault_end(), status != 0);
		assert_int_equal(status, f ? 0 : KB_E_NOMEM);
		kheap_fast_free(f);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	/* The heap, seven arrays, five of the lists, three of the runs and the
	 * TLB; the last n succeeds. */
	assert_int_equal(n - 1, 18);
}

static void test_kheap_failures__pager_new(void **state)
{
	struct pager pager = { NULL, NULL };
	const long before = kb_fault_unfreed();
	unsigned n;

	(void)state;
	for (n = 1; n <= 2; n++) {
		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		assert_int_equal(pager_sim_new(&pager, NULL), KB_E_NOMEM);
		assert_true(kb_fault_end());
		assert_null(pager.ops);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_int_equal(pager_mmap_new(&pager, TEST_BASE, TEST_PAGES),
			 KB_E_NOMEM);
	assert_null(pager.ops);
	assert_int_equal(pager_mmap_new(&pager, TEST_BASE, TEST_PAGES), 0);
	pager_release(&pager);
	assert_int_equal(kb_fault_unfreed(), before);
}

/* The host has no memory for a page table, or for more frames' records, in the
 * middle of a map. Expect: KB_E_NOMEM, nothing mapped, all well afterwards. */
static void check_map_without_memory(enum kb_fault kind, unsigned n)
{
	const kva_t va = UINT32_C(0xF0400000) - 600 * KVA_PAGE_SIZE;
	struct pager pager = test_pager_sim(0);
	struct pager_counters counters;
	uint64_t pa;
	uint32_t i;

	kb_fault_begin(kind, n, ENOMEM);
	assert_int_equal(pager.ops->map_counted(pager.ctx, va, 1200),
			 KB_E_NOMEM);
	assert_true(kb_fault_end());
	for (i = 0; i < 1200; i++)
		assert_false(pager.ops->translate(pager.ctx,
						  va + i * KVA_PAGE_SIZE, &pa));
	assert_true(pager.ops->is_valid(pager.ctx));
	pager.ops->counters(pager.ctx, &counters);
	assert_int_equal(counters.frames_live, 0);
	/* Not for want of frames. */
	assert_int_equal(counters.map_rollbacks, 0);

	assert_int_equal(pager.ops->map_counted(pager.ctx, va, 1200), 0);
	assert_true(pager.ops->translate(pager.ctx, va, &pa));
	assert_int_equal(pa, 0x1000);
	assert_true(pager.ops->is_valid(pager.ctx));
	pager_release(&pager);
}

static void test_kheap_failures__map_without_memory(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1; n <= 2; n++)
		check_map_without_memory(KB_FAULT_CALLOC, n);
	for (n = 1; n <= 4; n++)
		check_map_without_memory(KB_FAULT_REALLOC, n);
}

/* Without memory for the map that going forward takes nothing changes, and the
 * next attempt goes on. */
static void test_kheap_failures__forward(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });

	(void)state;
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_int_equal(kheap_forward(h), KB_E_NOMEM);
	assert_true(kb_fault_end());
	assert_heap_empty(h);
	assert_int_equal(kheap_forward(h), 0);
	assert_int_equal(kheap_kmalloc_forward(h, 1), TEST_VA(0));
	kheap_free(h);
}

/* A heap that cannot be looked at whole for want of memory is not called
 * invalid for that. */
static void test_kheap_failures__is_valid(void **state)
{
	const struct kheap_fast_config config = { .pages = TEST_PAGES };
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });
	struct kheap_fast *f;
	long before;

	(void)state;
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_true(kheap_is_valid(h));
	assert_true(kb_fault_end());
	assert_int_equal(kheap_fast_new(&f, &config, NULL), 0);
	before = kb_fault_unfreed();
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_true(kheap_fast_is_valid(f));
	assert_true(kb_fault_end());
	/* And with enough memory it leaves no allocation. */
	assert_true(kheap_is_valid(h) && kheap_fast_is_valid(f));
	assert_int_equal(kb_fault_unfreed(), before);
	kheap_fast_free(f);
	kheap_free(h);
}

/* Lists of which one part cannot be had leave nothing behind, nor do runs. */
static void test_kheap_failures__lists_init(void **state)
{
	const long before = kb_fault_unfreed();
	struct runs_lists lists;
	struct page_runs runs;
	unsigned n;

	(void)state;
	for (n = 1; n <= 6; n++) {
		kb_fault_begin(KB_FAULT_CALLOC, n, ENOMEM);
		assert_int_equal(runs_lists_init(&lists, TEST_PAGES),
				 n <= 5 ? KB_E_NOMEM : 0);
		assert_int_equal(kb_fault_end(), n <= 5);
		if (n <= 5)
			assert_int_equal(kb_fault_unfreed(), before);
	}
	runs_lists_release(&lists);
	assert_int_equal(kb_fault_unfreed(), before);
	for (n = 1; n <= 4; n++) {
		kb_fault_begin(KB_FAULT_CALLOC, n, ENOMEM);
		assert_int_equal(runs_init(&runs, TEST_PAGES, RUNS_BEST),
				 KB_E_NOMEM);
		assert_true(kb_fault_end());
		assert_int_equal(kb_fault_unfreed(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kheap_failures__no_node),
		cmocka_unit_test(test_kheap_failures__no_node_in_any_fit),
		cmocka_unit_test(test_kheap_failures__no_room_in_the_lookup),
		cmocka_unit_test(
			test_kheap_failures__lookup_errors_are_passed_on),
		cmocka_unit_test(test_kheap_failures__add_cluster),
		cmocka_unit_test(test_kheap_failures__every_frame_limit),
		cmocka_unit_test(test_kheap_failures__map_refused),
		cmocka_unit_test(test_kheap_failures__new),
		cmocka_unit_test(test_kheap_failures__new_with_more),
		cmocka_unit_test(test_kheap_failures__no_ranks),
		cmocka_unit_test(test_kheap_failures__free_frees_everything),
		cmocka_unit_test(test_kheap_failures__low_window),
		cmocka_unit_test(test_kheap_failures__radix_without_a_node),
		cmocka_unit_test(test_kheap_failures__parts_free_everything),
		cmocka_unit_test(test_kheap_failures__nth_allocation),
		cmocka_unit_test(test_kheap_failures__fast_new),
		cmocka_unit_test(test_kheap_failures__lists_init),
		cmocka_unit_test(test_kheap_failures__pager_new),
		cmocka_unit_test(test_kheap_failures__map_without_memory),
		cmocka_unit_test(test_kheap_failures__forward),
		cmocka_unit_test(test_kheap_failures__is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
