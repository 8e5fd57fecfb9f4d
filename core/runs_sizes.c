#include "runs_sizes.h"

#include "kb_host.h"

#include <bsd/sys/tree.h>
#include <stddef.h>

struct hole {
	RB_ENTRY(hole) entry;

	/* The length, then the first page: all keys differ. */
	uint64_t key;
};

RB_HEAD(hole_tree, hole);

struct runs_sizes {
	struct hole_tree tree;

	/* One per page. */
	struct hole holes[];
};

static inline uint64_t key_of(uint32_t length, uint32_t page)
{
	return (uint64_t)length << 32 | page;
}

static inline int compare(const struct hole *a, const struct hole *b)
{
	return (a->key > b->key) - (a->key < b->key);
}

/* clang-format off */
RB_GENERATE_INTERNAL(hole_tree, hole, entry, compare,
		     __attribute__((unused)) static)
/* clang-format on */

size_t runs_sizes_bytes(uint32_t pages)
{
	return sizeof(struct runs_sizes) + pages * sizeof(struct hole);
}

struct runs_sizes *runs_sizes_new(uint32_t pages)
{
	struct runs_sizes *sizes = calloc(1, runs_sizes_bytes(pages));

	if (sizes)
		RB_INIT(&sizes->tree);
	return sizes;
}

void runs_sizes_free(struct runs_sizes *sizes)
{
	free(sizes);
}

void runs_sizes_add(struct runs_sizes *sizes, uint32_t page, uint32_t length)
{
	sizes->holes[page].key = key_of(length, page);
	hole_tree_RB_INSERT(&sizes->tree, &sizes->holes[page]);
}

void runs_sizes_remove(struct runs_sizes *sizes, uint32_t page)
{
	hole_tree_RB_REMOVE(&sizes->tree, &sizes->holes[page]);
}

uint32_t runs_sizes_find(const struct runs_sizes *sizes, uint32_t length,
			 uint64_t *steps)
{
	const uint64_t key = key_of(length, 0);
	const struct hole *hole = RB_ROOT(&sizes->tree);
	const struct hole *best = NULL;

	while (hole) {
		if (steps)
			(*steps)++;
		if (hole->key >= key) {
			best = hole;
			hole = RB_LEFT(hole, entry);
		} else {
			hole = RB_RIGHT(hole, entry);
		}
	}
	return best ? (uint32_t)(best - sizes->holes) : UINT32_MAX;
}

bool runs_sizes_is_valid(const struct runs_sizes *sizes,
			 const uint32_t *length_at, uint32_t count)
{
	/* The macro wants a non-const tree. */
	struct hole_tree tree = sizes->tree;
	const struct hole *last = NULL;
	struct hole *hole;
	uint32_t holes = 0;

	RB_FOREACH(hole, hole_tree, &tree) {
		const uint32_t page = (uint32_t)(hole - sizes->holes);

		if (++holes > count || (last && last->key >= hole->key) ||
		    hole->key != key_of(length_at[page], page))
			return false;
		last = hole;
	}
	return holes == count;
}
