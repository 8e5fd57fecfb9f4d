#include "bench_plot.h"

#include "bench_figure.h"
#include "bench_out.h"
#include "bench_run.h"
#include "kb_bits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The last one on request. */
static const char *const formats[] = { "svg", "png", "pdf" };

/* One gnuplot at work. */
struct drawing {
	pid_t pid;
	char *data;
	char *script;
	char *temp;
	char *final;
};

static void release(struct drawing *d)
{
	if (d->temp)
		unlink(d->temp);
	free(d->data);
	free(d->script);
	free(d->temp);
	free(d->final);
	memset(d, 0, sizeof(*d));
}

static int prepare(struct drawing *d, const char *scripts, const char *folder,
		   const char *name, const char *format, struct kb_diag *diag)
{
	memset(d, 0, sizeof(*d));
	if (asprintf(&d->data, "%s/%s.tsv", folder, name) < 0 ||
	    asprintf(&d->script, "%s/%s.gp", scripts, name) < 0 ||
	    asprintf(&d->temp, "%s/figures/.%s.%ld.%s", folder, name,
		     (long)getpid(), format) < 0 ||
	    asprintf(&d->final, "%s/figures/%s.%s", folder, name, format) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return 0;
}

/* Waits for one gnuplot and gives its picture the final name. */
static int finish(struct drawing *d, struct kb_diag *diag)
{
	int status = bench_figure_wait(d->pid);

	if (status < 0)
		return kb_fail(diag, KB_E_IO, "waiting for gnuplot: %s",
			       strerror(errno));
	if (bench_signal)
		return kb_fail(diag, KB_E_STOPPED, "plotting was stopped");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return kb_fail(diag, KB_E_IO,
			       "gnuplot could not draw '%s'; try 'gnuplot -c "
			       "%s %s out.svg'",
			       d->final, d->script, d->data);
	if (rename(d->temp, d->final) != 0)
		return kb_fail(diag, KB_E_IO, "cannot write '%s': %s", d->final,
			       strerror(errno));
	return 0;
}

/* Draws one figure in all formats, side by side. */
static int draw(const struct bench_plot_job *job, const char *scripts,
		const char *name, size_t *drawn, struct kb_diag *diag)
{
	struct drawing d[KB_ARRAY_LEN(formats)];
	size_t wanted = KB_ARRAY_LEN(formats) - !job->pdf;
	size_t started = 0;
	int err = 0;

	memset(d, 0, sizeof(d));
	for (size_t i = 0; i < wanted && err == 0; i++) {
		err = prepare(&d[i], scripts, job->folder, name, formats[i],
			      diag);
		if (err == 0)
			err = bench_figure_start(&d[i].pid, d[i].script,
						 d[i].data, d[i].temp, NULL,
						 diag);
		started += err == 0;
	}
	for (size_t i = 0; i < started; i++) {
		int own = finish(&d[i], diag);

		*drawn += own == 0;
		err = err < 0 ? err : own;
	}
	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++)
		release(&d[i]);
	return err;
}

static bool has_data(const char *folder, const char *name)
{
	char *path;
	bool readable;

	if (asprintf(&path, "%s/%s.tsv", folder, name) < 0)
		return false;
	readable = access(path, R_OK) == 0;
	free(path);
	return readable;
}

size_t bench_plot_count(const char *folder)
{
	size_t count = 0;

	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		count += has_data(folder, p->name);
	return count;
}

static int draw_all(const struct bench_plot_job *job, const char *scripts,
		    size_t *drawn, struct kb_diag *diag)
{
	int err = 0;

	for (const struct bench_picture *p = bench_pictures;
	     p->name && err == 0; p++) {
		if (!has_data(job->folder, p->name))
			continue;
		if (job->progress)
			bench_progress_step(job->progress, "drawing", p->name);
		err = draw(job, scripts, p->name, drawn, diag);
		if (job->progress)
			job->progress->done++;
	}
	return err;
}

int bench_plot(const struct bench_plot_job *job, size_t *drawn,
	       struct kb_diag *diag)
{
	char *scripts = bench_figure_scripts();
	char *figure_folder;
	int err;

	*drawn = 0;
	if (!scripts ||
	    asprintf(&figure_folder, "%s/figures", job->folder) < 0) {
		free(scripts);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	err = access(scripts, R_OK) == 0
		      ? bench_out_make_folder(figure_folder, diag)
		      : kb_fail(diag, KB_E_UNSUPPORTED,
				"the plot scripts are not at '%s'", scripts);
	if (err == 0)
		err = draw_all(job, scripts, drawn, diag);
	/* Nothing drawn, nothing left: an empty folder goes. */
	if (*drawn == 0)
		rmdir(figure_folder);
	free(figure_folder);
	free(scripts);
	return err;
}
