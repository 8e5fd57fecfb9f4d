/*
 * trc_test: what the tests of traces/ share: importing small texts, and seeing
 * a .trc as text.
 */
#ifndef TRC_TEST_H
#define TRC_TEST_H

#include "kb_test.h"

#include "kb_status.h"
#include "trc_event.h"
#include "trc_import.h"
#include "trc_source.h"

#include <stddef.h>
#include <stdint.h>

#define TRC_TEST_TRACES	    KB_SOURCE_DIR "/traces/"
#define TRC_TEST_RECORDINGS KB_SOURCE_DIR "/traces/recordings/"
#define TRC_TEST_DATA	    KB_SOURCE_DIR "/tests/traces/data/"

/* The counts of traces/boot.trc, debian-boot.trc and boot-6.12.trc, and of their
 * recordings: the check values that two programs written apart agree on. Linux
 * 6.12 traces large allocations twice. */
extern const struct trc_counts trc_test_boot;
extern const struct trc_counts trc_test_debian_boot;
extern const struct trc_counts trc_test_boot_6_12;

/* Bytes on the heap, followed by a NUL that does not count. */
struct blob {
	char *data;
	size_t size;

	/* Bytes allocated, if blob_printf has allocated them; else 0. */
	size_t room;
};

/* What became of an import. */
struct imported {
	int status;
	struct kb_diag diag;
	struct trc_counts counts;

	/* The .trc, and its events as trc_test_dump shows them; empty if the
	 * import failed. */
	struct blob file;
	struct blob dump;
};

/* Takes all of a source into the blob, which the caller frees. Returns the status of the
 * last call of trc_source_next. */
int blob_drain(struct blob *blob, struct trc_source *source,
	       struct kb_diag *diag);

/* Adds printf-style text to a blob. */
void blob_printf(struct blob *blob, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same bytes, compressed. The caller frees `data`. */
struct blob blob_zstd(const struct blob *plain);
struct blob blob_gzip(const struct blob *plain);

/* A whole file; the test fails if it cannot be read. */
struct blob read_whole(const char *path);

/* Writes a whole file. */
void write_whole(const char *path, const void *data, size_t size);

/* A new empty directory for the test's files; the caller frees the name. */
char *make_directory(void);

/* Removes a directory and the files in it, and frees its name. Returns how
 * many files there were, hidden ones included. */
int remove_directory(char *directory);

/*
 * The events of a .trc in memory, one per line:
 *
 *   alloc 0 64/96 @1000 cpu0 site+0x1 [module] comm-pid
 *   free 0 @2000 cpu1 site+0x2 comm-pid
 *
 * Returns 0, or the reader's error with `diag` filled and what was read before
 * it in the blob.
 */
int trc_test_dump(const void *data, size_t size, struct blob *dump,
		  struct kb_diag *diag);

/* Imports bytes called "text" in memory. `opts` may be NULL. */
struct imported import_bytes(const void *data, size_t size,
			     const struct trc_import_options *opts);

/* As import_bytes, for a text that must be imported without an error. */
struct imported import_text(const char *text);

void imported_release(struct imported *imported);

/* Fails unless a diagnostic holds `part`. */
void assert_says(const struct kb_diag *diag, const char *part);

#endif /* TRC_TEST_H */
