#include "bench_smp_report.h"

#include "bench_format.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <string.h>

static const char *percent(char out[BENCH_TEXT_SIZE], uint64_t part,
			   uint64_t whole)
{
	if (whole == 0)
		return strcpy(out, "-");
	snprintf(out, BENCH_TEXT_SIZE, "%.1f%%",
		 100 * (double)part / (double)whole);
	return out;
}

static const char *time_text(char out[BENCH_TEXT_SIZE], uint64_t ps)
{
	return bench_format_ns(out, (double)ps / 1000);
}

/* Right-aligned, whatever bytes a character takes. */
static void put(FILE *out, const char *text, size_t columns)
{
	fprintf(out, "  %*s", bench_format_width(text, columns), text);
}

static int name_width(const struct bench_smp *smp)
{
	size_t width = strlen("allocator");

	for (size_t i = 0; i < smp->count; i++)
		width = kb_max(width, strlen(smp->result[i].allocator));
	for (size_t i = 0; i < smp->threaded_count; i++)
		width = kb_max(width, strlen(smp->threaded[i].allocator));
	return (int)width;
}

static void print_row(FILE *out, const struct bench_smp *smp,
		      const struct bench_smp_result *r, int width)
{
	const struct smp_counters *n = &r->counters;
	char speed[SMP_SPEED_TEXT];
	char text[BENCH_TEXT_SIZE];

	fprintf(out, "%-*s  %8s  %4" PRIu32, width, r->allocator,
		smp_speed_text(speed, r->speed), r->cpus);
	put(out, time_text(text, n->makespan_ps), 9);
	snprintf(text, sizeof(text), "%.3f", (double)r->speedup / 1000);
	put(out, text, 8);
	put(out, percent(text, n->lock_waits, r->events), 7);
	put(out, time_text(text, n->lock_wait_p50_ps), 8);
	put(out, time_text(text, n->lock_wait_p99_ps), 8);
	put(out, time_text(text, n->lock_wait_max_ps), 8);
	put(out, percent(text, n->lock_busy_ps, n->makespan_ps), 7);
	put(out, bench_format_count(text, n->cross_cpu_frees), 11);
	put(out, bench_format_count(text, n->failed_allocs), 8);
	if (smp->settings->headroom)
		put(out,
		    r->headroom.thousandths ? smp_speed_text(speed, r->headroom)
					    : "0",
		    11);
	fputc('\n', out);
}

static void print_threads_row(FILE *out, const struct bench_smp_threads *r,
			      int width)
{
	const struct smp_threads_result *best = &r->run[0];
	const struct replay_hist *hist[] = { &r->timed.wait, &r->timed.work };
	char speed[SMP_SPEED_TEXT];
	char text[BENCH_TEXT_SIZE];

	fprintf(out, "%-*s  %8s  %4" PRIu32 "  %6s", width, r->allocator,
		smp_speed_text(speed, r->speed), r->cpus, r->lock);
	put(out, bench_format_ns(text, (double)best->makespan_ns), 9);
	snprintf(text, sizeof(text), "%.1f",
		 (double)best->makespan_ns / (double)best->events);
	put(out, text, 8);
	put(out, percent(text, best->lock_waits, best->events), 7);
	for (size_t i = 0; i < 2; i++) {
		const bool any = hist[i]->count > 0;

		for (size_t q = 0; q < 2; q++)
			put(out,
			    any ? bench_format_ns(
					  text,
					  (double)replay_hist_quantile(
						  hist[i], q ? 0.99 : 0.5))
				: "-",
			    8);
	}
	put(out, bench_format_count(text, best->dependency_stalls), 7);
	put(out, bench_format_count(text, best->cross_cpu_frees), 11);
	fprintf(out, "  %8s\n", r->verified ? "yes" : "no");
}

static void print_threads(FILE *out, const struct bench_smp *smp, int width)
{
	fprintf(out,
		"%-*s  %8s  %4s  %6s  %9s  %8s  %7s  %8s  %8s  %8s  %8s  %7s  "
		"%11s  %8s\n",
		width, "allocator", "speed", "CPUs", "lock", "makespan",
		"ns/event", "waited", "wait p50", "p99", "work p50", "p99",
		"stalls", "cross-frees", "verified");
	for (size_t i = 0; i < smp->threaded_count; i++)
		print_threads_row(out, &smp->threaded[i], width);
	fprintf(out,
		"\nThe quickest of %d runs; waits and work of another run, "
		"whose operations were timed one by one.\n",
		BENCH_SMP_RUNS);
}

void bench_smp_table(FILE *out, const struct bench_smp *smp)
{
	const struct smp_program *p = smp->program;
	const int width = name_width(smp);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	fprintf(out, "%s: %s events, %s objects, %" PRIu32 " CPUs\n\n",
		smp->trace->file, bench_format_count(a, p->events),
		bench_format_count(b, p->objects), p->cpus);
	if (smp->settings->threads) {
		print_threads(out, smp, width);
		return;
	}
	fprintf(out,
		"%-*s  %8s  %4s  %9s  %8s  %7s  %8s  %8s  %8s  %7s  %11s  "
		"%8s",
		width, "allocator", "speed", "CPUs", "makespan", "speed-up",
		"waited", "wait p50", "p99", "max", "busy", "cross-frees",
		"failures");
	if (smp->settings->headroom)
		fprintf(out, "  %11s", "headroom");
	fputc('\n', out);
	for (size_t i = 0; i < smp->count; i++)
		print_row(out, smp, &smp->result[i], width);
}
