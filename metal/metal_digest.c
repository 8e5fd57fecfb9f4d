#include "metal_digest.h"

#define PRIME1 UINT64_C(0x9e3779b185ebca87)
#define PRIME2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME3 UINT64_C(0x165667b19e3779f9)
#define PRIME4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t turn(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t mix_in(uint64_t sum, uint64_t word)
{
	return turn(sum + word * PRIME2, 31) * PRIME1;
}

void metal_digest_init(struct metal_digest *digest)
{
	digest->sum[0] = PRIME1 + PRIME2;
	digest->sum[1] = PRIME2;
	digest->sum[2] = 0;
	digest->sum[3] = 0 - PRIME1;
	digest->words = 0;
}

void metal_digest_add(struct metal_digest *digest, uint64_t word)
{
	unsigned i;

	digest->rest[digest->words++ % 4] = word;
	if (digest->words % 4 != 0)
		return;
	for (i = 0; i < 4; i++)
		digest->sum[i] = mix_in(digest->sum[i], digest->rest[i]);
}

uint64_t metal_digest_end(const struct metal_digest *digest)
{
	const uint64_t *sum = digest->sum;
	uint64_t hash = PRIME5;
	unsigned i;

	if (digest->words >= 4) {
		hash = turn(sum[0], 1) + turn(sum[1], 7) + turn(sum[2], 12) +
		       turn(sum[3], 18);
		for (i = 0; i < 4; i++)
			hash = (hash ^ mix_in(0, sum[i])) * PRIME1 + PRIME4;
	}
	hash += digest->words * 8;
	for (i = 0; i < digest->words % 4; i++)
		hash = turn(hash ^ mix_in(0, digest->rest[i]), 27) * PRIME1 +
		       PRIME4;
	hash = (hash ^ hash >> 33) * PRIME2;
	hash = (hash ^ hash >> 29) * PRIME3;
	return hash ^ hash >> 32;
}
