#include "vmem_internal.h"

#include "kb_assert.h"

#include <stdlib.h>

/* Chains at first: a power of two. */
#define CHAINS_FEW 16u

/* Knuth's multiplicative hashing (TAOCP vol. 3, 6.4), by the prime nearest to
 * 2^32 over the golden ratio. */
#define HASH_FACTOR UINT32_C(0x9E3779B1)

static inline struct vmem_tag *tag_take(struct vmem *v)
{
	struct vmem_tag *tag = v->spare;

	v->tags_used++;
	if (!tag) {
		kb_assert(v->tags_made < v->pages);
		return &v->tag[v->tags_made++];
	}
	v->spare = tag->next;
	return tag;
}

static inline void tag_give(struct vmem *v, struct vmem_tag *tag)
{
	v->tags_used--;
	tag->next = v->spare;
	v->spare = tag;
}

static inline void list_push(struct vmem *v, struct vmem_tag *tag)
{
	const unsigned k = kb_log2(tag->pages);

	tag->live = false;
	tag->prev = NULL;
	tag->next = v->list[k];
	if (tag->next)
		tag->next->prev = tag;
	v->list[k] = tag;
	v->nonempty |= UINT32_C(1) << k;
}

static inline void list_remove(struct vmem *v, struct vmem_tag *tag)
{
	const unsigned k = kb_log2(tag->pages);

	if (tag->prev)
		tag->prev->next = tag->next;
	else
		v->list[k] = tag->next;
	if (tag->next)
		tag->next->prev = tag->prev;
	if (!v->list[k])
		v->nonempty &= ~(UINT32_C(1) << k);
}

static inline uint32_t hash_of(uint32_t page, uint32_t chains)
{
	return page * HASH_FACTOR >> (32 - kb_log2(chains));
}

static inline void hash_add(struct vmem_tag **chain, uint32_t chains,
			    struct vmem_tag *tag)
{
	struct vmem_tag **head = &chain[hash_of(tag->start, chains)];

	tag->next = *head;
	*head = tag;
}

/* Doubles the hash; without memory the chains just get longer. */
static void hash_double(struct vmem *v, const bool counted)
{
	const uint32_t chains = v->chains * 2;
	struct vmem_tag **chain = calloc(chains, sizeof(*chain));

	if (!chain)
		return;
	for (uint32_t i = 0; i < v->chains; i++) {
		while (v->chain[i]) {
			struct vmem_tag *tag = v->chain[i];

			v->chain[i] = tag->next;
			hash_add(chain, chains, tag);
		}
	}
	free(v->chain);
	v->chain = chain;
	v->chains = chains;
	if (counted)
		v->hash_doublings++;
}

/* The link that leads to the live tag at `page`; to NULL if there is none. */
static inline struct vmem_tag **hash_find(const struct vmem *v, uint32_t page,
					  uint64_t *nodes)
{
	struct vmem_tag **link = &v->chain[hash_of(page, v->chains)];

	for (; *link; link = &(*link)->next) {
		++*nodes;
		if ((*link)->start == page)
			break;
	}
	return link;
}

static int vmem_init(void *state, uint32_t pages, unsigned choice)
{
	struct vmem *v = state;

	v->tag = calloc(pages, sizeof(*v->tag));
	v->chain = calloc(CHAINS_FEW, sizeof(struct vmem_tag *));
	if (!v->tag || !v->chain)
		return KB_E_NOMEM;
	v->chains = CHAINS_FEW;
	v->fit = (enum vmem_fit)choice;
	v->pages = pages;
	v->free_pages = pages;
	tag_take(v)->pages = pages;
	list_push(v, v->tag);
	return 0;
}

static void vmem_release(void *state)
{
	struct vmem *v = state;

	free(v->tag);
	free(v->chain);
}

