#include "trc_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names tried for the temporary file before giving up. */
#define TEMPORARY_TRIES 100

/* Refuses what a rename would harm: it puts a file in the place of whatever is
 * there. */
static int check_place(const char *path, struct kb_diag *diag)
{
	struct stat st;

	/* A file of that name would surprise whoever means a pipe. */
	if (strcmp(path, "-") == 0)
		return kb_fail(diag, KB_E_IO,
			       "-: a trace is not written to standard output, "
			       "since its header comes last; name a file");
	if (stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return kb_fail(diag, KB_E_IO,
			       "%s: is a directory; name the file to write",
			       path);
	if (!S_ISREG(st.st_mode))
		return kb_fail(diag, KB_E_IO,
			       "%s: is not a regular file; this cannot be "
			       "written to a device or pipe",
			       path);
	return 0;
}

/* The kernel applies the umask, as it would to a file made in place. */
static int make_temporary(struct trc_output *output, struct kb_diag *diag)
{
	const char *slash = strrchr(output->path, '/');
	int directory_size = slash ? (int)(slash + 1 - output->path) : 0;

	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		if (asprintf(&output->temporary, "%.*s.trc-import-%ld-%d",
			     directory_size, output->path, (long)getpid(),
			     i) < 0) {
			output->temporary = NULL;
			return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
				       output->path);
		}
		output->fd = open(output->temporary,
				  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (output->fd >= 0)
			return 0;
		free(output->temporary);
		output->temporary = NULL;
		if (errno != EEXIST)
			break;
	}
	return kb_fail(diag, KB_E_IO, "%s: cannot write there: %s",
		       output->path, strerror(errno));
}

int trc_output_open(struct trc_output *output, const char *path,
		    struct kb_diag *diag)
{
	int err;

	output->path = path;
	output->temporary = NULL;
	output->fd = -1;
	err = check_place(path, diag);
	return err < 0 ? err : make_temporary(output, diag);
}

int trc_output_check_input(const struct trc_output *output, const char *in_path,
			   struct kb_diag *diag)
{
	struct stat in;
	struct stat out;
	bool has_in = strcmp(in_path, "-") == 0 ? fstat(STDIN_FILENO, &in) == 0
						: stat(in_path, &in) == 0;

	if (!has_in || stat(output->path, &out) < 0)
		return 0;
	if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return kb_fail(diag, KB_E_IO,
			       "%s: is the input too; give the output another "
			       "name",
			       output->path);
	return 0;
}

int trc_output_commit(struct trc_output *output, struct kb_diag *diag)
{
	int fd = output->fd;
	bool is_bad = fsync(fd) < 0;

	output->fd = -1;
	is_bad |= close(fd) < 0;
	if (is_bad)
		return kb_fail(diag, KB_E_IO, "%s: cannot write: %s",
			       output->path, strerror(errno));
	if (rename(output->temporary, output->path) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot write there: %s",
			       output->path, strerror(errno));
	free(output->temporary);
	output->temporary = NULL;
	return 0;
}

void trc_output_release(struct trc_output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	output->temporary = NULL;
	output->fd = -1;
}
