#include "trc_source.h"

#include "kb_bits.h"
#include "kb_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

/* Bytes returned at a time: several such pieces fit into a core's own cache, so
 * that hashed bytes are still there when they are parsed. */
#define PIECE_SIZE TRC_SOURCE_PIECE

/* No recording needs a larger window than zstd's --long=27. */
#define WINDOW_LOG_MAX 27

struct file_ctx {
	int fd;
	bool is_ours;
	char *name;

	/* The state of the file when it was opened. */
	struct stat opened;

	/* Bytes read so far. */
	uint64_t given;

	/* The end has been read, which a terminal says only once. */
	bool is_at_end;

	/* What is readable once nobody waits for bytes any more; or -1. */
	int wake;

	/* Where the bytes go: `piece`, or what has been lent. */
	char *to;
	char piece[PIECE_SIZE];
};

/* Waits until there are bytes, or the end of them. False if it is woken first. */
static bool wait_for_bytes(const struct file_ctx *file)
{
	struct pollfd fds[] = {
		{ .fd = file->fd, .events = POLLIN },
		{ .fd = file->wake, .events = POLLIN },
	};

	if (file->wake < 0 || S_ISREG(file->opened.st_mode))
		return true;
	/* Whatever goes wrong, the read will tell. */
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[1].revents == 0;
}

/*
 * Reads up to a whole piece. Returns 0; KB_END at the end, maybe with bytes
 * before it; or an error. A signal ends it early.
 */
static int read_piece(struct file_ctx *file, size_t *have, struct kb_diag *diag)
{
	*have = 0;
	while (*have < PIECE_SIZE) {
		ssize_t n;

		if (file->is_at_end)
			return KB_END;
		if (!wait_for_bytes(file))
			return kb_fail(diag, KB_E_STOPPED, "%s: stopped",
				       file->name);
		n = kb_read(file->fd, file->to + *have, PIECE_SIZE - *have);
		file->is_at_end = n == 0;
		if (n > 0)
			*have += (size_t)n;
		else if (n < 0 && errno == EINTR)
			return 0;
		else if (n < 0)
			return kb_fail(diag, KB_E_IO, "%s: cannot read: %s",
				       file->name, strerror(errno));
	}
	return 0;
}

