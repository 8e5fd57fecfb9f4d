/*
 * buddy: the binary buddy system, whole pages.
 */
#include "alloc_window.h"
#include "buddy.h"

ALLOC_PAGES_STAMP(buddy, &buddy_ops)

static const struct alloc_key buddy_keys[] = {
	{ ALLOC_WINDOW_PAGER },
	{ NULL, NULL, NULL },
};

static int buddy_open(struct alloc *out, const struct alloc_config *config,
		      struct kb_diag *diag)
{
	out->vt = &buddy_vt;
	return alloc_pages_open(out, config, &buddy_ops, 0,
				config->spec->choice[0], diag);
}

const struct alloc_ops alloc_buddy = {
	.name = "buddy",
	.help = "binary buddy over pages, like Linux's page allocator",
	.keys = buddy_keys,
	.open = buddy_open,
};
