/*
 * trc_ahead: a source that a thread of its own reads and unpacks ahead of
 * whoever takes the bytes.
 *
 * The thread begins only after TRC_AHEAD_AFTER bytes: a short recording is not
 * worth one. Where none can be had, and for sources that do not lend
 * (trc_source_ops), the caller reads as without. The bytes are the same in any
 * case; how they are cut into pieces is not.
 *
 * Private to the importer.
 */
#ifndef TRC_AHEAD_H
#define TRC_AHEAD_H

#include "kb_status.h"
#include "trc_source.h"

#include <stdint.h>

/* Bytes that are read without a thread. */
#define TRC_AHEAD_AFTER (UINT64_C(1) << 20)

/*
 * Gives what `inner` gives. `root` is where inner's bytes come from in the end,
 * maybe itself. Both stay the caller's, must outlive it, and must not be used
 * meanwhile. 0 or KB_E_NOMEM.
 */
int trc_source_open_ahead(struct trc_source *source, struct trc_source *inner,
			  struct trc_source *root, struct kb_diag *diag);

/* Bytes that the root had given when the piece at hand was read. */
uint64_t trc_ahead_bytes_in(const struct trc_source *source);

#endif /* TRC_AHEAD_H */
