/* xz, bzip2 and zip on top of another source, through libarchive. */
#include "trc_source.h"

#include "kb_bits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE TRC_SOURCE_PIECE

struct archive_ctx {
	struct trc_source *inner;
	const char *name;
	struct archive *archive;

	/* The recording in it has been found. */
	bool is_open;

	/* What inner returned last and why; 0 with no bytes is a signal. */
	int inner_status;
	struct kb_diag inner_diag;
	bool is_interrupted;

	/* Bytes unpacked so far. */
	uint64_t given;

	char piece[PIECE_SIZE];
};

/* Gives libarchive the next bytes to unpack. */
static la_ssize_t refill(struct archive *archive, void *arg, const void **data)
{
	struct archive_ctx *ctx = arg;
	const char *bytes;
	size_t size;

	ctx->inner_status =
		trc_source_next(ctx->inner, &bytes, &size, &ctx->inner_diag);
	if (ctx->inner_status == KB_END)
		return 0;
	ctx->is_interrupted = ctx->inner_status == 0 && size == 0;
	if (ctx->inner_status < 0 || ctx->is_interrupted) {
		archive_set_error(archive, EIO, "cannot read");
		return ARCHIVE_FATAL;
	}
	*data = bytes;
	return (la_ssize_t)size;
}

/* Why libarchive gave up. */
static int fail(struct archive_ctx *ctx, struct kb_diag *diag)
{
	const char *reason = archive_error_string(ctx->archive);

	if (ctx->is_interrupted)
		return kb_fail(diag, KB_E_STOPPED, "stopped");
	if (ctx->inner_status < 0) {
		if (diag)
			*diag = ctx->inner_diag;
		return ctx->inner_status;
	}
	if (archive_errno(ctx->archive) == ENOMEM)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       ctx->name);
	return kb_fail_at(diag, KB_E_CORRUPT, ctx->name,
			  ctx->inner->bytes_given,
			  "the compressed data is damaged or cut off (%s); "
			  "copy the file again, or unpack it first",
			  reason ? reason : "libarchive");
}

/* Goes on to the next file in a zip; what is only compressed holds one. Returns
 * 0, KB_END or an error. */
static int next_file(struct archive_ctx *ctx, struct kb_diag *diag)
{
	struct archive_entry *entry;
	int result;

	do {
		result = archive_read_next_header(ctx->archive, &entry);
		if (result == ARCHIVE_EOF)
			return KB_END;
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
			return fail(ctx, diag);
	} while (archive_entry_filetype(entry) == AE_IFDIR);
	return 0;
}

static int begin(struct archive_ctx *ctx, struct kb_diag *diag)
{
	struct archive *a = ctx->archive;
	int err;

	archive_read_support_filter_xz(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_zip_streamable(a);
	archive_read_support_format_raw(a);
	if (archive_read_open(a, ctx, NULL, refill, NULL) != ARCHIVE_OK)
		return fail(ctx, diag);
	err = next_file(ctx, diag);
	if (err == KB_END)
		return kb_fail(diag, KB_E_FORMAT, "%s: there is no file in it",
			       ctx->name);
	if (err < 0)
		return err;
	/* What is raw and was packed by nothing is a few bytes of a header. */
	if (archive_format(a) == ARCHIVE_FORMAT_RAW &&
	    archive_filter_count(a) < 2)
		return fail(ctx, diag);
	ctx->is_open = true;
	return 0;
}

/* A zip may hold one file only: which of several would it be? */
static int check_end(struct archive_ctx *ctx, struct kb_diag *diag)
{
	int err = next_file(ctx, diag);

	if (err != 0)
		return err;
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: there are several files in it; unpack it and "
		       "import each by itself",
		       ctx->name);
}

static int archive_next(void *arg, const char **data, size_t *size,
			struct kb_diag *diag)
{
	struct archive_ctx *ctx = arg;
	la_ssize_t got;
	int err = ctx->is_open ? 0 : begin(ctx, diag);

	if (err < 0)
		return err;
	got = archive_read_data(ctx->archive, ctx->piece, PIECE_SIZE);
	if (got == 0)
		return check_end(ctx, diag);
	if (got < 0)
		return fail(ctx, diag);
	kb_written(ctx->piece, (size_t)got);
	*data = ctx->piece;
	*size = (size_t)got;
	ctx->given += *size;
	return trc_source_check_ratio(ctx->given, ctx->inner->bytes_given,
				      ctx->name, diag);
}

static void archive_release(void *arg)
{
	struct archive_ctx *ctx = arg;

	archive_read_free(ctx->archive);
	free(ctx);
}

static const struct trc_source_ops archive_ops = {
	.next = archive_next,
	.release = archive_release,
};

int trc_source_open_archive(struct trc_source *source, struct trc_source *inner,
			    const char *name, struct kb_diag *diag)
{
	struct archive_ctx *ctx = calloc(1, sizeof(*ctx));

	memset(source, 0, sizeof(*source));
	if (ctx)
		ctx->archive = archive_read_new();
	if (!ctx || !ctx->archive) {
		free(ctx);
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	}
	ctx->inner = inner;
	ctx->name = name;
	source->ops = &archive_ops;
	source->ctx = ctx;
	return 0;
}

bool trc_source_is_archive(const char *head, size_t size)
{
	return size >= 6 &&
	       (memcmp(head, "\xfd\x37zXZ", 5) == 0 ||
		memcmp(head, "BZh", 3) == 0 || memcmp(head, "PK\3\4", 4) == 0);
}
