/*
 * Sentences that are computed: each says what a figure of the results means, and is
 * omitted where there is nothing to say.
 */
#include "bench_smp_report.h"

#include "bench_format.h"

#include <inttypes.h>

static const char *share(char out[BENCH_TEXT_SIZE], uint64_t part,
			 uint64_t whole)
{
	snprintf(out, BENCH_TEXT_SIZE, "%.3g%%",
		 whole ? 100 * (double)part / (double)whole : 0.0);
	return out;
}

/* The end of an allocator's results at one speed. */
static size_t group_end(const struct bench_smp *smp, size_t first)
{
	const struct bench_smp_result *a = &smp->result[first];
	size_t i = first + 1;

	while (i < smp->count && smp->result[i].allocator == a->allocator &&
	       smp->result[i].speed.thousandths == a->speed.thousandths)
		i++;
	return i;
}

static void say_speed(FILE *out, struct smp_speed speed)
{
	char text[SMP_SPEED_TEXT];

	if (speed.thousandths == 0)
		fprintf(out, "At full speed ");
	else
		fprintf(out, "At %s times the recorded speed ",
			smp_speed_text(text, speed));
}

/* Up to how many CPUs it gains, and what the lock does on the most. */
static void say_gain(FILE *out, const struct bench_smp *smp, size_t first,
		     size_t end)
{
	const struct bench_smp_result *best = &smp->result[first];
	const struct bench_smp_result *most = best;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];

	for (size_t i = first; i < end; i++) {
		const struct bench_smp_result *r = &smp->result[i];

		best = r->speedup > best->speedup ? r : best;
		most = r->cpus > most->cpus ? r : most;
	}
	if (most->cpus < 2 || most->counters.makespan_ps == 0)
		return;
	fprintf(out, "- ");
	say_speed(out, most->speed);
	fprintf(out,
		"%s does most work per time on %" PRIu32 " CPU%s: %.2f times "
		"that of one. On %" PRIu32 " its lock is busy %s of the time, "
		"and %s of all requests wait for it, 1 in 100 for %s or "
		"longer.\n",
		most->allocator, best->cpus, best->cpus == 1 ? "" : "s",
		(double)best->speedup / 1000, most->cpus,
		share(a, most->counters.lock_busy_ps,
		      most->counters.makespan_ps),
		share(b, most->counters.lock_waits, most->events),
		bench_format_ns(c, (double)most->counters.lock_wait_p99_ps /
					   1000));
}

static void say_magazines(FILE *out, const struct bench_smp_result *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (r->magazines == 0)
		return;
	fprintf(out,
		"- Magazines of %" PRIu32 " serve %s of %s's requests on "
		"%" PRIu32 " CPUs without the lock, for at most %s pages in "
		"reserve.\n",
		r->magazines, share(a, r->counters.magazine_hits, r->events),
		r->allocator, r->cpus,
		bench_format_count(b, r->counters.cached_pages_peak));
}

static void say_headroom(FILE *out, const struct bench_smp *smp,
			 const struct bench_smp_result *last)
{
	char text[SMP_SPEED_TEXT];

	if (!smp->settings->headroom)
		return;
	fprintf(out,
		"- On %" PRIu32 " CPUs %s carries %s times the recorded load "
		"before heap and lock lengthen it by 10%%.\n",
		last->cpus, last->allocator,
		last->headroom.thousandths
			? smp_speed_text(text, last->headroom)
			: "less than 1");
}

static void say_failures(FILE *out, const struct bench_smp *smp)
{
	char text[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < smp->count; i++) {
		const struct bench_smp_result *r = &smp->result[i];

		if (r->counters.failed_allocs == 0)
			continue;
		fprintf(out,
			"- The window is too small for %s on %" PRIu32
			" CPUs: %s allocations failed, and their frees were "
			"skipped.\n",
			r->allocator, r->cpus,
			bench_format_count(text, r->counters.failed_allocs));
		return;
	}
}

static void say_trace(FILE *out, const struct bench_smp *smp)
{
	const struct smp_program *p = smp->program;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (p->ticks)
		fprintf(out,
			"- The trace's stamps are ticks of unknown length; "
			"each is taken as a nanosecond.\n");
	if (p->clock_steps_back > 0 || p->equal_stamps > 0)
		fprintf(out,
			"- %s events have the stamp of the event before, %s an "
			"earlier one; the order is the trace's, and a step "
			"back takes no time.\n",
			bench_format_count(a, p->equal_stamps),
			bench_format_count(b, p->clock_steps_back));
}

void bench_smp_facts(FILE *out, const struct bench_smp *smp)
{
	for (size_t i = 0; i < smp->count;) {
		const size_t end = group_end(smp, i);

		say_gain(out, smp, i, end);
		say_magazines(out, &smp->result[end - 1]);
		/* It is the same at every speed. */
		if (smp->result[i].speed.thousandths ==
		    smp->settings->speed[0].thousandths)
			say_headroom(out, smp, &smp->result[end - 1]);
		i = end;
	}
	say_failures(out, smp);
	say_trace(out, smp);
}
