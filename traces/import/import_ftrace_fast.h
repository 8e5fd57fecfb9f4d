/*
 * import_ftrace_fast: the lines that nearly all of an ftrace recording consists
 * of, kmalloc and kfree as current kernels print them, read at fixed distances.
 *
 *   <idle>-0       [000] d..1.     2.779778: kmalloc: call_site=f+0x1/0x2 ptr=…
 *
 * Each line must look in every byte as import_ftrace.c, the reference, has been
 * seen to read it; where one byte does not, that file reads the line. So both
 * give the same events for any bytes, which tests/fuzz/fuzz_trc_fast.c checks.
 *
 * Memory: fixed, about 600 KiB.
 *
 * Private to import_ftrace.c.
 */
#ifndef IMPORT_FTRACE_FAST_H
#define IMPORT_FTRACE_FAST_H

#include "trc_lines.h"
#include "trc_text.h"

#include <stddef.h>
#include <stdint.h>

/* No line with an event is shorter. */
#define FTRACE_FAST_LINE_MIN 32

struct ftrace_fast;

/* Returns NULL without memory; freed by ftrace_fast_free. */
struct ftrace_fast *ftrace_fast_new(void);

/* NULL is ignored. */
void ftrace_fast_free(struct ftrace_fast *fast);

/*
 * Learns that a line that begins with the first `size` bytes of `line`,
 * "comm-pid [cpu] ", is of this task and cpu, whatever follows them. The line
 * has FTRACE_FAST_LINE_MIN bytes at least.
 */
void ftrace_fast_learn(struct ftrace_fast *fast, const char *line, size_t size,
		       uint32_t task, uint16_t cpu);

/*
 * Reads lines of the piece at hand, and gives their events to the job, up to the
 * first that import_ftrace.c must read. An event must have been read before.
 * Returns 0, or <0 with `text->diag` filled.
 */
int ftrace_fast_run(struct ftrace_fast *fast, struct trc_text *text,
		    struct trc_lines *lines);

#endif /* IMPORT_FTRACE_FAST_H */
