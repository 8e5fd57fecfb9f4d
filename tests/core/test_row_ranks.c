/*
 * Counting by ranks against counting by walks: two heaps, the same operations,
 * every figure after each of them.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kheap_internal.h"

#include <inttypes.h>
#include <string.h>

#define LIVE_MAX 512

struct pair {
	struct kheap *walked;
	struct kheap *ranked;
	kva_t live[LIVE_MAX];
	uint32_t count;
};

static void make_pair(struct pair *p, struct kheap_config config)
{
	config.count = KHEAP_COUNT_WALKED;
	p->walked = test_heap_new(config);
	config.count = KHEAP_COUNT_RANKED;
	p->ranked = test_heap_new(config);
	p->count = 0;
}

static void free_pair(struct pair *p)
{
	/* The figures were not got by walking after all. */
	assert_true(p->ranked->ranked);
	assert_false(p->walked->ranked);
	assert_true(kheap_is_valid(p->ranked));
	kheap_free(p->walked);
	kheap_free(p->ranked);
}

/* All figures of both heaps are the same, and so are those of the operation. */
static void assert_same(const struct pair *p, uint64_t operation)
{
	struct kheap_counters walked, ranked;

	kheap_counters(p->walked, &walked);
	kheap_counters(p->ranked, &ranked);
	if (memcmp(&walked, &ranked, sizeof(walked)) == 0)
		return;
#define X(name, unit, help, steps)                                      \
	if (walked.name != ranked.name)                                 \
		print_error("operation %" PRIu64 ": " #name " %" PRIu64 \
			    " walked, %" PRIu64 " ranked\n",            \
			    operation, walked.name, ranked.name);
	KHEAP_COUNTERS(X)
#undef X
	fail();
}

static void do_alloc(struct pair *p, uint32_t size)
{
	const kva_t va = kheap_kmalloc_counted(p->walked, size);

	assert_int_equal(kheap_kmalloc_counted(p->ranked, size), va);
	if (va != 0)
		p->live[p->count++] = va;
}

static void do_free(struct pair *p, kva_t va)
{
	const int status = kheap_kfree_counted(p->walked, va);

	assert_int_equal(kheap_kfree_counted(p->ranked, va), status);
}

/* Mostly small sizes, some of any row. */
static uint32_t random_size(struct kb_rng *rng, uint32_t pages)
{
	const uint64_t most = kb_rng_below(rng, 4) ? 2 : pages / 4 + 1;

	return (uint32_t)kb_rng_below(rng, most * KVA_PAGE_SIZE);
}

static void do_random(struct pair *p, struct kb_rng *rng, uint32_t pages)
{
	const uint64_t kind = kb_rng_below(rng, 32);

	if (kind == 0) {
		/* A miss, or any cluster, or an interior page. */
		const uint32_t page = (uint32_t)kb_rng_below(rng, pages + 2);
		const kva_t va =
			TEST_BASE + page * KVA_PAGE_SIZE + (page % 3 == 0);
		uint32_t i;

		for (i = 0; i < p->count && p->live[i] != va; i++)
			;
		do_free(p, va);
		if (i < p->count)
			p->live[i] = p->live[--p->count];
	} else if (p->count == LIVE_MAX || (p->count && kind < 16)) {
		const uint64_t i = kb_rng_below(rng, p->count);

		do_free(p, p->live[i]);
		p->live[i] = p->live[--p->count];
	} else {
		do_alloc(p, random_size(rng, pages));
	}
}

static void check_seed(struct kheap_config config, uint64_t seed)
{
	const uint64_t operations = config.pages <= 100 ? 400 : 2000;
	struct kb_rng rng = kb_rng_init(seed);
	struct pair p;
	uint64_t i;

	config.first_index = (uint32_t)kb_rng_below(&rng, config.pages);
	make_pair(&p, config);
	/* A miss in a heap that has never held anything. */
	do_free(&p, TEST_BASE);
	assert_same(&p, 0);
	for (i = 1; i <= operations; i++) {
		do_random(&p, &rng, config.pages);
		assert_same(&p, i);
		if (i % 128 == 0)
			assert_true(kheap_is_valid(p.ranked));
	}
	while (p.count > 0) {
		do_free(&p, p.live[--p.count]);
		assert_same(&p, ++i);
	}
	free_pair(&p);
}

/* Windows that end within a line of anything, and one of several lines of the
 * bitmap's words. */
