#include "replay_evict.h"

#include "kb_bits.h"
#include "kb_status.h"

#include <string.h>
#include <sys/mman.h>

#define LINE_WORDS (64 / sizeof(uint64_t))
#define KIB_WORDS  (1024 / sizeof(uint64_t))

int replay_evict_reserve(struct replay_evict *evict, uint32_t kib)
{
	const size_t size = (size_t)kib * 1024;
	void *words;

	if (kib <= evict->kib)
		return 0;
	words = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (words == MAP_FAILED)
		return KB_E_NOMEM;
	/* Its own pages, instead of one page of zeros. */
	memset(words, 1, size);
	replay_evict_release(evict);
	evict->words = words;
	evict->kib = kib;
	return 0;
}

void replay_evict_release(struct replay_evict *evict)
{
	if (evict->words)
		munmap(evict->words, (size_t)evict->kib * 1024);
	evict->words = NULL;
	evict->kib = 0;
}

void replay_evict_touch(const struct replay_evict *evict, uint32_t kib)
{
	const size_t words = kb_min(kib, evict->kib) * KIB_WORDS;
	const volatile uint64_t *word = evict->words;

	for (size_t i = 0; i < words; i += LINE_WORDS)
		(void)word[i];
}
