/* trc: makes, describes, changes and prints .trc traces. */
#include "kb_bits.h"
#include "kb_stdio.h"
#include "kb_suggest.h"
#include "kb_version.h"
#include "trc_cli.h"
#include "trc_cmd.h"
#include "trc_format.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char help_text[] =
"usage: trc COMMAND [OPTION...] ...\n"
"\n"
"Makes .trc traces of a kernel's allocations and frees out of recordings, and\n"
"shows what is in them.\n"
"\n"
"commands:\n"
"  import      turn a recording into a .trc\n"
"  info        verify traces and show their counts and origin\n"
"  stat        sizes, lifetimes, call sites, cpus, the live curve\n"
"  print       print a trace's events as text, one a line\n"
"  verify      read traces from end to end and say whether they are whole\n"
"  cut         keep the events from one place to another\n"
"  filter      keep the objects of a size, call site, cpu or task\n"
"  merge       merge traces by time\n"
"  convert     write a trace as ftrace text or CSV\n"
"  anonymize   replace names by numbers\n"
"  gen         make a synthetic trace\n"
"  minimize    shrink a trace while a command keeps failing\n"
"\n"
"options:\n"
"  --help, -h   show this text; trc COMMAND --help tells more\n"
"  --version    show the program's version and the format's\n"
"\n"
"examples:\n"
"  trc import boot.ftrace.zst boot.trc\n"
"  ssh target cat /sys/kernel/tracing/trace | trc import - target.trc\n"
"  trc info boot.trc\n"
"  trc print --limit 20 boot.trc\n"
"\n"
"exit status: 0 good; 2 wrong usage, unreadable, unwritable or damaged file;\n"
"130 and 143 after SIGINT and SIGTERM.\n";
/* clang-format on */

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "import", trc_cmd_import },	{ "info", trc_cmd_info },
	{ "stat", trc_cmd_stat },	{ "print", trc_cmd_print },
	{ "verify", trc_cmd_verify },	{ "cut", trc_cmd_cut },
	{ "filter", trc_cmd_filter },	{ "merge", trc_cmd_merge },
	{ "convert", trc_cmd_convert }, { "anonymize", trc_cmd_anonymize },
	{ "gen", trc_cmd_gen },		{ "minimize", trc_cmd_minimize },
};

static int unknown_command(const char *word)
{
	struct kb_suggest suggest = KB_SUGGEST_INIT(word);
	const char *nearest;

	for (size_t i = 0; i < KB_ARRAY_LEN(commands); i++)
		kb_suggest_offer(&suggest, commands[i].name);
	nearest = kb_suggest_best(&suggest);
	if (nearest)
		return cli_error("unknown command %s; did you mean %s?", word,
				 nearest);
	return cli_error("unknown command %s; see trc --help", word);
}

int main(int argc, char **argv)
{
	static const struct cli_option options[] = {
		{ "version", NULL },
		{ NULL, NULL },
	};
	struct cli cli = { argc, argv, options, 1, 0, NULL };

	/* A machine on which /dev/null cannot be opened: no test has one. */
	if (kb_stdio_keep() < 0)
		return CLI_FAILED;
	cli_catch_signals();
	switch (cli_next(&cli)) {
	case CLI_END:
		return cli_error("no command given; see trc --help");
	case CLI_HELP:
		fputs(help_text, stdout);
		return cli_flush();
	case 0:
		printf("trc %s, .trc format version %d\n", kb_version,
		       TRC_VERSION);
		return cli_flush();
	case CLI_OPERAND:
		break;
	default:
		return CLI_FAILED;
	}
	for (size_t i = 0; i < KB_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, cli.value) == 0)
			return commands[i].run(argc - cli.next,
					       argv + cli.next);
	return unknown_command(cli.value);
}
