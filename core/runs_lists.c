#include "runs_lists.h"

#include "kb_bits.h"
#include "kb_host.h"
#include "kb_status.h"

/* Words for a bit of each length 0 … pages, and for a bit of each of those. */
static size_t words_of(uint32_t pages)
{
	return pages / 64 + 1;
}

static size_t summaries_of(uint32_t pages)
{
	return pages / 4096 + 1;
}

int runs_lists_init(struct runs_lists *lists, uint32_t pages)
{
	memset(lists, 0, sizeof(*lists));
	lists->pages = pages;
	lists->head = calloc((size_t)pages + 1, sizeof(uint32_t));
	lists->next = calloc(pages, sizeof(uint32_t));
	lists->length = calloc(pages, sizeof(uint32_t));
	lists->lengths = calloc(words_of(pages), sizeof(uint64_t));
	lists->words = calloc(summaries_of(pages), sizeof(uint64_t));
	if (lists->head && lists->next && lists->length && lists->lengths &&
	    lists->words)
		return 0;
	runs_lists_release(lists);
	return KB_E_NOMEM;
}

size_t runs_lists_bytes(const struct runs_lists *lists)
{
	return (3 * (size_t)lists->pages + 1) * sizeof(uint32_t) +
	       (words_of(lists->pages) + summaries_of(lists->pages)) *
		       sizeof(uint64_t);
}

void runs_lists_release(struct runs_lists *lists)
{
	free(lists->head);
	free(lists->next);
	free(lists->length);
	free(lists->lengths);
	free(lists->words);
	memset(lists, 0, sizeof(*lists));
}

uint32_t runs_lists_shortest(const struct runs_lists *lists)
{
	uint32_t i;

	for (i = 0; i < summaries_of(lists->pages); i++) {
		uint32_t word;

		if (lists->words[i] == 0)
			continue;
		word = i * 64 + (uint32_t)kb_low_bit(lists->words[i]);
		return word * 64 + (uint32_t)kb_low_bit(lists->lengths[word]);
	}
	return 0;
}

/* Counts the runs of list `n` in `*runs`; more than there are pages is a
 * cycle. */
static bool list_is_valid(const struct runs_lists *lists, uint32_t n,
			  uint32_t *runs)
{
	const uint64_t word = lists->lengths[n / 64];
	const uint64_t summary = lists->words[n / 4096];
	uint32_t page = lists->head[n];

	if ((word >> n % 64 & 1) != (page != 0) ||
	    (summary >> n / 64 % 64 & 1) != (word != 0))
		return false;
	for (; page != 0; page = lists->next[page - 1])
		if (page > lists->pages || lists->length[page - 1] != n ||
		    ++*runs > lists->pages)
			return false;
	return true;
}

bool runs_lists_is_valid(const struct runs_lists *lists)
{
	uint32_t runs = 0;
	uint32_t tags = 0;
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i <= lists->pages; i++)
		if (!list_is_valid(lists, i, &runs))
			return false;
	for (i = 0; i < lists->pages; i++) {
		tags += lists->length[i] != 0;
		total += lists->length[i];
	}
	return runs == tags && total == lists->listed;
}
