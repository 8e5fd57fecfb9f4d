/*
 * trc minimize: shrinks a trace while a command keeps failing. It removes
 * objects, each with its alloc and free, in ever smaller groups, as long as any
 * can be removed (delta debugging).
 */
#include "trc_commands.h"

#include "kb_digits.h"
#include "kb_escape.h"
#include "trc_cli.h"
#include "trc_edit.h"

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
	uint64_t tried;
	bool quiet;
	struct kb_progress line;

	/* Where the candidates are written, in a folder that is this program's
	 * alone. The command may be a shell's, which reads the name. Owned. */
	char *folder;
	char *candidate;

	/* The input, which is opened anew for each candidate. */
	struct kb_files files;

	/* Per object: removed for good, removed for a try. Owned. */
	bool *is_gone;
	bool *is_tried;
	uint64_t objects;
	uint64_t left;
};

/* Writes the trace of the remaining objects to `path`. */
static int write_trace(struct minimize *m, const char *path,
		       struct kb_diag *diag)
{
	struct trc_edit edit = TRC_EDIT_INIT;
	struct trc_walk walk;
	uint64_t *object_of = NULL;
	uint64_t object = 0;
	int err = trc_walk_open(&walk, m->in, diag);

	if (err == 0)
		err = trc_edit_open(&edit, path, walk.info, 0, diag);
	if (err == 0) {
		object_of = calloc(walk.info->counts.live_max + 1,
				   sizeof(*object_of));
		if (!object_of)
			err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	while (err == 0) {
		uint64_t *of;

		err = trc_walk_next(&walk, diag);
		if (err != 0)
			break;
		of = &object_of[walk.event.slot];
		/* Without the array there is an error and no walk. */
		/* NOLINTBEGIN(clang-analyzer-core.NullDereference) */
		if (walk.event.kind == TRC_ALLOC)
			*of = object++;
		if (!m->is_gone[*of] && !m->is_tried[*of])
			err = trc_edit_add(&edit, &walk, 0, diag);
		/* NOLINTEND(clang-analyzer-core.NullDereference) */
	}
	if (err == KB_END)
		err = kb_files_judge(&m->files, err, diag);
	if (err == KB_END)
		err = trc_edit_finish(&edit, walk.info, walk.info->clock, diag);
	free(object_of);
	trc_edit_release(&edit);
	trc_walk_release(&walk);
	return err;
}

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
	m->tried++;
	*status = WIFSIGNALED(waited) ? 128 + WTERMSIG(waited)
				      : WEXITSTATUS(waited);
	return 0;
}

/* Whether the command still fails without the objects being tried. */
static int still_fails(struct minimize *m, bool *fails, struct kb_diag *diag)
{
	int err = write_trace(m, m->candidate, diag);
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
	kb_progress_events(&m->line, m->objects - m->left, m->objects,
			   m->left * 2);
	return 0;
}

/* Tries to remove `size` remaining objects from object `*at` on, and moves
 * `*at` past them. */
static int try_run(struct minimize *m, uint64_t *at, uint64_t size,
		   bool *progress, struct kb_diag *diag)
{
	uint64_t start = *at;
	uint64_t taken = 0;
	bool fails = false;
	int err;

	for (; *at < m->objects && taken < size; ++*at)
		if (!m->is_gone[*at]) {
			m->is_tried[*at] = true;
			taken++;
		}
	if (taken == 0)
		return 0;
	err = still_fails(m, &fails, diag);
	for (uint64_t i = start; i < *at; i++) {
		m->is_gone[i] |= fails && m->is_tried[i];
		m->is_tried[i] = false;
	}
	if (fails)
		m->left -= taken;
	*progress |= fails;
	return err;
}

static int shrink(struct minimize *m, struct kb_diag *diag)
{
	uint64_t size = m->left / 2 + 1;
	int err = 0;

	while (err == 0 && m->left > 0 && m->tried < m->tries) {
		bool progress = false;
		uint64_t at = 0;

		while (err == 0 && at < m->objects && m->tried < m->tries)
			err = try_run(m, &at, size, &progress, diag);
		if (size == 1 && !progress)
			break;
		if (!progress || size > m->left)
			size = size / 2 + (size == 1);
	}
	return err;
}

/* Makes the tables for the trace's objects and the command's words, and checks
 * that the command fails at all. */
static int prepare(struct minimize *m, struct kb_diag *diag)
{
	bool fails = false;
	struct trc_walk walk;
	int err = trc_walk_open(&walk, m->in, diag);

	/* Reading to the end proves the header's count. */
	while (err == 0)
		err = trc_walk_next(&walk, diag);
	if (err == KB_END)
		m->objects = m->left = walk.info->counts.allocs;
	trc_walk_release(&walk);
	if (err < 0)
		return err;
	m->is_gone = calloc(m->objects + 1, sizeof(bool));
	m->is_tried = calloc(m->objects + 1, sizeof(bool));
	if (!m->is_gone || !m->is_tried)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = still_fails(m, &fails, diag);
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

	kb_progress_begin(&m->line);
	if (m->quiet)
		kb_progress_hush(&m->line);
	err = prepare(m, &diag);
	if (err == 0)
		err = shrink(m, &diag);
	if (err == 0)
		err = write_trace(m, m->out, &diag);
	kb_progress_end(&m->line);
	free(m->is_gone);
	free(m->is_tried);
	if (err < 0)
		return cli_fail(&diag, m->out);
	if (!m->quiet) {
		kb_escape_line(stdout, m->out);
		printf(": %s of %s objects, after %s runs\n",
		       kb_digits(digits[0], m->left),
		       kb_digits(digits[1], m->objects),
		       kb_digits(digits[2], m->tried));
	}
	return cli_flush();
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
