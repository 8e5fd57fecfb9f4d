/*
 * Bytes as what bench diff reads: two results.json and two lookup-nodes.tsv, which
 * NUL bytes part. It ends with an exit status that there is.
 *
 * Nothing is drawn or written to a file (__wrap_).
 */
#include "bench_commands.h"
#include "kb_out.h"
#include "bench_plot.h"
#include "fuzz_support.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int __wrap_bench_plot(const struct bench_plot_job *job, size_t *drawn,
		      struct kb_diag *diag);
int __wrap_kb_out_make_folder(const char *path, struct kb_diag *diag);

int __wrap_bench_plot(const struct bench_plot_job *job, size_t *drawn,
		      struct kb_diag *diag)
{
	(void)job;
	(void)diag;
	*drawn = 0;
	return 0;
}

int __wrap_kb_out_make_folder(const char *path, struct kb_diag *diag)
{
	(void)path;
	(void)diag;
	return 0;
}

enum { FILES = 4 };

/* The files, as they are in two folders. */
static const int *open_folders(void)
{
	static const char *const names[FILES] = { "a/results.json",
						  "b/results.json",
						  "a/lookup-nodes.tsv",
						  "b/lookup-nodes.tsv" };
	static int fds[FILES];

	if (fds[0])
		return fds;
	fuzz_folder_make("a");
	fuzz_folder_make("b");
	for (int i = 0; i < FILES; i++) {
		fds[i] = fuzz_file_new();
		fuzz_folder_link(names[i], fds[i]);
	}
	return fds;
}

static int diff(bool force)
{
	static char a[80], b[80];
	char *argv[] = { (char *)"diff",
			 (char *)"--out",
			 (char *)"/nowhere",
			 a,
			 b,
			 force ? (char *)"--force" : NULL,
			 NULL };

	snprintf(a, sizeof(a), "%s/a", fuzz_folder());
	snprintf(b, sizeof(b), "%s/b", fuzz_folder());
	return bench_diff_command.main(force ? 6 : 5, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int *fds = open_folders();
	int status;

	for (int i = 0; i < FILES; i++) {
		size_t length;
		const uint8_t *part = fuzz_part(&data, &size, &length);

		fuzz_file_fill(fds[i], part, length);
	}
	fuzz_hush();
	status = diff(false);
	fuzz_require(status == 0 || status == 2 || status == 4);
	/* Of what cannot be compared, all the same; but not of another schema. */
	if (status == 4)
		status = diff(true);
	fuzz_require(status == 0 || status == 2 || status == 4);
	fuzz_speak();
	return 0;
}