/* The first, or the shortest, segment of list `k` that is long enough. */
static inline struct vmem_tag *search_list(const struct vmem *v, unsigned k,
					   uint32_t pages, bool best,
					   uint64_t *steps)
{
	struct vmem_tag *found = NULL;

	for (struct vmem_tag *tag = v->list[k]; tag; tag = tag->next) {
		++*steps;
		if (tag->pages < pages || (found && tag->pages >= found->pages))
			continue;
		found = tag;
		if (!best || found->pages == pages)
			break;
	}
	return found;
}

static inline struct vmem_tag *choose(const struct vmem *v, uint32_t pages,
				      uint64_t *steps)
{
	const unsigned own = kb_log2(pages);
	const bool best = v->fit == VMEM_BEST;
	/* The first list where every segment will do. */
	const unsigned sure =
		best || pages != UINT32_C(1) << own ? own + 1 : own;
	const uint32_t lists =
		sure < VMEM_LISTS ? v->nonempty >> sure << sure : 0;
	struct vmem_tag *found = NULL;
	unsigned k;

	++*steps;
	if (own >= VMEM_LISTS)
		return NULL;
	if (best)
		found = search_list(v, own, pages, true, steps);
	if (found)
		return found;
	if (lists) {
		k = (unsigned)__builtin_ctz(lists);
		return best ? search_list(v, k, pages, true, steps)
			    : v->list[k];
	}
	return best ? NULL : search_list(v, own, pages, false, steps);
}

/* Cuts off what follows the first `pages` pages of a segment that is on no
 * list. */
static inline void split(struct vmem *v, struct vmem_tag *tag, uint32_t pages)
{
	struct vmem_tag *rest = tag_take(v);

	rest->start = tag->start + pages;
	rest->pages = tag->pages - pages;
	rest->below = tag;
	rest->above = tag->above;
	if (rest->above)
		rest->above->below = rest;
	tag->above = rest;
	tag->pages = pages;
	list_push(v, rest);
}

static kb_always_inline uint32_t take(struct vmem *v, uint32_t pages,
				      const bool counted)
{
	uint64_t steps = 0;
	struct vmem_tag *tag = choose(v, pages, &steps);

	if (counted)
		v->fit_steps += steps;
	if (kb_unlikely(!tag))
		return PAGE_HEAP_NONE;
	list_remove(v, tag);
	if (tag->pages > pages) {
		split(v, tag, pages);
		if (counted)
			v->splits++;
	}
	if (kb_unlikely(v->live >= v->chains))
		hash_double(v, counted);
	tag->live = true;
	hash_add(v->chain, v->chains, tag);
	v->live++;
	v->free_pages -= pages;
	return tag->start;
}

/* Joins the segment above to `tag`; neither is on a list. */
static inline void join_above(struct vmem *v, struct vmem_tag *tag)
{
	struct vmem_tag *above = tag->above;

	tag->pages += above->pages;
	tag->above = above->above;
	if (tag->above)
		tag->above->below = tag;
	tag_give(v, above);
}

static kb_always_inline void count_lookup(struct vmem *v, uint64_t nodes)
{
	v->lookups++;
	v->nodes_visited += nodes;
	v->nodes_visited_max = kb_max(v->nodes_visited_max, nodes);
}

static kb_always_inline uint32_t give(struct vmem *v, uint32_t page,
				      const bool counted)
{
	uint64_t nodes = 0;
	struct vmem_tag **link = hash_find(v, page, &nodes);
	struct vmem_tag *tag = *link;
	uint32_t pages;

	if (counted)
		count_lookup(v, nodes);
	if (!tag)
		return 0;
	pages = tag->pages;
	*link = tag->next;
	v->live--;
	v->free_pages += pages;
	if (tag->above && !tag->above->live) {
		list_remove(v, tag->above);
		join_above(v, tag);
		if (counted)
			v->merges++;
	}
	if (tag->below && !tag->below->live) {
		tag = tag->below;
		list_remove(v, tag);
		join_above(v, tag);
		if (counted)
			v->merges++;
	}
	list_push(v, tag);
	return pages;
}

