#include "bench_trace_open.h"

#include "bench_data.h"
#include "kb_escape.h"
#include "kb_files.h"
#include "kb_read.h"
#include "trc_format.h"
#include "trc_import.h"
#include "trc_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Suffixes that name the kind of file, not the trace. */
static const char *const endings[] = { ".zst",	  ".gz",  ".trc",   ".txt",
				       ".ftrace", ".dat", ".trace", NULL };

static bool cut_ending(char *name)
{
	for (const char *const *e = endings; *e; e++) {
		size_t length = strlen(name), own = strlen(*e);

		if (length > own && strcmp(name + length - own, *e) == 0) {
			name[length - own] = '\0';
			return true;
		}
	}
	return false;
}

void bench_trace_set_names(struct bench_trace *trace, const char *given)
{
	char name[sizeof(trace->name)];
	const char *slash = strrchr(given, '/');
	const char *base = slash ? slash + 1 : given;

	trace->given = given;
	if (strcmp(base, "-") == 0)
		base = "stdin";
	kb_escape_clean(trace->file, sizeof(trace->file), base);
	strcpy(name, trace->file);
	while (cut_ending(name))
		;
	kb_escape_component(trace->name, sizeof(trace->name), name);
}

static int hash_file(struct bench_trace *trace, int fd, struct kb_diag *diag)
{
	unsigned char bytes[65536];
	SHA2_CTX hash;
	off_t at = 0;
	ssize_t n;

	SHA256Init(&hash);
	while ((n = pread(fd, bytes, sizeof(bytes), at)) != 0) {
		if (n < 0 && errno != EINTR)
			return kb_fail(diag, KB_E_IO, "%s: %s", trace->given,
				       strerror(errno));
		if (n > 0) {
			SHA256Update(&hash, bytes, (size_t)n);
			at += n;
		}
	}
	SHA256End(&hash, trace->sha256);
	return 0;
}

/* An unnamed file, in the temporary folder or else in memory. */
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

/* Makes the unnamed file that the trace is to be read from. */
static int begin_unnamed(struct bench_trace *trace, struct kb_diag *diag)
{
	trace->fd = open_unnamed();
	if (trace->fd < 0)
		return kb_fail(diag, KB_E_IO,
			       "cannot make a temporary file: %s; set TMPDIR",
			       strerror(errno));
	return 0;
}

/* Imports from `fd`, from its current offset. */
static int import(struct bench_trace *trace, int fd, bool (*stop)(void),
		  struct kb_diag *diag)
{
	struct trc_import_options options = { .on_progress = ask_stop,
					      .user = &stop,
					      .refuse_empty = true };
	int err = begin_unnamed(trace, diag);

	if (err < 0)
		return err;
	return trc_import_stream(fd, trace->given, trace->fd, &options, NULL,
				 diag);
}

/* Returns 0, or -1 with errno set. */
static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* Copies what is left of a stream to the unnamed file. */
static int spool(struct bench_trace *trace, int from, bool (*stop)(void),
		 struct kb_diag *diag)
{
	char buffer[65536];
	ssize_t n;
	int err = begin_unnamed(trace, diag);

	if (err < 0)
		return err;
	while ((n = kb_read(from, buffer, sizeof(buffer))) != 0) {
		if (stop())
			return KB_E_STOPPED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write_all(trace->fd, buffer, (size_t)n) < 0)
			return kb_fail(diag, KB_E_IO, "%s: %s", trace->given,
				       strerror(errno));
	}
	return 0;
}

/* True if a stream's next bytes are those that a .trc begins with. They stay in
 * the stream. Whatever cannot be peeked at counts as text. */
static bool holds_trc(int fd)
{
	char bytes[TRC_MAGIC_SIZE];
	int look[2];
	/* Standard input may be a regular file. */
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0 && pipe2(look, O_CLOEXEC) == 0) {
		if (tee(fd, look[1], sizeof(bytes), 0) > 0)
			n = read(look[0], bytes, sizeof(bytes));
		close(look[0]);
		close(look[1]);
	}
	return n == sizeof(bytes) &&
	       memcmp(bytes, TRC_MAGIC, TRC_MAGIC_SIZE) == 0;
}

/* A pipe can be read only once, so this peeks at it first. */
static int take_pipe(struct bench_trace *trace, bool (*stop)(void),
		     struct kb_diag *diag)
{
	bool is_stdin = strcmp(trace->given, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO
			  : open(trace->given, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot open: %s",
			       trace->given, strerror(errno));
	err = holds_trc(fd) ? spool(trace, fd, stop, diag)
			    : import(trace, fd, stop, diag);
	if (!is_stdin)
		close(fd);
	return err;
}

static int read_header(struct bench_trace *trace, struct kb_diag *diag)
{
	struct trc_reader *reader;
	const struct trc_info *info;
	int err;

	err = trc_reader_open_fd(&reader, trace->fd, trace->given,
				 TRC_COLUMNS_REPLAY, diag);
	if (err < 0)
		return err;
	info = trc_reader_info(reader);
	trace->counts = info->counts;
	snprintf(trace->kernel_release, sizeof(trace->kernel_release), "%s",
		 info->kernel_release);
	trc_reader_close(reader);
	return 0;
}

/* A pipe can be read only once, so there must be no trial read. */
static bool is_pipe(const char *given)
{
	struct stat st;

	return strcmp(given, "-") == 0 ||
	       (stat(given, &st) == 0 && !S_ISREG(st.st_mode) &&
		!S_ISDIR(st.st_mode));
}

static bool is_as_opened(const struct bench_trace *trace, const struct stat *st)
{
	return st->st_size == trace->size &&
	       st->st_mtim.tv_sec == trace->written.tv_sec &&
	       st->st_mtim.tv_nsec == trace->written.tv_nsec;
}

static int tell_change(const struct bench_trace *trace, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_IO,
		       "%s: was changed while bench used it; run bench again "
		       "on a file that nothing writes to",
		       trace->given);
}

