/*
 * bench_sequential: a three-way, group-sequential verdict on log ratios.
 *
 * x(1) <= … <= x(E) are the epochs' medians of ln(candidate / base). At each of
 * the looks E = 12, 24, 48, 96, 192:
 *
 *   FAIL  if x(kF) > ln(1 + theta)       more than a tolerable slowdown,
 *   PASS  if x(E + 1 - kP) < ln(1 + delta)   not a slowdown that matters,
 *
 * else go on; after the last look: INCONCLUSIVE. kF and kP are the largest k
 * with P(Binomial(E, 1/2) < k) at most the look's share of alpha and of beta (an
 * equal fifth each), so that, of independent epochs,
 *
 *   P(FAIL | true ratio <= 1 + theta) <= alpha
 *   P(PASS | true ratio >= 1 + delta) <= beta.
 *
 * It is the sign test (exact, no assumption about the noise's shape) at fixed
 * looks; PASS states equivalence, not just a lack of evidence.
 *
 * Only bench's own files and its tests include this file.
 */
#ifndef BENCH_SEQUENTIAL_H
#define BENCH_SEQUENTIAL_H

#include <stddef.h>

enum bench_verdict {
	BENCH_VERDICT_GO_ON,
	BENCH_VERDICT_PASS,
	BENCH_VERDICT_FAIL,
	BENCH_VERDICT_INCONCLUSIVE
};

struct bench_sequential {
	/* Shares, not percent: 0.01. theta < delta. */
	double theta;
	double delta;
	double alpha;
	double beta;
};

#define BENCH_LOOKS 5

/* Epochs at each look. */
extern const size_t bench_looks[BENCH_LOOKS];

/*
 * Judges `count` log ratios, which it sorts. Returns GO_ON between looks. A
 * given sequence has one verdict: the first that a look gives.
 */
enum bench_verdict bench_sequential_judge(const struct bench_sequential *s,
					  double *ratios, size_t count);

/* "PASS", "FAIL", "INCONCLUSIVE"; "stopped" for none. */
const char *bench_verdict_name(enum bench_verdict verdict);

#endif /* BENCH_SEQUENTIAL_H */
