/*
 * kb_suggest: the known name that a mistyped one is nearest to.
 *
 * Anyone may include this file.
 */
#ifndef KB_SUGGEST_H
#define KB_SUGGEST_H

#include <stddef.h>

/* Collects the nearest candidate; start with KB_SUGGEST_INIT(name). */
struct kb_suggest {
	const char *wanted;
	const char *best;
	size_t distance;
};

#define KB_SUGGEST_INIT(name)   \
	{                       \
		(name), NULL, 0 \
	}

/*
 * Offers a candidate, which must outlive the struct. Keeps the nearest by edit
 * distance (insert, delete, replace, swap of neighbors: Damerau, CACM 7(3),
 * 1964, in its restricted form). On a tie the first one wins.
 */
void kb_suggest_offer(struct kb_suggest *s, const char *candidate);

/*
 * The nearest candidate if it is near enough to be meant (at most a third of
 * the wanted name's length away, and 1 is always near enough; or one begins
 * with the other), else NULL.
 */
const char *kb_suggest_best(const struct kb_suggest *s);

#endif /* KB_SUGGEST_H */
