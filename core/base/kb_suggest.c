#include "kb_suggest.h"

#include "kb_bits.h"

#include <string.h>

/* Longer names are not compared: they are hardly typos. */
#define LENGTH_MAX 63

static size_t min3(size_t a, size_t b, size_t c)
{
	return (size_t)kb_min(kb_min(a, b), c);
}

static size_t edit_distance(const char *a, size_t an, const char *b, size_t bn)
{
	size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1];

	for (size_t i = 0; i <= an; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= bn; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= an; i++) {
		for (size_t j = 1; j <= bn; j++) {
			size_t replace =
				d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] =
				min3(d[i - 1][j] + 1, d[i][j - 1] + 1, replace);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = (size_t)kb_min(d[i][j],
							 d[i - 2][j - 2] + 1);
		}
	}
	return d[an][bn];
}

void kb_suggest_offer(struct kb_suggest *s, const char *candidate)
{
	size_t wanted = strlen(s->wanted);
	size_t length = strlen(candidate);
	size_t distance;

	if (wanted > LENGTH_MAX || length > LENGTH_MAX)
		return;
	if ((wanted >= 2 && strncmp(candidate, s->wanted, wanted) == 0) ||
	    (length >= 2 && strncmp(candidate, s->wanted, length) == 0))
		distance = 1;
	else
		distance = edit_distance(s->wanted, wanted, candidate, length);
	if (!s->best || distance < s->distance) {
		s->best = candidate;
		s->distance = distance;
	}
}

const char *kb_suggest_best(const struct kb_suggest *s)
{
	size_t near = kb_max(1, strlen(s->wanted) / 3);

	return s->best && s->distance <= near ? s->best : NULL;
}
