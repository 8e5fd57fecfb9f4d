#include "trc_input.h"

#include "kb_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int name_input(struct trc_input *in, const char *name,
		      struct kb_diag *diag)
{
	memset(in, 0, sizeof(*in));
	in->fd = -1;
	in->name = strdup(name);
	if (!in->name)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	return 0;
}

/* Checks what was opened; 0 or KB_E_IO. */
static int look_at(struct trc_input *in, struct kb_diag *diag)
{
	struct stat st;

	if (in->fd < 0 || fstat(in->fd, &st) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot open: %s", in->name,
			       strerror(errno));
	if (S_ISDIR(st.st_mode))
		return kb_fail(diag, KB_E_IO,
			       "%s: is a directory; name a .trc file",
			       in->name);
	if (S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	return 0;
}

int trc_input_open(struct trc_input *in, const char *path, struct kb_diag *diag)
{
	int err = name_input(in, path, diag);

	if (err < 0)
		return err;
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	err = look_at(in, diag);
	if (err < 0)
		trc_input_release(in);
	return err;
}

int trc_input_open_fd(struct trc_input *in, int fd, const char *name,
		      struct kb_diag *diag)
{
	int err = name_input(in, name, diag);

	if (err < 0)
		return err;
	in->fd = fd;
	in->shared = true;
	err = look_at(in, diag);
	if (err < 0)
		trc_input_release(in);
	return err;
}

int trc_input_open_memory(struct trc_input *in, const void *data, size_t size,
			  const char *name, struct kb_diag *diag)
{
	int err = name_input(in, name, diag);

	if (err < 0)
		return err;
	in->memory = data;
	in->size = size;
	return 0;
}

static int take_memory(struct trc_input *in, size_t want, const uint8_t **data,
		       size_t *got)
{
	uint64_t left = in->size - in->offset;

	*got = left < want ? (size_t)left : want;
	*data = in->memory ? in->memory + in->offset : NULL;
	in->offset += *got;
	return 0;
}

static int grow(struct trc_input *in, size_t want, struct kb_diag *diag)
{
	uint8_t *buffer;

	if (want <= in->buffer_size)
		return 0;
	buffer = realloc(in->buffer, want);
	if (!buffer)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", in->name);
	in->buffer = buffer;
	in->buffer_size = want;
	return 0;
}

/* As read(2), appending to the `have` bytes of the current piece. */
static ssize_t read_piece(const struct trc_input *in, size_t have, size_t want)
{
	if (in->shared)
		return pread(in->fd, in->buffer + have, want - have,
			     (off_t)(in->offset + have));
	return kb_read(in->fd, in->buffer + have, want - have);
}

int trc_input_take(struct trc_input *in, size_t want, const uint8_t **data,
		   size_t *got, struct kb_diag *diag)
{
	size_t have = 0;
	int err;

	if (in->fd < 0)
		return take_memory(in, want, data, got);
	err = grow(in, want, diag);
	if (err < 0)
		return err;
	while (have < want) {
		ssize_t n = read_piece(in, have, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_fail_at(diag, KB_E_IO, in->name,
					  in->offset + have, "cannot read: %s",
					  strerror(errno));
		if (n == 0)
			break;
		have += (size_t)n;
	}
	in->offset += have;
	*data = in->buffer;
	*got = have;
	return 0;
}

int trc_input_rewind(struct trc_input *in, struct kb_diag *diag)
{
	if (in->fd >= 0 && !in->shared && lseek(in->fd, 0, SEEK_SET) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot go back: %s",
			       in->name, strerror(errno));
	in->offset = 0;
	return 0;
}

void trc_input_release(struct trc_input *in)
{
	if (in->fd >= 0 && !in->shared)
		close(in->fd);
	in->fd = -1;
	free(in->buffer);
	in->buffer = NULL;
	free(in->name);
	in->name = NULL;
}
