/*
 * kb_bits: small arithmetic and compiler helpers that everyone needs.
 *
 * Anyone may include this file.
 */
#ifndef KB_BITS_H
#define KB_BITS_H

#include <stdint.h>

/* Inlines a template whose arguments are constants at each call site. */
#ifdef __OPTIMIZE__
#define kb_always_inline inline __attribute__((always_inline))
#else
/* For functions passed to templates as arguments, which cannot be inlined
 * there. */
#define kb_always_inline inline
#endif

/* Keeps a function out of line: the call that every allocator pays for. */
#define kb_noinline __attribute__((noinline))

/* Tells the compiler which way a branch nearly always goes. */
#define kb_likely(x)   __builtin_expect(!!(x), 1)
#define kb_unlikely(x) __builtin_expect(!!(x), 0)

/* Starts to fetch from memory what will be read and written soon. */
#define kb_prefetch(address) __builtin_prefetch((address), 1)

/* The compiler moves no access to memory across it; x86 itself keeps stores in
 * order. */
#define kb_compiler_barrier() __asm__ volatile("" : : : "memory")

/* 1 in a build with AddressSanitizer, whose shadow memory is no work of ours;
 * gcc and clang say it in different ways. */
#if defined(__SANITIZE_ADDRESS__)
#define KB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KB_ASAN 1
#endif
#endif
#ifndef KB_ASAN
#define KB_ASAN 0
#endif

/* 1 in a build with MemorySanitizer, which does not see what a library built
 * without it writes. kb_written() tells it; in other builds it does nothing.
 */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define KB_MSAN 1
#include <sanitizer/msan_interface.h>
#define kb_written(bytes, size) __msan_unpoison((bytes), (size))
#endif
#endif
#ifndef KB_MSAN
#define KB_MSAN			0
#define kb_written(bytes, size) ((void)(bytes), (void)(size))
#endif

/* Elements of a true array. */
#define KB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ceil(a / b) for b > 0, without overflow. */
static inline uint64_t kb_div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static inline uint64_t kb_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t kb_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Index of the highest set bit of x > 0; 0 for x = 1. */
static inline unsigned kb_log2(uint64_t x)
{
	return 63u - (unsigned)__builtin_clzll(x);
}

/* Index of the lowest set bit of x > 0. A 32-bit machine looks into the halves:
 * the compiler's own way there is a call into its library. */
static kb_always_inline int kb_low_bit(uint64_t x)
{
#if __SIZEOF_POINTER__ >= 8
	return __builtin_ctzll(x);
#else
	return (uint32_t)x ? __builtin_ctz((uint32_t)x)
			   : 32 + __builtin_ctz((uint32_t)(x >> 32));
#endif
}

#endif /* KB_BITS_H */
