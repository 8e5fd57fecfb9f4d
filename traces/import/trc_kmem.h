/*
 * trc_kmem: the kernel's memory events as every recorder of kernel tracepoints
 * prints them after the time:
 *
 *   kmalloc: call_site=f+0x10/0x20 ptr=ffff… bytes_req=10 bytes_alloc=16 …
 *
 * The recorders differ in what precedes them: task, cpu, time.
 *
 * Private to the importer.
 */
#ifndef TRC_KMEM_H
#define TRC_KMEM_H

#include "trc_rules.h"
#include "trc_scan.h"
#include "trc_text.h"

/*
 * Reads an event from its name on and passes it to the rules. time, cpu and
 * task of `record` are set already. Returns what a reader of lines returns;
 * counts an event of another kind.
 */
int trc_kmem_event(struct trc_text *text, struct trc_scan *c,
		   struct trc_record *record);

/*
 * Names a page of 4,096 * 2^order bytes by its pfn, in record's pointer and
 * sizes; NULL if neither the page's pointer nor its pfn identifies it. False if
 * the numbers are absurd.
 */
bool trc_kmem_page(struct trc_record *record, uint64_t page, uint64_t pfn,
		   uint64_t order);

/* Whether the name of an event of ours and its first field come next. */
bool trc_kmem_is_next(struct trc_scan c);

/*
 * Finds an event of ours in a line whose beginning cannot be read, by its name
 * and its first field: no task's name is as long as both. Returns where the name
 * begins, after ": ", or NULL.
 */
const char *trc_kmem_find(const struct trc_scan *line);

/* The context that the kernel's flags ("d..1.", "d..h1..") tell; 0 if none can be
 * read from them. */
enum trc_context trc_kmem_context(const char *flags, size_t size);

/*
 * Reads what may follow a record's essential fields: " name=value", the flags and
 * whatever later kernels add. A word that cannot be read is skipped. Anything else
 * is another record on the same line, or what is left of one. Returns 0 or as
 * trc_text_bad.
 */
int trc_kmem_rest(struct trc_text *text, struct trc_scan *c);

/*
 * Counts an event that the import does not use, whatever its name and text.
 * Refuses one that may be ours: cut off by the end of the recording, with a name
 * that cannot be read, or with an event of ours in its text, unless the text is a
 * program's message. Returns 0 or as trc_text_bad.
 */
int trc_kmem_other(struct trc_text *text, const struct trc_scan *c);

/* Whether a piece of a line holds the beginning of an alloc or free of the
 * kernel's, wherever in it. */
bool trc_kmem_is_in(struct trc_scan piece);

/* The same, as struct trc_text wants it. */
bool trc_kmem_holds(const struct trc_text *text, struct trc_scan piece);

#endif /* TRC_KMEM_H */
