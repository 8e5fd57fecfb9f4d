#include "bench_figure.h"

#include "bench_data.h"
#include "bench_settings.h"
#include "kb_bits.h"
#include "kb_environ.h"
#include "kb_signal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room for "/proc/self/fd/N". */
#define DESCRIPTOR_SIZE 40

const struct bench_picture bench_pictures[] = {
	{ "lookup-cost", BENCH_PASS_LATENCY, "Lookup latency",
	  "One line per allocator: its lookups by percentile, on an axis "
	  "that gives each further nine the same room. Where an allocator "
	  "has no lookup to time, the line is its whole kfree. Times in the "
	  "gray band are below the timer's resolution." },
	{ "cost-model", BENCH_PASS_LATENCY,
	  "kfree latency predicted from counters",
	  "Each point is one kfree: the time predicted from its nodes, "
	  "cache lines, page-table writes and TLB invalidations, and the "
	  "time measured. On the diagonal both agree. R² is the share of "
	  "the variance of the times that the counters explain." },
	{ "lookup-nodes", BENCH_PASS_COUNT, "Nodes compared per lookup",
	  "At any x, the line's height is the share of lookups that compare "
	  "at least x nodes. Counted, not timed, so the same on every "
	  "machine. Each line ends at its longest lookup." },
	{ "timeline", BENCH_PASS_COUNT, "Lookups over the trace",
	  "Top: nodes compared per lookup, from the first event to the "
	  "last. Bottom: the number of live clusters, which the cost of the "
	  "row search follows." },
	{ "throughput", BENCH_PASS_THROUGHPUT, "Time per event",
	  "Median and 95% interval, fastest at the top. The dashed line is "
	  "the null allocator, which measures harness overhead: only the "
	  "time to its right is the allocator's own." },
	{ "warm-up", BENCH_PASS_THROUGHPUT, "Time per event, by replay",
	  "Replays one after the other in one process, medians over fresh "
	  "processes. The first is the cold figure, the level that a line "
	  "ends on the steady one." },
	{ "heap-window", BENCH_PASS_COUNT, "Heap window over the trace",
	  "Top: mapped pages and requested bytes. Bottom: fragmentation of "
	  "the free pages." },
	{ "address-map", BENCH_PASS_COUNT, "Heap window map",
	  "Addresses run from bottom to top, the trace from left to right. "
	  "The color of a bin says what fills most of it: the age of the "
	  "memory, the row of the cluster, and the call site that requested "
	  "it. Blank is free." },
	{ "memory", BENCH_PASS_COUNT, "Memory over the trace",
	  "Top: the bytes each allocator maps, beside the bytes requested "
	  "and what the recorded kernel used for the same objects. Two "
	  "lines show what is possible in whole pages: the pages that must "
	  "be live at once, and an offline packing that knows the whole "
	  "trace. Bottom: the share that was not requested." },
	{ "rows", BENCH_PASS_COUNT, "Rows over the trace",
	  "Live clusters per row from the first event to the last, row 0 at "
	  "the top: the lists that the row search walks. Large rows are "
	  "grouped." },
	{ "sizes", BENCH_PASS_COUNT, "Sizes and lifetimes",
	  "What the trace requests, whatever allocator serves it. Top: the "
	  "share of objects, and of their bytes, up to each size. Bottom: "
	  "the share of objects freed in fewer than x events." },
	{ "lookup-scaling", 0, "Lookup cost by number of live clusters",
	  "Top: the time of one lookup in a heap of x one-page clusters. "
	  "Bottom: the nodes it compares. The dotted lines are published "
	  "times of whole operations of Linux's vmalloc." },
	{ "throughput-ratio", 0, "Time per event, B relative to A",
	  "Two runs, from 'bench diff --out'. Left of 1, the second run is "
	  "faster. An interval that crosses 1 is inconclusive." },
	{ "smp-speedup", 0, "Speed-up by number of CPUs",
	  "Events per time on x CPUs, as a multiple of the same on one, from "
	  "'bench smp --out'. On the dashed line each CPU brings what the "
	  "first did." },
	{ "smp-waits", 0, "Waits for the lock",
	  "At any x, the line's height is the share of the lock's "
	  "acquisitions that wait at least x, from 'bench smp --out'. "
	  "Simulated, so the same on every machine." },
	{ NULL, 0, NULL, NULL },
};