/* What to open: a plain name that no file has may be that of a sample. */
static const char *choose_path(struct bench_trace *trace)
{
	if (access(trace->given, F_OK) < 0 && errno == ENOENT &&
	    bench_data_sample(trace->sample, sizeof(trace->sample),
			      trace->given))
		return trace->sample;
	trace->sample[0] = '\0';
	return trace->given;
}

static int open_file(struct bench_trace *trace, struct kb_diag *diag)
{
	struct stat st;

	trace->fd = open(choose_path(trace), O_RDONLY | O_CLOEXEC);
	if (trace->fd < 0 || fstat(trace->fd, &st) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot open: %s",
			       trace->given, strerror(errno));
	trace->has_name = true;
	trace->size = st.st_size;
	trace->written = st.st_mtim;
	return 0;
}

/* Imports the open file `source`. If another program reads its format, that
 * program opens it once more by name: it must be the same file, before and
 * after. */
static int import_file(struct bench_trace *trace, int source,
		       bool (*stop)(void), struct kb_diag *diag)
{
	struct stat named, opened;
	int err = import(trace, source, stop, diag);

	if (err == 0)
		err = hash_file(trace, source, diag);
	if (err < 0)
		return err;
	if (stat(trace->given, &named) < 0 || fstat(source, &opened) < 0 ||
	    named.st_dev != opened.st_dev || named.st_ino != opened.st_ino ||
	    !is_as_opened(trace, &opened))
		return tell_change(trace, diag);
	trace->has_name = false;
	return read_header(trace, diag);
}

/* A file that begins like a .trc is read as one, damaged or not, so that errors
 * come from its own reader. Any other is imported. */
static int take_file(struct bench_trace *trace, bool (*stop)(void),
		     struct kb_diag *diag)
{
	struct kb_diag own;
	int err = open_file(trace, diag), source;

	if (err < 0)
		return err;
	kb_diag_init(&own);
	err = read_header(trace, &own);
	if (err == KB_E_FORMAT) {
		source = trace->fd;
		trace->fd = -1;
		err = import_file(trace, source, stop, diag);
		if (err < 0)
			close(source);
		else
			trace->source_fd = source;
		return err;
	}
	if (err < 0)
		*diag = own;
	return err < 0 ? err : hash_file(trace, trace->fd, diag);
}

static int take_pipe_whole(struct bench_trace *trace, bool (*stop)(void),
			   struct kb_diag *diag)
{
	int err = take_pipe(trace, stop, diag);

	if (err == 0)
		err = read_header(trace, diag);
	return err < 0 ? err : hash_file(trace, trace->fd, diag);
}

int bench_trace_open(struct bench_trace *trace, const char *given,
		     bool (*stop)(void), struct kb_diag *diag)
{
	int err;

	memset(trace, 0, sizeof(*trace));
	trace->fd = -1;
	trace->source_fd = -1;
	bench_trace_set_names(trace, given);
	if (strlen(given) >= sizeof(trace->path))
		return kb_fail(diag, KB_E_ARG,
			       "a path of %zu bytes is too long",
			       strlen(given));
	err = is_pipe(given) ? take_pipe_whole(trace, stop, diag)
			     : take_file(trace, stop, diag);
	if (err < 0)
		bench_trace_release(trace);
	snprintf(trace->path, sizeof(trace->path), "/proc/%ld/fd/%d",
		 (long)getpid(), trace->fd);
	return err;
}

void bench_trace_release(struct bench_trace *trace)
{
	if (trace->fd < 0)
		return;
	close(trace->fd);
	if (trace->source_fd >= 0)
		close(trace->source_fd);
	trace->fd = -1;
}

static bool was_changed(const struct bench_trace *trace)
{
	struct stat st;

	return trace->has_name &&
	       (fstat(trace->fd, &st) < 0 || !is_as_opened(trace, &st));
}

int bench_trace_judge(const struct bench_trace *trace, int err,
		      struct kb_diag *diag)
{
	const size_t length = strlen(trace->path);
	struct kb_diag own;

	if (was_changed(trace)) {
		kb_diag_init(diag);
		return tell_change(trace, diag);
	}
	if (err < 0 && strncmp(diag->text, trace->path, length) == 0) {
		kb_diag_init(&own);
		kb_fail(&own, err, "%s%s", trace->given, diag->text + length);
		*diag = own;
	}
	return trace->beside ? kb_files_judge(trace->beside, err, diag) : err;
}
