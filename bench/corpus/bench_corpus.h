/*
 * bench_corpus: a folder of recordings, each NAME.trc with a card, NAME.json, that
 * says where it comes from:
 *
 *   load      what ran
 *   why       what the corpus has it for
 *   command   what records it again
 *   machine   where it was recorded, and when (recorded)
 *   cpus      CPUs that the recorded kernel had
 *   kernel, events, objects, lost, live_max, bytes, sha256
 *             what the trace itself says
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

/* The largest recording, and all of them together, bytes. */
#define BENCH_CORPUS_TRACE_MAX 1000000
#define BENCH_CORPUS_MAX       12000000

struct bench_corpus_entry {
	/* "boot-6.1-2cpu". Owned. */
	char *name;

	/* The card. Owned. */
	struct json_t *card;

	/* What verifying found wrong, "" for nothing. */
	struct kb_diag found;
};

struct bench_corpus {
	/* By name. Owned. */
	struct bench_corpus_entry *entry;
	size_t count;

	/* Of all cards. */
	uint64_t events;
	uint64_t bytes;
};

/*
 * Reads the cards of a folder. Returns 0; KB_E_IO, KB_E_FORMAT for a card that is
 * damaged or lacks a member or has one of another type, KB_E_ARG for a folder
 * without cards, or KB_E_NOMEM; with `diag` filled. A card that is not `whole` need
 * not say yet what the trace itself says. To be released in any case.
 */
int bench_corpus_read(struct bench_corpus *corpus, const char *folder,
		      bool whole, struct kb_diag *diag);
void bench_corpus_release(struct bench_corpus *corpus);

/*
 * Reads every trace to its end and compares it with its card; `found` of an entry
 * says what differs. A trace without a card, one of more than
 * BENCH_CORPUS_TRACE_MAX bytes, and a folder of more than BENCH_CORPUS_MAX are
 * wrong too. With `update`, the cards are rewritten from the traces instead.
 * `stop` is polled. Returns 0; KB_E_WRONG, with `diag` filled, if anything is
 * wrong; KB_E_STOPPED, KB_E_IO or KB_E_NOMEM.
 */
int bench_corpus_verify(struct bench_corpus *corpus, const char *folder,
			bool update, bool (*stop)(void), struct kb_diag *diag);

#endif /* BENCH_CORPUS_H */
