#include "bench_plot.h"

#include "bench_figure.h"
#include "kb_out.h"
#include "kb_bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The last one on request. */
static const char *const formats[] = { "svg", "png", "pdf" };

static int write_picture(const struct bench_plot_job *job, const char *name,
			 const char *format, struct bench_drawing *d,
			 struct kb_diag *diag)
{
	struct kb_out out;
	char *path, *picture;
	size_t size;
	int err = bench_figure_finish(d, &picture, &size, diag);

	if (err < 0)
		return err;
	if (asprintf(&path, "%s/figures/%s.%s", job->folder, name, format) <
	    0) {
		free(picture);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	err = kb_out_open(&out, path, diag);
	if (err == 0) {
		fwrite(picture, 1, size, out.stream);
		err = kb_out_commit(&out, diag);
	}
	free(path);
	free(picture);
	return err;
}

/* Draws one figure in all formats, side by side. */
static int draw(const struct bench_plot_job *job, const char *name,
		size_t *drawn, struct kb_diag *diag)
{
	struct bench_drawing d[KB_ARRAY_LEN(formats)];
	size_t wanted = KB_ARRAY_LEN(formats) - !job->pdf;
	size_t started = 0;
	int err = 0;

	while (started < wanted && err == 0) {
		err = bench_figure_start(&d[started], job->folder, name,
					 formats[started], diag);
		if (err < 0)
			bench_figure_release(&d[started]);
		else
			started++;
	}
	for (size_t i = 0; i < started; i++) {
		int own = write_picture(job, name, formats[i], &d[i], diag);

		bench_figure_release(&d[i]);
		*drawn += own == 0;
		err = err < 0 ? err : own;
	}
	return err;
}

size_t bench_plot_count(const char *folder)
{
	size_t count = 0;

	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		count += bench_figure_has_data(folder, p->name);
	return count;
}

static int draw_all(const struct bench_plot_job *job, size_t *drawn,
		    struct kb_diag *diag)
{
	int err = 0;

	for (const struct bench_picture *p = bench_pictures;
	     p->name && err == 0; p++) {
		if (!bench_figure_has_data(job->folder, p->name))
			continue;
		if (job->progress)
			kb_progress_step(job->progress, "drawing", p->name);
		err = draw(job, p->name, drawn, diag);
		if (job->progress)
			job->progress->done++;
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
	/* Nothing drawn, nothing left: an empty folder goes. */
	if (*drawn == 0)
		rmdir(figure_folder);
	free(figure_folder);
	return err;
}
