#include "trc_import.h"

#include "kb_bits.h"
#include "trc_format.h"
#include "trc_job.h"
#include "trc_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The formats that can be imported; the first that recognises a recording
 * reads it. A new one is one line here. */
static const struct trc_format *const formats[] = {
	&trc_format_ftrace,
};

/* Names tried for the temporary file before giving up. */
#define TEMPORARY_TRIES 100

/* An import from the opening of its input to the writing of its output. */
struct import {
	const struct trc_import_options *opts;
	struct trc_job job;

	/* The input as stored, and unpacked if it is compressed. */
	struct trc_source stored;
	struct trc_source unpacked;

	struct trc_writer *writer;
};

int trc_job_bad_line(struct trc_job *job, const struct trc_line *line,
		     const char *reason, struct kb_diag *diag)
{
	if (job->lenient) {
		job->rules.counts.bad_lines++;
		return 0;
	}
	return kb_fail_line(diag, KB_E_FORMAT, job->name, line->number,
			    "%s: \"%.*s\"%s; --lenient skips and counts such "
			    "lines",
			    reason, (int)kb_min(line->size, 60), line->text,
			    line->size > 60 ? "…" : "");
}

/* Tells the caller how far it is; true if the caller wants it to stop. */
static bool report_progress(void *user)
{
	const struct import *im = user;
	const struct trc_counts *counts = &im->job.rules.counts;
	const struct trc_import_progress progress = {
		.bytes_in = im->stored.bytes_given,
		.bytes_total = im->stored.bytes_total,
		.events = counts->allocs + counts->frees,
	};

	return im->opts->on_progress &&
	       im->opts->on_progress(&progress, im->opts->user);
}

/* Has the first bytes of a source at hand, without taking them. */
static int peek(struct import *im, struct trc_source *source, const char **head,
		size_t *size, struct kb_diag *diag)
{
	int err;

	do {
		if (report_progress(im))
			return kb_fail(diag, KB_E_STOPPED, "%s: stopped",
				       im->job.name);
		err = trc_source_peek(source, head, size, diag);
	} while (err == 0 && *size == 0);
	if (err == KB_END)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: is empty: there is nothing to import",
			       im->job.name);
	return err;
}

static const struct trc_format *find_format(const char *head, size_t size)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++)
		if (formats[i]->detect(head, size))
			return formats[i];
	return NULL;
}

/* Finds out what the recording is, and unpacks it on the way. */
static int recognise(struct import *im, const struct trc_format **format,
		     struct kb_diag *diag)
{
	const char *head = NULL;
	size_t size = 0;
	int err = peek(im, &im->stored, &head, &size, diag);

	if (err < 0)
		return err;
	im->job.source = &im->stored;
	if (trc_source_is_zstd(head, size)) {
		err = trc_source_open_zstd(&im->unpacked, &im->stored,
					   im->job.name, diag);
		if (err == 0)
			err = peek(im, &im->unpacked, &head, &size, diag);
		if (err < 0)
			return err;
		im->job.source = &im->unpacked;
	}
	*format = find_format(head, size);
	if (*format)
		return 0;
	if (size >= TRC_MAGIC_SIZE &&
	    memcmp(head, TRC_MAGIC, TRC_MAGIC_SIZE) == 0)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: is a .trc file already; look at it with "
			       "trc info",
			       im->job.name);
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: is not a recording that can be imported; wanted is "
		       "the text of /sys/kernel/tracing/trace, plain or zstd",
		       im->job.name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Reads the recording to its end and writes the trace. */
static int run(struct import *im, const struct trc_format *format,
	       struct trc_writer_options *out, struct trc_counts *counts,
	       struct kb_diag *diag)
{
	struct trc_writer_totals totals;
	int err;

	out->source_format = format->name;
	err = trc_writer_open(&im->writer, out, diag);
	if (err < 0)
		return err;
	im->job.rules.names = &im->job.names;
	im->job.rules.writer = im->writer;
	err = format->import(&im->job, diag);
	if (err < 0)
		return err;
	trc_rules_finish(&im->job.rules);
	totals.counts = &im->job.rules.counts;
	totals.clock = im->job.clock;
	totals.source_hash = trc_source_hash(&im->stored);
	err = trc_writer_finish(im->writer, &totals, diag);
	if (err == 0 && counts)
		*counts = im->job.rules.counts;
	return err;
}

static void release(struct import *im)
{
	trc_writer_free(im->writer);
	trc_rules_release(&im->job.rules);
	trc_names_release(&im->job.names);
	trc_source_release(&im->unpacked);
	trc_source_release(&im->stored);
}

/* Imports from im->stored, which is open, to `out->fd`; releases all. */
static int import_stored(struct import *im, const char *name,
			 struct trc_writer_options *out,
			 struct trc_counts *counts, struct kb_diag *diag)
{
	static const struct trc_import_options defaults;
	const struct trc_import_options *opts = im->opts;
	const struct trc_format *format;
	int err;

