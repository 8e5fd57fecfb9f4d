#include "bench_diff_figures.h"

#include "kb_escape.h"
#include "kb_out.h"
#include "bench_plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The separator of two blocks of a TSV file, including the last line's
 * newline. */
static const char gap[] = "\n\n\n";

/* BENCH_DIFF_NODES of both, read whole; NULL where it is not there. */
struct nodes {
	const struct bench_diff_figures *figures;
	char *a;
	char *b;
};

static void write_meta(FILE *f, const struct bench_diff_figures *d,
		       const char *title, size_t series)
{
	fprintf(f, "title\t%s\ntrace\t", title);
	kb_escape_tsv(f, d->trace);
	fputs(" · A: ", f);
	kb_escape_tsv(f, d->a);
	fputs(" · B: ", f);
	kb_escape_tsv(f, d->b);
	fputs("\nmachine\t", f);
	kb_escape_tsv(f, d->machine);
	fprintf(f, "\nseries\t%zu%s", series, gap);
}

static void write_ratios(FILE *f, const void *user)
{
	const struct bench_diff_figures *d = user;

	write_meta(f, d, "Time per event: B relative to A", 1);
	fputs("allocator\tratio\tlow\thigh\n", f);
	for (size_t i = 0; i < d->ratios; i++) {
		const struct bench_diff_ratio *r = &d->ratio[i];

		kb_escape_tsv(f, r->allocator);
		fprintf(f, "\t%.6g", r->ratio);
		if (r->has_interval)
			fprintf(f, "\t%.6g\t%.6g\n", r->low, r->high);
		else
			fputs("\t?\t?\n", f);
	}
	fputs(gap + 1, f);
}

static char *read_whole(const char *folder, const char *name)
{
	char *path, *text = NULL;
	size_t size = 0;
	FILE *f;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	f = fopen(path, "re");
	free(path);
	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* The block after this one; NULL after the last. */
static const char *next_block(const char *block)
{
	const char *end = strstr(block, gap);

	end = end ? end + strlen(gap) : NULL;
	return end && *end && *end != '\n' ? end : NULL;
}

static size_t block_size(const char *block)
{
	const char *end = strstr(block, gap);

	return end ? (size_t)(end - block) : strlen(block);
}

/* The series of the same name, label and all up to the first tab. */
static const char *find_block(const char *text, const char *like)
{
	size_t length = strcspn(like, "\t") + 1;

	for (text = next_block(text); text; text = next_block(text))
		if (strncmp(text, like, length) == 0)
			break;
	return text;
}

static void write_block(FILE *f, const char *whose, const char *block)
{
	fprintf(f, "%s: %.*s%s", whose, (int)block_size(block), block, gap);
}

/* Every series of A next to B's; equal ones only once. */
static void write_both(FILE *f, const struct nodes *n, size_t *series)
{
	const char *block, *other;

	for (block = next_block(n->a); block; block = next_block(block)) {
		bool same;

		other = find_block(n->b, block);
		same = other && block_size(other) == block_size(block) &&
		       memcmp(other, block, block_size(block)) == 0;
		*series += 1 + (other && !same);
		if (!f)
			continue;
		write_block(f, same ? "A and B" : "A", block);
		if (other && !same)
			write_block(f, "B", other);
	}
	for (block = next_block(n->b); block; block = next_block(block)) {
		if (find_block(n->a, block))
			continue;
		++*series;
		if (f)
			write_block(f, "B", block);
	}
}

static void write_nodes(FILE *f, const void *user)
{
	const struct nodes *n = user;
	size_t series = 0;

	write_both(NULL, n, &series);
	write_meta(f, n->figures, "Nodes compared per lookup, A and B", series);
	write_both(f, n, &series);
}

int bench_diff_figures(const struct bench_diff_figures *figures, size_t *drawn,
		       struct kb_diag *diag)
{
	const struct bench_plot_job job = { .folder = figures->out };
	struct nodes nodes = {
		.figures = figures,
		.a = read_whole(figures->a, BENCH_DIFF_NODES),
		.b = read_whole(figures->b, BENCH_DIFF_NODES),
	};
	int err = kb_out_make_folder(figures->out, diag);

	*drawn = 0;
	if (err == 0 && figures->ratios)
		err = kb_out_write(figures->out, "throughput-ratio.tsv",
				   write_ratios, figures, diag);
	if (err == 0 && nodes.a && nodes.b)
		err = kb_out_write(figures->out, BENCH_DIFF_NODES, write_nodes,
				   &nodes, diag);
	free(nodes.a);
	free(nodes.b);
	return err < 0 ? err : bench_plot(&job, drawn, diag);
}