_Static_assert(KB_ARRAY_LEN(bench_pictures) == BENCH_PICTURES + 1,
	       "BENCH_PICTURES in bench_figure.h counts the figures");

bool bench_figure_has_data(const char *folder, const char *name)
{
	char *path;
	bool readable;

	if (asprintf(&path, "%s/%s.tsv", folder, name) < 0)
		return false;
	readable = access(path, R_OK) == 0;
	free(path);
	return readable;
}

static int find_files(struct bench_drawing *d, const char *folder,
		      const char *name, struct kb_diag *diag)
{
	char *scripts = bench_data_folder("plots");
	int err = 0;

	if (!scripts || asprintf(&d->driver, "%s/pictures.gp", scripts) < 0 ||
	    asprintf(&d->script, "%s/%s.gp", scripts, name) < 0 ||
	    asprintf(&d->data, "%s/%s.tsv", folder, name) < 0)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	else if (access(d->script, R_OK) != 0 || access(d->driver, R_OK) != 0)
		err = kb_fail(diag, KB_E_ENVIRONMENT,
			      "the plot scripts are not in '%s'; install "
			      "them with bench, or pass --no-plots",
			      scripts);
	free(scripts);
	return err;
}

static int open_data(struct bench_drawing *d, struct kb_diag *diag)
{
	d->data_fd = open(d->data, O_RDONLY | O_CLOEXEC);
	if (d->data_fd >= 0)
		return 0;
	return kb_fail(diag, KB_E_IO,
		       "%s: %s; first run the pass that measures it", d->data,
		       strerror(errno));
}

static int open_memory(struct bench_drawing *d, struct kb_diag *diag)
{
	bool open;

	d->said = memfd_create("kheap-replay-drawn", MFD_CLOEXEC);
	open = d->said >= 0;
	for (size_t i = 0; i < d->count; i++) {
		d->fd[i] = memfd_create("kheap-replay-picture", MFD_CLOEXEC);
		open &= d->fd[i] >= 0;
	}
	if (open)
		return 0;
	return kb_fail(diag, KB_E_IO, "cannot make room to draw: %s",
		       strerror(errno));
}

static int start_gnuplot(struct bench_drawing *d, char *const argv[],
			 struct kb_diag *diag)
{
	posix_spawn_file_actions_t actions;
	struct kb_environ env;
	int err = kb_environ_make(&env, NULL);

	if (err < 0)
		return kb_fail(diag, err, "out of memory");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, d->said, STDOUT_FILENO);
	/* Onto itself: it stays open in gnuplot, under the same number. */
	posix_spawn_file_actions_adddup2(&actions, d->data_fd, d->data_fd);
	for (size_t i = 0; i < d->count; i++)
		posix_spawn_file_actions_adddup2(&actions, d->fd[i], d->fd[i]);
	err = posix_spawnp(&d->pid, "gnuplot", &actions, NULL, argv, env.entry);
	posix_spawn_file_actions_destroy(&actions);
	kb_environ_release(&env);
	if (err == 0)
		return 0;
	d->pid = 0;
	if (err == ENOENT)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "gnuplot is not installed, so there are no "
			       "figures; install the package gnuplot-nox, or "
			       "pass --no-plots");
	return kb_fail(diag, KB_E_IO, "cannot start gnuplot: %s",
		       strerror(err));
}

/* The file of a descriptor that is open in gnuplot too. Returns `out`. */
static char *name_descriptor(char out[DESCRIPTOR_SIZE], int fd)
{
	snprintf(out, DESCRIPTOR_SIZE, "/proc/self/fd/%d", fd);
	return out;
}

