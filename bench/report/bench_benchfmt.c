#include "bench_benchfmt.h"

#include "kb_escape.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <string.h>

/* The counters next to the times. They are exact, so benchstat shows every
 * change. */
static const char *const units[] = {
	"rows_visited",		"nodes_visited", "lines_touched",
	"remove_nodes_visited", "pte_writes",	 "pages_peak",
	"failed_allocs",
};

void bench_benchfmt_key(FILE *f, const char *key, const char *text)
{
	char clean[512];

	if (text && *text)
		fprintf(f, "%s: %s\n", key,
			kb_escape_clean(clean, sizeof(clean), text));
}

static void write_part(FILE *f, const char *key, const char *text)
{
	fprintf(f, "/%s=", key);
	for (; *text; text++)
		fputc((unsigned char)*text <= ' ' || *text == '/' ? '_' : *text,
		      f);
}

void bench_benchfmt_name(FILE *f, const char *trace, const char *alloc)
{
	fprintf(f, "BenchmarkReplay");
	write_part(f, "trace", trace);
	write_part(f, "alloc", alloc);
}

static void write_counters(FILE *f, const struct bench_cell_summary *s)
{
	uint64_t value;

	for (size_t i = 0; i < KB_ARRAY_LEN(units); i++)
		if (bench_cell_counter(s->cell, units[i], &value))
			fprintf(f, " %" PRIu64 " %s", value, units[i]);
	if (s->steps.nodes_visited.known)
		fprintf(f, " %.9g nodes/kfree", s->steps.nodes_visited.value);
}

static void write_cell(FILE *f, const struct bench_cell_summary *s)
{
	const struct bench_cell *cell = s->cell;
	const bool is_number = !s->throughput.below_floor;

	/* Omits a sample without any figure. */
	if (!s->has_throughput || (!is_number && !cell->count))
		return;
	for (size_t i = 0; i < cell->epochs; i++) {
		bench_benchfmt_name(f, cell->trace->file, cell->spec.name);
		fprintf(f, " %" PRIu64, cell->epoch[i].replay[0].events);
		/* Times below the timer's resolution are no numbers here either. */
		if (is_number)
			fprintf(f, " %.6g ns/event", s->epoch[i].ns);
		write_counters(f, s);
		fputc('\n', f);
	}
}

static void write_head(FILE *f, const struct bench_report *r)
{
	bench_benchfmt_key(f, "goos", "linux");
	bench_benchfmt_key(f, "cpu", r->env->cpu_model);
	bench_benchfmt_key(f, "system", r->env->system);
	bench_benchfmt_key(f, "revision", r->env->revision);
	bench_benchfmt_key(f, "compiler", r->env->compiler);
	bench_benchfmt_key(f, "flags", r->env->flags);
	bench_benchfmt_key(f, "build-type", r->env->build_type);
	for (size_t i = 0; i < KB_ARRAY_LEN(units); i++)
		fprintf(f, "Unit %s assume=exact\n", units[i]);
	fprintf(f, "Unit nodes/kfree assume=exact\n");
	fprintf(f, "Unit ns/event better=lower\n");
}

void bench_benchfmt_write(FILE *f, const struct bench_report *reports,
			  size_t count)
{
	write_head(f, &reports[0]);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < reports[i].count; k++)
			write_cell(f, &reports[i].summary->cell[k]);
}
