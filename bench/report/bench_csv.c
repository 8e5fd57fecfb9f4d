#include "bench_table.h"

#include "kb_escape.h"

#include <inttypes.h>

static void write_maybe(FILE *out, bool known, double value)
{
	fputc(',', out);
	if (known)
		fprintf(out, "%.12g", value);
}

static void write_figure(FILE *out, const struct bench_cell_summary *s,
			 enum replay_series_id series, struct bench_figure f)
{
	write_maybe(out,
		    s->has_latency[series] && f.state == BENCH_FIGURE_NUMBER,
		    f.ns);
}

static void write_counter(FILE *out, const struct bench_cell *cell,
			  const char *name)
{
	uint64_t value;

	fputc(',', out);
	if (bench_cell_counter(cell, name, &value))
		fprintf(out, "%" PRIu64, value);
}

static void write_peak(FILE *out, const struct replay_span *span)
{
	fputc(',', out);
	if (span && span->count)
		fprintf(out, "%" PRIu64, span->peak);
}

static const char *state_of(const struct bench_cell *cell)
{
	return cell->status == KB_E_WRONG ? "wrong"
	       : cell->status < 0	  ? "failed"
	       : cell->partial		  ? "partial"
					  : "ok";
}

static void write_row(FILE *out, const struct bench_report *r, size_t i,
		      const struct bench_cell_summary *base)
{
	const struct bench_cell_summary *s = &r->summary->cell[i];
	const struct bench_throughput *t = &s->throughput;
	const struct replay_memory *m =
		s->cell->count ? &s->cell->count->memory : NULL;
	const struct bench_maybe ratio = bench_summary_ratio(s, base);

	kb_escape_csv(out, r->trace->file);
	fputc(',', out);
	kb_escape_csv(out, s->cell->spec.name);
	fprintf(out, ",%s", state_of(s->cell));
	write_maybe(out, s->has_throughput && !t->below_floor, t->ns.median);
	write_maybe(out, t->ns.has_interval, t->ns.low);
	write_maybe(out, t->ns.has_interval, t->ns.high);
	write_maybe(out, ratio.known, ratio.value);
	write_maybe(out, s->steps.nodes_visited.known,
		    s->steps.nodes_visited.value);
	write_counter(out, s->cell, "nodes_visited_max");
	write_figure(out, s, REPLAY_SERIES_kfree,
		     s->latency[REPLAY_SERIES_kfree].p50);
	write_figure(out, s, REPLAY_SERIES_kfree,
		     s->latency[REPLAY_SERIES_kfree].p99);
	write_figure(out, s, REPLAY_SERIES_lookup,
		     s->latency[REPLAY_SERIES_lookup].p99);
	write_peak(out, m ? &m->granted : NULL);
	write_peak(out, m ? &m->mapped : NULL);
	write_counter(out, s->cell, "failed_allocs");
	fprintf(out, "\n");
}

void bench_csv_write(FILE *out, const struct bench_report *reports,
		     size_t count)
{
	fprintf(out, "trace,allocator,state,ns_per_event,ns_low,ns_high,"
		     "times_baseline,nodes_per_kfree,nodes_max,kfree_p50_ns,"
		     "kfree_p99_ns,lookup_p99_ns,peak_usable_bytes,"
		     "peak_mapped_bytes,failures\n");
	for (size_t k = 0; k < count; k++) {
		const struct bench_report *r = &reports[k];
		const struct bench_cell_summary *base =
			bench_summary_base(r->summary, r->baseline);

		for (size_t i = 0; i < r->count; i++)
			write_row(out, r, i, base);
	}
}
