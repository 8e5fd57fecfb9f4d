/*
 * bitmap: next fit over a bitmap, whole pages.
 */
#include "alloc_window.h"
#include "page_bitmap.h"

ALLOC_PAGES_STAMP(bitmap, &page_bitmap_ops)

static const struct alloc_key bitmap_keys[] = {
	{ ALLOC_WINDOW_PAGER },
	{ NULL, NULL, NULL },
};

static int bitmap_open(struct alloc *out, const struct alloc_config *config,
		       struct kb_diag *diag)
{
	out->vt = &bitmap_vt;
	return alloc_pages_open(out, config, &page_bitmap_ops, 0,
				config->spec->choice[0], diag);
}

const struct alloc_ops alloc_bitmap = {
	.name = "bitmap",
	.help = "next fit over a bitmap of pages",
	.keys = bitmap_keys,
	.open = bitmap_open,
};
