/* gzip on top of another source. */
#include "trc_source.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIECE_SIZE TRC_SOURCE_PIECE

/* Tells zlib to expect gzip's header and the largest window. */
#define GZIP_WINDOW_BITS (15 + 16)

struct gz_ctx {
	struct trc_source *inner;
	const char *name;
	z_stream zlib;

	/* Inner has nothing more to give. */
	bool is_input_end;

	/* The current member is complete. */
	bool is_at_member_end;

	/* Bytes decompressed so far. */
	uint64_t given;

	/* Where the bytes go: `piece`, or what has been lent. */
	char *to;
	char piece[PIECE_SIZE];
};

/* Makes the next bytes to inflate available, unless there are none. */
static int refill(struct gz_ctx *ctx, struct kb_diag *diag)
{
	const char *data = NULL;
	size_t size = 0;
	int err;

	if (ctx->zlib.avail_in > 0 || ctx->is_input_end)
		return 0;
	err = trc_source_next(ctx->inner, &data, &size, diag);
	if (err < 0)
		return err;
	ctx->is_input_end = err == KB_END;
	ctx->zlib.next_in = (Bytef *)(uintptr_t)data;
	ctx->zlib.avail_in = (uInt)size;
	return 0;
}

/* Inflates what is available; another member may follow. */
static int inflate_some(struct gz_ctx *ctx, struct kb_diag *diag)
{
	uint64_t offset = ctx->inner->bytes_given - ctx->zlib.avail_in;
	int result;

	if (ctx->is_at_member_end) {
		inflateReset(&ctx->zlib);
		ctx->is_at_member_end = false;
	}
	result = inflate(&ctx->zlib, Z_NO_FLUSH);
	kb_written(ctx->to, PIECE_SIZE - ctx->zlib.avail_out);
	ctx->is_at_member_end = result == Z_STREAM_END;
	/* Out of a test's reach: zlib's own malloc, made late. */
	if (result == Z_MEM_ERROR)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       ctx->name);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return kb_fail_at(diag, KB_E_CORRUPT, ctx->name, offset,
				  "the compressed data is damaged (%s)",
				  ctx->zlib.msg ? ctx->zlib.msg : "gzip");
	if (ctx->is_input_end && !ctx->is_at_member_end &&
	    ctx->zlib.avail_out == PIECE_SIZE)
		return kb_fail_at(diag, KB_E_CORRUPT, ctx->name,
				  ctx->inner->bytes_given,
				  "the compressed data ends in the middle; "
				  "copy the file again");
	return 0;
}

static int gz_next(void *arg, const char **data, size_t *size,
		   struct kb_diag *diag)
{
	struct gz_ctx *ctx = arg;

	ctx->zlib.next_out = (Bytef *)ctx->to;
	ctx->zlib.avail_out = PIECE_SIZE;
	while (ctx->zlib.avail_out == PIECE_SIZE) {
		int err = refill(ctx, diag);

		if (err < 0)
			return err;
		if (ctx->is_input_end && ctx->is_at_member_end)
			return KB_END;
		if (ctx->zlib.avail_in == 0 && !ctx->is_input_end)
			break;
		err = inflate_some(ctx, diag);
		if (err < 0)
			return err;
	}
	*data = ctx->to;
	*size = PIECE_SIZE - ctx->zlib.avail_out;
	ctx->given += *size;
	return trc_source_check_ratio(ctx->given, ctx->inner->bytes_given,
				      ctx->name, diag);
}

static void gz_release(void *arg)
{
	struct gz_ctx *ctx = arg;

	inflateEnd(&ctx->zlib);
	free(ctx);
}

static void gz_lend(void *arg, char *buffer)
{
	struct gz_ctx *ctx = arg;

	ctx->to = buffer;
}

static const struct trc_source_ops gz_ops = {
	.next = gz_next,
	.release = gz_release,
	.lend = gz_lend,
};

int trc_source_open_gz(struct trc_source *source, struct trc_source *inner,
		       const char *name, struct kb_diag *diag)
{
	struct gz_ctx *ctx = calloc(1, sizeof(*ctx));

	memset(source, 0, sizeof(*source));
	if (!ctx || inflateInit2(&ctx->zlib, GZIP_WINDOW_BITS) != Z_OK) {
		free(ctx);
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	}
	ctx->inner = inner;
	ctx->name = name;
	ctx->to = ctx->piece;
	source->ops = &gz_ops;
	source->ctx = ctx;
	return 0;
}

bool trc_source_is_gz(const char *head, size_t size)
{
	const unsigned char *p = (const unsigned char *)head;

	return size >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}
