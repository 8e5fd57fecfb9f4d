/*
 * libJudy's JudyL, the classic library for maps of words: address → index.
 *
 * The library's inner steps are hidden, so it counts only lookups.
 */
#include "kheap_internal.h"

#include "kb_assert.h"

#include <Judy.h>
#include <stdlib.h>

/* The array is a pointer that the library changes; the state points to it. */
static int judy_init(struct kheap *h)
{
	h->lookup_state = calloc(1, sizeof(Pvoid_t));
	return h->lookup_state ? 0 : KB_E_NOMEM;
}

static void judy_release(struct kheap *h)
{
	JudyLFreeArray(h->lookup_state, PJE0);
	free(h->lookup_state);
	h->lookup_state = NULL;
}

static int judy_insert(struct kheap *h, int idx)
{
	PPvoid_t value = JudyLIns(h->lookup_state, h->cluster_va[idx], PJE0);

	/* The library's own malloc failed. */
	if (!value || value == PPJERR)
		return KB_E_NOMEM;
	*(Word_t *)value = (Word_t)idx;
	return 0;
}

/* The word kept for an address, or NULL. */
static kb_always_inline Word_t *word_at(const struct kheap *h, kva_t va)
{
	Word_t *word =
		(Word_t *)JudyLGet(*(Pvoid_t *)h->lookup_state, va, PJE0);

	if (word)
		kb_written(word, sizeof(*word));
	return word;
}

/*
 * The word of a cluster that is gone. It stays in the array, and the next cluster
 * at that address takes it over: JudyLDel is not called.
 *
 * JudyLDel packs what is left into a smaller node, for which it allocates. If that
 * fails, it returns JERR, and in one case in some forty of libJudy 1.0.5's the
 * array it leaves misses words that are live (tests/core/test_lookup_judy.c). A
 * removal cannot fail here. JudyLIns, if its allocation fails, changes nothing.
 */
#define GONE (~(Word_t)0)

static void judy_erase(struct kheap *h, int idx)
{
	const kva_t va = h->cluster_va[idx];
	Word_t *value = word_at(h, va);

	kb_assert(value && *value == (Word_t)idx);
	*value = GONE;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const Word_t *value = word_at(h, va);

	(void)tally;
	return value && *value != GONE ? (int)*value : -1;
}

LOOKUP_STAMP(judy, search)

static size_t judy_bytes(const struct kheap *h)
{
	return JudyLMemUsed(*(Pvoid_t *)h->lookup_state);
}

static bool judy_is_valid(const struct kheap *h, uint32_t clusters)
{
	return JudyLCount(*(Pvoid_t *)h->lookup_state, 0, ~(Word_t)0, PJE0) >=
	       clusters;
}

extern const struct lookup_ops lookup_judy;
const struct lookup_ops lookup_judy = {
	.name = "judy",
	.help = "libJudy's JudyL, whose steps are its own",
	.init = judy_init,
	.release = judy_release,
	.insert = judy_insert,
	.erase = judy_erase,
	.find = judy_find,
	.find_counted = judy_find_counted,
	.bytes = judy_bytes,
	.is_valid = judy_is_valid,
};
