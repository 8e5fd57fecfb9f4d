#include "bench_hgrm.h"

#include "kb_escape.h"
#include "kb_out.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const series_names[] = {
#define X(name, help) #name,
	REPLAY_SERIES(X)
#undef X
};

/* Groups of buckets, each twice as wide as the previous one. */
#define GROUPS (REPLAY_HIST_BUCKETS / REPLAY_HIST_SUB)

/* One file being written. */
struct hgrm {
	const struct bench_report *report;
	const struct bench_cell_summary *summary;
	enum replay_series_id id;
};

/* The last line, of all samples, has no fourth column. */
static void write_line(FILE *f, double ns, uint64_t seen, uint64_t count)
{
	double share = (double)seen / (double)count;

	fprintf(f, "%16.3f %14.12f %12" PRIu64, ns, share, seen);
	if (seen < count)
		fprintf(f, " %16.2f",
			(double)count / ((double)count - (double)seen));
	fprintf(f, "\n");
}

/* The value that represents a bucket. */
static double ns_of(const struct replay_hist *hist, size_t bucket,
		    const struct replay_clock *clock)
{
	return replay_clock_ns(clock, replay_hist_bucket_middle(hist, bucket));
}

/* The last operation, the maximum, has a line of its own and is not counted in
 * its bucket's. */
static void write_lines(FILE *f, const struct replay_hist *hist,
			const struct replay_clock *clock, double floor_ns)
{
	const uint64_t count = hist->count;
	uint64_t seen = 0, before;
	size_t i;

	for (i = 0; i < REPLAY_HIST_BUCKETS && ns_of(hist, i, clock) < floor_ns;
	     i++)
		seen += hist->bucket[i];
	if (seen > 0 && seen < count)
		write_line(f, floor_ns, seen, count);
	for (; i < REPLAY_HIST_BUCKETS; i++) {
		before = seen;
		seen = kb_min(seen + hist->bucket[i], count - 1);
		if (seen > before)
			write_line(f, ns_of(hist, i, clock), seen, count);
	}
	write_line(f, fmax(replay_clock_ns(clock, hist->max), floor_ns), count,
		   count);
}

static void write_footer(FILE *f, const struct hgrm *h,
			 const struct replay_hist *hist)
{
	const struct bench_moments *moments = &h->summary->moments[h->id];

	fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
		moments->mean_ns, moments->deviation_ns);
	fprintf(f, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
		fmax(replay_clock_ns(h->report->clock, hist->max),
		     h->report->summary->floor_ns),
		hist->count);
	fprintf(f, "#[Buckets = %12zu, SubBuckets     = %12u]\n", GROUPS,
		REPLAY_HIST_SUB);
}

static void write_file(FILE *f, const void *user)
{
	const struct hgrm *h = user;
	const struct bench_run_summary *run = h->report->summary;
	const struct bench_cell *cell = h->summary->cell;
	const struct replay_series *series = &cell->latency->series[h->id];
	char clean[300];

	kb_escape_clean(clean, sizeof(clean), cell->spec.name);
	fprintf(f, "# %s of %s, ns, service time only\n", series_names[h->id],
		clean);
	kb_escape_clean(clean, sizeof(clean), h->report->trace->file);
	fprintf(f, "# trace %s, revision %s\n", clean,
		h->report->env->revision);
	fprintf(f, "# %" PRIu64 " samples, each known to %.3f ns\n",
		series->plain.count, run->error_ns);
	fprintf(f,
		"# clock's floor %.3f ns: a line there counts all times "
		"below it\n",
		run->floor_ns);
	fprintf(f, "%16s %14s %12s %16s\n\n", "Value", "Percentile",
		"TotalCount", "1/(1-Percentile)");
	write_lines(f, &series->weighted, h->report->clock, run->floor_ns);
	write_footer(f, h, &series->weighted);
}

/* How many cells before this one would have the same file. */
static size_t namesakes(const struct bench_report *r, size_t cell)
{
	char own[ALLOC_NAME_SIZE], other[ALLOC_NAME_SIZE];
	size_t n = 0;

	kb_escape_component(own, sizeof(own), r->cells[cell].spec.name);
	for (size_t i = 0; i < cell; i++) {
		kb_escape_component(other, sizeof(other),
				    r->cells[i].spec.name);
		n += strcmp(own, other) == 0;
	}
	return n;
}

void bench_report_component(const struct bench_report *r, size_t i, char *out,
			    size_t size)
{
	const size_t before = namesakes(r, i);
	size_t used;

	kb_escape_component(out, ALLOC_NAME_SIZE, r->cells[i].spec.name);
	used = strlen(out);
	if (before)
		snprintf(out + used, size - used, "-%zu", before + 1);
}

static int write_series(const struct bench_report *r, size_t cell,
			enum replay_series_id id, const char *folder,
			struct kb_diag *diag)
{
	const struct hgrm h = { .report = r,
				.summary = &r->summary->cell[cell],
				.id = id };
	char safe[ALLOC_NAME_SIZE + 24], name[ALLOC_NAME_SIZE + 48];

	bench_report_component(r, cell, safe, sizeof(safe));
	snprintf(name, sizeof(name), "%s.%s.hgrm", safe, series_names[id]);
	return kb_out_write(folder, name, write_file, &h, diag);
}

int bench_hgrm_write(const struct bench_report *report, const char *folder,
		     struct kb_diag *diag)
{
	char *into = NULL;
	int err = 0;

	if (asprintf(&into, "%s/latency", folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (size_t i = 0; i < report->count && err == 0; i++) {
		const struct replay_latency_result *l =
			report->cells[i].latency;

		for (unsigned id = 0; l && id < REPLAY_SERIES_COUNT && err == 0;
		     id++) {
			if (l->series[id].weighted.count == 0)
				continue;
			err = kb_out_make_folder(into, diag);
			if (err == 0)
				err = write_series(report, i,
						   (enum replay_series_id)id,
						   into, diag);
		}
	}
	free(into);
	return err;
}
