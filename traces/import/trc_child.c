#include "trc_child.h"

#include "kb_bits.h"
#include "kb_read.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE_SIZE (128ul * 1024)

/* Limits for the child, so that a damaged file cannot make it run forever or
 * take all memory: seconds of cpu time, and bytes. */
#define CPU_SECONDS_MIN 60
#define CPU_BYTES_PER_S (4 << 20)
#define DATA_BYTES_MAX	(UINT64_C(2) << 30)

/* Longest part of the child's error message that is shown. */
#define COMPLAINT_MAX 120

/* Exit status of a child that could not be started. */
#define STATUS_CANNOT_RUN 127

struct child {
	struct trc_job *job;
	const char *what;

	pid_t pid;
	int output;

	/* Its standard error, kept in memory; and its standard input, or -1. */
	int complaint;
	FILE *spool;

	/* The recording, open for the child, which gets no name: perf takes "-"
	 * for standard input. The spool's, or owned if there is none. */
	int file;

	char piece[PIECE_SIZE];
};

/* The first line of the child's errors. */
static void read_complaint(const struct child *child, char *text)
{
	ssize_t size = pread(child->complaint, text, COMPLAINT_MAX, 0);

	text[size > 0 ? size : 0] = 0;
	text[strcspn(text, "\n")] = 0;
}

/* Judges how the child ended. */
static int check_end(struct child *child, struct kb_diag *diag)
{
	const char *name = child->job->name;
	char text[COMPLAINT_MAX + 1];
	int status = 0;

	pid_t ended;

	do
		ended = waitpid(child->pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	child->pid = -1;
	/* For example if SIGCHLD is ignored: it may have stopped in the
	 * middle. */
	if (ended < 0)
		return kb_fail(diag, KB_E_IO,
			       "%s: nobody says how %s ended on it: %s", name,
			       child->what, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return KB_END;
	read_complaint(child, text);
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_CANNOT_RUN)
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "%s: to read it, %s is needed, which is not "
			       "there: %s",
			       name, child->what, text);
	if (WIFSIGNALED(status))
		return kb_fail(diag, KB_E_CORRUPT,
			       "%s: %s was ended by signal %d (%s) on it; the "
			       "file is damaged",
			       name, child->what, WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	return kb_fail(diag, KB_E_CORRUPT,
		       "%s: %s cannot read it (exit status %d)%s%s", name,
		       child->what, WEXITSTATUS(status), *text ? ": " : "",
		       text);
}

static int child_next(void *ctx, const char **data, size_t *size,
		      struct kb_diag *diag)
{
	struct child *child = ctx;
	ssize_t n = kb_read(child->output, child->piece, sizeof(child->piece));

	*data = child->piece;
	*size = n > 0 ? (size_t)n : 0;
	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot read from %s: %s",
			       child->job->name, child->what, strerror(errno));
	return child->pid > 0 ? check_end(child, diag) : KB_END;
}

static void child_release(void *ctx)
{
	struct child *child = ctx;

	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (child->output >= 0)
		close(child->output);
	if (child->complaint >= 0)
		close(child->complaint);
	if (child->spool)
		fclose(child->spool);
	else if (child->file >= 0)
		close(child->file);
	free(child);
}

static const struct trc_source_ops child_ops = {
	.next = child_next,
	.release = child_release,
};

/* Opens the recording's own file, if the child can read that. Returns the
 * descriptor, or -1. */
static int open_own_file(const struct trc_job *job)
{
	struct stat st;
	int fd;

	if (!job->source->hash || job->source->bytes_total == 0)
		return -1;
	fd = open(job->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == job->source->bytes_total)
		return fd;
	close(fd);
	return -1;
}

/* Reads the recording to its end, into the spool if there is one. */
static int drain(struct child *child, struct kb_diag *diag)
{
	struct trc_job *job = child->job;
	const char *data;
	size_t size;
	int err;

	for (;;) {
		if (job->is_stopped && job->is_stopped(job->user))
			return kb_fail(diag, KB_E_STOPPED, "stopped");
		err = trc_source_next(job->source, &data, &size, diag);
		if (err != 0)
			break;
		if (child->spool && fwrite(data, 1, size, child->spool) != size)
			break;
	}
	if (err < 0)
		return err;
	if (child->spool && fflush(child->spool) != 0)
		err = 0;
	if (err == 0)
		return kb_fail(diag, KB_E_IO,
			       "%s: cannot be copied to a temporary file: %s",
			       job->name, strerror(errno));
	return 0;
}

static void set_limit(int resource, uint64_t value)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Runs in the child; never returns. */
static void be_child(const struct child *child, int output,
		     int (*run)(const char *path))
{
	char path[64];
	int null = open("/dev/null", O_RDONLY);
	uint64_t bytes = child->job->source->bytes_given;

	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(child->complaint, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_CPU, CPU_SECONDS_MIN + bytes / CPU_BYTES_PER_S);
	/* AddressSanitizer itself maps far more than that. */
	if (!KB_ASAN)
		set_limit(RLIMIT_DATA, DATA_BYTES_MAX);
	/* A copy is open in a program too. */
	snprintf(path, sizeof(path), "/dev/fd/%d", dup(child->file));
	_exit(run(path));
}

static int start(struct child *child, int (*run)(const char *path),
		 struct kb_diag *diag)
{
	int ends[2];

	child->complaint = memfd_create("complaint", MFD_CLOEXEC);
	if (child->complaint < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot start %s: %s",
			       child->job->name, child->what, strerror(errno));
	child->output = ends[0];
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		be_child(child, ends[1], run);
	close(ends[1]);
	if (child->pid < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot start %s: %s",
			       child->job->name, child->what, strerror(errno));
	return 0;
}

/* Opens a source of the child's output; release it in any case. */
static int open_child(struct trc_source *source, struct trc_job *job,
		      const char *what, int (*run)(const char *path),
		      struct kb_diag *diag)
{
	struct child *child = calloc(1, sizeof(*child));
	int err;

	memset(source, 0, sizeof(*source));
	if (!child)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       job->name);
	source->ops = &child_ops;
	source->ctx = child;
	child->job = job;
	child->what = what;
	child->pid = -1;
	child->output = -1;
	child->complaint = -1;
	child->file = open_own_file(job);
	if (child->file < 0) {
		child->spool = tmpfile();
		if (!child->spool)
			return kb_fail(diag, KB_E_IO,
				       "%s: cannot make a temporary file: %s",
				       job->name, strerror(errno));
		child->file = fileno(child->spool);
	}
	err = drain(child, diag);
	return err < 0 ? err : start(child, run, diag);
}

int trc_child_import(struct trc_job *job, const char *what,
		     int (*run)(const char *path),
		     const struct trc_format *format, struct kb_diag *diag)
{
	struct trc_source *recording = job->source;
	struct trc_source text;
	int err = open_child(&text, job, what, run, diag);

	job->source = &text;
	if (err == 0)
		err = format->import(job, diag);
	job->source = recording;
	trc_source_release(&text);
	return err;
}
