/*
 * trc_edit: a new .trc made of events of other traces, or of new ones. The
 * import rules assign slots anew, so any events can be dropped.
 *
 * Private to the trc program.
 */
#ifndef TRC_EDIT_H
#define TRC_EDIT_H

#include "kb_status.h"
#include "trc_names.h"
#include "kb_out.h"
#include "trc_rules.h"
#include "trc_walk.h"
#include "trc_writer.h"

#include <stdint.h>

struct trc_edit {
	struct kb_out output;
	struct trc_names names;
	struct trc_rules rules;
	struct trc_writer *writer;

	/* Numbers in `names` of a reader's sites and tasks, by their ids, + 1;
	 * 0 if not yet known. */
	uint32_t *site_numbers;
	uint32_t *task_numbers;
	uint32_t site_room;
	uint32_t task_room;
};

/* An empty edit, for trc_edit_release. */
#define TRC_EDIT_INIT                 \
	{                             \
		.output = {.fd = -1 } \
	}

/*
 * Starts the file `path`. `info` says where its events come from, or is NULL;
 * `level` is zstd's. Returns 0, KB_E_IO or KB_E_NOMEM; release it in any case.
 */
int trc_edit_open(struct trc_edit *edit, const char *path,
		  const struct trc_info *info, int level, struct kb_diag *diag);

/* Forgets which site and task each id is: before another reader's events. */
void trc_edit_forget(struct trc_edit *edit);

/*
 * Adds the current event of a walk. Objects of one `space`, below 2^16, are
 * different from those of another. A free whose alloc has not been added is
 * counted in unmatched_frees. Returns 0 or an error with `diag` filled.
 */
int trc_edit_add(struct trc_edit *edit, const struct trc_walk *walk,
		 uint32_t space, struct kb_diag *diag);

/* Adds an event of any other origin. */
int trc_edit_record(struct trc_edit *edit, const struct trc_record *record,
		    enum trc_kind kind, struct kb_diag *diag);

/* Adds to the counts what another file's importer had dropped or lost. */
void trc_edit_carry(struct trc_edit *edit, const struct trc_counts *counts);

/* Ends the file and gives it its name. `info` as above; `clock` is its clock.
 * Returns 0 or an error. */
int trc_edit_finish(struct trc_edit *edit, const struct trc_info *info,
		    uint32_t clock, struct kb_diag *diag);

/* Removes an unfinished file. */
void trc_edit_release(struct trc_edit *edit);

#endif /* TRC_EDIT_H */
