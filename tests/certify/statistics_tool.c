/*
 * certify-statistics: bench's statistics over a pipe, so that a program in
 * another language can compare its own with them.
 *
 * A line of input is a question, a line of output its answer:
 *
 *   interval N          k of the 95% interval of a median
 *   rank N P            k of bench_binomial_rank
 *   summary X…          median spread min low high; the last two "-" if none
 *   judge T D A B X…    the verdict's name: theta, delta, alpha, beta, ratios
 */
#include "bench_sequential.h"
#include "bench_stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 4096

static size_t read_values(char *text, double *values)
{
	size_t count = 0;
	char *end;

	while (count < VALUES_MAX) {
		values[count] = strtod(text, &end);
		if (end == text)
			break;
		count++;
		text = end;
	}
	return count;
}

static void answer_summary(double *values, size_t count)
{
	struct bench_summary s;

	bench_summarize(&s, values, count);
	printf("%.17g %.17g %.17g", s.median, s.spread, s.min);
	if (s.has_interval)
		printf(" %.17g %.17g\n", s.low, s.high);
	else
		printf(" - -\n");
}

static void answer_judge(double *values, size_t count)
{
	struct bench_sequential rule = { values[0], values[1], values[2],
					 values[3] };

	printf("%s\n", bench_verdict_name(bench_sequential_judge(
			       &rule, values + 4, count - 4)));
}

static void answer(char *line)
{
	double values[VALUES_MAX];
	char *text = line + strcspn(line, " \n");
	size_t count = read_values(text, values);

	if (strncmp(line, "interval", 8) == 0)
		printf("%zu\n", bench_interval_rank((size_t)values[0]));
	else if (strncmp(line, "rank", 4) == 0)
		printf("%zu\n",
		       bench_binomial_rank((size_t)values[0], values[1]));
	else if (strncmp(line, "summary", 7) == 0)
		answer_summary(values, count);
	else
		answer_judge(values, count);
	fflush(stdout);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		answer(line);
	free(line);
	return 0;
}
