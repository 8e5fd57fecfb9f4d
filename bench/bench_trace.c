#include "bench_trace.h"

#include "trc_import.h"
#include "trc_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Endings that say what kind of file it is, not which trace. */
static const char *const endings[] = { ".zst",	  ".gz",  ".trc",   ".txt",
				       ".ftrace", ".dat", ".trace", NULL };

/* Cuts one known ending off, unless it is all there is. */
static bool drop_ending(char *name)
{
	size_t length = strlen(name);

	for (const char *const *e = endings; *e; e++) {
		size_t own = strlen(*e);

		if (length > own && strcmp(name + length - own, *e) == 0) {
			name[length - own] = '\0';
			return true;
		}
	}
	return false;
}

static void set_names(struct bench_trace *trace)
{
	const char *slash = strrchr(trace->given, '/');
	const char *base = slash ? slash + 1 : trace->given;

	if (strcmp(base, "-") == 0)
		base = "stdin";
	snprintf(trace->file, sizeof(trace->file), "%s", base);
	snprintf(trace->name, sizeof(trace->name), "%s", base);
	while (drop_ending(trace->name))
		;
}

static int hash_file(struct bench_trace *trace, const char *path,
		     struct kb_diag *diag)
{
	if (!SHA256File(path, trace->sha256))
		return kb_fail(diag, KB_E_IO, "%s: %s", trace->given,
			       strerror(errno));
	return 0;
}

/* A file without a name: in the temporary folder, or else in memory. */
static int open_unnamed(void)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder && *folder ? folder : "/tmp",
		      O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("kheap-replay-trace", MFD_CLOEXEC);
}

static bool ask_stop(const struct trc_import_progress *progress, void *user)
{
	bool (**stop)(void) = user;

	(void)progress;
	return (*stop)();
}

static int import(struct bench_trace *trace, bool (*stop)(void),
		  struct kb_diag *diag)
{
	struct trc_import_options options = { .on_progress = ask_stop,
					      .user = &stop };
	int err;

	trace->fd = open_unnamed();
	if (trace->fd < 0)
		return kb_fail(diag, KB_E_IO,
			       "cannot make a temporary file: %s; set TMPDIR",
			       strerror(errno));
	err = trc_import_fd(trace->given, trace->fd, &options, NULL, diag);
	if (err < 0)
		return err;
	snprintf(trace->path, sizeof(trace->path), "/proc/%ld/fd/%d",
		 (long)getpid(), trace->fd);
	return 0;
}

static int read_header(struct bench_trace *trace, const char *path,
		       struct kb_diag *diag)
{
	struct trc_reader *reader;
	const struct trc_info *info;
	int err;

	err = trc_reader_open(&reader, path, TRC_COLUMNS_REPLAY, diag);
	if (err < 0)
		return err;
	info = trc_reader_info(reader);
	trace->counts = info->counts;
	snprintf(trace->kernel_release, sizeof(trace->kernel_release), "%s",
		 info->kernel_release);
	trc_reader_close(reader);
	return 0;
}

/* A pipe can be read but once, so nothing may be tried on it first. */
static bool is_pipe(const char *given)
{
	struct stat st;

	return strcmp(given, "-") == 0 ||
	       (stat(given, &st) == 0 && !S_ISREG(st.st_mode) &&
		!S_ISDIR(st.st_mode));
}

/* True if the file begins as a .trc does, so that its own reader is to judge
 * it, damaged or not. */
static bool is_trc(const struct kb_diag *diag)
{
	return diag->status != KB_E_FORMAT;
}

int bench_trace_open(struct bench_trace *trace, const char *given,
		     bool (*stop)(void), struct kb_diag *diag)
{
	bool pipe = is_pipe(given);
	struct kb_diag first;
	int err;

	memset(trace, 0, sizeof(*trace));
	trace->given = given;
	trace->fd = -1;
	set_names(trace);
	if (strlen(given) >= sizeof(trace->path))
		return kb_fail(diag, KB_E_ARG,
			       "a path of %zu bytes is too long",
			       strlen(given));
	snprintf(trace->path, sizeof(trace->path), "%s", given);
	kb_diag_init(&first);
	if (pipe) {
		err = KB_E_FORMAT;
	} else {
		err = read_header(trace, given, &first);
		if (err < 0 && is_trc(&first)) {
			*diag = first;
			return err;
		}
	}
	if (err < 0) {
		err = import(trace, stop, diag);
		if (err == 0)
			err = read_header(trace, trace->path, diag);
	}
	if (err == 0)
		err = hash_file(trace, pipe ? trace->path : given, diag);
	if (err < 0)
		bench_trace_release(trace);
	return err;
}

void bench_trace_release(struct bench_trace *trace)
{
	if (trace->fd >= 0)
		close(trace->fd);
	trace->fd = -1;
}