/* Checks that an open file has not changed since it was opened. */
static int check_unchanged(const struct file_ctx *file, struct kb_diag *diag)
{
	const struct stat *then = &file->opened;
	const char *what = "was changed";
	struct stat now;

	if (!S_ISREG(then->st_mode) || then->st_size == 0)
		return 0;
	if (fstat(file->fd, &now) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot read: %s", file->name,
			       strerror(errno));
	if (now.st_size > then->st_size)
		what = "grew";
	else if (now.st_size < then->st_size)
		what = "was truncated";
	else if (now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
		 now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
		return 0;
	return kb_fail(diag, KB_E_IO,
		       "%s: %s while it was read (%jd bytes at first, %jd "
		       "now); wait until its writer has finished, or import a "
		       "copy",
		       file->name, what, (intmax_t)then->st_size,
		       (intmax_t)now.st_size);
}

static int file_next(void *ctx, const char **data, size_t *size,
		     struct kb_diag *diag)
{
	struct file_ctx *file = ctx;
	int err = read_piece(file, size, diag);

	if (err < 0)
		return err;
	*data = file->to;
	file->given += *size;
	if (err == KB_END || file->given > (uint64_t)file->opened.st_size) {
		int changed = check_unchanged(file, diag);

		if (changed < 0)
			return changed;
	}
	return *size > 0 ? 0 : err;
}

static void file_release(void *ctx)
{
	struct file_ctx *file = ctx;

	if (file->is_ours && file->fd >= 0)
		close(file->fd);
	free(file->name);
	free(file);
}

static void file_lend(void *ctx, char *buffer)
{
	struct file_ctx *file = ctx;

	file->to = buffer;
}

static const struct trc_source_ops file_ops = {
	.next = file_next,
	.release = file_release,
	.lend = file_lend,
};

struct memory_ctx {
	const char *data;
	size_t left;
};

static int memory_next(void *ctx, const char **data, size_t *size,
		       struct kb_diag *diag)
{
	struct memory_ctx *memory = ctx;
	size_t step = memory->left < PIECE_SIZE ? memory->left : PIECE_SIZE;

	(void)diag;
	if (step == 0)
		return KB_END;
	*data = memory->data;
	*size = step;
	memory->data += step;
	memory->left -= step;
	return 0;
}

static const struct trc_source_ops memory_ops = {
	.next = memory_next,
	.release = free,
};

struct zstd_ctx {
	struct trc_source *inner;
	const char *name;
	ZSTD_DCtx *zstd;

	/* The last bytes from inner. */
	ZSTD_inBuffer in;

	/* Inner has nothing more to give. */
	bool is_input_end;

	/* The current frame is complete, and all of its output was returned. */
	bool is_at_frame_end;

	/* Bytes decompressed so far. */
	uint64_t given;

	/* As in struct file_ctx. */
	char *to;
	char piece[PIECE_SIZE];
};

/* Puts the next bytes to inflate into `in`, unless there are none. */
static int zstd_refill(struct zstd_ctx *ctx, struct kb_diag *diag)
{
	const char *data = NULL;
	size_t size = 0;
	int err;

	if (ctx->in.pos < ctx->in.size || ctx->is_input_end)
		return 0;
	err = trc_source_next(ctx->inner, &data, &size, diag);
	if (err == KB_END)
		ctx->is_input_end = true;
	ctx->in.src = data;
	ctx->in.size = size;
	ctx->in.pos = 0;
	return err < 0 ? err : 0;
}

/* Inflates what is available; zstd may still hold output from earlier input. */
static int zstd_inflate(struct zstd_ctx *ctx, ZSTD_outBuffer *out,
			struct kb_diag *diag)
{
	uint64_t given = ctx->inner->bytes_given;
	size_t rest = ZSTD_decompressStream(ctx->zstd, out, &ctx->in);

	if (ZSTD_isError(rest))
		return kb_fail_at(diag, KB_E_CORRUPT, ctx->name,
				  given - ctx->in.size + ctx->in.pos,
				  "the compressed data is damaged (%s)",
				  ZSTD_getErrorName(rest));
	kb_written(out->dst, out->pos);
	ctx->is_at_frame_end = rest == 0;
	if (ctx->is_input_end && !ctx->is_at_frame_end && out->pos == 0)
		return kb_fail_at(diag, KB_E_CORRUPT, ctx->name, given,
				  "the compressed data ends in the middle; "
				  "copy the file again");
	return 0;
}

static int zstd_next(void *arg, const char **data, size_t *size,
		     struct kb_diag *diag)
{
	struct zstd_ctx *ctx = arg;
	ZSTD_outBuffer out = { ctx->to, PIECE_SIZE, 0 };

	while (out.pos == 0) {
		int err = zstd_refill(ctx, diag);

		if (err < 0)
			return err;
		if (ctx->is_input_end && ctx->is_at_frame_end)
			return KB_END;
		if (ctx->in.pos == ctx->in.size && !ctx->is_input_end)
			break;
		err = zstd_inflate(ctx, &out, diag);
		if (err < 0)
			return err;
	}
	*data = ctx->to;
	*size = out.pos;
	ctx->given += out.pos;
	return trc_source_check_ratio(ctx->given, ctx->inner->bytes_given,
				      ctx->name, diag);
}

static void zstd_release(void *arg)
{
	struct zstd_ctx *ctx = arg;

	ZSTD_freeDCtx(ctx->zstd);
	free(ctx);
}

static void zstd_lend(void *arg, char *buffer)
{
	struct zstd_ctx *ctx = arg;

	ctx->to = buffer;
}

static const struct trc_source_ops zstd_ops = {
	.next = zstd_next,
	.release = zstd_release,
	.lend = zstd_lend,
};

/* Gives a new source its context, which it then owns, and a hash. */
static int open_hashed(struct trc_source *source,
		       const struct trc_source_ops *ops, void *ctx)
{
	memset(source, 0, sizeof(*source));
	source->ops = ops;
	source->ctx = ctx;
	source->hash = XXH64_createState();
	if (!source->hash)
		return KB_E_NOMEM;
	XXH64_reset(source->hash, 0);
	return 0;
}

/* Determines the kind of the descriptor, which is -1 if it could not be
 * opened. */
static int look_at(struct file_ctx *file, uint64_t *bytes_total,
		   struct kb_diag *diag)
{
	struct stat *st = &file->opened;

	if (file->fd < 0 || fstat(file->fd, st) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot open: %s", file->name,
			       strerror(errno));
	if (S_ISDIR(st->st_mode))
		return kb_fail(diag, KB_E_IO,
			       "%s: is a directory; name a recording",
			       file->name);
	if (S_ISREG(st->st_mode))
		*bytes_total = (uint64_t)st->st_size;
	return 0;
}

/* Opens `path`, or takes `fd` if that is NULL. */
static int open_either(struct trc_source *source, const char *path, int fd,
		       const char *name, struct kb_diag *diag)
{
	struct file_ctx *file = calloc(1, sizeof(*file));
	int err;

	memset(source, 0, sizeof(*source));
	if (!file)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	file->fd = -1;
	file->wake = -1;
	file->to = file->piece;
	err = open_hashed(source, &file_ops, file);
	file->name = strdup(name);
	if (err < 0 || !file->name) {
		err = kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	} else {
		file->is_ours = path != NULL;
		file->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : fd;
		err = look_at(file, &source->bytes_total, diag);
	}
	if (err < 0)
		trc_source_release(source);
	return err;
}

int trc_source_open_fd(struct trc_source *source, int fd, const char *name,
		       struct kb_diag *diag)
{
	return open_either(source, NULL, fd, name, diag);
}

int trc_source_open_file(struct trc_source *source, const char *path,
			 struct kb_diag *diag)
{
	if (strcmp(path, "-") == 0)
		return trc_source_open_fd(source, STDIN_FILENO,
					  "standard input", diag);
	return open_either(source, path, -1, path, diag);
}

int trc_source_open_memory(struct trc_source *source, const void *data,
			   size_t size, struct kb_diag *diag)
{
	struct memory_ctx *memory = malloc(sizeof(*memory));
	int err;

	memset(source, 0, sizeof(*source));
	if (!memory)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	memory->data = data;
	memory->left = size;
	err = open_hashed(source, &memory_ops, memory);
	source->bytes_total = size;
	if (err < 0) {
		kb_fail(diag, err, "out of memory");
		trc_source_release(source);
	}
	return err;
}

int trc_source_open_zstd(struct trc_source *source, struct trc_source *inner,
			 const char *name, struct kb_diag *diag)
{
	struct zstd_ctx *ctx = calloc(1, sizeof(*ctx));

	memset(source, 0, sizeof(*source));
	if (!ctx)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	ctx->zstd = ZSTD_createDCtx();
	if (!ctx->zstd) {
		free(ctx);
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	}
	ZSTD_DCtx_setParameter(ctx->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	ctx->inner = inner;
	ctx->name = name;
	ctx->to = ctx->piece;
	source->ops = &zstd_ops;
	source->ctx = ctx;
	return 0;
}

int trc_source_next(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag)
{
	if (source->ahead) {
		*data = source->ahead;
		*size = source->ahead_size;
		source->ahead = NULL;
		return 0;
	}
	if (source->ended == 0)
		source->ended =
			source->ops->next(source->ctx, data, size, diag);
	if (source->ended != 0) {
		*data = NULL;
		*size = 0;
		return source->ended;
	}
	source->bytes_given += *size;
	if (source->hash)
		XXH64_update(source->hash, *data, *size);
	return 0;
}

int trc_source_peek(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag)
{
	int err = trc_source_next(source, data, size, diag);

	if (err == 0 && *size > 0) {
		source->ahead = *data;
		source->ahead_size = *size;
	}
	return err;
}

void trc_source_unread(struct trc_source *source, const char *data, size_t size)
{
	source->ahead = data;
	source->ahead_size = size;
}

bool trc_source_can_lend(const struct trc_source *source)
{
	return source->ops->lend != NULL;
}

void trc_source_lend(struct trc_source *source, char *buffer)
{
	source->ops->lend(source->ctx, buffer);
}

void trc_source_wake(struct trc_source *source, int fd)
{
	struct file_ctx *file = source->ctx;

	if (source->ops == &file_ops)
		file->wake = fd;
}

bool trc_source_is_zstd(const char *head, size_t size)
{
	const unsigned char *p = (const unsigned char *)head;

	if (size < 4)
		return false;
	return (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd) ||
	       ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d &&
		p[3] == 0x18);
}

int trc_source_check_ratio(uint64_t given, uint64_t inner, const char *name,
			   struct kb_diag *diag)
{
	if (given <= TRC_SOURCE_RATIO_FREE ||
	    given / TRC_SOURCE_RATIO_MAX <= inner)
		return 0;
	return kb_fail_at(diag, KB_E_CORRUPT, name, inner,
			  "the compressed data unpacks to more than %d times "
			  "its size: that is no recording; unpack it first if "
			  "it really is one",
			  TRC_SOURCE_RATIO_MAX);
}

uint64_t trc_source_hash(const struct trc_source *source)
{
	return XXH64_digest(source->hash);
}

void trc_source_release(struct trc_source *source)
{
	if (source->ops)
		source->ops->release(source->ctx);
	XXH64_freeState(source->hash);
	memset(source, 0, sizeof(*source));
}
