#include "bench_sweep_submit.h"

#include "bench_settings.h"
#include "bench_sweep_plan.h"
#include "kb_escape.h"
#include "kb_out.h"
#include "kb_signal.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Seconds that a job may need beyond its budget, for Slurm's time limit. */
#define TASK_SLACK_S 600

/* Processes at a time, at most. */
#define PROCESSES_MAX 1024

/* The shell's exit status for a command that is not there. */
#define COMMAND_MISSING 127

/* What a script is made of. */
struct script {
	const struct bench_sweep_submission *submission;

	/* This program's own file. */
	char bench[4096];

	/* From the plan: all jobs of passes have the same ones and the same budget,
	 * and the first job is such a one if there is any. */
	uint64_t jobs;
	bool timed;
	uint32_t budget_ms;
};

static int read_plan(struct script *script, struct kb_diag *diag)
{
	const char *folder = script->submission->folder;
	struct bench_sweep_plan plan;
	struct bench_sweep_job job;
	ssize_t n = readlink("/proc/self/exe", script->bench,
			     sizeof(script->bench) - 1);
	int err = bench_sweep_plan_open(&plan, folder, diag);

	if (n < 0 && err == 0)
		err = kb_fail(diag, KB_E_ENVIRONMENT,
			      "/proc/self/exe: %s; mount /proc",
			      strerror(errno));
	else if (n >= 0)
		script->bench[n] = '\0';
	if (err == 0)
		err = bench_sweep_plan_next(&plan, &job, diag);
	script->jobs = plan.jobs;
	bench_sweep_plan_release(&plan);
	if (err == 0) {
		script->timed = job.passes & BENCH_PASS_TIMED;
		script->budget_ms = job.budget_ms;
	}
	return err;
}

static void write_run(FILE *out, const struct script *script)
{
	kb_escape_shell(out, script->bench);
	fputs(" sweep run ", out);
	kb_escape_shell(out, script->submission->folder);
	fputs(" --job", out);
}

/* sbatch reads a file's name up to a blank, and takes '%' for a pattern and '\\'
 * for an escape: such a folder is refused. */
static int check_folder_name(const char *folder, struct kb_diag *diag)
{
	if (!strpbrk(folder, " \t\n%\\\"'"))
		return 0;
	return kb_fail(diag, KB_E_ARG,
		       "%s: sbatch cannot name log files in this folder; use a "
		       "path without blanks, quotes, '%%' and '\\'",
		       folder);
}

static void write_slurm(FILE *out, const void *user)
{
	const struct script *script = user;
	const struct bench_sweep_submission *s = script->submission;
	uint64_t tasks = script->jobs < BENCH_SWEEP_TASKS_MAX
				 ? script->jobs
				 : BENCH_SWEEP_TASKS_MAX;
	uint64_t rounds = (script->jobs + tasks - 1) / tasks;
	uint64_t seconds =
		rounds * (4 * script->budget_ms / 1000 + TASK_SLACK_S);

	fprintf(out,
		"#!/bin/sh\n"
		"# Task N of the array runs jobs N, N + %" PRIu64 ", …\n"
		"#SBATCH --job-name=kheap-sweep\n"
		"#SBATCH --array=1-%" PRIu64,
		tasks, tasks);
	if (s->at_a_time)
		fprintf(out, "%%%" PRIu32, s->at_a_time);
	fprintf(out,
		"\n#SBATCH --requeue\n"
		"#SBATCH --open-mode=append\n"
		"#SBATCH --output=%s/logs/%%A_%%a.log\n"
		"#SBATCH --time=%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "\n"
		"#SBATCH %s\n"
		"status=0\n"
		"job=$SLURM_ARRAY_TASK_ID\n"
		"while [ \"$job\" -le %" PRIu64 " ]; do\n\t",
		s->folder, seconds / 3600, seconds / 60 % 60, seconds % 60,
		script->timed ? "--exclusive" : "--cpus-per-task=1",
		script->jobs);
	write_run(out, script);
	fprintf(out,
		" \"$job\" || status=$?\n"
		"\tjob=$((job + %" PRIu64 "))\n"
		"done\n"
		"exit \"$status\"\n",
		tasks);
}

static void write_parallel(FILE *out, const void *user)
{
	const struct script *script = user;
	const struct bench_sweep_submission *s = script->submission;
	uint32_t at_a_time = script->timed ? 1 : s->at_a_time;

	fprintf(out,
		"#!/bin/sh\n"
		"# Run it again to go on after an interruption.\n"
		"seq %" PRIu64 " | parallel --quote --resume-failed --joblog ",
		script->jobs);
	kb_escape_shell(out, s->folder);
	fputs("/joblog", out);
	if (at_a_time)
		fprintf(out, " --jobs %" PRIu32, at_a_time);
	fputc(' ', out);
	write_run(out, script);
	fputs(" {} --quiet\n", out);
}

