/*
 * trc_rules: the import rules of traces/FORMAT.md that decide which recorded
 * events become events of a trace, and the slot of each.
 *
 * Invariants: live = allocs - frees; live_max is the number of slots ever
 * taken; every live or excluded pointer is in the table, and no other.
 *
 * Private to this folder.
 */
#ifndef TRC_RULES_H
#define TRC_RULES_H

#include "kb_status.h"
#include "trc_event.h"
#include "trc_names.h"
#include "trc_writer.h"

#include <stdbool.h>
#include <stdint.h>

/* An alloc or free as a recorder saw it. */
struct trc_record {
	/* The object's address or another name of it; 0 for NULL. */
	uint64_t pointer;

	/* As in struct trc_event; 0 for frees. */
	uint64_t size;
	uint64_t size_granted;

	uint64_t time_ns;

	/* Numbers in the rules' names, or TRC_NAME_NONE. */
	uint32_t site;
	uint32_t task;

	uint16_t cpu;

	/* enum trc_context. */
	uint8_t context;
};

struct trc_pointer {
	/* The pointer, as two halves so that 12 bytes suffice; 0: an empty
	 * place. */
	uint32_t key[2];

	/* The live object's slot, or TRC_EXCLUDED. */
	uint32_t value;
};

/* Pointers, and what is known of each. */
struct trc_pointer_table {
	/* Open-addressed. Key and value are together, for one cache miss. */
	struct trc_pointer *places;

	/* Places, a power of two or 0, and how many are taken, 13 of 16 at
	 * most: more would make searches long, less the table larger than
	 * the caches. */
	uint64_t room;
	uint64_t count;

	/* 64 - log2(room): how far a hash is shifted to be a place. */
	unsigned shift;
};

struct trc_rules {
	/* Borrowed. */
	struct trc_names *names;
	struct trc_writer *writer;

	/* All counts but events, objects and live_at_end, which
	 * trc_rules_finish derives. */
	struct trc_counts counts;

	struct trc_pointer_table table;

	/* Slots free to take again, the last freed on top. */
	uint32_t *free_slots;
	uint64_t free_count;
	uint64_t free_room;
};

/* Fetches from memory what the next record with this pointer will be looked up
 * in. */
void trc_rules_expect(const struct trc_rules *rules, uint64_t pointer);

/* Applies the rules to an alloc. Returns 0, KB_E_RANGE, KB_E_NOMEM or the
 * writer's error. */
int trc_rules_alloc(struct trc_rules *rules, const struct trc_record *record,
		    struct kb_diag *diag);

/* Applies the rules to a free. Returns as above. */
int trc_rules_free(struct trc_rules *rules, const struct trc_record *record,
		   struct kb_diag *diag);

/* As trc_rules_free, for a free that an earlier import has implied: it stays
 * implied and is counted in implied_frees. */
int trc_rules_free_implied(struct trc_rules *rules,
			   const struct trc_record *record,
			   struct kb_diag *diag);

/* Whether an alloc, by rules 1 and 3, makes an object: its pointer is neither
 * NULL nor ZERO_SIZE_PTR, and its call site is not excluded. */
bool trc_rules_makes_object(const struct trc_rules *rules,
			    const struct trc_record *record);

/* Whether an object with this pointer is live or excluded. */
bool trc_rules_knows(const struct trc_rules *rules, uint64_t pointer);

/* Completes the counts, after the last record. */
void trc_rules_finish(struct trc_rules *rules);

/* Frees all; a zeroed struct is empty. */
void trc_rules_release(struct trc_rules *rules);

#endif /* TRC_RULES_H */
