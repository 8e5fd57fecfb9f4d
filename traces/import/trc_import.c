#include "trc_import.h"

#include "kb_bits.h"
#include "kb_out.h"
#include "kb_suggest.h"
#include "trc_ahead.h"
#include "trc_format.h"
#include "trc_job.h"
#include "trc_scan.h"
#include "trc_writer.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* The formats that can be imported. The first that recognizes a recording reads
 * it, so the strictest come first. A new one is one line here. */
static const struct trc_format *const formats[] = {
	&trc_format_trace_dat, &trc_format_perf_data, &trc_format_heaptrack,
	&trc_format_kheap,     &trc_format_csv,	      &trc_format_mtrace,
	&trc_format_csapp,     &trc_format_valgrind,  &trc_format_android,
	&trc_format_lttng,     &trc_format_trace_cmd, &trc_format_perf,
	&trc_format_ftrace,    &trc_format_console,   &trc_format_malloc_bench,
};

/* How far into a recording its format is searched for, bytes: a kernel's or a
 * program's log may begin with much other text. */
#define TRC_HEAD_MAX (1ul << 20)

/* An import from the opening of its input to the writing of its output. */
struct import {
	const struct trc_import_options *opts;
	struct trc_job job;

	/* The input as stored, unpacked if it is compressed, and as UTF-8 if
	 * it is UTF-16. */
	struct trc_source stored;
	struct trc_source unpacked;
	struct trc_source decoded;

	/* The same, read ahead by a thread; not open where there is to be
	 * none. */
	struct trc_source ahead;

	struct trc_writer *writer;

	/* The recording's beginning, if its first piece did not reveal the
	 * format. Owned. */
	char *head;
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

/* Reports progress to the caller; true if the caller wants it to stop. */
static bool report_progress(void *user)
{
	const struct import *im = user;
	const struct trc_import_progress progress = {
		.bytes_in = im->ahead.ops ? trc_ahead_bytes_in(&im->ahead)
					  : im->stored.bytes_given,
		.bytes_total = im->stored.bytes_total,
		.events = im->writer ? trc_queue_events(&im->job.queue) : 0,
	};

	return im->opts->on_progress &&
	       im->opts->on_progress(&progress, im->opts->user);
}

/* Peeks at the first bytes of a source. */
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

/* The format whose text comes first in a recording's beginning: output of other
 * programs may precede it. If two match at the same place, the first in the
 * list wins. */
static const struct trc_format *find_format(const char *head, size_t size)
{
	const struct trc_format *found = NULL;
	size_t first = TRC_SCAN_NOTHING;

	if (size >= 3 && memcmp(head, TRC_LINES_BOM, 3) == 0) {
		head += 3;
		size -= 3;
	}
	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++) {
		size_t at = formats[i]->detect(head, size);

		if (at < first) {
			first = at;
			found = formats[i];
		}
	}
	return found;
}

/* Reads on to the end, or until `head` is full. */
static int fill_head(struct import *im, size_t *size, struct kb_diag *diag)
{
	while (*size < TRC_HEAD_MAX) {
		const char *data;
		size_t more;
		int err;

		if (report_progress(im))
			return kb_fail(diag, KB_E_STOPPED, "%s: stopped",
				       im->job.name);
		err = trc_source_next(im->job.source, &data, &more, diag);
		if (err != 0)
			return err < 0 ? err : 0;
		memcpy(im->head + *size, data, more);
		*size += more;
	}
	return 0;
}

/* Looks for a format beyond the current piece, which is `head`. */
static int look_further(struct import *im, const char *head, size_t size,
			const struct trc_format **format, struct kb_diag *diag)
{
	const char *taken;
	size_t taken_size;
	int err;

	im->head = malloc(TRC_HEAD_MAX + TRC_SOURCE_PIECE);
	if (!im->head)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       im->job.name);
	memcpy(im->head, head, size);
	trc_source_next(im->job.source, &taken, &taken_size, diag);
	err = fill_head(im, &size, diag);
	if (err < 0)
		return err;
	trc_source_unread(im->job.source, im->head, size);
	*format = find_format(im->head, size);
	return 0;
}

