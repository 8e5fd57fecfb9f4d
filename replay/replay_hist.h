/*
 * replay_hist: a log-linear histogram of unsigned 64-bit values.
 *
 * Values below 128 have a bucket each; above, each power of two is cut into 128
 * buckets, so a bucket is at most 1/128 (0.8%) of its values wide. The idea is
 * HdrHistogram's (Tene). Count and maximum are exact. No pointers: a histogram
 * may be copied, sent and merged as it is.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_HIST_H
#define REPLAY_HIST_H

#include <stddef.h>
#include <stdint.h>

#define REPLAY_HIST_SUB_BITS 7
#define REPLAY_HIST_SUB	     (1u << REPLAY_HIST_SUB_BITS)
#define REPLAY_HIST_BUCKETS \
	((size_t)(64 - REPLAY_HIST_SUB_BITS + 1) * REPLAY_HIST_SUB)

struct replay_hist {
	uint64_t count;
	uint64_t max;
	uint64_t bucket[REPLAY_HIST_BUCKETS];
};

/* Adds one value, or the same one `times` times. */
void replay_hist_add(struct replay_hist *hist, uint64_t value);
void replay_hist_add_many(struct replay_hist *hist, uint64_t value,
			  uint64_t times);

/* Adds all of `from` to `into`. */
void replay_hist_merge(struct replay_hist *into,
		       const struct replay_hist *from);

/*
 * The value at quantile q, 0 < q <= 1, of a histogram that is not empty: the
 * middle of the bucket that holds the value of rank ceil(q * count). For q = 1
 * it is the exact maximum.
 */
uint64_t replay_hist_quantile(const struct replay_hist *hist, double q);

/* The lowest value of a bucket, and how many values share it. */
uint64_t replay_hist_bucket_low(size_t bucket);
uint64_t replay_hist_bucket_width(size_t bucket);

/* The value that represents a bucket: its middle, but no more than the
 * largest value. */
uint64_t replay_hist_bucket_middle(const struct replay_hist *hist,
				   size_t bucket);

/* How many values are in buckets above the bucket of `value`. */
uint64_t replay_hist_above(const struct replay_hist *hist, uint64_t value);

/* The bucket of a value. */
size_t replay_hist_bucket_of(uint64_t value);

#endif /* REPLAY_HIST_H */
