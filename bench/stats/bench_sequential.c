#include "bench_sequential.h"

#include <math.h>
#include <stdlib.h>

const size_t bench_looks[BENCH_LOOKS] = { 12, 24, 48, 96, 192 };

size_t bench_binomial_rank(size_t n, double p)
{
	/* P(Binomial(n, 1/2) = i), from i = 0 up. */
	double term = pow(0.5, (double)n);
	double below = 0;
	size_t k = 0;

	for (;;) {
		below += term;
		if (below > p || k == n)
			return k;
		k++;
		term *= (double)(n - k + 1) / (double)k;
	}
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int is_look(size_t count)
{
	for (size_t i = 0; i < BENCH_LOOKS; i++)
		if (bench_looks[i] == count)
			return 1;
	return 0;
}

enum bench_verdict bench_sequential_judge(const struct bench_sequential *s,
					  double *ratios, size_t count)
{
	size_t fail, pass;

	if (!is_look(count))
		return BENCH_VERDICT_GO_ON;
	qsort(ratios, count, sizeof(*ratios), compare_double);
	fail = bench_binomial_rank(count, s->alpha / BENCH_LOOKS);
	pass = bench_binomial_rank(count, s->beta / BENCH_LOOKS);
	if (fail > 0 && ratios[fail - 1] > log1p(s->theta))
		return BENCH_VERDICT_FAIL;
	if (pass > 0 && ratios[count - pass] < log1p(s->delta))
		return BENCH_VERDICT_PASS;
	return count == bench_looks[BENCH_LOOKS - 1]
		       ? BENCH_VERDICT_INCONCLUSIVE
		       : BENCH_VERDICT_GO_ON;
}

const char *bench_verdict_name(enum bench_verdict verdict)
{
	static const char *const names[] = {
		[BENCH_VERDICT_GO_ON] = "stopped",
		[BENCH_VERDICT_PASS] = "PASS",
		[BENCH_VERDICT_FAIL] = "FAIL",
		[BENCH_VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
	};

	return names[verdict];
}