/* The format that the caller wants. */
static int find_named(const char *name, const struct trc_format **format,
		      struct kb_diag *diag)
{
	struct kb_suggest suggest = KB_SUGGEST_INIT(name);
	const char *nearest;

	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i]->name, name) == 0) {
			*format = formats[i];
			return 0;
		}
	}
	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++)
		kb_suggest_offer(&suggest, formats[i]->name);
	nearest = kb_suggest_best(&suggest);
	return kb_fail(diag, KB_E_ARG, "there is no format %s%s%s", name,
		       nearest ? "; did you mean " : "; see trc import --help",
		       nearest ? nearest : "");
}

/* Puts the decoding source between a recording of 16-bit characters, as Windows
 * writes them, and its reader. */
static int decode(struct import *im, const char **head, size_t *size,
		  struct kb_diag *diag)
{
	bool is_big_endian;
	int err;

	if (!trc_source_is_utf16(*head, *size, &is_big_endian))
		return 0;
	err = trc_source_open_utf16(&im->decoded, im->job.source, im->job.name,
				    is_big_endian, diag);
	if (err == 0)
		err = peek(im, &im->decoded, head, size, diag);
	im->job.source = &im->decoded;
	return err;
}

/* Puts the inflating source between a compressed recording and its reader. */
static int unpack(struct import *im, const char **head, size_t *size,
		  struct kb_diag *diag)
{
	int err;

	im->job.source = &im->stored;
	if (trc_source_is_zstd(*head, *size))
		err = trc_source_open_zstd(&im->unpacked, &im->stored,
					   im->job.name, diag);
	else if (trc_source_is_gz(*head, *size))
		err = trc_source_open_gz(&im->unpacked, &im->stored,
					 im->job.name, diag);
	else if (trc_source_is_archive(*head, *size))
		err = trc_source_open_archive(&im->unpacked, &im->stored,
					      im->job.name, diag);
	else
		return 0;
	if (err == 0)
		err = peek(im, &im->unpacked, head, size, diag);
	im->job.source = &im->unpacked;
	return err;
}

/* Detects what the recording is, and decompresses it if need be. */
static int recognise(struct import *im, const struct trc_format **format,
		     struct kb_diag *diag)
{
	const char *wanted = im->opts->format;
	const char *head = NULL;
	size_t size = 0;
	int err = 0;

	if (wanted)
		err = find_named(wanted, format, diag);
	if (err == 0)
		err = peek(im, &im->stored, &head, &size, diag);
	if (err == 0)
		err = unpack(im, &head, &size, diag);
	if (err == 0)
		err = decode(im, &head, &size, diag);
	if (err < 0 || wanted)
		return err;
	*format = find_format(head, size);
	if (!*format)
		err = look_further(im, head, size, format, diag);
	if (*format || err < 0)
		return err;
	head = im->head;
	if (size >= TRC_MAGIC_SIZE &&
	    memcmp(head, TRC_MAGIC, TRC_MAGIC_SIZE) == 0)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: is a .trc file already; look at it with "
			       "trc info",
			       im->job.name);
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: is not a recording that can be imported, such as "
		       "the text of /sys/kernel/tracing/trace; trc import "
		       "--help lists the formats, --format NAME forces one",
		       im->job.name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* An empty trace is most likely a mistake: another format, other events. */
static int check_not_empty(const struct import *im,
			   const struct trc_format *format,
			   struct kb_diag *diag)
{
	const struct trc_counts *c = &im->job.rules.counts;

	if (c->events > 0 || !im->opts->refuse_empty)
		return 0;
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: read as %s, it holds no allocation (%" PRIu64
		       " other events, %" PRIu64 " frees of unknown objects, "
		       "%" PRIu64
		       " excluded): record kmalloc and kfree, ask for "
		       "--caches or --pages, or name another --format; "
		       "'trc import --allow-empty' takes it",
		       im->job.name, format->name, c->other_events,
		       c->unmatched_frees + c->null_frees, c->excluded_allocs);
}

/* An option that does nothing is most likely a mistake. */
static int check_options(const struct import *im,
			 const struct trc_format *format, struct kb_diag *diag)
{
	const struct trc_import_options *opts = im->opts;
	const char *option = NULL;

	if (!opts->refuse_useless)
		return 0;
	if (!format->has_processes && opts->pid != 0)
		option = "--pid";
	else if (format->is_of_kernel)
		return 0;
	else if (opts->takes_pages)
		option = "--pages";
	else if (opts->takes_caches)
		option = "--caches";
	else if (opts->boot != 0)
		option = "--boot";
	if (!option)
		return 0;
	return kb_fail(diag, KB_E_ARG,
		       "%s: read as %s, for which %s does nothing; drop it, or "
		       "name another --format",
		       im->job.name, format->name, option);
}

