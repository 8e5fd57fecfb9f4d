/*
 * The index kept beside the page's own PTE, found by a page walk, as teaching
 * kernels do that store a cluster's size in its first page's frame_info.
 *
 * For each page table there is a table of as many words, one per PTE, and over
 * them a directory like the page directory. They are walked as the machine
 * walks its own, from the address alone: 10 bits of slot, 10 bits of entry. The
 * structure is separate from the pager's, so that any pager can back the
 * pages. A table is made with the first cluster that starts in it, and kept.
 *
 * Two levels are walked, or one where there is no table; a node is an entry
 * read in the second. An address that is no page's first byte is refused by
 * arithmetic.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

#define SLOT_SHIFT 22
#define SLOTS	   1024u
#define ENTRIES	   1024u

struct words {
	/* Index + 1 of the cluster that starts at the page; 0 for none. */
	uint32_t word[ENTRIES];
};

struct directory {
	struct words *slot[SLOTS];
	size_t tables;
};

enum { AREA_DIRECTORY, AREA_WORDS };

static inline uint32_t entry_of(kva_t va)
{
	return va >> KVA_PAGE_SHIFT & (ENTRIES - 1);
}

static int pte_init(struct kheap *h)
{
	h->lookup_state = calloc(1, sizeof(struct directory));
	return h->lookup_state ? 0 : KB_E_NOMEM;
}

static void pte_release(struct kheap *h)
{
	struct directory *directory = h->lookup_state;
	uint32_t i;

	for (i = 0; i < SLOTS; i++)
		free(directory->slot[i]);
	free(directory);
	h->lookup_state = NULL;
}

static int pte_insert(struct kheap *h, int idx)
{
	struct directory *directory = h->lookup_state;
	const kva_t va = h->cluster_va[idx];
	struct words **words = &directory->slot[va >> SLOT_SHIFT];

	if (!*words) {
		*words = calloc(1, sizeof(**words));
		if (!*words)
			return KB_E_NOMEM;
		directory->tables++;
	}
	kb_assert((*words)->word[entry_of(va)] == 0);
	(*words)->word[entry_of(va)] = (uint32_t)idx + 1;
	return 0;
}

static void pte_erase(struct kheap *h, int idx)
{
	struct directory *directory = h->lookup_state;
	const kva_t va = h->cluster_va[idx];
	struct words *words = directory->slot[va >> SLOT_SHIFT];

	kb_assert(words->word[entry_of(va)] == (uint32_t)idx + 1);
	words->word[entry_of(va)] = 0;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct directory *directory = h->lookup_state;
	const struct words *words = directory->slot[va >> SLOT_SHIFT];
	uint32_t page;

	if (!kheap_page_at(h, va, &page))
		return -1;
	lookup_touch(tally, AREA_DIRECTORY, va >> SLOT_SHIFT);
	if (tally)
		tally->levels = 1 + (words != NULL);
	if (!words)
		return -1;
	/* The tables are in the order of the window's pages. */
	lookup_touch(tally, AREA_WORDS,
		     (h->base >> KVA_PAGE_SHIFT) % ENTRIES + page);
	if (tally)
		tally->nodes = 1;
	return (int)words->word[entry_of(va)] - 1;
}

LOOKUP_STAMP(pte, search)

static size_t pte_bytes(const struct kheap *h)
{
	const struct directory *directory = h->lookup_state;

	return sizeof(directory->slot) +
	       directory->tables * sizeof(struct words);
}

static bool pte_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct directory *directory = h->lookup_state;
	uint32_t entries = 0;
	uint32_t i;
	uint32_t k;

	for (i = 0; i < SLOTS; i++)
		for (k = 0; directory->slot[i] && k < ENTRIES; k++)
			entries += directory->slot[i]->word[k] != 0;
	return entries == clusters;
}

extern const struct lookup_ops lookup_pte;
const struct lookup_ops lookup_pte = {
	.name = "pte",
	.help = "a word next to the page's PTE, found by a two-level walk",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LEVELS | LOOKUP_LINES,
	.areas = { [AREA_DIRECTORY] = { LOOKUP_INDEX_SIZE, 1 },
		   [AREA_WORDS] = { LOOKUP_INDEX_SIZE, 2 } },
	.init = pte_init,
	.release = pte_release,
	.insert = pte_insert,
	.erase = pte_erase,
	.find = pte_find,
	.find_counted = pte_find_counted,
	.bytes = pte_bytes,
	.is_valid = pte_is_valid,
};
