/* trc verify: reads traces from end to end and says whether they are intact. */
#include "trc_commands.h"

#include "kb_digits.h"
#include "kb_escape.h"
#include "trc_cli.h"
#include "trc_walk.h"

#include <stdio.h>

static int verify(const char *path, bool quiet)
{
	struct kb_progress line;
	struct kb_diag diag = { 0 };
	struct trc_walk walk;
	char events[KB_DIGITS_SIZE];
	int err = trc_walk_open(&walk, path, &diag);

	kb_progress_begin(&line);
	if (quiet)
		kb_progress_hush(&line);
	while (err == 0) {
		err = trc_walk_next(&walk, &diag);
		trc_walk_show(&walk, &line);
	}
	kb_progress_end(&line);
	if (err == KB_END && !quiet) {
		kb_escape_line(stdout, path);
		/* A walk that reached its end has an info. */
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		kb_digits(events, walk.info->counts.events);
		printf(": whole, %s events\n", events);
	}
	trc_walk_release(&walk);
	return err < 0 ? cli_fail(&diag, NULL) : KB_EXIT_GOOD;
}

static int verify_main(int argc, char **argv)
{
	return cli_each_file(&trc_command_verify, argc, argv, verify);
}

static const struct kb_option options[] = {
	CLI_OPTION_QUIET(offsetof(struct cli_files, flag), "print errors only"),
	{ .name = NULL },
};

const struct kb_command trc_command_verify = {
	.program = "trc",
	.name = "verify",
	.summary = "read traces from end to end and check that they are whole",
	.about = "Reads each trace from end to end: every checksum, every "
		 "count of the header, every free, every name. Prints one line "
		 "per whole trace. For a damaged one, an error says what is "
		 "wrong and where.",
	.options = options,
	.operands = cli_files_operands,
	.examples = "trc verify traces/*.trc",
	.exits = CLI_EXITS,
	.main = verify_main,
};