PAGE_OPS_STAMP(vmem)

static uint32_t vmem_asked(const void *state, uint32_t page)
{
	uint64_t nodes = 0;
	const struct vmem_tag *tag = *hash_find(state, page, &nodes);

	return tag ? tag->pages : 0;
}

static uint32_t vmem_free_pages(const void *state)
{
	const struct vmem *v = state;

	return v->free_pages;
}

static uint32_t vmem_longest(const void *state)
{
	const struct vmem *v = state;
	uint32_t longest = 0;

	if (v->nonempty == 0)
		return 0;
	for (const struct vmem_tag *tag = v->list[kb_log2(v->nonempty)]; tag;
	     tag = tag->next)
		longest = (uint32_t)kb_max(longest, tag->pages);
	return longest;
}

static uint64_t vmem_record_bytes(const void *state)
{
	const struct vmem *v = state;

	return sizeof(*v) + (uint64_t)v->tags_used * sizeof(*v->tag) +
	       (uint64_t)v->chains * sizeof(*v->chain);
}

static void vmem_searches(const void *state, uint64_t *lookups, uint64_t *nodes)
{
	const struct vmem *v = state;

	*lookups = v->lookups;
	*nodes = v->nodes_visited;
}

static void vmem_counters(const void *state, page_counter_fn fn, void *user)
{
	const struct vmem *v = state;

#define X(name, unit, help) fn(user, #name, v->name);
	VMEM_COUNTERS(X)
#undef X
}

/* True if list `k` is linked well; adds its segments to `*count`. */
static bool list_is_valid(const struct vmem *v, unsigned k, uint32_t *count)
{
	const struct vmem_tag *prev = NULL;

	for (const struct vmem_tag *tag = v->list[k]; tag; tag = tag->next) {
		if (tag->live || tag->prev != prev ||
		    kb_log2(tag->pages) != k || ++*count > v->pages)
			return false;
		prev = tag;
	}
	return (v->nonempty >> k & 1u) == (v->list[k] != NULL);
}

static bool lists_are_valid(const struct vmem *v, uint32_t free_segments)
{
	uint32_t count = 0;

	for (unsigned k = 0; k < VMEM_LISTS; k++)
		if (!list_is_valid(v, k, &count))
			return false;
	return count == free_segments;
}

/* The tags tile the window, no two free ones are adjacent, and each is on the
 * list or chain where a search expects it. */
static bool vmem_is_valid(const void *state)
{
	const struct vmem *v = state;
	const struct vmem_tag *below = NULL, *tag = v->tag;
	uint32_t page = 0, segments = 0, live = 0, free_pages = 0;
	uint64_t nodes = 0;

	/* The lowest segment keeps the first tag: merging goes downward. */
	for (; tag; below = tag, tag = tag->above) {
		if (tag->start != page || tag->pages == 0 ||
		    tag->pages > v->pages - page || tag->below != below)
			return false;
		if (tag->live && *hash_find(v, page, &nodes) != tag)
			return false;
		if (!tag->live && below && !below->live)
			return false;
		page += tag->pages;
		segments++;
		live += tag->live;
		free_pages += tag->live ? 0 : tag->pages;
	}
	return page == v->pages && live == v->live &&
	       segments == v->tags_used && free_pages == v->free_pages &&
	       lists_are_valid(v, segments - live);
}

const struct page_ops vmem_ops = {
	.state_size = sizeof(struct vmem),
	.init = vmem_init,
	.release = vmem_release,
	.take = vmem_take,
	.take_counted = vmem_take_counted,
	.give = vmem_give,
	.give_counted = vmem_give_counted,
	.asked = vmem_asked,
	.free_pages = vmem_free_pages,
	.longest = vmem_longest,
	.record_bytes = vmem_record_bytes,
	.searches = vmem_searches,
	.counters = vmem_counters,
	.is_valid = vmem_is_valid,
};
