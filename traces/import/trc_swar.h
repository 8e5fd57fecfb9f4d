/*
 * trc_swar: numbers and words read from text eight bytes at a time, as one
 * 64-bit number whose lowest byte is the first character ("SIMD within a
 * register").
 *
 * Sources: the test of all bytes at once for a value and for a range is Bit
 * Twiddling Hacks' (Anderson, "Determine if a word has a zero byte" and
 * following); eight decimal digits by three multiplications is Lemire's
 * "Quickly parsing eight digits" (2018); eight hexadecimal digits fold in
 * the same way, without multiplying.
 *
 * Private to the importer.
 */
#ifndef TRC_SWAR_H
#define TRC_SWAR_H

#include "kb_bits.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The same byte eight times. */
#define TRC_SWAR_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight characters of a literal as trc_swar_load gives them. */
#define TRC_SWAR_TEXT(text) trc_swar_load(text)

/* Loads the eight bytes at `p`. */
static inline uint64_t trc_swar_load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* Loads the four bytes at `p`. */
static inline uint32_t trc_swar_load4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return le32toh(w);
}

/* How many characters come before the first `c` of a word; 8 if it has none. */
static inline unsigned trc_swar_before(uint64_t word, char c)
{
	uint64_t x = word ^ TRC_SWAR_ALL((unsigned char)c);
	uint64_t zero = (x - TRC_SWAR_ALL(1)) & ~x & TRC_SWAR_ALL(0x80);

	return zero ? (unsigned)__builtin_ctzll(zero) / 8 : 8;
}

/* Sixteen bytes, as two words. */
typedef uint64_t trc_swar_pair __attribute__((vector_size(16)));

static inline trc_swar_pair trc_swar_load_pair(const char *p)
{
	trc_swar_pair w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Whether two texts of `size` >= 8 bytes are the same. */
static inline bool trc_swar_equal(const char *a, const char *b, size_t size)
{
	trc_swar_pair differ;

	if (kb_unlikely(size < 16))
		return trc_swar_load(a) == trc_swar_load(b) &&
		       trc_swar_load(a + size - 8) ==
			       trc_swar_load(b + size - 8);
	differ = trc_swar_load_pair(a + size - 16) ^
		 trc_swar_load_pair(b + size - 16);
	for (size_t i = 0; i + 16 < size; i += 16)
		differ |= trc_swar_load_pair(a + i) ^ trc_swar_load_pair(b + i);
	return (differ[0] | differ[1]) == 0;
}

/* The value of eight digits whose bytes are 0 to 9. */
static inline uint64_t trc_swar_join_decimal(uint64_t digits)
{
	digits = digits * 10 + (digits >> 8);
	digits = ((digits & UINT64_C(0x000000ff000000ff)) *
			  UINT64_C(0x000f424000000064) +
		  (digits >> 16 & UINT64_C(0x000000ff000000ff)) *
			  UINT64_C(0x0000271000000001)) >>
		 32;
	return digits;
}

/* Marks, by bit 7, the bytes of a word of digits ^ '0' that are none; those
 * after the first such byte may be marked wrongly. */
static inline uint64_t trc_swar_no_digits(uint64_t digits)
{
	return ((digits + TRC_SWAR_ALL(0x76)) | digits) & TRC_SWAR_ALL(0x80);
}

/* Reads the 1 to 7 decimal digits that a word begins with; returns how many
 * there are, 0 if there are none or more. */
static kb_always_inline unsigned trc_swar_decimal(uint64_t word,
						  uint64_t *value)
{
	uint64_t digits = word ^ TRC_SWAR_ALL('0');
	uint64_t none = trc_swar_no_digits(digits);
	unsigned bits;

	if (kb_unlikely(!none || (none & 0x80)))
		return 0;
	bits = (unsigned)__builtin_ctzll(none) & ~7u;
	*value = trc_swar_join_decimal(digits << (64 - bits));
	return bits / 8;
}

/* Reads a number like `012345: `, a number of exactly six digits and what follows a time. */
static inline bool trc_swar_micros(uint64_t word, uint64_t *value)
{
	uint64_t digits = (word ^ TRC_SWAR_ALL('0')) << 16;

	*value = trc_swar_join_decimal(digits);
	return word >> 48 == 0x203a && trc_swar_no_digits(digits) == 0;
}

/* Folds eight lowercase hexadecimal digits to 32 bits; false if one is none. */
static inline bool trc_swar_hex8(uint64_t word, uint64_t *value)
{
	uint64_t w = word & TRC_SWAR_ALL(0x7f);
	uint64_t from_0 = w + TRC_SWAR_ALL(0x80 - '0');
	uint64_t past_9 = w + TRC_SWAR_ALL(0x80 - '9' - 1);
	uint64_t from_a = w + TRC_SWAR_ALL(0x80 - 'a');
	uint64_t past_f = w + TRC_SWAR_ALL(0x80 - 'f' - 1);
	uint64_t good = (from_0 & ~past_9) | (from_a & ~past_f);
	uint64_t d = (w & TRC_SWAR_ALL(0xf)) + (w >> 6 & TRC_SWAR_ALL(1)) * 9;

	d = (d << 4 | d >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	d = (d << 8 | d >> 16) & UINT64_C(0x0000ffff0000ffff);
	*value = (d << 16 | d >> 32) & UINT32_MAX;
	return (good & ~word & TRC_SWAR_ALL(0x80)) == TRC_SWAR_ALL(0x80);
}

#endif /* TRC_SWAR_H */
