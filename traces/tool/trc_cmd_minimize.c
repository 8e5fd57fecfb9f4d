/*
 * trc minimize: shrinks a trace while a command keeps failing. It removes
 * objects, each with its alloc and free, in ever smaller groups, as long as any
 * can be removed (delta debugging).
 */
#include "trc_commands.h"

#include "kb_digits.h"
#include "kb_escape.h"
#include "kb_stdio.h"
#include "trc_cli.h"
#include "trc_shrink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct minimize {
	const char *in;
	const char *out;

	/* The command as given, and with the candidate's name filled in.
	 * Owned. */
	struct kb_words given;
	char **command;

	/* The exit status looked for, or UINT64_MAX for any but 0. */
	uint64_t status;
	uint64_t tries;
	bool quiet;
	struct kb_progress line;

	/* Where the candidates are written, in a folder that is this program's
	 * alone. The command may be a shell's, which reads the name. Owned. */
	char *folder;
	char *candidate;

	/* The input, which is opened anew for each candidate. */
	struct kb_files files;
	struct trc_shrink shrink;
};

/* Runs in the child; never returns. No test lacks /dev/null. */
static void be_command(const struct minimize *m)
{
	if (!freopen("/dev/null", "r", stdin) ||
	    !freopen("/dev/null", "w", stdout) ||
	    !freopen("/dev/null", "w", stderr))
		_exit(126);
	execvp(m->command[0], m->command);
	_exit(127);
}

/* Runs the command in a child; `*status` is its exit status as in a shell. */
static int run_command(struct minimize *m, int *status, struct kb_diag *diag)
{
	pid_t pid = fork();
	int waited = 0;

	if (pid == 0)
		be_command(m);
	if (pid < 0)
		return kb_fail(diag, KB_E_IO, "%s: cannot be started: %s",
			       m->command[0], strerror(errno));
	while (waitpid(pid, &waited, 0) < 0)
		if (errno != EINTR)
			return kb_fail(diag, KB_E_IO,
				       "%s: cannot tell how it ended: %s",
				       m->command[0], strerror(errno));
	*status = WIFSIGNALED(waited) ? 128 + WTERMSIG(waited)
				      : WEXITSTATUS(waited);
	return 0;
}

/* Whether the command still fails on what is left. */
static int still_fails(void *user, bool *fails, struct kb_diag *diag)
{
	struct minimize *m = user;
	const struct trc_shrink *s = &m->shrink;
	int err = trc_shrink_write(&m->shrink, m->candidate, diag);
	int status = 0;

	if (err == 0)
		err = run_command(m, &status, diag);
	if (err < 0)
		return err;
	if (kb_signal)
		return kb_fail(diag, KB_E_STOPPED, "stopped");
	if (status == 127)
		return kb_fail(diag, KB_E_ARG, "%s: cannot be run",
			       m->command[0]);
	*fails = m->status == UINT64_MAX ? status != 0
					 : (uint64_t)status == m->status;
	kb_progress_events(&m->line, s->objects - s->left, s->objects,
			   s->left * 2);
	return 0;
}

static int check_whole(struct minimize *m, struct kb_diag *diag)
{
	bool fails;
	int err = trc_shrink_try(&m->shrink, &fails, diag);

	if (err == 0 && !fails)
		return kb_fail(diag, KB_E_ARG,
			       "the command does not fail on the whole trace, "
			       "so there is nothing to minimize");
	return err;
}

static int minimize(struct minimize *m)
{
	char digits[3][KB_DIGITS_SIZE];
	struct kb_diag diag = { 0 };
	int err;

	m->shrink = (struct trc_shrink){ .in = m->in,
					 .end = UINT64_MAX,
					 .tries_max = m->tries,
					 .files = &m->files,
					 .test = still_fails,
					 .user = m };
	kb_progress_begin(&m->line);
	if (m->quiet)
		kb_progress_hush(&m->line);
	err = check_whole(m, &diag);
	if (err == 0)
		err = trc_shrink_run(&m->shrink, &diag);
	if (err == 0)
		err = trc_shrink_write(&m->shrink, m->out, &diag);
	kb_progress_end(&m->line);
	trc_shrink_release(&m->shrink);
	if (err < 0)
		return cli_fail(&diag, m->out);
	if (!m->quiet) {
		kb_escape_line(stdout, m->out);
		printf(": %s of %s objects, after %s runs\n",
		       kb_digits(digits[0], m->shrink.left),
		       kb_digits(digits[1], m->shrink.objects),
		       kb_digits(digits[2], m->shrink.tries));
	}
	return kb_stdio_finish("trc");
}

