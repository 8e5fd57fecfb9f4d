#include "kb_out.h"

#include "kb_stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names tried for the temporary file before giving up. */
#define TEMPORARY_TRIES 100

/* Descriptors below this are looked at for inputs; a program has few. */
#define READ_FDS 1024

/* Room that the longest of the names below a results folder takes, and a temporary
 * file's name beside it, bytes. */
#define BELOW_SIZE  300
#define BESIDE_SIZE 48

static int refuse_folder(const char *path, int err, struct kb_diag *diag)
{
	/* The reason must fit in too. */
	return kb_fail(diag, KB_E_IO,
		       "cannot write results to '%.200s%s': %s; choose another "
		       "folder with --out DIR, or --out none",
		       path, strlen(path) > 200 ? "…" : "", strerror(err));
}

/* Only an attempt tells: to root every folder looks writable, those of /proc too. */
static int try_folder(const char *path)
{
	char name[PATH_MAX];
	const int size = snprintf(name, sizeof(name), "%s/.kheap-XXXXXX", path);

	if (size < 0 || (size_t)size >= sizeof(name))
		return ENAMETOOLONG;
	if (!mkdtemp(name))
		return errno;
	return rmdir(name) == 0 ? 0 : errno;
}

/* 0, or the errno that prevents writing in an existing folder. */
static int folder_error(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	return try_folder(path);
}

/* Whether a name on the path, or the path with `room` bytes more, is longer than
 * the system takes. */
static bool is_too_long(const char *path, size_t room)
{
	if (strlen(path) + room > PATH_MAX)
		return true;
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		if (strcspn(p, "/") > NAME_MAX)
			return true;
	}
	return false;
}

int kb_out_check_folder(const char *path, struct kb_diag *diag)
{
	char *copy = strdup(path);
	int err;

	if (!copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (is_too_long(path, BELOW_SIZE)) {
		free(copy);
		return refuse_folder(path, ENAMETOOLONG, diag);
	}
	/* The nearest existing parent must be writable. */
	while (access(copy, F_OK) != 0 && errno == ENOENT) {
		char *slash = strrchr(copy, '/');

		if (slash == copy)
			slash++;
		else if (!slash)
			strcpy(copy, ".");
		if (slash)
			*slash = '\0';
	}
	err = folder_error(copy);
	free(copy);
	return err ? refuse_folder(path, err, diag) : 0;
}

/* A terminal, pipe or device is written to as it is: a rename would put a file
 * in its place. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

int kb_out_check_file(const char *path, struct kb_diag *diag)
{
	char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat st;
	int err;

	if (!folder)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (slash)
		slash[slash == folder] = '\0';
	if (is_too_long(path, BESIDE_SIZE)) {
		err = ENAMETOOLONG;
	} else if (is_special(path)) {
		err = access(path, W_OK) == 0 ? 0 : errno;
	} else {
		err = folder_error(slash ? folder : ".");
		if (err == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			err = EISDIR;
	}
	free(folder);
	if (err == 0)
		return 0;
	return kb_fail(diag, KB_E_IO, "cannot write '%s': %s", path,
		       strerror(err));
}

int kb_out_make_folder(const char *path, struct kb_diag *diag)
{
	char *copy = strdup(path);
	int err = 0;

	if (!copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (char *p = copy + 1; *p && err == 0; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			err = errno;
		*p = '/';
	}
	if (err == 0 && mkdir(copy, 0777) != 0 && errno != EEXIST)
		err = errno;
	if (err == 0)
		err = folder_error(path);
	free(copy);
	return err ? refuse_folder(path, err, diag) : 0;
}

static int refuse_path(const char *path, int err, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_IO, "cannot write '%s': %s", path,
		       strerror(err));
}

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* Makes an empty file next to the final path. Returns its descriptor, or <0. The
 * kernel applies the umask, as it would to a file made in place. */
static int make_temporary(struct kb_out *out, struct kb_diag *diag)
{
	const char *slash = strrchr(out->final_path, '/');
	const int folder = slash ? (int)(slash + 1 - out->final_path) : 0;

	int cause = EEXIST;

	for (int i = 0; i < TEMPORARY_TRIES && cause == EEXIST; i++) {
		int fd;

		/* Short, for the final name may be as long as a name can. */
		if (asprintf(&out->temp_path, "%.*s.tmp-%ld-%d", folder,
			     out->final_path, (long)getpid(), i) < 0) {
			out->temp_path = NULL;
			return no_memory(diag);
		}
		fd = open(out->temp_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			  0666);
		if (fd >= 0)
			return fd;
		cause = errno;
		free(out->temp_path);
		out->temp_path = NULL;
	}
	return refuse_path(out->final_path, cause, diag);
}

bool kb_out_is_read(const struct stat *there)
{
	struct stat st;

	for (int fd = 0; fd < READ_FDS; fd++) {
		const int flags = fcntl(fd, F_GETFL);

		if (flags >= 0 && (flags & O_ACCMODE) != O_WRONLY &&
		    fstat(fd, &st) == 0 && st.st_dev == there->st_dev &&
		    st.st_ino == there->st_ino)
			return true;
	}
	return false;
}

int kb_out_refuse_input(const char *path, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_IO,
		       "%s: is the input too; give the output another name",
		       path);
}

