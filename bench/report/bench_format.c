#include "bench_format.h"
#include "kb_escape.h"

#include "kb_digits.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

char *bench_format_count(char out[BENCH_TEXT_SIZE], uint64_t n)
{
	static_assert(BENCH_TEXT_SIZE >= KB_DIGITS_SIZE, "room for any count");
	return kb_digits(out, n);
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

/* `x` in the unit that leaves at most three digits before the point; each unit
 * is a thousand times the previous one. */
static char *with_unit(char out[BENCH_TEXT_SIZE], double x,
		       const char *const units[4])
{
	char number[BENCH_TEXT_SIZE];
	size_t i = 0;

	for (; i < 3 && x >= 999.5; i++)
		x /= 1000;
	if (x == 0)
		strcpy(number, "0");
	else
		bench_format_number(number, x);
	snprintf(out, BENCH_TEXT_SIZE, "%.30s %s", number, units[i]);
	return out;
}

char *bench_format_ns(char out[BENCH_TEXT_SIZE], double ns)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };

	return with_unit(out, ns, units);
}

char *bench_format_bytes(char out[BENCH_TEXT_SIZE], double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB" };

	return with_unit(out, bytes, units);
}

char *bench_format_rate(char out[BENCH_TEXT_SIZE], double ns_per_event)
{
	static const char *const units[] = { "/s", "k/s", "M/s", "G/s" };

	return with_unit(out, ns_per_event > 0 ? 1e9 / ns_per_event : 0, units);
}

char *bench_format_figure(char out[BENCH_TEXT_SIZE], struct bench_figure f,
			  double floor_ns)
{
	switch (f.state) {
	case BENCH_FIGURE_NUMBER:
		return bench_format_ns(out, f.ns);
	case BENCH_FIGURE_BELOW_FLOOR:
		snprintf(out, BENCH_TEXT_SIZE, "<%.0f ns", ceil(floor_ns));
		return out;
	default:
		strcpy(out, "-");
		return out;
	}
}

int bench_format_width(const char *text, size_t columns)
{
	return (int)(columns + strlen(text) - kb_escape_columns(text));
}
