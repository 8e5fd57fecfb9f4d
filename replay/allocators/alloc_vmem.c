/*
 * vmem: Bonwick's boundary tags, whole pages.
 */
#include "alloc_window.h"
#include "vmem.h"

enum vmem_key { KEY_FIT, KEY_PAGER };

ALLOC_PAGES_STAMP(vmem, &vmem_ops)

static const char *fit_value(size_t i)
{
	static const char *const values[] = {
		[VMEM_INSTANT] = "instant",
		[VMEM_BEST] = "best",
	};

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

static const struct alloc_key vmem_keys[] = {
	[KEY_FIT] = { "fit", "which free segment to use", fit_value },
	[KEY_PAGER] = { ALLOC_WINDOW_PAGER },
	{ NULL, NULL, NULL },
};

static int vmem_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	const uint32_t *choice = config->spec->choice;

	out->vt = &vmem_vt;
	return alloc_pages_open(out, config, &vmem_ops, choice[KEY_FIT],
				choice[KEY_PAGER], diag);
}

const struct alloc_ops alloc_vmem = {
	.name = "vmem",
	.help = "Bonwick's boundary tags, power-of-two lists and hash",
	.keys = vmem_keys,
	.open = vmem_open,
};
