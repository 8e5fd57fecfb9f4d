#include "tlb.h"

#include "kb_assert.h"
#include "kb_host.h"
#include "kb_status.h"

int tlb_init(struct tlb *tlb, uint32_t sets, uint32_t ways)
{
	kb_assert(sets >= 1 && (sets & (sets - 1)) == 0 && ways >= 1);
	tlb->pages = calloc((size_t)sets * ways, sizeof(*tlb->pages));
	tlb->set_mask = sets - 1;
	tlb->ways = ways;
	return tlb->pages ? 0 : KB_E_NOMEM;
}

void tlb_release(struct tlb *tlb)
{
	free(tlb->pages);
}

static uint32_t *set_of(const struct tlb *tlb, uint32_t page)
{
	return &tlb->pages[(size_t)(page & tlb->set_mask) * tlb->ways];
}

/* The way that holds `page`, or `ways`. */
static uint32_t way_of(const struct tlb *tlb, const uint32_t *set,
		       uint32_t page)
{
	uint32_t way = 0;

	while (way < tlb->ways && set[way] != page)
		way++;
	return way;
}

bool tlb_access(struct tlb *tlb, uint32_t page)
{
	uint32_t *set = set_of(tlb, page);
	uint32_t way = way_of(tlb, set, page);
	const bool hit = way < tlb->ways;

	kb_assert(page != 0);
	if (!hit)
		way = tlb->ways - 1;
	memmove(&set[1], &set[0], way * sizeof(*set));
	set[0] = page;
	return hit;
}

void tlb_invalidate(struct tlb *tlb, uint32_t page)
{
	uint32_t *set = set_of(tlb, page);
	const uint32_t way = way_of(tlb, set, page);

	kb_assert(page != 0);
	if (way == tlb->ways)
		return;
	memmove(&set[way], &set[way + 1], (tlb->ways - way - 1) * sizeof(*set));
	set[tlb->ways - 1] = 0;
}

bool tlb_holds(const struct tlb *tlb, uint32_t page)
{
	return way_of(tlb, set_of(tlb, page), page) < tlb->ways;
}

size_t tlb_entries(const struct tlb *tlb)
{
	return ((size_t)tlb->set_mask + 1) * tlb->ways;
}

static bool set_is_valid(const struct tlb *tlb, uint32_t number)
{
	const uint32_t *set = &tlb->pages[(size_t)number * tlb->ways];
	uint32_t way;

	for (way = 0; way < tlb->ways; way++) {
		if (set[way] == 0) {
			if (way + 1 < tlb->ways && set[way + 1] != 0)
				return false;
			continue;
		}
		if ((set[way] & tlb->set_mask) != number ||
		    way_of(tlb, set, set[way]) != way)
			return false;
	}
	return true;
}

bool tlb_is_valid(const struct tlb *tlb)
{
	uint32_t number;

	for (number = 0; number <= tlb->set_mask; number++)
		if (!set_is_valid(tlb, number))
			return false;
	return true;
}