/* Replaces {} in a word; the caller frees the result. NULL if out of memory. */
static char *fill_in(const char *word, const char *name, bool *has_name)
{
	const char *mark = strstr(word, "{}");
	char *filled = NULL;

	if (!mark)
		return strdup(word);
	*has_name = true;
	if (asprintf(&filled, "%.*s%s%s", (int)(mark - word), word, name,
		     mark + 2) < 0)
		return NULL;
	return filled;
}

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* The folder for temporary files, if a shell takes its name as it is. */
static const char *plain_folder(void)
{
	static const char plain[] = "/._-+0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *folder = getenv("TMPDIR");

	return folder && *folder == '/' && !folder[strspn(folder, plain)]
		       ? folder
		       : "/tmp";
}

/* Makes the candidates' folder. */
static int make_folder(struct minimize *m, struct kb_diag *diag)
{
	char *folder;

	if (asprintf(&folder, "%s/trc-minimize-XXXXXX", plain_folder()) < 0)
		return no_memory(diag);
	m->folder = folder;
	if (!mkdtemp(folder))
		return kb_fail(diag, KB_E_IO,
			       "cannot make a folder in '%s': %s; set TMPDIR",
			       plain_folder(), strerror(errno));
	if (asprintf(&m->candidate, "%s/candidate.trc", folder) >= 0)
		return 0;
	m->candidate = NULL;
	rmdir(folder);
	return no_memory(diag);
}

/* Makes the command. Returns 0, or <0 with `diag` filled. */
static int make_command(struct minimize *m, struct kb_diag *diag)
{
	const size_t count = m->given.count;
	bool has_name = false;
	int err = make_folder(m, diag);

	if (err < 0)
		return err;
	m->command = calloc(count + 2, sizeof(*m->command));
	if (!m->command)
		return no_memory(diag);
	for (size_t i = 0; i < count; i++) {
		m->command[i] =
			fill_in(m->given.word[i], m->candidate, &has_name);
		if (!m->command[i])
			return no_memory(diag);
	}
	if (!has_name) {
		m->command[count] = strdup(m->candidate);
		if (!m->command[count])
			return no_memory(diag);
	}
	return 0;
}

static void release(struct minimize *m)
{
	for (size_t i = 0; m->command && i <= m->given.count; i++)
		free(m->command[i]);
	free(m->command);
	if (m->candidate)
		unlink(m->candidate);
	if (m->folder)
		rmdir(m->folder);
	free(m->candidate);
	free(m->folder);
	kb_files_release(&m->files);
	kb_words_release(&m->given);
}

static int minimize_main(int argc, char **argv)
{
	struct minimize m = { .status = UINT64_MAX, .tries = 10000 };
	struct kb_diag diag = { 0 };
	int status;

	if (kb_options_go(&trc_command_minimize, &m, argc, argv, &status)) {
		if (make_command(&m, &diag) == 0)
			status = minimize(&m);
		else
			status = kb_complain_diag("trc", &diag);
	}
	release(&m);
	return status;
}

#define AT(member) .offset = offsetof(struct minimize, member)

static const struct kb_option options[] = {
	{ .name = "status",
	  .value = "N",
	  .help = "count only this exit status as the failure; 128 + N is "
		  "signal N (default: any but 0)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(status) },
	{ .name = "tries",
	  .value = "N",
	  .help = "stop after N runs of the command (default 10,000)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(tries) },
	CLI_OPTION_QUIET(offsetof(struct minimize, quiet),
			 "no progress, no summary"),
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "IN.trc", 1, 1, offsetof(struct minimize, in), KB_FILES_IN_NAMED },
	{ "OUT.trc", 1, 1, offsetof(struct minimize, out), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_minimize = {
	.program = "trc",
	.name = "minimize",
	.summary = "shrink a trace while a command keeps failing",
	.about = "Shrinks a trace while a command keeps failing on it: removes "
		 "ever-smaller groups of objects until removing any one of "
		 "them makes the failure go away. {} in an argument is "
		 "replaced with the name of the trace to try. If no argument "
		 "has {}, the name is added as the last one. The command's "
		 "output is not shown.",
	.options = options,
	.operands = operands,
	.rest = "COMMAND [ARGUMENT]...",
	.rest_offset = offsetof(struct minimize, given),
	.examples = "trc minimize --status 5 big.trc small.trc -- bench --pass "
		    "verify --trace {}",
	.exits = CLI_EXITS_OUT,
	.keeps_files = true,
	.files_offset = offsetof(struct minimize, files),
	.main = minimize_main,
};