int bench_figure_start(struct bench_drawing *d, const char *folder,
		       const char *name, const char *const *kinds, size_t count,
		       struct kb_diag *diag)
{
	char *argv[6 + 2 * BENCH_DRAWING_MAX + 1] = { (char *)"gnuplot",
						      (char *)"-d",
						      (char *)"-c" };
	char data[DESCRIPTOR_SIZE], files[BENCH_DRAWING_MAX][DESCRIPTOR_SIZE];
	int err;

	assert(count > 0 && count <= BENCH_DRAWING_MAX);
	*d = (struct bench_drawing){ .count = count,
				     .data_fd = -1,
				     .said = -1 };
	for (size_t i = 0; i < BENCH_DRAWING_MAX; i++)
		d->fd[i] = -1;
	err = find_files(d, folder, name, diag);
	if (err == 0)
		err = open_data(d, diag);
	if (err == 0)
		err = open_memory(d, diag);
	if (err < 0)
		return err;
	argv[3] = d->driver;
	argv[4] = d->script;
	argv[5] = name_descriptor(data, d->data_fd);
	for (size_t i = 0; i < count; i++) {
		argv[6 + 2 * i] = (char *)kinds[i];
		argv[7 + 2 * i] = name_descriptor(files[i], d->fd[i]);
	}
	return start_gnuplot(d, argv, diag);
}

/* gnuplot's wait status, or -1 with errno set. After a signal to bench,
 * terminates gnuplot. */
static int wait_for(pid_t pid)
{
	int status;

	if (kb_signal)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
		if (kb_signal)
			kill(pid, SIGTERM);
	}
	return status;
}

/* What was written to `fd`, with a NUL after its `*size` bytes, to be freed.
 * NULL if it is empty. */
static char *take_text(int fd, size_t *size)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) != 0 || st.st_size == 0)
		return NULL;
	*size = (size_t)st.st_size;
	text = malloc(*size + 1);
	if (text && pread(fd, text, *size, 0) == st.st_size) {
		text[*size] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/* Takes the complete pictures: one for each line that gnuplot printed. Returns
 * true if these are all. */
static bool take_pictures(struct bench_drawing *d)
{
	size_t size = 0, whole = 0;
	char *said = take_text(d->said, &size);

	for (size_t i = 0; i < size; i++)
		whole += said[i] == '\n';
	free(said);
	for (size_t i = 0; i < d->count && i < whole; i++) {
		d->picture[i] = take_text(d->fd[i], &d->size[i]);
		if (!d->picture[i])
			return false;
	}
	return whole >= d->count;
}

int bench_figure_finish(struct bench_drawing *d, struct kb_diag *diag)
{
	int status = wait_for(d->pid);

	d->pid = 0;
	if (status < 0)
		return kb_fail(diag, KB_E_IO, "waiting for gnuplot: %s",
			       strerror(errno));
	if (kb_signal)
		return kb_fail(diag, KB_E_STOPPED, "plotting was stopped");
	if (take_pictures(d) && status == 0)
		return 0;
	return kb_fail(diag, KB_E_IO,
		       "gnuplot could not draw '%s' with '%s'; run the pass "
		       "that measures it again",
		       d->data, d->script);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void bench_figure_release(struct bench_drawing *d)
{
	close_if_open(d->said);
	close_if_open(d->data_fd);
	for (size_t i = 0; i < d->count; i++) {
		close_if_open(d->fd[i]);
		free(d->picture[i]);
	}
	free(d->driver);
	free(d->script);
	free(d->data);
	*d = (struct bench_drawing){ .data_fd = -1, .said = -1 };
}

int bench_figure_draw(const char *folder, const char *name, const char *kind,
		      char **picture, size_t *size, struct kb_diag *diag)
{
	struct bench_drawing d;
	int err = bench_figure_start(&d, folder, name, &kind, 1, diag);

	*picture = NULL;
	if (err == 0)
		err = bench_figure_finish(&d, diag);
	if (err == 0) {
		*picture = d.picture[0];
		*size = d.size[0];
		d.picture[0] = NULL;
	}
	bench_figure_release(&d);
	return err;
}