/* How many threads an import may be: as many as there are CPUs for. */
static unsigned thread_count(const struct import *im)
{
	cpu_set_t cpus;

	if (im->opts->threads > 0)
		return im->opts->threads;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return (unsigned)kb_min(CPU_COUNT(&cpus), TRC_THREADS_MAX);
}

/*
 * Reads the recording to its end and gives its events to the rules: in one
 * thread, or with one that reads and unpacks, or one that applies the rules and
 * writes, whichever has more to do, or both. An error of the rules is about an
 * event before the place where reading ended.
 */
static int read_all(struct import *im, const struct trc_format *format,
		    struct kb_diag *diag)
{
	struct kb_diag earlier = { 0 };
	unsigned threads = thread_count(im);
	bool is_packed = im->job.source == &im->unpacked;
	int err = 0;
	int finished;

	if (threads > 2 || (threads == 2 && is_packed))
		err = trc_source_open_ahead(&im->ahead, im->job.source,
					    &im->stored, diag);
	if (err < 0)
		return err;
	if (im->ahead.ops)
		im->job.source = &im->ahead;
	trc_queue_init(&im->job.queue, &im->job.rules,
		       threads > 2 || (threads == 2 && !is_packed));
	err = format->import(&im->job, diag);
	finished = trc_queue_finish(&im->job.queue, &earlier);
	if (finished < 0 && earlier.status < 0)
		*diag = earlier;
	return finished < 0 ? finished : err;
}

/* Reads the recording to its end and writes the trace. */
static int run(struct import *im, const struct trc_format *format,
	       struct trc_writer_options *out, struct trc_counts *counts,
	       struct kb_diag *diag)
{
	struct trc_writer_totals totals;
	int err;

	/* If it could not be found, there is an error and no run. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	out->source_format = format->name;
	err = trc_writer_open(&im->writer, out, diag);
	if (err < 0)
		return err;
	im->job.rules.names = &im->job.names;
	im->job.rules.writer = im->writer;
	err = read_all(im, format, diag);
	if (err < 0)
		return err;
	trc_rules_finish(&im->job.rules);
	err = check_not_empty(im, format, diag);
	if (err < 0)
		return err;
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
	free(im->head);
	trc_source_release(&im->ahead);
	trc_queue_release(&im->job.queue);
	trc_writer_free(im->writer);
	trc_rules_release(&im->job.rules);
	trc_names_release(&im->job.names);
	trc_source_release(&im->decoded);
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
	const struct trc_format *format = NULL;
	int err;

	if (!opts)
		opts = im->opts = &defaults;
	im->job.name = strcmp(name, "-") == 0 ? "standard input" : name;
	im->job.path = name;
	im->job.lenient = opts->lenient;
	im->job.pid = opts->pid;
	im->job.boot = opts->boot;
	im->job.takes_caches = opts->takes_caches;
	im->job.takes_pages = opts->takes_pages;
	im->job.is_plain = opts->is_plain;
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
		err = check_options(im, format, diag);
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

int trc_import_stream(int in_fd, const char *name, int out_fd,
		      const struct trc_import_options *opts,
		      struct trc_counts *counts, struct kb_diag *diag)
{
	struct trc_writer_options out = { .fd = out_fd, .name = "output" };
	struct import im = { .opts = opts };
	int err = trc_source_open_fd(&im.stored, in_fd, name, diag);

	if (err < 0)
		return err;
	return import_stored(&im, name, &out, counts, diag);
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

int trc_import_file(const char *in_path, const char *out_path,
		    const struct trc_import_options *opts,
		    struct trc_counts *counts, struct kb_diag *diag)
{
	struct trc_writer_options options = { .fd = -1, .name = out_path };
	struct kb_out output;
	int err = kb_out_open_fd(&output, out_path, diag);

	if (err == 0)
		err = kb_out_check_input(&output, in_path, diag);
	options.fd = output.fd;
	if (err == 0)
		err = import_to(in_path, &options, opts, counts, diag);
	if (err == 0)
		err = kb_out_commit(&output, diag);
	kb_out_release(&output);
	return err;
}
