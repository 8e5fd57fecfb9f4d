#include "bench_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int bench_out_make_folder(const char *path, struct kb_diag *diag)
{
	char *copy = strdup(path);
	struct stat st;
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
	free(copy);
	if (err == 0 && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
		err = ENOTDIR;
	if (err == 0 && access(path, W_OK | X_OK) != 0)
		err = errno;
	if (err)
		return kb_fail(diag, KB_E_IO,
			       "cannot write results to '%s': %s; choose "
			       "another folder with --out DIR, or --out none",
			       path, strerror(err));
	return 0;
}

int bench_out_open(struct bench_out *out, const char *path,
		   struct kb_diag *diag)
{
	memset(out, 0, sizeof(*out));
	out->final_path = strdup(path);
	if (!out->final_path ||
	    asprintf(&out->temp_path, "%s.tmp.%ld", path, (long)getpid()) < 0) {
		out->temp_path = NULL;
		bench_out_abandon(out);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	out->stream = fopen(out->temp_path, "we");
	if (!out->stream) {
		int err = errno;

		bench_out_abandon(out);
		return kb_fail(diag, KB_E_IO, "cannot write '%s': %s", path,
			       strerror(err));
	}
	return 0;
}

int bench_out_commit(struct bench_out *out, struct kb_diag *diag)
{
	int failed = ferror(out->stream);

	failed |= fflush(out->stream) != 0;
	failed |= fsync(fileno(out->stream)) != 0;
	failed |= fclose(out->stream) != 0;
	out->stream = NULL;
	if (!failed)
		failed = rename(out->temp_path, out->final_path) != 0;
	if (failed) {
		kb_fail(diag, KB_E_IO, "cannot write '%s': %s", out->final_path,
			strerror(errno));
		bench_out_abandon(out);
		return KB_E_IO;
	}
	free(out->temp_path);
	free(out->final_path);
	memset(out, 0, sizeof(*out));
	return 0;
}

void bench_out_abandon(struct bench_out *out)
{
	if (out->stream)
		fclose(out->stream);
	if (out->temp_path)
		unlink(out->temp_path);
	free(out->temp_path);
	free(out->final_path);
	memset(out, 0, sizeof(*out));
}
