#include "bench_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

char *bench_format_count(char out[BENCH_TEXT_SIZE], uint64_t n)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *p = out;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}

char *bench_format_number(char out[BENCH_TEXT_SIZE], double x)
{
	if (x >= 999.5)
		return bench_format_count(out, (uint64_t)llround(x));
	snprintf(out, BENCH_TEXT_SIZE, "%.*f",
		 x < 9.995   ? 2
		 : x < 99.95 ? 1
			     : 0,
		 x);
	return out;
}

/* `x` with a unit behind it, after division by the unit's size. */
static char *with_unit(char out[BENCH_TEXT_SIZE], double x, const char *unit)
{
	char number[BENCH_TEXT_SIZE];

	bench_format_number(number, x);
	snprintf(out, BENCH_TEXT_SIZE, "%.30s%s", number, unit);
	return out;
}

char *bench_format_ns(char out[BENCH_TEXT_SIZE], double ns)
{
	if (ns < 999.5)
		return with_unit(out, ns, "ns");
	if (ns < 999.5e3)
		return with_unit(out, ns / 1e3, "us");
	if (ns < 999.5e6)
		return with_unit(out, ns / 1e6, "ms");
	return with_unit(out, ns / 1e9, "s");
}

char *bench_format_bytes(char out[BENCH_TEXT_SIZE], double bytes)
{
	if (bytes < 999.5)
		return with_unit(out, bytes, "B");
	if (bytes < 999.5e3)
		return with_unit(out, bytes / 1e3, "kB");
	if (bytes < 999.5e6)
		return with_unit(out, bytes / 1e6, "MB");
	return with_unit(out, bytes / 1e9, "GB");
}

char *bench_format_rate(char out[BENCH_TEXT_SIZE], double ns_per_event)
{
	double rate = ns_per_event > 0 ? 1e9 / ns_per_event : 0;

	if (rate >= 999.5e6)
		return with_unit(out, rate / 1e9, "G/s");
	if (rate >= 999.5e3)
		return with_unit(out, rate / 1e6, "M/s");
	if (rate >= 999.5)
		return with_unit(out, rate / 1e3, "k/s");
	return with_unit(out, rate, "/s");
}

char *bench_format_figure(char out[BENCH_TEXT_SIZE], struct bench_figure f,
			  double floor_ns)
{
	switch (f.state) {
	case BENCH_FIGURE_NUMBER:
		return bench_format_ns(out, f.ns);
	case BENCH_FIGURE_BELOW_FLOOR:
		snprintf(out, BENCH_TEXT_SIZE, "<%.0fns", ceil(floor_ns));
		return out;
	default:
		strcpy(out, "-");
		return out;
	}
}
