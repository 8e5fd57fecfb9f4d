/*
 * trc_scan: reading a line of text from left to right: literals, numbers,
 * gaps. What every importer of text shares.
 *
 * A function that returns false or 0 has found something else; the cursor's
 * position is then undefined, unless the function says otherwise.
 *
 * Private to the importer.
 */
#ifndef TRC_SCAN_H
#define TRC_SCAN_H

#include "kb_bits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The text from `p` up to `end`; `p` moves as it is read. */
struct trc_scan {
	const char *p;
	const char *end;
};

static inline size_t trc_scan_left(const struct trc_scan *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool trc_scan_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline void trc_scan_spaces(struct trc_scan *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

/* Spaces and tabs. */
static inline void trc_scan_blanks(struct trc_scan *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

/* The last word before `c->end`, which moves to where it begins; empty if there is
 * none. For what is read from the end. */
static inline struct trc_scan trc_scan_last_word(struct trc_scan *c)
{
	struct trc_scan word;

	while (c->end > c->p && c->end[-1] == ' ')
		c->end--;
	word.end = c->end;
	while (c->end > c->p && c->end[-1] != ' ')
		c->end--;
	word.p = c->end;
	return word;
}

/* Skips `text` of `size` bytes if it comes next; else does not move. */
static kb_always_inline bool trc_scan_text(struct trc_scan *c, const char *text,
					   size_t size)
{
	if (trc_scan_left(c) < size || memcmp(c->p, text, size) != 0)
		return false;
	c->p += size;
	return true;
}

/* Whether a piece is `text`, no more and no less. */
static inline bool trc_scan_is(struct trc_scan piece, const char *text)
{
	return trc_scan_text(&piece, text, strlen(text)) &&
	       piece.p == piece.end;
}

#define TRC_SKIP(c, literal) trc_scan_text(c, literal, sizeof(literal) - 1)

/* Reads decimal digits, at least one, below 2^64. */
static inline bool trc_scan_decimal(struct trc_scan *c, uint64_t *value)
{
	const char *start = c->p;
	uint64_t v = 0;

	while (c->p < c->end && trc_scan_is_digit(*c->p)) {
		unsigned digit = (unsigned)(*c->p - '0');

		if (kb_unlikely(v > (UINT64_MAX - digit) / 10))
			return false;
		v = v * 10 + digit;
		c->p++;
	}
	*value = v;
	return c->p > start;
}

/* The value of a hexadecimal digit; 16 or more for any other byte. */
static inline unsigned trc_scan_hex_value(char c)
{
	unsigned byte = (unsigned char)c;

	if (byte - '0' < 10)
		return byte - '0';
	byte = (byte | 0x20) - 'a';
	return byte < 6 ? byte + 10 : 16;
}

/* Reads 1 to 16 hexadecimal digits; returns how many, 0 on failure. */
static inline unsigned trc_scan_hex(struct trc_scan *c, uint64_t *value)
{
	unsigned digits = 0;
	uint64_t v = 0;

	for (; c->p < c->end; c->p++, digits++) {
		unsigned digit = trc_scan_hex_value(*c->p);

		if (digit > 15)
			break;
		v = v << 4 | digit;
	}
	*value = v;
	return digits <= 16 ? digits : 0;
}

/* Reads "0x" and hexadecimal digits. */
static inline bool trc_scan_0x(struct trc_scan *c, uint64_t *value)
{
	return TRC_SKIP(c, "0x") && trc_scan_hex(c, value) > 0;
}

/* Whether nothing but blanks is left. */
static inline bool trc_scan_is_end(struct trc_scan *c)
{
	trc_scan_blanks(c);
	return c->p == c->end;
}

/*
 * Reads "secs.fraction" as nanoseconds, or with `has_fraction` false a bare
 * integer. False beyond 2^64 ns.
 */
bool trc_scan_seconds(struct trc_scan *c, uint64_t *value, bool *has_fraction);

/* "Nothing": no place in a recording. */
#define TRC_SCAN_NOTHING SIZE_MAX

/*
 * Looks for a line among a recording's first `size` bytes that `is_ours`
 * recognizes: for detection. Returns its offset, or TRC_SCAN_NOTHING.
 */
size_t trc_scan_lines(const char *head, size_t size,
		      bool (*is_ours)(struct trc_scan line));

/* For detection by the first bytes: 0 if it is ours. */
static inline size_t trc_scan_first(bool is_ours)
{
	return is_ours ? 0 : TRC_SCAN_NOTHING;
}

#endif /* TRC_SCAN_H */
