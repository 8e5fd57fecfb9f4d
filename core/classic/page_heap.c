#include "page_heap.h"

#include "kheap_internal.h"

#include <stdlib.h>
#include <string.h>

int page_heap_new(struct page_heap **out, struct page_heap_config *config,
		  struct kb_diag *diag)
{
	struct kheap_config window = { .base = config->base,
				       .pages = config->pages };
	struct page_heap *h = NULL;
	int err;

	err = kheap_check_window(&window, diag);
	if (err < 0)
		goto fail;
	h = calloc(1, sizeof(*h));
	err = KB_E_NOMEM;
	if (!h)
		goto fail;
	h->state = calloc(1, config->ops->state_size);
	if (!h->state)
		goto fail;
	h->ops = config->ops;
	h->base = window.base;
	h->pages = window.pages;
	err = h->ops->init(h->state, h->pages, config->choice);
	if (err < 0)
		goto fail;
	h->pager = config->pager.ops ? config->pager : pager_none();
	memset(&config->pager, 0, sizeof(config->pager));
	*out = h;
	return 0;
fail:
	pager_release(&config->pager);
	page_heap_free(h);
	return err == KB_E_NOMEM ? kb_fail(diag, err, "out of memory") : err;
}

void page_heap_free(struct page_heap *h)
{
	if (!h)
		return;
	if (h->ops)
		h->ops->release(h->state);
	pager_release(&h->pager);
	free(h->state);
	free(h);
}

/* True if exactly the occupied pages are backed. */
static bool pages_are_backed(const struct page_heap *h)
{
	const struct pager_ops *ops = h->pager.ops;
	uint32_t backed = 0;

	if (!ops->translate)
		return true;
	for (uint32_t page = 0; page < h->pages; page++) {
		uint64_t pa;

		backed += ops->translate(
			h->pager.ctx, h->base + (page << KVA_PAGE_SHIFT), &pa);
	}
	return backed == h->pages - h->ops->free_pages(h->state);
}

bool page_heap_is_valid(const struct page_heap *h)
{
	const struct pager_ops *ops = h->pager.ops;

	return h->ops->is_valid(h->state) && pages_are_backed(h) &&
	       (!ops->is_valid || ops->is_valid(h->pager.ctx));
}
