#include "kb_out.h"

#include "kb_stdio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse_folder(const char *path, int err, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_IO,
		       "cannot write results to '%s': %s; choose another "
		       "folder with --out DIR, or --out none",
		       path, strerror(err));
}

/* 0, or the errno that hinders writing in a folder that exists. */
static int folder_error(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

int kb_out_check_folder(const char *path, struct kb_diag *diag)
{
	char *copy = strdup(path);
	int err;

	if (!copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	/* The nearest of its parents that exists must take the rest. */
	while ((err = folder_error(copy)) == ENOENT) {
		char *slash = strrchr(copy, '/');

		if (slash == copy)
			slash++;
		else if (!slash)
			strcpy(copy, ".");
		if (slash)
			*slash = '\0';
	}
	free(copy);
	return err ? refuse_folder(path, err, diag) : 0;
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
	err = folder_error(slash ? folder : ".");
	if (err == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		err = EISDIR;
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

/* A terminal, pipe or device is written to as it is: a rename would put a file
 * in its place. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

static int set_paths(struct kb_out *out, const char *path)
{
	out->final_path = strdup(path);
	if (!out->final_path)
		return KB_E_NOMEM;
	if (is_special(path))
		return 0;
	if (asprintf(&out->temp_path, "%s.tmp.%ld", path, (long)getpid()) < 0) {
		out->temp_path = NULL;
		return KB_E_NOMEM;
	}
	return 0;
}

/* Throws a file away. */
static void abandon(struct kb_out *out)
{
	if (out->stream)
		fclose(out->stream);
	if (out->temp_path)
		unlink(out->temp_path);
	free(out->temp_path);
	free(out->final_path);
	memset(out, 0, sizeof(*out));
}

int kb_out_open(struct kb_out *out, const char *path, struct kb_diag *diag)
{
	memset(out, 0, sizeof(*out));
	if (set_paths(out, path) < 0) {
		abandon(out);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	out->stream = fopen(out->temp_path ? out->temp_path : path, "we");
	if (!out->stream) {
		int err = errno;

		abandon(out);
		return kb_fail(diag, KB_E_IO, "cannot write '%s': %s", path,
			       strerror(err));
	}
	return 0;
}

int kb_out_commit(struct kb_out *out, struct kb_diag *diag)
{
	/* The first failure is the cause; those after it may be its results. */
	int cause = kb_stdio_flush(out->stream);

	if (cause == 0 && out->temp_path && fsync(fileno(out->stream)) != 0)
		cause = errno;
	if (fclose(out->stream) != 0 && cause == 0)
		cause = errno;
	out->stream = NULL;
	if (cause == 0 && out->temp_path &&
	    rename(out->temp_path, out->final_path) != 0)
		cause = errno;
	if (cause != 0) {
		kb_fail(diag, KB_E_IO, "cannot write '%s': %s", out->final_path,
			strerror(cause));
		abandon(out);
		return KB_E_IO;
	}
	free(out->temp_path);
	free(out->final_path);
	memset(out, 0, sizeof(*out));
	return 0;
}

int kb_out_write(const char *folder, const char *name,
		 void (*write)(FILE *out, const void *user), const void *user,
		 struct kb_diag *diag)
{
	struct kb_out out;
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(&out, path, diag);
	free(path);
	if (err < 0)
		return err;
	write(out.stream, user);
	return kb_out_commit(&out, diag);
}
