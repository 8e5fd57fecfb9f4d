/*
 * gbench_shim: Google Benchmark (Debian's libbenchmark 1.7.1) for C.
 *
 * One .cc file implements this header; no exception crosses it. Objects are
 * opaque and live as long as the library's registry. The shim hides these
 * peculiarities of 1.7.1 from callers:
 *   - a benchmark that skips in one repetition and not in a later one crashes
 *     its statistics: skipping is for all repetitions or none;
 *   - leaving the loop early aborts: gb_skip drains it;
 *   - a filter that matches nothing succeeds: here it fails.
 *
 * Only bench's own files include this file.
 */
#ifndef GBENCH_SHIM_H
#define GBENCH_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gb_state;
struct gb_bench;

/* A benchmark's body; called once per repetition, and more often while the
 * library looks for an iteration count. */
typedef void (*gb_fn)(struct gb_state *state, void *user);

/* Registers a benchmark. `user` is borrowed until gb_clear. */
struct gb_bench *gb_register(const char *name, gb_fn fn, void *user);

/* Forgets all registered benchmarks. */
void gb_clear(void);

/* Adds a run with this argument, read back by gb_arg_of and shown after its
 * name: ".../live:4096". */
void gb_arg(struct gb_bench *bench, int64_t arg);
void gb_arg_name(struct gb_bench *bench, const char *name);

/* Asks for the asymptotic law that best fits the runs' times against the n that
 * each passes to gb_complexity_n. Reported, but not reliable. */
void gb_complexity(struct gb_bench *bench);
void gb_complexity_n(struct gb_state *state, int64_t n);

void gb_repetitions(struct gb_bench *bench, int n);
void gb_iterations(struct gb_bench *bench, int64_t n);

/* The body reports each batch's time itself, by gb_iteration_time. */
void gb_use_manual_time(struct gb_bench *bench);

int64_t gb_arg_of(const struct gb_state *state);

/* Iterations that this call of the body must make. */
int64_t gb_iters(const struct gb_state *state);

/* The loop: while (gb_next_batch(s, n)) { n operations }. The clock starts at
 * the first call and stops at the one that returns false. */
bool gb_next_batch(struct gb_state *state, int64_t n);

/* Seconds that the batch took. */
void gb_iteration_time(struct gb_state *state, double seconds);

/* A figure in addition to the time; exact up to 2^53. */
void gb_counter(struct gb_state *state, const char *name, double value);

/* Total bytes and items that all iterations processed. */
void gb_bytes(struct gb_state *state, int64_t bytes);
void gb_items(struct gb_state *state, int64_t items);

/* Reports an error instead of a time; the body must then return. */
void gb_skip(struct gb_state *state, const char *why);

/* A line of the report's context. */
void gb_context(const char *key, const char *value);

/* Calls `fn` with the name of each registered benchmark that the options'
 * --benchmark_filter matches. Returns 0, or 2 with a message on stderr. */
int gb_match(int argc, char **argv, void (*fn)(const char *name, void *user),
	     void *user);

/*
 * Runs the registered benchmarks, all of them if `all`, else those that the
 * options' filter matches, and reports as the options say; on stderr instead of
 * stdout if `to_stderr`. `*file` gets the text that --benchmark_out asks for, to be
 * freed: the library would leave half of it on a full disk and not say so. NULL
 * without that option. Returns 0, or 2 with a message on stderr (unknown option,
 * nothing matched).
 */
int gb_run(int argc, char **argv, bool all, bool to_stderr, char **file);

/* Keeps a value, or all of memory, from being optimized away. */
#define gb_do_not_optimize(x) __asm__ volatile("" : : "g"(x) : "memory")

#ifdef __cplusplus
}
#endif

#endif /* GBENCH_SHIM_H */
