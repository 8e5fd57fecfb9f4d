#include "bench_sequential.h"

#include "bench_stats.h"

#include <math.h>

const size_t bench_looks[BENCH_LOOKS] = { 12, 24, 48, 96, 192 };

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
	bench_sort(ratios, count);
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
