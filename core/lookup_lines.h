/*
 * lookup_lines: which lines of the modeled layout (lookup.h) the current lookup
 * has touched.
 *
 * Each line has a stamp, the number of the lookup that touched it last. So a
 * new lookup starts without clearing anything.
 *
 * Only core/ may include this file.
 */
#ifndef LOOKUP_LINES_H
#define LOOKUP_LINES_H

#include "kb_assert.h"
#include "lookup.h"

#include <stdint.h>

struct lookup_lines {
	/* A lookup's number for each line of all areas; NULL if the lookup has
	 * none. */
	uint64_t *stamps;

	/* The first line of each area, and of what follows the last one. */
	uint64_t first[LOOKUP_AREAS_MAX + 1];

	/* Bytes of an element of each area. */
	uint32_t size[LOOKUP_AREAS_MAX];

	/* The current lookup, counted from 1, and its lines so far. */
	uint64_t lookup;
	uint64_t touched;
};

/* Makes room for the areas over a window of `pages`. Returns 0, or KB_E_NOMEM
 * with nothing to release. */
int lookup_lines_init(struct lookup_lines *lines,
		      const struct lookup_ops *lookup, uint32_t pages);

/* Frees the stamps; one that is all zeros is ignored. */
void lookup_lines_release(struct lookup_lines *lines);

/* A new lookup begins. */
static inline void lookup_lines_begin(struct lookup_lines *lines)
{
	lines->lookup++;
	lines->touched = 0;
}

/* The lookup reads element `i` of area `area`. */
static inline void lookup_lines_touch(struct lookup_lines *lines, unsigned area,
				      uint64_t i)
{
	const uint64_t begin = i * lines->size[area];
	const uint64_t last = begin + lines->size[area] - 1;
	uint64_t line = lines->first[area] + begin / LOOKUP_LINE_SIZE;
	const uint64_t end = lines->first[area] + last / LOOKUP_LINE_SIZE;

	kb_assert(end < lines->first[area + 1]);
	for (; line <= end; line++) {
		lines->touched += lines->stamps[line] != lines->lookup;
		lines->stamps[line] = lines->lookup;
	}
}

/* The lookup reads `count` elements of area `area` from `first` on, in lines
 * that it has not read from before and will not again: a sum, not a walk. */
static inline void lookup_lines_stretch(struct lookup_lines *lines,
					unsigned area, uint64_t first,
					uint64_t count)
{
	const uint64_t begin = first * lines->size[area];
	const uint64_t end = (first + count) * lines->size[area];

	if (count > 0)
		lines->touched += (end - 1) / LOOKUP_LINE_SIZE -
				  begin / LOOKUP_LINE_SIZE + 1;
}

#endif /* LOOKUP_LINES_H */
