/*
 * trc_format: the numbers of the .trc format, version 1, as traces/FORMAT.md
 * specifies them, and little-endian access to bytes.
 *
 * The reader, and code that writes .trc files, may include this file.
 */
#ifndef TRC_FORMAT_H
#define TRC_FORMAT_H

#include "trc_event.h"

#include <stdint.h>

/* First bytes of a file: they are not text, and a line-end conversion changes
 * them. */
#define TRC_MAGIC      "\x89KHTRC\r\n"
#define TRC_MAGIC_SIZE 8

#define TRC_VERSION    1

/* Bits of `required features` that this build understands: none yet. */
#define TRC_FEATURES_KNOWN UINT64_C(0)

/* Header: fixed part up to the counts; then the counts, the origin's strings
 * and the checksum. */
#define TRC_HEADER_FIXED 32
#define TRC_HEADER_MAX	 4096

/* Longest string of the header's origin, bytes, no NUL. */
#define TRC_ORIGIN_MAX 255

/* How many counts TRC_COUNTS lists. */
#define X(name, help) +1
enum { TRC_COUNT_COUNT = 0 TRC_COUNTS(X) };
#undef X

/* How many the first writers of version 1 wrote; a header with less is
 * damaged. */
#define TRC_COUNT_COUNT_MIN 15

/* Section tags, as little-endian numbers of four letters. */
#define TRC_TAG_BLOCK UINT32_C(0x4b434c42) /* "BLCK" */
#define TRC_TAG_INDEX UINT32_C(0x58444e49) /* "INDX" */
#define TRC_TAG_END   UINT32_C(0x52444e45) /* "ENDR" */

/* Sizes of fixed structures, bytes. */
#define TRC_CHECKSUM_SIZE     8
#define TRC_BLOCK_HEADER_SIZE 56
#define TRC_COLUMN_ENTRY_SIZE 12
#define TRC_INDEX_HEADER_SIZE 16
#define TRC_INDEX_ENTRY_SIZE  16
#define TRC_END_SIZE	      32

/* Limits; a reader refuses what goes beyond. */
#define TRC_BLOCK_EVENTS_MAX  UINT32_C(65536)
#define TRC_BLOCK_BYTES_MAX   (UINT32_C(8) << 20)
#define TRC_BLOCK_COLUMNS_MAX 64
#define TRC_CLASSES_MAX	      UINT32_C(65536)
#define TRC_LIVE_MAX	      (UINT64_C(1) << 31)
#define TRC_SITES_MAX	      (UINT32_C(1) << 20)
#define TRC_TASKS_MAX	      (UINT32_C(1) << 22)
#define TRC_TIME_UNIT_MAX     UINT32_C(1000000000)

/* Longest string in a table, the NUL included, and the most string bytes that
 * one column may bring. */
#define TRC_STRING_SIZE_MAX   1024
#define TRC_STRINGS_BLOCK_MAX (UINT32_C(1) << 20)

/* All the strings of a file together, bytes. */
#define TRC_STRINGS_FILE_MAX (UINT64_C(256) << 20)

/* The smallest possible block: what bounds the events that a file of a given
 * size can hold. */
#define TRC_BLOCK_BYTES_MIN (TRC_BLOCK_HEADER_SIZE + TRC_CHECKSUM_SIZE)

/* Bit of a block's flags: the class table starts anew with this block. */
#define TRC_BLOCK_NEW_CLASSES UINT32_C(1)

/* Ages below this name the object; this value says "far": see FAR_SLOT. */
#define TRC_AGE_FAR UINT32_C(65535)

/* Objects whose slot an age can name: a power of two above TRC_AGE_FAR - 1. */
#define TRC_AGE_WINDOW UINT32_C(65536)

/* How a column's bytes are kept. */
enum trc_coding { TRC_CODING_RAW = 0, TRC_CODING_ZSTD = 1 };

/* Columns, by the id they have in a file. Ids below TRC_COL_DETAIL are what a
 * replay needs. */
enum trc_column_id {
	TRC_COL_CLASS = 1,
	TRC_COL_AGE = 2,
	TRC_COL_FAR_SLOT = 3,
	TRC_COL_CLASS_KIND = 4,
	TRC_COL_CLASS_SIZE = 5,

	TRC_COL_DETAIL = 16,
	TRC_COL_CLASS_GRANTED = 16,
	TRC_COL_CLASS_SITE = 17,
	TRC_COL_TIME_CODE = 18,
	TRC_COL_TIME_EXTRA = 19,
	TRC_COL_CPU_CHANGED = 20,
	TRC_COL_CPU = 21,
	TRC_COL_TASK_CHANGED = 22,
	TRC_COL_TASK = 23,
	TRC_COL_SITE_STRINGS = 24,
	TRC_COL_TASK_STRINGS = 25,
	TRC_COL_TASK_PID = 26,
	TRC_COL_CONTEXT = 27,

	/* One more than the highest id known to version 1. */
	TRC_COL_END = 28
};

/* Time codes: below TRC_TIME_LINEAR a code is the magnitude itself; from there
 * on it is a bit length, and the bits below the highest follow in
 * TIME_EXTRA. Bit 7 is the sign. */
#define TRC_TIME_LINEAR	   16
#define TRC_TIME_CODE_BIAS 12
#define TRC_TIME_CODE_MAX  (TRC_TIME_CODE_BIAS + 63)
#define TRC_TIME_NEGATIVE  0x80

static inline uint32_t trc_get16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t trc_get32(const uint8_t *p)
{
	return trc_get16(p) | trc_get16(p + 2) << 16;
}

static inline uint64_t trc_get64(const uint8_t *p)
{
	return (uint64_t)trc_get32(p) | (uint64_t)trc_get32(p + 4) << 32;
}

static inline void trc_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void trc_put32(uint8_t *p, uint32_t v)
{
	trc_put16(p, v);
	trc_put16(p + 2, v >> 16);
}

static inline void trc_put64(uint8_t *p, uint64_t v)
{
	trc_put32(p, (uint32_t)v);
	trc_put32(p + 4, (uint32_t)(v >> 32));
}

/* Small numbers of either sign as small numbers: 0, -1, 1, -2 … to 0, 1, 2, 3. */
static inline uint32_t trc_zigzag32(int32_t v)
{
	return ((uint32_t)v << 1) ^ (v < 0 ? UINT32_MAX : 0);
}

static inline int32_t trc_unzigzag32(uint32_t v)
{
	uint32_t bits = (v >> 1) ^ (v & 1 ? UINT32_MAX : 0);

	return bits > INT32_MAX ? -1 - (int32_t)(UINT32_MAX - bits)
				: (int32_t)bits;
}

#endif /* TRC_FORMAT_H */
