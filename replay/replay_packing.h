/*
 * replay_packing: how small a heap could be for an allocator that knew the
 * whole trace in advance.
 *
 * Each object is a rectangle: from its alloc to its free in time, its pages in
 * height. Giving each an address so that none overlap and the total height is
 * minimal is offline dynamic storage allocation, which is NP-hard (Garey and
 * Johnson, "Computers and Intractability", problem SR2); the most pages live at
 * once, the load, are a lower bound that cannot always be reached (Buchsbaum,
 * Karloff, Kenyon, Reingold and Thorup, "OPT versus LOAD in dynamic storage
 * allocation", SIAM J. Comput. 33(3), 2004). What is found here is an upper
 * bound:
 *
 *   1. Objects of two pages and more, in decreasing order of size × lifetime,
 *      each get the lowest address at which they meet none placed before.
 *   2. Objects of one page, in the order of their births, each get the lowest
 *      page that is empty from their birth to their death. Alone they would
 *      reach the load: coloring intervals in the order of their left ends is
 *      optimal (Gavril, SIAM J. Comput. 1(2), 1972).
 *
 * If that is higher than the load, step 1 is repeated in decreasing order of
 * size, then of lifetime, and the lowest of the three is kept. Ties go to the
 * earlier birth. Integers only: the same answer everywhere.
 *
 * bench may include this file.
 */
#ifndef REPLAY_PACKING_H
#define REPLAY_PACKING_H

#include <stddef.h>
#include <stdint.h>

/* Limits that keep a packing within seconds and some 300 MB: objects; pages of
 * all objects of two pages or more together, and pages of height; and pairs of
 * such objects that are compared, per order. */
#define REPLAY_PACKING_OBJECTS_MAX (UINT32_C(1) << 22)
#define REPLAY_PACKING_PAGES_MAX   (UINT32_C(1) << 24)
#define REPLAY_PACKING_PAIRS_MAX   (UINT64_C(1) << 30)

struct replay_packed {
	/* Numbers of the events of its alloc and its free; the latter is the
	 * trace's number of events if it is never freed. */
	uint32_t birth;
	uint32_t death;

	uint32_t pages;

	/* The answer: its first page. */
	uint32_t page;
};

struct replay_packing {
	/* Most pages live at once: the lower bound. */
	uint32_t load;

	/* Pages that the packing takes. */
	uint32_t height;

	/* The order of step 1 that gave it. Static. */
	const char *order;
};

/*
 * Packs `count` objects of a trace of `events` events, given in the order of
 * their births, which are below `events`; births and deaths are all different,
 * except for the deaths at `events`. Each has at least one page.
 *
 * Returns 0 with `*out` and the objects' pages filled; KB_E_RANGE if a limit is
 * exceeded, with the load filled in; or KB_E_NOMEM.
 */
int replay_packing_run(struct replay_packed *objects, size_t count,
		       uint32_t events, struct replay_packing *out);

#endif /* REPLAY_PACKING_H */