/* Runs a program with one operand and waits. Returns its exit status; -1 if there
 * is no such program or it was killed. */
static int run_program(const char *program, const char *operand)
{
	char *argv[] = { (char *)program, (char *)operand, NULL };
	pid_t child;
	int status;

	if (posix_spawnp(&child, program, NULL, NULL, argv, environ) != 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_logs(const struct bench_sweep_submission *s,
		     struct kb_diag *diag)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/logs", s->folder) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = kb_out_make_folder(path, diag);
	free(path);
	return err;
}

static int start_slurm(struct bench_sweep_submission *s,
		       const struct script *script, struct kb_diag *diag)
{
	int status, err = check_folder_name(s->folder, diag);

	if (err == 0)
		err = make_logs(s, diag);
	if (err == 0)
		err = kb_out_write(s->folder, "slurm.sbatch", write_slurm,
				   script, diag);
	if (err < 0)
		return err;
	snprintf(s->script, sizeof(s->script), "%s/slurm.sbatch", s->folder);
	if (s->only_write)
		return 0;
	status = run_program("sbatch", s->script);
	if (status < 0)
		return kb_fail(
			diag, KB_E_ENVIRONMENT,
			"cannot run sbatch; run this on a Slurm cluster, "
			"or submit %s there yourself",
			s->script);
	if (status > 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "sbatch refused %s; its own message is above",
			       s->script);
	return 0;
}

static int start_parallel(struct bench_sweep_submission *s,
			  const struct script *script, struct kb_diag *diag)
{
	int status, err = kb_out_write(s->folder, "parallel.sh", write_parallel,
				       script, diag);

	if (err < 0)
		return err;
	snprintf(s->script, sizeof(s->script), "%s/parallel.sh", s->folder);
	if (s->only_write)
		return 0;
	status = run_program("sh", s->script);
	if (kb_signal)
		return KB_E_STOPPED;
	if (status == COMMAND_MISSING)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "cannot run GNU parallel; install the package "
			       "'parallel'");
	if (status != 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "GNU parallel ended with status %d; %s/joblog "
			       "says which jobs failed; the same command runs "
			       "them again",
			       status, s->folder);
	return 0;
}

static pid_t start_job(const struct script *script, uint64_t number)
{
	char text[24];
	char *argv[] = { "bench",   "sweep",
			 "run",	    (char *)script->submission->folder,
			 "--job",   text,
			 "--quiet", NULL };
	pid_t child;

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return posix_spawn(&child, script->bench, NULL, NULL, argv, environ) ==
			       0
		       ? child
		       : -1;
}

/* Waits for one job's end. */
static void end_job(struct bench_sweep_submission *s)
{
	int status;

	while (waitpid(-1, &status, 0) < 0)
		if (errno != EINTR)
			return;
	s->failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static int run_here(struct bench_sweep_submission *s,
		    const struct script *script, struct kb_progress *progress,
		    struct kb_diag *diag)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t most = s->at_a_time ? s->at_a_time : (uint64_t)cpus;
	uint64_t running = 0, next = 1;

	progress->total = script->jobs;
	if (script->timed)
		most = 1;
	if (most > PROCESSES_MAX)
		most = PROCESSES_MAX;
	while (running > 0 || (next <= script->jobs && !kb_signal)) {
		if (next <= script->jobs && running < most && !kb_signal) {
			if (start_job(script, next) < 0)
				return kb_fail(diag, KB_E_ENVIRONMENT,
					       "cannot start a process: %s",
					       strerror(errno));
			next++;
			running++;
			continue;
		}
		end_job(s);
		running--;
		kb_progress_step(progress, "jobs", "");
	}
	return kb_signal ? KB_E_STOPPED : 0;
}

int bench_sweep_submit(struct bench_sweep_submission *s,
		       struct kb_progress *progress, struct kb_diag *diag)
{
	struct script script = { .submission = s };
	int err = read_plan(&script, diag);

	if (err < 0)
		return err;
	s->jobs = script.jobs;
	switch (s->engine) {
	case BENCH_SWEEP_SLURM:
		return start_slurm(s, &script, diag);
	case BENCH_SWEEP_PARALLEL:
		return start_parallel(s, &script, diag);
	default:
		return run_here(s, &script, progress, diag);
	}
}