	if (!opts)
		opts = im->opts = &defaults;
	im->job.name = strcmp(name, "-") == 0 ? "standard input" : name;
	im->job.lenient = opts->lenient;
	im->job.is_stopped = report_progress;
	im->job.user = im;
	im->job.names.keep_recorder = opts->keep_recorder;
	im->job.names.exclude = opts->exclude_sites;
	im->job.names.exclude_count = opts->exclude_site_count;
	out->level = opts->level ? opts->level : TRC_LEVEL_DEFAULT;
	out->kernel_release = opts->kernel_release;
	out->source_name = base_name(name);
	if (out->level < TRC_LEVEL_MIN || out->level > TRC_LEVEL_MAX)
		err = kb_fail(diag, KB_E_RANGE,
			      "the level is %d; it must be from %d to %d",
			      out->level, TRC_LEVEL_MIN, TRC_LEVEL_MAX);
	else
		err = recognise(im, &format, diag);
	if (err == 0)
		err = run(im, format, out, counts, diag);
	release(im);
	return err;
}

static int import_to(const char *in_path, struct trc_writer_options *out,
		     const struct trc_import_options *opts,
		     struct trc_counts *counts, struct kb_diag *diag)
{
	struct import im = { .opts = opts };
	int err = trc_source_open_file(&im.stored, in_path, diag);

	if (err < 0)
		return err;
	return import_stored(&im, in_path, out, counts, diag);
}

int trc_import_fd(const char *in_path, int out_fd,
		  const struct trc_import_options *opts,
		  struct trc_counts *counts, struct kb_diag *diag)
{
	struct trc_writer_options out = { .fd = out_fd, .name = "output" };

	return import_to(in_path, &out, opts, counts, diag);
}

int trc_import_memory(const void *data, size_t size, const char *name,
		      int out_fd, const struct trc_import_options *opts,
		      struct trc_counts *counts, struct kb_diag *diag)
{
	struct trc_writer_options out = { .fd = out_fd, .name = "output" };
	struct import im = { .opts = opts };
	int err = trc_source_open_memory(&im.stored, data, size, diag);

	if (err < 0)
		return err;
	return import_stored(&im, name, &out, counts, diag);
}

/* Refuses outputs that a rename would harm: a rename puts a file in the place
 * of whatever is there, be it the input or a device. */
static int check_output(const char *in_path, const char *out_path,
			struct kb_diag *diag)
{
	struct stat in;
	struct stat out;
	bool has_in;

	if (stat(out_path, &out) < 0)
		return 0;
	if (S_ISDIR(out.st_mode))
		return kb_fail(
			diag, KB_E_IO,
			"%s: is a directory; name the .trc file to write",
			out_path);
	if (!S_ISREG(out.st_mode))
		return kb_fail(diag, KB_E_IO,
			       "%s: is not a regular file; a .trc cannot be "
			       "written to a device or pipe",
			       out_path);
	has_in = strcmp(in_path, "-") == 0 ? fstat(STDIN_FILENO, &in) == 0
					   : stat(in_path, &in) == 0;
	if (has_in && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return kb_fail(diag, KB_E_IO,
			       "%s: is the input too; give the .trc another "
			       "name",
			       out_path);
	return 0;
}

/* Makes a file beside `out_path` and its name, which the caller frees. The
 * kernel applies the umask, as it would to a file made in place. */
static int make_temporary(const char *out_path, char **path, int *fd,
			  struct kb_diag *diag)
{
	int directory_size = (int)(base_name(out_path) - out_path);

	*fd = -1;
	for (int i = 0; i < TEMPORARY_TRIES && *fd < 0; i++) {
		if (asprintf(path, "%.*s.trc-import-%ld-%d", directory_size,
			     out_path, (long)getpid(), i) < 0) {
			*path = NULL;
			return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
				       out_path);
		}
		*fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (*fd >= 0)
			return 0;
		free(*path);
		*path = NULL;
		if (errno != EEXIST)
			break;
	}
	return kb_fail(diag, KB_E_IO, "%s: cannot write there: %s", out_path,
		       strerror(errno));
}

int trc_import_file(const char *in_path, const char *out_path,
		    const struct trc_import_options *opts,
		    struct trc_counts *counts, struct kb_diag *diag)
{
	struct trc_writer_options out = { .fd = -1, .name = out_path };
	char *temporary = NULL;
	int err = check_output(in_path, out_path, diag);

	if (err == 0)
		err = make_temporary(out_path, &temporary, &out.fd, diag);
	if (err < 0)
		return err;
	err = import_to(in_path, &out, opts, counts, diag);
	if (err == 0 && fsync(out.fd) < 0)
		err = kb_fail(diag, KB_E_IO, "%s: cannot write: %s", out_path,
			      strerror(errno));
	if (close(out.fd) < 0 && err == 0)
		err = kb_fail(diag, KB_E_IO, "%s: cannot write: %s", out_path,
			      strerror(errno));
	if (err == 0 && rename(temporary, out_path) < 0)
		err = kb_fail(diag, KB_E_IO, "%s: cannot write there: %s",
			      out_path, strerror(errno));
	if (err < 0)
		unlink(temporary);
	free(temporary);
	return err;
}
