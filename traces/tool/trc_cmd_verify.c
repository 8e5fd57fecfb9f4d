/* trc verify: reads traces from end to end and says whether they are whole. */
#include "trc_cmd.h"

#include "trc_cli.h"
#include "trc_walk.h"

#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
static const char help_text[] =
"usage: trc verify [--quiet] FILE...\n"
"\n"
"Reads each trace from end to end: every checksum, every count of the header,\n"
"every free, every name. Prints a line for each that is whole; for the others\n"
"an error that says what is wrong and where, and the exit status is 2.\n"
"\n"
"options:\n"
"  --quiet     print errors only\n"
"  --help, -h  show this text\n"
"\n"
"example:\n"
"  trc verify traces/*.trc\n";
/* clang-format on */

enum { OPT_QUIET };

static const struct cli_option options[] = {
	[OPT_QUIET] = { "quiet", NULL },
	{ NULL, NULL },
};

static int verify(const char *path, bool quiet)
{
	struct cli_progress line;
	struct kb_diag diag = { 0 };
	struct trc_walk walk;
	int err = trc_walk_open(&walk, path, &diag);

	cli_progress_begin(&line, quiet);
	while (err == 0) {
		err = trc_walk_next(&walk, &diag);
		trc_walk_show(&walk, &line);
	}
	cli_progress_end(&line);
	if (err == KB_END && !quiet) {
		cli_put_text(path);
		/* A walk that came to its end has an info. */
		printf(": whole, %" PRIu64 " events\n",
		       /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		       walk.info->counts.events);
	}
	trc_walk_release(&walk);
	return err < 0 ? cli_fail(&diag, NULL) : CLI_GOOD;
}

int trc_cmd_verify(int argc, char **argv)
{
	static const struct cli_files files = { "verify", help_text, options,
						OPT_QUIET, verify };

	return cli_each_file(argc, argv, &files);
}
