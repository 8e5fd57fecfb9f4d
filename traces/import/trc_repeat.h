/*
 * trc_repeat: merges allocs that the kernel traces twice, before they reach the
 * rules. Linux 6.10 and later trace a large kmalloc where it is made and again
 * where it was requested (import rule 2 of traces/FORMAT.md); the two become
 * one alloc, with the call site of the second. Since other cpus' events may
 * come between, a kmalloc and all that follows it are held back until the next
 * kmalloc or kfree of its cpu, so events keep their order.
 *
 * Memory: TRC_REPEAT_MAX records, and 8 bytes per cpu.
 *
 * Private to this folder.
 */
#ifndef TRC_REPEAT_H
#define TRC_REPEAT_H

#include "kb_status.h"
#include "trc_rules.h"

#include <stdbool.h>
#include <stdint.h>

/* Most records held back: the oldest is passed on when one more arrives. A
 * power of two. */
#define TRC_REPEAT_MAX 65536

/* What a recorded event was. Only the first two decide whether another is a
 * repeat. */
enum trc_repeat_kind {
	TRC_REPEAT_KMALLOC,
	TRC_REPEAT_KFREE,
	TRC_REPEAT_OTHER_ALLOC,
	TRC_REPEAT_OTHER_FREE
};

struct trc_held {
	struct trc_record record;

	/* enum trc_repeat_kind. */
	uint8_t kind;

	/* It may be the first half of a repeat: the next kmalloc or kfree of
	 * its cpu decides. */
	uint8_t is_open;
};

/* A zeroed struct is empty. */
struct trc_repeat {
	/* A ring: the record with number n is at n modulo `room`, a power of
	 * two or 0. Numbers `first` up to `next` are held. */
	struct trc_held *ring;
	uint64_t room;
	uint64_t first;
	uint64_t next;

	/* For each cpu, the number + 1 of its open record; 0 if none. */
	uint64_t *open;
	uint32_t cpus;
};

/* Takes a record, and gives to `rules` what can go on. `is_open` is false where it
 * is known that the next kmalloc or kfree of its cpu does not repeat it. Returns
 * 0, KB_E_NOMEM or the rules' error. */
int trc_repeat_add(struct trc_repeat *repeat, struct trc_rules *rules,
		   const struct trc_record *record, enum trc_repeat_kind kind,
		   bool is_open, struct kb_diag *diag);

/* Whether no record is held back. */
static inline bool trc_repeat_is_empty(const struct trc_repeat *repeat)
{
	return repeat->first == repeat->next;
}

/* Gives a record to `rules` as what it is, past all that is held. Returns the
 * rules' error. */
int trc_repeat_give(struct trc_rules *rules, const struct trc_record *record,
		    enum trc_repeat_kind kind, struct kb_diag *diag);

/* Passes everything held to `rules`, after the last record. Returns 0 or the
 * rules' error. */
int trc_repeat_finish(struct trc_repeat *repeat, struct trc_rules *rules,
		      struct kb_diag *diag);

/* Frees all. */
void trc_repeat_release(struct trc_repeat *repeat);

#endif /* TRC_REPEAT_H */
