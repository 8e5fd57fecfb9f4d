/* Text of 16-bit characters on top of another source, as UTF-8. */
#include "trc_source.h"

#include <stdlib.h>
#include <string.h>

/* What replaces half a character, U+FFFD. */
#define REPLACEMENT UINT32_C(0xfffd)

/* The most bytes that one unit of 16 bits adds: itself, after a replacement. */
#define UNIT_MAX 6

struct utf16_ctx {
	struct trc_source *inner;
	const char *name;

	/* Of a character's two bytes, the one with the low bits: 0 or 1. */
	unsigned low;

	/* A byte whose second half is in the next piece, and the first of two
	 * characters that make one; 0 if there is none. */
	unsigned char half;
	bool has_half;
	uint32_t high;

	/* What is left of the piece that inner gave last. */
	const char *bytes;
	size_t left;

	char piece[TRC_SOURCE_PIECE];
	size_t size;
};

static void put(struct utf16_ctx *ctx, uint32_t c)
{
	char *to = ctx->piece + ctx->size;

	if (c < 0x80) {
		to[0] = (char)c;
		ctx->size += 1;
	} else if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		ctx->size += 2;
	} else if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		ctx->size += 3;
	} else {
		to[0] = (char)(0xf0 | c >> 18);
		to[1] = (char)(0x80 | (c >> 12 & 0x3f));
		to[2] = (char)(0x80 | (c >> 6 & 0x3f));
		to[3] = (char)(0x80 | (c & 0x3f));
		ctx->size += 4;
	}
}

/* Takes a unit of 16 bits; those of D800 to DFFF come in pairs. */
static void take_unit(struct utf16_ctx *ctx, uint32_t unit)
{
	if (ctx->high && unit >= 0xdc00 && unit < 0xe000) {
		put(ctx,
		    0x10000 + ((ctx->high - 0xd800) << 10) + unit - 0xdc00);
		ctx->high = 0;
		return;
	}
	if (ctx->high)
		put(ctx, REPLACEMENT);
	ctx->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
	if (!ctx->high)
		put(ctx, unit >= 0xd800 && unit < 0xe000 ? REPLACEMENT : unit);
}

static int utf16_next(void *arg, const char **data, size_t *size,
		      struct kb_diag *diag)
{
	struct utf16_ctx *ctx = arg;
	int err = ctx->left > 0 ? 0
				: trc_source_next(ctx->inner, &ctx->bytes,
						  &ctx->left, diag);

	if (err == KB_END && (ctx->has_half || ctx->high))
		return kb_fail_at(diag, KB_E_CORRUPT, ctx->name,
				  ctx->inner->bytes_given,
				  "the text ends in the middle of a UTF-16 "
				  "character; copy the file again");
	if (err != 0)
		return err;
	ctx->size = 0;
	while (ctx->left > 0 && ctx->size + UNIT_MAX <= sizeof(ctx->piece)) {
		unsigned char byte = (unsigned char)*ctx->bytes++;

		ctx->left--;
		if (!ctx->has_half) {
			ctx->half = byte;
			ctx->has_half = true;
			continue;
		}
		ctx->has_half = false;
		take_unit(ctx, ctx->low ? (uint32_t)ctx->half << 8 | byte
					: (uint32_t)byte << 8 | ctx->half);
	}
	*data = ctx->piece;
	*size = ctx->size;
	return 0;
}

static const struct trc_source_ops utf16_ops = {
	.next = utf16_next,
	.release = free,
};

int trc_source_open_utf16(struct trc_source *source, struct trc_source *inner,
			  const char *name, bool is_big_endian,
			  struct kb_diag *diag)
{
	struct utf16_ctx *ctx = calloc(1, sizeof(*ctx));

	memset(source, 0, sizeof(*source));
	if (!ctx)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	ctx->inner = inner;
	ctx->name = name;
	ctx->low = is_big_endian;
	source->ops = &utf16_ops;
	source->ctx = ctx;
	return 0;
}

bool trc_source_is_utf16(const char *head, size_t size, bool *is_big_endian)
{
	*is_big_endian = size >= 2 && memcmp(head, "\xfe\xff", 2) == 0;
	return *is_big_endian ||
	       (size >= 2 && memcmp(head, "\xff\xfe", 2) == 0);
}
