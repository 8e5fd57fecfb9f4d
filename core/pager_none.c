#include "pager.h"

#include "kb_host.h"

#include <stddef.h>

static int none_map(void *ctx, kva_t va, uint32_t pages)
{
	(void)ctx;
	(void)va;
	(void)pages;
	return 0;
}

static void none_unmap(void *ctx, kva_t va, uint32_t pages)
{
	(void)ctx;
	(void)va;
	(void)pages;
}

static const struct pager_ops none_ops = {
	.name = "none",
	.map = none_map,
	.map_counted = none_map,
	.unmap = none_unmap,
	.unmap_counted = none_unmap,
};

struct pager pager_none(void)
{
	struct pager pager = { &none_ops, NULL };

	return pager;
}

void pager_release(struct pager *pager)
{
	if (pager->ops && pager->ops->free)
		pager->ops->free(pager->ctx);
	memset(pager, 0, sizeof(*pager));
}
