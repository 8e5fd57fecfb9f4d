/*
 * trc_import: turns a recorder's text into a .trc, by the import rules of
 * traces/FORMAT.md ("Import rules").
 *
 * The input is untrusted. Memory grows with the live objects and the distinct
 * call sites and tasks, never with the number of events or the length of a
 * line.
 *
 * The trc and bench programs may include this file.
 */
#ifndef TRC_IMPORT_H
#define TRC_IMPORT_H

#include "kb_status.h"
#include "trc_event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The default zstd level, and the allowed range. */
#define TRC_LEVEL_DEFAULT 3
#define TRC_LEVEL_MIN	  1
#define TRC_LEVEL_MAX	  19

/* One thread reads and unpacks, one reads the lines, one writes. */
#define TRC_THREADS_MAX 3

/* How far an import has come; told to a caller who wants to show it. */
struct trc_import_progress {
	/* Bytes of the input read so far, as stored (compressed if it is). */
	uint64_t bytes_in;

	/* The input's whole size, bytes; 0 for a pipe. */
	uint64_t bytes_total;

	/* Events written so far. */
	uint64_t events;
};

struct trc_import_options {
	/* Skip and count unreadable lines instead of failing (rule 9). */
	bool lenient;

	/* Keep the recorder's own allocations (rule 3). */
	bool keep_recorder;

	/* One of the names that trc import --help lists; NULL detects it from
	 * the recording's first bytes. Borrowed. */
	const char *format;

	/* Of a recording of several processes, the one with this number; of
	 * several boots, the one with this number, from 1. 0: there must be
	 * only one. */
	uint64_t pid;
	uint64_t boot;

	/* A recording without an alloc is an error. */
	bool refuse_empty;

	/* So is an option that does nothing for the recording's format:
	 * KB_E_ARG. */
	bool refuse_useless;

	/* Take kmem_cache_alloc and kmem_cache_free, mm_page_alloc and
	 * mm_page_free for allocs and frees too. */
	bool takes_caches;
	bool takes_pages;

	/* Read every line by the format's plain reader, never by its fast one,
	 * which gives the same: for whoever compares the two. */
	bool is_plain;

	/* Threads, at most, the caller's included; 0: as many as pay off
	 * on the CPUs that the process may use. The trace is the same. More
	 * than TRC_THREADS_MAX are of no use. */
	unsigned threads;

	/* Further symbols whose allocations are skipped, or NULL. Borrowed. */
	const char *const *exclude_sites;
	size_t exclude_site_count;

	/* TRC_LEVEL_MIN … TRC_LEVEL_MAX; 0 means TRC_LEVEL_DEFAULT. */
	int level;

	/* Recorded in the header; NULL or "" if unknown. Borrowed. */
	const char *kernel_release;

	/* Called now and then, by the caller's thread, or NULL; return true to stop the import, which
	 * then ends with KB_E_STOPPED. */
	bool (*on_progress)(const struct trc_import_progress *progress,
			    void *user);
	void *user;
};

/*
 * Imports `in_path` ("-" is standard input; plain or packed by zstd, gzip, xz,
 * bzip2 or zip, found out from its first bytes) to `out_path`. The file appears under its name only when
 * whole: it is written beside it, fsynced and renamed. `opts` may be NULL for
 * the defaults; `counts` may be NULL, else receives the header's counts.
 *
 * Returns 0, or <0 with `diag` filled and nothing left at `out_path` that was
 * not there before: KB_E_IO, KB_E_FORMAT, KB_E_CORRUPT, KB_E_RANGE,
 * KB_E_NOMEM, KB_E_STOPPED.
 */
int trc_import_file(const char *in_path, const char *out_path,
		    const struct trc_import_options *opts,
		    struct trc_counts *counts, struct kb_diag *diag);

/*
 * As trc_import_file, but writes to the open, seekable, empty file `out_fd`,
 * which stays the caller's and open. Nothing is renamed or fsynced.
 */
int trc_import_fd(const char *in_path, int out_fd,
		  const struct trc_import_options *opts,
		  struct trc_counts *counts, struct kb_diag *diag);

/*
 * As trc_import_fd, from the open `in_fd`, which stays the caller's: for inputs
 * that can be opened only once, such as a FIFO. It is called `name` in errors
 * and in the header.
 */
int trc_import_stream(int in_fd, const char *name, int out_fd,
		      const struct trc_import_options *opts,
		      struct trc_counts *counts, struct kb_diag *diag);

/*
 * As trc_import_fd, with the recording's `size` bytes at `data` for input,
 * called `name` in errors and in the header.
 */
int trc_import_memory(const void *data, size_t size, const char *name,
		      int out_fd, const struct trc_import_options *opts,
		      struct trc_counts *counts, struct kb_diag *diag);

#endif /* TRC_IMPORT_H */
