/*
 * bench_metal: replays a trace on a real MMU, QEMU's, in the kernel of metal/, and
 * in the simulation, and compares the two state by state.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_METAL_H
#define BENCH_METAL_H

#include "bench_metal_result.h"

/*
 * Tells whether there is a kernel to boot for an allocator. Returns 0, KB_E_ARG for
 * one that the kernel has not got, or KB_E_ENVIRONMENT if this bench was built
 * without a kernel; with `diag` filled.
 */
int bench_metal_check(const struct alloc_spec *spec, const char *image,
		      struct kb_diag *diag);

/*
 * Runs both. Returns 0 with `*out` filled, whether or not they are equal; or <0
 * with `diag` filled: KB_E_ENVIRONMENT without QEMU, or if it could not be run to its
 * end; KB_E_RANGE if the trace does not fit the machine; KB_E_STOPPED; what reading
 * the trace says. No process or file is left in any case.
 */
int bench_metal_run(const struct bench_metal_job *job,
		    struct bench_metal_result *out, struct kb_diag *diag);

#endif /* BENCH_METAL_H */
