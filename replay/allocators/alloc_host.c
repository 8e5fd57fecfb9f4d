#include "alloc_host.h"

#include "kb_bits.h"
#include "kb_rng.h"

#include <string.h>

#define ROUND_KEY  0
#define ROUND_PAGE 1
#define SIZED_KEY  1

static const char *round_value(size_t i)
{
	static const char *const values[] = { "none", [ROUND_PAGE] = "page" };

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

static const char *sized_value(size_t i)
{
	static const char *const values[] = { "0", "1" };

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

#define ROUND_HELP "none, or page: round sizes up to whole pages first"

const struct alloc_key alloc_host_keys[] = {
	[ROUND_KEY] = { "round", ROUND_HELP, round_value },
	{ NULL, NULL, NULL },
};

const struct alloc_key alloc_host_sized_keys[] = {
	[ROUND_KEY] = { "round", ROUND_HELP, round_value },
	[SIZED_KEY] = { "sized", "1: pass the object's size to free",
			sized_value },
	{ NULL, NULL, NULL },
};

bool alloc_host_rounds(const struct alloc_spec *spec)
{
	return spec->choice[ROUND_KEY] == ROUND_PAGE;
}

bool alloc_host_sizes(const struct alloc_spec *spec)
{
	return spec->choice[SIZED_KEY] == 1;
}

void alloc_host_memory_unknown(struct alloc_memory *out)
{
	*out = (struct alloc_memory){
		.mapped = ALLOC_UNKNOWN,
		.resident = ALLOC_UNKNOWN,
		.metadata = ALLOC_UNKNOWN,
		.largest = ALLOC_UNKNOWN,
	};
}

void alloc_host_close(void *ctx)
{
	(void)ctx;
}

/* The pattern's bytes for offset `at`, at most 8 of them. */
static uint64_t word(uint64_t key, uint32_t at)
{
	return kb_mix64(key ^ at);
}

void alloc_host_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	char *p = (char *)(uintptr_t)handle;

	(void)ctx;
	for (uint32_t at = 0; at < size; at += 8) {
		uint64_t w = word(key, at);

		memcpy(p + at, &w, (size_t)kb_min(8, size - at));
		if (size - at <= 8)
			break;
	}
}

bool alloc_host_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	const char *p = (const char *)(uintptr_t)handle;

	(void)ctx;
	for (uint32_t at = 0; at < size; at += 8) {
		uint64_t w = word(key, at);

		if (memcmp(p + at, &w, (size_t)kb_min(8, size - at)) != 0)
			return false;
		if (size - at <= 8)
			break;
	}
	return true;
}
