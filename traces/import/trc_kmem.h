/*
 * trc_kmem: the kernel's memory events as every recorder of kernel tracepoints
 * prints them behind the time:
 *
 *   kmalloc: call_site=f+0x10/0x20 ptr=ffff… bytes_req=10 bytes_alloc=16 …
 *
 * The recorders differ in what stands before: task, cpu, time.
 *
 * Private to the importer.
 */
#ifndef TRC_KMEM_H
#define TRC_KMEM_H

#include "trc_rules.h"
#include "trc_scan.h"
#include "trc_text.h"

/*
 * Reads an event from its name on and gives it to the rules. time, cpu and task
 * of `record` are set already. Returns what a reader of lines returns; an event
 * of another kind is counted.
 */
int trc_kmem_event(struct trc_text *text, struct trc_scan *c,
		   struct trc_record *record);

/* Whether a line holds the beginning of an alloc or free of the kernel's,
 * wherever in it: for recorders amid other output. */
bool trc_kmem_is_in(const char *line, size_t size);

#endif /* TRC_KMEM_H */
