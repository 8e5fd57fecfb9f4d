/*
 * import_perf_data: perf's own file, through `perf script` if perf is
 * installed.
 */
#include "kb_environ.h"
#include "trc_child.h"
#include "trc_scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int run_perf(const char *path)
{
	char *const argv[] = {
		"perf",	   "script",
		"--force", "--show-lost-events",
		"-F",	   "comm,tid,cpu,time,event,trace",
		"-i",	   (char *)(uintptr_t)path,
		NULL,
	};
	/* Its own config file, too, could have it do anything. */
	static char config[] = "PERF_CONFIG=/dev/null";
	struct kb_environ env;

	if (kb_environ_make(&env, config) == 0)
		execvpe(argv[0], argv, env.entry);
	fprintf(stderr,
		"cannot run perf: %s (Debian's package is linux-perf)\n",
		strerror(errno));
	fflush(stderr);
	return 127;
}

static int import_perf_data(struct trc_job *job, struct kb_diag *diag)
{
	return trc_child_import(job, "perf script", run_perf, &trc_format_perf,
				diag);
}

static bool is_perf_data(const char *head, size_t size)
{
	return size >= 8 && (memcmp(head, "PERFILE2", 8) == 0 ||
			     memcmp(head, "2ELIFREP", 8) == 0);
}

static size_t detect_perf_data(const char *head, size_t size)
{
	return trc_scan_first(is_perf_data(head, size));
}

const struct trc_format trc_format_perf_data = {
	.name = "perf.data",
	.is_of_kernel = true,
	.detect = detect_perf_data,
	.import = import_perf_data,
};
