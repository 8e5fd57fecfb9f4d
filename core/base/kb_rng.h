/*
 * kb_rng: the seeded generator of everything random in this project.
 *
 * splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", OOPSLA 2014; constants from its reference implementation).
 * Same seed, same sequence, on every machine.
 *
 * Anyone may include this file.
 */
#ifndef KB_RNG_H
#define KB_RNG_H

#include <stdint.h>

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 kb_u128;
#endif

struct kb_rng {
	uint64_t state;
};

/* A well mixed 64-bit hash of x: splitmix64's finaliser. */
static inline uint64_t kb_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

static inline struct kb_rng kb_rng_init(uint64_t seed)
{
	struct kb_rng rng = { seed };

	return rng;
}

/* The next 64 random bits. */
static inline uint64_t kb_rng_next(struct kb_rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	return kb_mix64(rng->state);
}

/* The upper 64 bits of a * b. A 32-bit machine adds the halves' products. */
static inline uint64_t kb_mul_high64(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	return (uint64_t)(((kb_u128)a * b) >> 64);
#else
	const uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	const uint64_t left = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	const uint64_t right =
		(a & UINT32_MAX) * (b >> 32) + (left & UINT32_MAX);

	return (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32);
#endif
}

/* A number in 0 … bound - 1, bound > 0. Bias below bound / 2^64. */
static inline uint64_t kb_rng_below(struct kb_rng *rng, uint64_t bound)
{
	return kb_mul_high64(kb_rng_next(rng), bound);
}

#endif /* KB_RNG_H */
