#include "bench_tape.h"

#include <stdlib.h>
#include <string.h>

void bench_tape_release(struct bench_tape *tape)
{
#define X(name) free(tape->trace.name.data);
	BENCH_TAPE_TRACE(X)
#undef X
	free(tape->trace.names.data);
	for (size_t i = 0; i < BENCH_TAPE_ALLOCS; i++) {
#define X(name) free(tape->alloc[i].name.data);
		BENCH_TAPE_ALLOC(X)
#undef X
	}
	memset(tape, 0, sizeof(*tape));
}
