#include "shadow_heap.h"

#include <stdlib.h>
#include <string.h>

void shadow_init(struct shadow_heap *s, const struct kheap_config *config,
		 uint32_t frame_limit)
{
	memset(s, 0, sizeof(*s));
	s->base = config->base;
	s->pages = config->pages;
	s->first_index = config->first_index;
	s->order = config->order;
	s->frame_limit = frame_limit;
	shadow_runs_init(&s->runs, s->pages, config->fit);
	s->clusters = calloc(s->pages, sizeof(*s->clusters));
	s->freed = calloc(s->pages, sizeof(*s->freed));
	assert_non_null(s->clusters);
	assert_non_null(s->freed);
}

void shadow_release(struct shadow_heap *s)
{
	free(s->clusters);
	free(s->freed);
	shadow_runs_release(&s->runs);
}

/* Page tables that the live clusters need, and those from `page` too. */
static uint32_t tables_with(const struct shadow_heap *s, uint32_t page,
			    uint32_t pages)
{
	bool needed[1024] = { false };
	uint32_t tables = 0;
	uint32_t i;
	uint32_t k;

	for (k = page; k < page + pages; k++)
		needed[(s->base + k * KVA_PAGE_SIZE) >> 22] = true;
	for (i = 0; i < s->pages; i++) {
		const struct shadow_cluster *c = &s->clusters[i];

		for (k = c->page; c->live && k < c->page + c->pages; k++)
			needed[(s->base + k * KVA_PAGE_SIZE) >> 22] = true;
	}
	for (i = 0; i < 1024; i++)
		tables += needed[i];
	return tables;
}

static int next_index(struct shadow_heap *s)
{
	uint32_t i;

	if (s->freed_count > 0)
		return s->freed[--s->freed_count];
	for (i = s->first_index; i < s->pages; i++)
		if (!s->clusters[i].ever_used)
			return (int)i;
	for (i = 0; i < s->first_index; i++)
		if (!s->clusters[i].ever_used)
			return (int)i;
	return -1;
}

kva_t shadow_kmalloc(struct shadow_heap *s, uint32_t size)
{
	const uint64_t pages = size == 0 ? 1 : ((uint64_t)size + 4095) / 4096;
	const uint32_t page = shadow_runs_take(&s->runs, pages);
	int idx;

	if (page == s->pages)
		return 0;
	if (s->frame_limit != 0 &&
	    shadow_pages_live(s) + pages +
			    tables_with(s, page, (uint32_t)pages) >
		    s->frame_limit) {
		shadow_runs_undo(&s->runs, page, (uint32_t)pages);
		return 0;
	}
	idx = next_index(s);
	assert_true(idx >= 0);
	s->clusters[idx] = (struct shadow_cluster){
		.live = true,
		.ever_used = true,
		.page = page,
		.pages = (uint32_t)pages,
		.born = ++s->allocations,
	};
	return s->base + page * KVA_PAGE_SIZE;
}

int shadow_find(const struct shadow_heap *s, kva_t va)
{
	uint32_t i;

	for (i = 0; i < s->pages; i++)
		if (s->clusters[i].live &&
		    s->base + s->clusters[i].page * KVA_PAGE_SIZE == va)
			return (int)i;
	return -1;
}

int shadow_kfree(struct shadow_heap *s, kva_t va)
{
	const int idx = shadow_find(s, va);

	if (va == 0)
		return 0;
	if (idx < 0)
		return KB_E_NOT_LIVE;
	s->clusters[idx].live = false;
	shadow_runs_give(&s->runs, s->clusters[idx].page,
			 s->clusters[idx].pages);
	s->freed[s->freed_count++] = idx;
	return 0;
}

uint32_t shadow_pages_live(const struct shadow_heap *s)
{
	uint32_t total = 0;
	uint32_t i;

	for (i = 0; i < s->pages; i++)
		if (s->clusters[i].live)
			total += s->clusters[i].pages;
	return total;
}

uint32_t shadow_clusters_live(const struct shadow_heap *s)
{
	uint32_t total = 0;
	uint32_t i;

	for (i = 0; i < s->pages; i++)
		total += s->clusters[i].live;
	return total;
}

uint32_t shadow_tables(const struct shadow_heap *s)
{
	return tables_with(s, 0, 0);
}

/* Row `row` holds live clusters of its size only, none twice, oldest first or
 * last by the order. Returns how many. */
static uint32_t assert_row_is(const struct kheap *h,
			      const struct shadow_heap *s, uint32_t row)
{
	const struct KheapCluster *node;
	uint64_t born = s->order == KHEAP_ORDER_TAIL ? 0 : UINT64_MAX;
	uint32_t count = 0;

	TAILQ_FOREACH(node, kheap_row(h, row), prev_next_info) {
		const struct shadow_cluster *c =
			&s->clusters[node->cluster_index];

		assert_true(c->live);
		assert_int_equal(c->pages, row + 1);
		if (s->order == KHEAP_ORDER_TAIL)
			assert_true(c->born > born);
		else
			assert_true(c->born < born);
		born = c->born;
		count++;
	}
	return count;
}

void assert_heap_is(const struct kheap *h, const struct shadow_heap *s)
{
	uint32_t in_rows = 0;
	uint32_t i;

	for (i = 0; i < s->pages; i++) {
		const struct shadow_cluster *c = &s->clusters[i];
		const kva_t va = s->base + c->page * KVA_PAGE_SIZE;

		in_rows += assert_row_is(h, s, i);
		if (c->live) {
			assert_cluster(h, (int)i, c->pages * KVA_PAGE_SIZE, va);
			assert_int_equal(kheap_find(h, va), i);
		} else {
			assert_cluster(h, (int)i, 0, 0);
		}
	}
	assert_int_equal(in_rows, shadow_clusters_live(s));
	assert_int_equal(kheap_longest_free_run(h),
			 shadow_runs_longest(&s->runs));
	assert_int_equal(kheap_free_pages(h), s->pages - shadow_pages_live(s));
	assert_true(kheap_is_valid(h));
}