static void test_row_ranks__equal_the_walk(void **state)
{
	static const uint32_t windows[] = { 1, 3, 17, 64, 100, 1201 };
	const struct lookup_ops *const *lookup;
	unsigned ranked = 0;
	size_t w;
	uint64_t seed;
	int order;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		if (!(*lookup)->find_ranked)
			continue;
		ranked++;
		for (order = 0; order < 2; order++)
			for (w = 0; w < KB_ARRAY_LEN(windows); w++)
				for (seed = 0; seed < 12; seed++)
					check_seed(
						(struct kheap_config){
							.pages = windows[w],
							.order =
								(enum kheap_order)
									order,
							.lookup = *lookup },
						seed);
	}
	assert_int_equal(ranked, 3);
}

/* A young heap that grows large, then freed from the oldest, the worst there
 * is for one order, or the best for the other. */
static void check_long(const char *lookup, enum kheap_order order)
{
	const struct kheap_config config = { .pages = 4096,
					     .order = order,
					     .lookup = lookup_by_name(lookup) };
	struct pair p;
	uint32_t i;

	make_pair(&p, config);
	for (i = 0; i < LIVE_MAX; i++)
		do_alloc(&p, i % 7 == 0 ? 3 * KVA_PAGE_SIZE : 1);
	for (i = 0; i < LIVE_MAX; i++) {
		do_free(&p, p.live[i]);
		assert_same(&p, i);
	}
	free_pair(&p);
}

static void test_row_ranks__oldest_first(void **state)
{
	(void)state;
	check_long("rows", KHEAP_ORDER_TAIL);
	check_long("rows", KHEAP_ORDER_HEAD);
	check_long("rowmap", KHEAP_ORDER_TAIL);
	check_long("scan", KHEAP_ORDER_TAIL);
}

/* A window where nothing is to be looked at yet, and nothing begins at a line's
 * beginning. */
static void test_row_ranks__nothing_to_scan(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p, (struct kheap_config){ .lookup = lookup_by_name("scan"),
					     .first_index = 5 });
	/* Too large, but the ranks are there from then on. */
	do_alloc(&p, (TEST_PAGES + 1) * KVA_PAGE_SIZE);
	do_free(&p, TEST_VA(3));
	assert_same(&p, 0);
	free_pair(&p);
}

/* A heap that is only ever timed has none of it. */
static void test_row_ranks__plain_keeps_none(void **state)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .count = KHEAP_COUNT_RANKED });

	(void)state;
	assert_int_equal(kheap_kfree(h, kheap_kmalloc(h, 1)), 0);
	assert_false(h->ranked);
	assert_null(h->ranks);
	assert_null(h->index_at);
	kheap_free(h);
}

/*
 *   order tail: row 0 → [1] ↔ [2] ↔ [0]     row 2 → [3]
 *
 * Expect: two nodes and sixteen addresses share a line, so [1] touches two
 * lines, [2] one more, [0] none, [3] none.
 */
static void test_row_ranks__sums_by_hand(void **state)
{
	struct row_ranks *r = row_ranks_new(4, KHEAP_ORDER_TAIL);

	(void)state;
	assert_non_null(r);
	row_ranks_insert(r, 3, 2);
	row_ranks_insert(r, 1, 0);
	row_ranks_insert(r, 2, 0);
	row_ranks_insert(r, 0, 0);
	assert_int_equal(row_ranks_upto(r, 1).nodes, 1);
	assert_int_equal(row_ranks_upto(r, 1).lines, 2);
	assert_int_equal(row_ranks_upto(r, 2).nodes, 2);
	assert_int_equal(row_ranks_upto(r, 2).lines, 3);
	assert_int_equal(row_ranks_upto(r, 0).nodes, 3);
	assert_int_equal(row_ranks_upto(r, 0).lines, 3);
	assert_int_equal(row_ranks_upto(r, 3).nodes, 4);
	assert_int_equal(row_ranks_upto(r, 3).lines, 3);
	/* Then [0] is the first of its line of nodes, [3] of its own. */
	row_ranks_erase(r, 1);
	row_ranks_erase(r, 2);
	assert_int_equal(row_ranks_upto(r, 0).lines, 2);
	assert_int_equal(row_ranks_upto(r, 3).lines, 3);
	assert_int_equal(row_ranks_upto(r, -1).nodes, 2);
	row_ranks_free(r);
	row_ranks_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_ranks__sums_by_hand),
		cmocka_unit_test(test_row_ranks__equal_the_walk),
		cmocka_unit_test(test_row_ranks__oldest_first),
		cmocka_unit_test(test_row_ranks__nothing_to_scan),
		cmocka_unit_test(test_row_ranks__plain_keeps_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
