#include "bench_metal_result.h"

#include <stdarg.h>
#include <stdio.h>

void bench_metal_differ(struct bench_metal_result *result, const char *format,
			...)
{
	const size_t at = result->differences++;
	va_list args;

	result->equal = false;
	if (at >= BENCH_METAL_DIFFERENCES)
		return;
	va_start(args, format);
	vsnprintf(result->difference[at], BENCH_METAL_DIFFERENCE_SIZE, format,
		  args);
	va_end(args);
}
