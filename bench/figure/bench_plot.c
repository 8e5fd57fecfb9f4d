#include "bench_plot.h"

#include "bench_figure.h"
#include "bench_svg.h"
#include "kb_out.h"
#include "kb_bits.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Most gnuplots that run at the same time, however many CPUs there are. */
#define AT_ONCE_MAX 8

/* What one gnuplot draws, in this order: the kind (plots/README.md) and the
 * suffix of its file. The last one only on request. */
static const struct {
	const char *kind;
	const char *ending;
} formats[] = {
	{ "svg hover", "svg" },
	{ "png", "png" },
	{ "pdf", "pdf" },
};

enum { SVG = 0 };

/* A figure being drawn. */
struct figure {
	const struct bench_picture *picture;
	struct bench_drawing drawing;

	/* Whether it was started. */
	int err;
};

/* All of them; `started` - `finished` are being drawn. */
struct queue {
	const struct bench_plot_job *job;
	struct figure figures[BENCH_PICTURES];
	size_t count;
	size_t started;
	size_t finished;

	/* Start no more. */
	bool stopped;
};

static void find_figures(struct queue *q)
{
	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		if (bench_figure_has_data(q->job->folder, p->name))
			q->figures[q->count++].picture = p;
}

static size_t at_once(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return kb_min((size_t)CPU_COUNT(&set), AT_ONCE_MAX);
}

static void start_next(struct queue *q, struct kb_diag *diag)
{
	const char *kinds[KB_ARRAY_LEN(formats)];
	struct figure *f = &q->figures[q->started++];

	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++)
		kinds[i] = formats[i].kind;
	f->err = bench_figure_start(&f->drawing, q->job->folder,
				    f->picture->name, kinds,
				    KB_ARRAY_LEN(formats) - !q->job->pdf, diag);
	/* Without gnuplot none can be drawn. */
	q->stopped = f->err == KB_E_ENVIRONMENT;
}

static int write_file(const struct queue *q, const struct figure *f, size_t i,
		      struct kb_diag *diag)
{
	struct kb_out out;
	char *path;
	int err;

	if (asprintf(&path, "%s/figures/%s.%s", q->job->folder,
		     f->picture->name, formats[i].ending) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_open(&out, path, diag);
	free(path);
	if (err < 0)
		return err;
	if (i == SVG)
		bench_svg_write(out.stream, f->drawing.picture[i]);
	else
		fwrite(f->drawing.picture[i], 1, f->drawing.size[i],
		       out.stream);
	return kb_out_commit(&out, diag);
}

/* Waits for the one that was started first, and writes its pictures. */
static int finish_first(struct queue *q, size_t *drawn, struct kb_diag *diag)
{
	struct figure *f = &q->figures[q->finished++];
	struct kb_progress *progress = q->job->progress;
	int err = f->err;

	if (progress)
		kb_progress_step(progress, "drawing", f->picture->name);
	if (err == 0)
		err = bench_figure_finish(&f->drawing, diag);
	for (size_t i = 0; i < f->drawing.count; i++) {
		int own;

		if (!f->drawing.picture[i])
			continue;
		own = write_file(q, f, i, diag);
		*drawn += own == 0;
		err = err < 0 ? err : own;
	}
	bench_figure_release(&f->drawing);
	if (progress)
		progress->done++;
	return err;
}

size_t bench_plot_count(const char *folder)
{
	struct bench_plot_job job = { .folder = folder };
	struct queue q = { .job = &job };

	find_figures(&q);
	return q.count;
}

static int draw_all(const struct bench_plot_job *job, size_t *drawn,
		    struct kb_diag *diag)
{
	struct queue q = { .job = job };
	size_t most = at_once();
	int err = 0;

	find_figures(&q);
	while (q.finished < q.started || (q.started < q.count && !q.stopped)) {
		int own = 0;

		while (q.started < q.count && !q.stopped &&
		       q.started - q.finished < most)
			start_next(&q, diag);
		own = finish_first(&q, drawn, diag);
		q.stopped |= own == KB_E_STOPPED;
		err = err < 0 ? err : own;
	}
	return err;
}

int bench_plot(const struct bench_plot_job *job, size_t *drawn,
	       struct kb_diag *diag)
{
	char *figure_folder;
	int err;

	*drawn = 0;
	if (asprintf(&figure_folder, "%s/figures", job->folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_make_folder(figure_folder, diag);
	if (err == 0)
		err = draw_all(job, drawn, diag);
	/* If nothing was drawn, the empty folder is removed. */
	if (*drawn == 0)
		rmdir(figure_folder);
	free(figure_folder);
	return err;
}
