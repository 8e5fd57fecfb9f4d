/*
 * trc_dump: the beginning of an event's line in the kernel's latency format, as
 * ftrace_dump, options/latency-format and `trace-cmd report -l` print it:
 *
 *     init-1         0d..1. 532799us : kmalloc: …
 *     find-252     0.....    25.338609: kmalloc: …
 *
 * Private to this folder.
 */
#ifndef TRC_DUMP_H
#define TRC_DUMP_H

#include "trc_rules.h"
#include "trc_scan.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads "comm-pid cpuflags time: " and leaves `c` at the event's name; `comm` gets
 * the task's name and `record` cpu, context and time, ns. False, with `c` as it
 * was, if it is not that.
 */
bool trc_dump_prefix(struct trc_scan *c, struct trc_scan *comm, int32_t *pid,
		     struct trc_record *record);

#endif /* TRC_DUMP_H */