/* Refuses to replace what the program still reads. Command lines are looked at
 * before (kb_files.h); this is for a file whose name only the program knows, as of
 * those in a results folder. */
static int check_unread(const char *path, struct kb_diag *diag)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && kb_out_is_read(&st))
		return kb_out_refuse_input(path, diag);
	return 0;
}

static int set_path(struct kb_out *out, const char *path, struct kb_diag *diag)
{
	int err;

	*out = (struct kb_out){ .fd = -1 };
	out->final_path = strdup(path);
	if (!out->final_path)
		return no_memory(diag);
	err = check_unread(path, diag);
	if (err < 0)
		kb_out_release(out);
	return err;
}

int kb_out_open(struct kb_out *out, const char *path, struct kb_diag *diag)
{
	int err = set_path(out, path, diag);
	int fd;

	if (err < 0)
		return err;
	if (is_special(path)) {
		out->stream = fopen(path, "we");
	} else {
		fd = make_temporary(out, diag);
		if (fd < 0) {
			kb_out_release(out);
			return fd;
		}
		out->stream = fdopen(fd, "w");
		if (!out->stream)
			/* Released with the file. */
			out->fd = fd;
	}
	if (!out->stream) {
		err = refuse_path(path, errno, diag);
		kb_out_release(out);
	}
	return err;
}

/* Refuses what a rename would replace with a file. */
static int check_regular(const char *path, struct kb_diag *diag)
{
	struct stat st;

	/* A file of that name would surprise a user who means standard
	 * output. */
	if (strcmp(path, "-") == 0)
		return kb_fail(diag, KB_E_IO,
			       "-: this cannot be written to standard output, "
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

int kb_out_open_fd(struct kb_out *out, const char *path, struct kb_diag *diag)
{
	int err = set_path(out, path, diag);

	if (err == 0)
		err = check_regular(path, diag);
	if (err == 0) {
		out->fd = make_temporary(out, diag);
		if (out->fd < 0)
			err = out->fd;
	}
	if (err < 0) {
		out->fd = -1;
		kb_out_release(out);
	}
	return err;
}

int kb_out_check_input(const struct kb_out *out, const char *in_path,
		       struct kb_diag *diag)
{
	struct stat in;
	struct stat there;
	bool has_in = strcmp(in_path, "-") == 0 ? fstat(STDIN_FILENO, &in) == 0
						: stat(in_path, &in) == 0;

	if (!has_in || stat(out->final_path, &there) < 0)
		return 0;
	if (in.st_dev == there.st_dev && in.st_ino == there.st_ino)
		return kb_out_refuse_input(out->final_path, diag);
	return 0;
}

/* Flushes and closes what is open. Returns 0 or the errno of the first failure,
 * since later ones may follow from it. */
static int finish(struct kb_out *out)
{
	int fd = out->stream ? fileno(out->stream) : out->fd;
	int cause = out->stream ? kb_stdio_flush(out->stream) : 0;

	if (cause == 0 && out->temp_path && fsync(fd) != 0)
		cause = errno;
	if ((out->stream ? fclose(out->stream) : close(fd)) != 0 && cause == 0)
		cause = errno;
	out->stream = NULL;
	out->fd = -1;
	return cause;
}

int kb_out_commit(struct kb_out *out, struct kb_diag *diag)
{
	int cause = finish(out);
	int err = 0;

	if (cause == 0 && out->temp_path &&
	    rename(out->temp_path, out->final_path) != 0)
		cause = errno;
	/* The reader of a pipe has what it wants, as head does. */
	if (cause == EPIPE && !out->temp_path)
		cause = 0;
	if (cause == 0) {
		/* The name no longer belongs to us, so it is not removed. */
		free(out->temp_path);
		out->temp_path = NULL;
	} else {
		err = refuse_path(out->final_path, cause, diag);
	}
	kb_out_release(out);
	return err;
}

void kb_out_release(struct kb_out *out)
{
	if (out->stream)
		fclose(out->stream);
	if (out->fd >= 0)
		close(out->fd);
	if (out->temp_path)
		unlink(out->temp_path);
	free(out->temp_path);
	free(out->final_path);
	*out = (struct kb_out){ .fd = -1 };
}

int kb_out_end(struct kb_out *out, int err, struct kb_diag *diag)
{
	if (err == 0)
		return kb_out_commit(out, diag);
	kb_out_release(out);
	return err;
}

int kb_out_open_in(struct kb_out *out, const char *folder, const char *name,
		   struct kb_diag *diag)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(out, path, diag);
	free(path);
	return err;
}

int kb_out_write(const char *folder, const char *name,
		 void (*write)(FILE *out, const void *user), const void *user,
		 struct kb_diag *diag)
{
	struct kb_out out;
	int err = kb_out_open_in(&out, folder, name, diag);

	if (err < 0)
		return err;
	write(out.stream, user);
	return kb_out_commit(&out, diag);
}
