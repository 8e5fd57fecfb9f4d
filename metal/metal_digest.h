/*
 * metal_digest: xxHash64 with seed 0 (Yann Collet's specification, "xxHash fast
 * digest algorithm", version 0.1.1), over 64-bit words.
 *
 * The kernel and bench include this file.
 */
#ifndef METAL_DIGEST_H
#define METAL_DIGEST_H

#include <stdint.h>

struct metal_digest {
	/* The four accumulators, and the words of a stripe that is not whole
	 * yet: words % 4 of them. */
	uint64_t sum[4];
	uint64_t rest[4];
	uint64_t words;
};

void metal_digest_init(struct metal_digest *digest);

/* Adds a word's bytes, the lowest first. */
void metal_digest_add(struct metal_digest *digest, uint64_t word);

/* The hash of what has been added so far. */
uint64_t metal_digest_end(const struct metal_digest *digest);

#endif /* METAL_DIGEST_H */
