#include "bench_figure.h"

#include "bench_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

const struct bench_picture bench_pictures[] = {
	{ "lookup-cost", BENCH_PASS_LATENCY, "Time of one lookup",
	  "Each line is one allocator's lookups, from the fastest to the "
	  "slowest, on an axis on which every further nine takes as much room "
	  "as the one before. Where an allocator has no lookup of its own to "
	  "time, the line is its whole kfree. In the grey band the clock "
	  "cannot tell." },
	{ "cost-model", BENCH_PASS_LATENCY, "Time predicted by counters",
	  "Each point is one kfree: what its nodes, lines, page-table writes "
	  "and TLB invalidations say that it takes, and what it took. On the "
	  "diagonal both agree; R² is the share of the times' variance that "
	  "the counters explain." },
	{ "lookup-nodes", BENCH_PASS_COUNT, "Nodes that one lookup compares",
	  "The share of the lookups that compare at least so many nodes. "
	  "Counted, not timed, so the same on every machine. Each line ends at "
	  "the worst lookup." },
	{ "timeline", BENCH_PASS_COUNT, "Lookups along the trace",
	  "What a lookup costs from the first event to the last, and below it "
	  "the number of live clusters, which the row search follows." },
	{ "throughput", BENCH_PASS_THROUGHPUT, "Time per event",
	  "The median and its 95 % interval, the fastest on top. What the "
	  "harness itself takes is the null allocator's line: only what lies "
	  "to its right is an allocator's own." },
	{ "heap-window", BENCH_PASS_COUNT, "The heap window along the trace",
	  "Mapped pages against the bytes that were asked for, and below them "
	  "how broken up the free pages are." },
	{ "address-map", BENCH_PASS_COUNT, "The heap window as a map",
	  "Addresses from bottom to top, the trace from left to right, "
	  "coloured "
	  "by what fills most of each stretch: by how long it has lived, by "
	  "its "
	  "row, and by the call site that asked for it. Blank is free." },
	{ "memory", BENCH_PASS_COUNT, "Memory along the trace",
	  "What each allocator maps, on a logarithmic axis, over what was "
	  "asked "
	  "for and what the recorded kernel spent on the same objects. Two "
	  "lines show what is possible in whole pages: the pages that must be "
	  "live at once, and a packing made with the whole trace in view. "
	  "Below, the share that nobody asked for." },
	{ "rows", BENCH_PASS_COUNT, "Rows along the trace",
	  "How many live clusters each row holds from the first event to the "
	  "last, row 0 on top: what the row search has to go through. Large "
	  "rows are drawn together." },
	{ "sizes", BENCH_PASS_COUNT, "Sizes and lifetimes",
	  "What the trace asks for, whatever allocator serves it: the share of "
	  "the objects, and of their bytes, up to each size; and the share "
	  "that is freed within so many events." },
	{ "lookup-scaling", 0, "Lookups against live clusters",
	  "One lookup in a heap with so many clusters of one page, and the "
	  "nodes that it compares. The dotted lines are published times of "
	  "Linux's vmalloc, of whole operations." },
	{ "throughput-ratio", 0, "Time per event, B against A",
	  "Two runs, from 'bench diff --out': left of 1 the second one is the "
	  "faster. An interval that crosses 1 tells neither." },
	{ NULL, 0, NULL, NULL },
};

char *bench_figure_scripts(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *path = NULL;

	if (n > 0) {
		char *slash;

		exe[n] = '\0';
		slash = strrchr(exe, '/');
		*slash = '\0';
		if (asprintf(&path, "%s/%s", exe, KB_PLOTS_FROM_BIN) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return strdup(KB_PLOTS_SOURCE_DIR);
}

int bench_figure_start(pid_t *pid, const char *script, const char *data,
		       const char *out, const char *mode, struct kb_diag *diag)
{
	char *argv[] = { (char *)"gnuplot",
			 (char *)"-c",
			 (char *)script,
			 (char *)data,
			 (char *)out,
			 (char *)mode,
			 NULL };
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	/* A picture for the terminal is gnuplot's standard output; what it says
	 * about any other is a message. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): never NULL. */
	if (*out)
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
						 STDOUT_FILENO);
	err = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err == ENOENT)
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "gnuplot is not installed, so there are no "
			       "figures; install the package gnuplot-nox, or "
			       "pass --no-plots");
	if (err)
		return kb_fail(diag, KB_E_IO, "cannot start gnuplot: %s",
			       strerror(err));
	return 0;
}

int bench_figure_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
		if (bench_signal)
			kill(pid, SIGTERM);
	}
	return status;
}

/* A whole file as a string; NULL if it cannot be read. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	/* No file holds a NUL here: gnuplot wrote it. */
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

int bench_figure_svg(const char *folder, const char *name, char **svg,
		     struct kb_diag *diag)
{
	char *scripts = bench_figure_scripts();
	char *script = NULL, *data = NULL, *out = NULL;
	pid_t pid;
	int err = 0;

	*svg = NULL;
	if (!scripts || asprintf(&script, "%s/%s.gp", scripts, name) < 0 ||
	    asprintf(&data, "%s/%s.tsv", folder, name) < 0 ||
	    asprintf(&out, "%s/figures/.%s.%ld.page.svg", folder, name,
		     (long)getpid()) < 0)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	/* If there was no memory for `data` then `err` says so. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (err == 0 && access(data, R_OK) == 0 && access(script, R_OK) == 0) {
		err = bench_figure_start(&pid, script, data, out, "hover",
					 diag);
		if (err == 0 && bench_figure_wait(pid) == 0)
			*svg = read_file(out);
		if (err == 0)
			unlink(out);
	}
	free(out);
	free(data);
	free(script);
	free(scripts);
	return err;
}
