#include "bench_smp_report.h"

#include "bench_format.h"

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
		if (strlen(smp->result[i].allocator) > width)
			width = strlen(smp->result[i].allocator);
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
		put(out, smp_speed_text(speed, r->headroom), 11);
	fputc('\n', out);
}

void bench_smp_table(FILE *out, const struct bench_smp *smp)
{
	const struct smp_program *p = smp->program;
	const int width = name_width(smp);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	fprintf(out, "%s: %s events, %s objects, %" PRIu32 " CPUs\n\n",
		smp->trace->file, bench_format_count(a, p->events),
		bench_format_count(b, p->objects), p->cpus);
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
