/*
 * bench_metal_answer: what the kernel says, line by line (metal_request.h).
 *
 * Only bench/metal includes this file.
 */
#ifndef BENCH_METAL_ANSWER_H
#define BENCH_METAL_ANSWER_H

#include "bench_metal_result.h"
#include "bench_metal_machine.h"

/* Where something is in the machine's memory. */
struct bench_metal_place {
	uint64_t address;
	uint64_t count;
};

struct bench_metal_answer {
	struct bench_metal_result *result;
	struct bench_metal_place ticks;
	struct bench_metal_place directory;
	struct bench_metal_place frames;

	/* The last operation that it told of. */
	uint64_t event;

	/* Its first line was right; its last was "end", or "error". */
	bool has_begun;
	bool has_ended;
	bool has_failed;
};

/*
 * Reads until the console's end. What the kernel tells goes to the result: problems
 * as differences, figures to the real half of their pairs. Returns 0, also where the
 * kernel's last word was an error or it fell silent for `timeout_s`, which are
 * differences; KB_E_STOPPED; or KB_E_IO with `diag` filled.
 */
int bench_metal_answer_read(struct bench_metal_answer *answer,
			    const struct bench_metal_machine *machine,
			    const struct bench_metal_job *job,
			    struct kb_diag *diag);

#endif /* BENCH_METAL_ANSWER_H */
