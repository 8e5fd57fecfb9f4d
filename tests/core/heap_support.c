#include "heap_support.h"

#include <string.h>

struct kheap *test_heap_new(struct kheap_config config)
{
	struct kb_diag diag;
	struct kheap *h = NULL;

	kb_diag_init(&diag);
	if (config.pages == 0)
		config.pages = TEST_PAGES;
	assert_int_equal(kheap_new(&h, &config, &diag), 0);
	assert_string_equal(diag.text, "");
	assert_null(config.pager.ops);
	assert_true(kheap_is_valid(h));
	return h;
}

struct pager test_pager_sim(uint32_t frame_limit)
{
	const struct pager_sim_config config = { .frame_limit = frame_limit };
	struct pager pager = { NULL, NULL };

	assert_int_equal(pager_sim_new(&pager, &config), 0);
	return pager;
}

static int spy_map(void *ctx, kva_t va, uint32_t pages)
{
	struct spy_pager *spy = ctx;

	spy->maps++;
	spy->last_va = va;
	spy->last_pages = pages;
	if (spy->fail_from != 0 && spy->maps >= spy->fail_from)
		return KB_E_NO_FRAMES;
	return 0;
}

static void spy_unmap(void *ctx, kva_t va, uint32_t pages)
{
	struct spy_pager *spy = ctx;

	spy->unmaps++;
	spy->last_va = va;
	spy->last_pages = pages;
}

static void spy_free(void *ctx)
{
	struct spy_pager *spy = ctx;

	spy->frees++;
}

struct pager test_pager_spy(struct spy_pager *spy)
{
	static const struct pager_ops ops = {
		.name = "spy",
		.map = spy_map,
		.map_counted = spy_map,
		.unmap = spy_unmap,
		.unmap_counted = spy_unmap,
		.free = spy_free,
	};
	struct pager pager = { &ops, spy };

	memset(spy, 0, sizeof(*spy));
	return pager;
}

void assert_row(const struct kheap *h, uint32_t row, unsigned count, ...)
{
	const struct KheapCluster *node;
	unsigned i = 0;
	va_list indexes;

	va_start(indexes, count);
	TAILQ_FOREACH(node, kheap_row(h, row), prev_next_info) {
		assert_true(i < count);
		assert_int_equal(node->cluster_index, va_arg(indexes, int));
		i++;
	}
	va_end(indexes);
	assert_int_equal(i, count);
}

void assert_cluster(const struct kheap *h, int idx, uint32_t size, kva_t va)
{
	assert_int_equal(kheap_cluster_size(h, idx), size);
	assert_int_equal(kheap_cluster_va(h, idx), va);
}

void assert_heap_empty(const struct kheap *h)
{
	uint32_t i;

	for (i = 0; i < kheap_pages(h); i++) {
		assert_row(h, i, 0);
		assert_cluster(h, (int)i, 0, 0);
	}
	assert_int_equal(kheap_free_pages(h), kheap_pages(h));
	assert_int_equal(kheap_longest_free_run(h), kheap_pages(h));
	assert_true(kheap_is_valid(h));
}
