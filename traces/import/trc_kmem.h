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

/* Whether the beginning of a kernel alloc or free is anywhere in a line: for
 * recorders whose events are mixed with other output. */
bool trc_kmem_is_in(const char *line, size_t size);

#endif /* TRC_KMEM_H */
