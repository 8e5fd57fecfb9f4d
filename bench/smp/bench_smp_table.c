#include "bench_smp_report.h"

#include "bench_format.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_terminal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
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

/* The columns after the name: of all, and of a narrow table, 0 for those that it
 * lacks. */
struct column {
	const char *heading;
	size_t width;
	size_t narrow;
};

static const struct column simulated[] = {
	{ "speed", 8, 5 },	  { "CPUs", 4, 4 },	{ "makespan", 9, 9 },
	{ "speed-up", 8, 8 },	  { "waited", 7, 6 },	{ "wait p50", 8, 0 },
	{ "wait p99", 8, 8 },	  { "max", 8, 0 },	{ "busy", 7, 6 },
	{ "cross-frees", 11, 0 }, { "failures", 8, 0 }, { "headroom", 11, 8 },
};

static const struct column threaded[] = {
	{ "speed", 8, 5 },    { "CPUs", 4, 4 },	    { "lock", 6, 6 },
	{ "makespan", 9, 9 }, { "ns/event", 8, 8 }, { "waited", 7, 6 },
	{ "wait p50", 8, 0 }, { "p99", 8, 0 },	    { "work p50", 8, 0 },
	{ "p99", 8, 0 },      { "stalls", 7, 0 },   { "cross-frees", 11, 0 },
	{ "verified", 8, 8 },
};

#define COLUMNS_MAX 13

/* Names are cut to no less. */
#define NAME_MIN 8

/* A table being written. */
struct table {
	FILE *out;
	const struct column *column;
	size_t count;
	size_t name_width;
	bool narrow;

	/* Of the line that is made. */
	char text[COLUMNS_MAX][BENCH_TEXT_SIZE];
};

static size_t width_of(const struct table *t, size_t k)
{
	return t->narrow ? t->column[k].narrow : t->column[k].width;
}

static size_t whole_width(const struct table *t)
{
	size_t width = t->name_width;

	for (size_t k = 0; k < t->count; k++)
		width += width_of(t, k) ? 2 + width_of(t, k) : 0;
	return width;
}

/* Leaves out what does not fit into `columns`, then cuts the names; 0 columns mean no
 * limit. */
static void fit(struct table *t, const struct bench_smp *smp, size_t columns)
{
	t->name_width = strlen("allocator");
	for (size_t i = 0; i < smp->count; i++)
		t->name_width =
			kb_max(t->name_width, strlen(smp->result[i].allocator));
	for (size_t i = 0; i < smp->threaded_count; i++)
		t->name_width = kb_max(t->name_width,
				       strlen(smp->threaded[i].allocator));
	if (columns == 0 || whole_width(t) <= columns)
		return;
	t->narrow = true;
	if (whole_width(t) > columns) {
		const size_t over = whole_width(t) - columns;

		t->name_width = t->name_width > over + NAME_MIN
					? t->name_width - over
					: NAME_MIN;
	}
}

/* Writes the name and the columns' texts, right-aligned, whatever bytes a character
 * takes. */
static void print_line(const struct table *t, const char *name)
{
	const size_t used = kb_escape_fit(t->out, name, t->name_width);

	fprintf(t->out, "%*s", (int)(t->name_width - used), "");
	for (size_t k = 0; k < t->count; k++)
		if (width_of(t, k))
			fprintf(t->out, "  %*s",
				bench_format_width(t->text[k], width_of(t, k)),
				t->text[k]);
	fputc('\n', t->out);
}

static void print_head(struct table *t)
{
	for (size_t k = 0; k < t->count; k++)
		snprintf(t->text[k], BENCH_TEXT_SIZE, "%s",
			 t->column[k].heading);
	print_line(t, "allocator");
}

static void print_row(struct table *t, const struct bench_smp_result *r)
{
	const struct smp_counters *n = &r->counters;
	char speed[SMP_SPEED_TEXT];
	size_t k = 0;

	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%s",
		 smp_speed_text(speed, r->speed));
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%" PRIu32, r->cpus);
	time_text(t->text[k++], n->makespan_ps);
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%.3f",
		 (double)r->speedup / 1000);
	percent(t->text[k++], n->lock_waits, r->events);
	time_text(t->text[k++], n->lock_wait_p50_ps);
	time_text(t->text[k++], n->lock_wait_p99_ps);
	time_text(t->text[k++], n->lock_wait_max_ps);
	percent(t->text[k++], n->lock_busy_ps, n->makespan_ps);
	bench_format_count(t->text[k++], n->cross_cpu_frees);
	bench_format_count(t->text[k++], n->failed_allocs);
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%s",
		 r->headroom.thousandths ? smp_speed_text(speed, r->headroom)
					 : "0");
	print_line(t, r->allocator);
}

static void print_threads_row(struct table *t,
			      const struct bench_smp_threads *r)
{
	const struct smp_threads_result *best = &r->run[0];
	const struct replay_hist *hist[] = { &r->timed.wait, &r->timed.work };
	char speed[SMP_SPEED_TEXT];
	size_t k = 0;

	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%s",
		 smp_speed_text(speed, r->speed));
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%" PRIu32, r->cpus);
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%s", r->lock);
	bench_format_ns(t->text[k++], (double)best->makespan_ns);
	snprintf(t->text[k++], BENCH_TEXT_SIZE, "%.1f",
		 (double)best->makespan_ns / (double)best->events);
	percent(t->text[k++], best->lock_waits, best->events);
	for (size_t i = 0; i < 2; i++)
		for (size_t q = 0; q < 2; q++, k++)
			if (hist[i]->count > 0)
				bench_format_ns(
					t->text[k],
					(double)replay_hist_quantile(
						hist[i], q ? 0.99 : 0.5));
			else
				strcpy(t->text[k], "-");
	bench_format_count(t->text[k++], best->dependency_stalls);
	bench_format_count(t->text[k++], best->cross_cpu_frees);
	strcpy(t->text[k++], r->verified ? "yes" : "no");
	print_line(t, r->allocator);
}

static void print_threads(struct table *t, const struct bench_smp *smp,
			  size_t columns)
{
	char text[160];

	print_head(t);
	for (size_t i = 0; i < smp->threaded_count; i++)
		print_threads_row(t, &smp->threaded[i]);
	snprintf(text, sizeof(text),
		 "\nThe quickest of %d runs; waits and work of another run, "
		 "whose operations were timed one by one.\n",
		 BENCH_SMP_RUNS);
	kb_terminal_wrap(t->out, text, columns);
}

void bench_smp_table(FILE *out, const struct bench_smp *smp, size_t columns)
{
	const struct smp_program *p = smp->program;
	const bool threads = smp->settings->threads;
	struct table t = { .out = out,
			   .column = threads ? threaded : simulated,
			   .count = threads ? KB_ARRAY_LEN(threaded)
					    : KB_ARRAY_LEN(simulated) };
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	static_assert(KB_ARRAY_LEN(threaded) <= COLUMNS_MAX &&
			      KB_ARRAY_LEN(simulated) <= COLUMNS_MAX,
		      "a line has room for each column");
	/* The last one of the simulation's is asked for. */
	if (!threads && !smp->settings->headroom)
		t.count--;
	fit(&t, smp, columns);
	fprintf(out, "%s: %s events, %s objects, %" PRIu32 " CPUs\n\n",
		smp->trace->file, bench_format_count(a, p->events),
		bench_format_count(b, p->objects), p->cpus);
	if (threads) {
		print_threads(&t, smp, columns);
		return;
	}
	print_head(&t);
	for (size_t i = 0; i < smp->count; i++)
		print_row(&t, &smp->result[i]);
}
