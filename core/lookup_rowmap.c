/*
 * The seed's search, skipping empty rows: one bit per row says whether
 * there is anything in it, and one bit per 64 of those whether any of them
 * is set. It finds the same clusters in the same order as the seed's.
 *
 * A row counts as visited when its head is examined, so only rows that hold
 * clusters do. The words of the bitmap count only as lines.
 */
#include "kheap_internal.h"

#include "kb_host.h"

#define WORD_SHIFT 6
#define WORD_BITS  (1u << WORD_SHIFT)

struct rowmap {
	/* Bit r is set if row r is not empty. */
	uint64_t *row_bits;

	/* Bit w is set if row_bits[w] is not 0. The same allocation. */
	uint64_t *word_bits;
	uint32_t words;
	uint32_t summaries;
};

enum { AREA_NODES, AREA_VAS, AREA_HEADS_AND_WORDS };

/* The third area has a row's head for an element. The words, half of a head
 * each, follow the heads, two per element. */
static kb_always_inline void
touch_word(const struct kheap *h, struct lookup_tally *tally, uint32_t word)
{
	lookup_touch(tally, AREA_HEADS_AND_WORDS, h->pages + word / 2);
}

static int rowmap_init(struct kheap *h)
{
	struct rowmap *map = calloc(1, sizeof(*map));

	if (!map)
		return KB_E_NOMEM;
	map->words = (uint32_t)kb_div_up(h->pages, WORD_BITS);
	map->summaries = (uint32_t)kb_div_up(map->words, WORD_BITS);
	map->row_bits = calloc(map->words + map->summaries, sizeof(uint64_t));
	if (!map->row_bits) {
		free(map);
		return KB_E_NOMEM;
	}
	map->word_bits = map->row_bits + map->words;
	h->lookup_state = map;
	return 0;
}

static void rowmap_release(struct kheap *h)
{
	struct rowmap *map = h->lookup_state;

	free(map->row_bits);
	free(map);
	h->lookup_state = NULL;
}

static inline uint64_t bit_of(uint32_t i)
{
	return UINT64_C(1) << (i % WORD_BITS);
}

static int rowmap_insert(struct kheap *h, int idx)
{
	const struct rowmap *map = h->lookup_state;
	const uint32_t row = kheap_row_of(h, idx);
	const uint32_t word = row >> WORD_SHIFT;

	map->row_bits[word] |= bit_of(row);
	map->word_bits[word >> WORD_SHIFT] |= bit_of(word);
	return 0;
}

static void rowmap_erase(struct kheap *h, int idx)
{
	const struct rowmap *map = h->lookup_state;
	const uint32_t row = kheap_row_of(h, idx);
	const uint32_t word = row >> WORD_SHIFT;

	if (!TAILQ_EMPTY(&h->free_clusters[row]))
		return;
	map->row_bits[word] &= ~bit_of(row);
	if (map->row_bits[word] == 0)
		map->word_bits[word >> WORD_SHIFT] &= ~bit_of(word);
}

static kb_always_inline void touch_head(uint32_t row,
					struct lookup_tally *tally)
{
	lookup_touch(tally, AREA_HEADS_AND_WORDS, row);
	if (tally)
		tally->rows++;
}

/* The cluster at `va` in one row, or -1. */
static kb_always_inline int search_row(const struct kheap *h, uint32_t row,
				       kva_t va, struct lookup_tally *tally)
{
	const struct KheapCluster *node;

	touch_head(row, tally);
	TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
		const int idx = node->cluster_index;

		if (tally)
			tally->nodes++;
		lookup_touch(tally, AREA_NODES, (uint32_t)idx);
		lookup_touch(tally, AREA_VAS, (uint32_t)idx);
		if (h->cluster_va[idx] == va)
			return idx;
	}
	return -1;
}

/* The same, without a walk along the row and its steps. */
static kb_always_inline int look_up_row(const struct kheap *h, uint32_t row,
					kva_t va, struct lookup_tally *tally)
{
	const int idx = kheap_index_at(h, va);

	touch_head(row, tally);
	return idx >= 0 && kheap_row_of(h, idx) == row ? idx : -1;
}

typedef int (*row_search)(const struct kheap *h, uint32_t row, kva_t va,
			  struct lookup_tally *tally);

static kb_always_inline int search_rows(const struct kheap *h, kva_t va,
					struct lookup_tally *tally,
					const row_search in_row)
{
	const struct rowmap *map = h->lookup_state;
	uint32_t i;

	for (i = 0; i < map->summaries; i++) {
		uint64_t words = map->word_bits[i];

		touch_word(h, tally, map->words + i);
		for (; words != 0; words &= words - 1) {
			const uint32_t word =
				i << WORD_SHIFT | (uint32_t)kb_low_bit(words);
			uint64_t rows = map->row_bits[word];

			touch_word(h, tally, word);
			for (; rows != 0; rows &= rows - 1) {
				const uint32_t bit = (uint32_t)kb_low_bit(rows);
				const int idx = in_row(
					h, word << WORD_SHIFT | bit, va, tally);

				if (idx >= 0)
					return idx;
			}
		}
	}
	return -1;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	return search_rows(h, va, tally, search_row);
}

LOOKUP_STAMP(rowmap, search)

/* The search's steps, by the cluster's rank. The rows that are not empty are
 * still visited one by one: n of them hold at least n (n + 1) / 2 pages, so
 * there are few. */
static int rank(const struct kheap *h, kva_t va, struct lookup_tally *tally)
{
	const int idx = search_rows(h, va, tally, look_up_row);

	kheap_tally_lists(h, idx, tally);
	return idx;
}

LOOKUP_STAMP_COUNTED(rowmap_find_ranked, rank)

static size_t rowmap_bytes(const struct kheap *h)
{
	const struct rowmap *map = h->lookup_state;

	return (map->words + map->summaries) * sizeof(uint64_t);
}

static bool rowmap_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct rowmap *map = h->lookup_state;
	uint32_t i;

	(void)clusters;
	for (i = 0; i < h->pages; i++)
		if (!(map->row_bits[i >> WORD_SHIFT] & bit_of(i)) !=
		    TAILQ_EMPTY(&h->free_clusters[i]))
			return false;
	/* No test can damage the map's own words. */
	for (i = 0; i < map->words; i++)
		if (!(map->word_bits[i >> WORD_SHIFT] & bit_of(i)) !=
		    (map->row_bits[i] == 0))
			return false;
	return true;
}

extern const struct lookup_ops lookup_rowmap;
const struct lookup_ops lookup_rowmap = {
	.name = "rowmap",
	.help = "the list walk, skipping empty rows by a two-level bitmap",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { [AREA_NODES] = { LOOKUP_NODE_SIZE, 1 },
		   [AREA_VAS] = { LOOKUP_VA_SIZE, 1 },
		   [AREA_HEADS_AND_WORDS] = { LOOKUP_HEAD_SIZE, 2 } },
	.walks_to_remove = true,
	.init = rowmap_init,
	.release = rowmap_release,
	.insert = rowmap_insert,
	.erase = rowmap_erase,
	.find = rowmap_find,
	.find_counted = rowmap_find_counted,
	.find_ranked = rowmap_find_ranked,
	.bytes = rowmap_bytes,
	.is_valid = rowmap_is_valid,
};
