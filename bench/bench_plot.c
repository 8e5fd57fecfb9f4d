#include "bench_plot.h"

#include "bench_out.h"
#include "bench_run.h"
#include "kb_bits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const figures[] = { "lookup-cost", "lookup-nodes",
				       "timeline",    "throughput",
				       "heap-window", "lookup-scaling" };
static const char *const formats[] = { "svg", "png" };

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

/* The scripts: beside an installed bench, else where it was built from. */
static char *find_scripts(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *path = NULL;

	if (n > 0) {
		char *slash;

		exe[n] = '\0';
		slash = strrchr(exe, '/');
		*slash = '\0';
		if (asprintf(&path, "%s/%s", exe, KB_PLOTS_FROM_BIN) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return strdup(KB_PLOTS_SOURCE_DIR);
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

static int start(struct drawing *d, struct kb_diag *diag)
{
	char *argv[] = { (char *)"gnuplot", (char *)"-c", d->script,
			 d->data,	    d->temp,	  NULL };
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
					 STDOUT_FILENO);
	err = posix_spawnp(&d->pid, "gnuplot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err == ENOENT)
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "gnuplot is not installed, so there are no "
			       "figures; install the package gnuplot-nox, or "
			       "pass --no-plots");
	if (err)
		return kb_fail(diag, KB_E_IO, "cannot start gnuplot: %s",
			       strerror(err));
	return 0;
}

/* Waits for one gnuplot and gives its picture the final name. */
static int finish(struct drawing *d, struct kb_diag *diag)
{
	int status;

	while (waitpid(d->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return kb_fail(diag, KB_E_IO, "waiting for gnuplot: %s",
				       strerror(errno));
		if (bench_signal)
			kill(d->pid, SIGTERM);
	}
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
static int draw(const char *scripts, const char *folder, const char *name,
		size_t *drawn, struct kb_diag *diag)
{
	struct drawing d[KB_ARRAY_LEN(formats)];
	size_t started = 0;
	int err = 0;

	memset(d, 0, sizeof(d));
	for (size_t i = 0; i < KB_ARRAY_LEN(formats) && err == 0; i++) {
		err = prepare(&d[i], scripts, folder, name, formats[i], diag);
		if (err == 0 && access(d[i].data, R_OK) != 0)
			break;
		if (err == 0)
			err = start(&d[i], diag);
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

int bench_plot(const char *folder, size_t *drawn, struct kb_diag *diag)
{
	char *scripts = find_scripts();
	char *figure_folder;
	int err;

	*drawn = 0;
	if (!scripts || asprintf(&figure_folder, "%s/figures", folder) < 0) {
		free(scripts);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	err = access(scripts, R_OK) == 0
		      ? bench_out_make_folder(figure_folder, diag)
		      : kb_fail(diag, KB_E_UNSUPPORTED,
				"the plot scripts are not at '%s'", scripts);
	for (size_t i = 0; i < KB_ARRAY_LEN(figures) && err == 0; i++)
		err = draw(scripts, folder, figures[i], drawn, diag);
	free(figure_folder);
	free(scripts);
	return err;
}
