#include "bench_analysis_read.h"

#include "bench_ideal_read.h"
#include "bench_map_read.h"
#include "bench_profile_read.h"
#include "bench_sites.h"
#include "bench_tape_read.h"

#include <string.h>

static struct alloc_config config_of(const struct bench_analysis_job *job,
				     const struct bench_cell *cell)
{
	return (struct alloc_config){
		.spec = &cell->spec,
		.heap_base = job->settings->heap_base,
		.heap_pages = job->settings->heap_pages,
	};
}

/* Counted, in a heap window. */
static bool has_window(const struct bench_cell *cell)
{
	return cell->count && cell->count->has_gauge;
}

/* Whether an allocator cannot be read in this way, which is no error. */
static bool is_passed_over(int err, struct kb_diag *diag)
{
	if (err == KB_E_UNSUPPORTED)
		kb_diag_init(diag);
	return err == KB_E_UNSUPPORTED;
}

/* Of the first allocator that can be drawn. */
static int read_map(struct bench_analysis *out,
		    const struct bench_analysis_job *job, struct kb_diag *diag)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct bench_cell *cell = &job->cells[i];
		const struct alloc_config config = config_of(job, cell);
		int err;

		if (!has_window(cell) || !cell->count->has_digest)
			continue;
		err = bench_map_read(&out->map, job->trace, &config, diag);
		if (is_passed_over(err, diag))
			continue;
		out->has_map = err == 0;
		strcpy(out->map_alloc, cell->spec.name);
		return err;
	}
	return 0;
}

/* The sites are sorted. */
static void fill_table(struct bench_site_table *out,
		       const struct bench_sites *sites)
{
	for (size_t i = 0; i < sites->count && out->count < BENCH_SITE_ROWS;
	     i++) {
		struct bench_site_row *row = &out->row[out->count];

		if (sites->site[i].allocs == 0)
			continue;
		row->cost = sites->site[i];
		bench_sites_name(row->name, sizeof(row->name), sites,
				 row->cost.id);
		out->count++;
	}
	out->total = sites->total;
}

/* Of the first allocator that gives each object its own pages. */
static int read_sites(struct bench_site_table *out,
		      const struct bench_analysis_job *job,
		      struct kb_diag *diag)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct bench_cell *cell = &job->cells[i];
		const struct alloc_config config = config_of(job, cell);
		struct bench_sites sites;
		int err;

		if (!has_window(cell))
			continue;
		err = bench_sites_read(&sites, job->trace, &config, diag);
		if (err == 0 && sites.has_sites) {
			bench_sites_sort(&sites, BENCH_SITES_NODES, false);
			strcpy(out->alloc, cell->spec.name);
			fill_table(out, &sites);
		}
		bench_sites_release(&sites);
		if (!is_passed_over(err, diag))
			return err;
	}
	return 0;
}

/* More would make the page too large. */
#define TAPE_EVENTS 150000u

/* As many as fit of the first allocators that have rows. */
static int read_tape(struct bench_tape *out,
		     const struct bench_analysis_job *job, struct kb_diag *diag)
{
	if (job->trace->counts.events > TAPE_EVENTS)
		return 0;
	for (size_t i = 0; i < job->count && out->count < BENCH_TAPE_ALLOCS;
	     i++) {
		const struct alloc_config config =
			config_of(job, &job->cells[i]);
		int err;

		if (!has_window(&job->cells[i]))
			continue;
		err = bench_tape_add(out, job->trace, &config, diag);
		if (err < 0 && !is_passed_over(err, diag))
			return err;
	}
	return 0;
}

int bench_analysis_read(struct bench_analysis *out,
			const struct bench_analysis_job *job,
			struct kb_diag *diag)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = bench_ideal_read(&out->ideal, job->trace, diag);
	if (err < 0 || !job->whole)
		return err;
	err = bench_profile_read(&out->profile, job->trace, diag);
	if (err < 0)
		return err;
	out->has_profile = true;
	err = read_map(out, job, diag);
	if (err == 0)
		err = read_sites(&out->sites, job, diag);
	if (err == 0)
		err = read_tape(&out->tape, job, diag);
	return err == KB_E_STOPPED ? 0 : err;
}
