/* trc: makes, describes, changes and prints .trc traces. */
#include "kb_json.h"
#include "kb_stdio.h"
#include "kb_version.h"
#include "trc_cli.h"
#include "trc_commands.h"
#include "trc_format.h"

#include <stdio.h>

static const struct kb_command *const commands[] = {
	&trc_command_import,
	&trc_command_info,
	&trc_command_stat,
	&trc_command_print,
	&trc_command_verify,
	&trc_command_cut,
	&trc_command_filter,
	&trc_command_merge,
	&trc_command_convert,
	&trc_command_anonymize,
	&trc_command_gen,
	&trc_command_minimize,
	NULL,
};

/* trc without a command. */
struct request {
	bool version;
};

static int check(void *target, struct kb_diag *diag)
{
	const struct request *r = target;

	return r->version ? 0
			  : kb_fail(diag, KB_E_ARG,
				    "no command given; see 'trc --help'");
}

static int trc_itself_main(int argc, char **argv);

static const struct kb_option options[] = {
	{ .name = "version",
	  .help = "show the versions of trc and of the .trc format",
	  .kind = KB_OPTION_SWITCH,
	  .offset = offsetof(struct request, version) },
	{ .name = NULL },
};

static const struct kb_command trc_itself = {
	.program = "trc",
	.about = "Imports recordings of a kernel's allocations and frees as "
		 ".trc traces. Describes, checks, edits and generates traces.",
	.options = options,
	.examples = "trc import boot.ftrace.zst boot.trc\n"
		    "ssh target cat /sys/kernel/tracing/trace | trc import - "
		    "target.trc\n"
		    "trc info boot.trc\n"
		    "trc print --limit 20 boot.trc",
	.exits = CLI_EXITS_OUT,
	.commands = commands,
	.check = check,
	.main = trc_itself_main,
};

static int trc_itself_main(int argc, char **argv)
{
	struct request r = { .version = false };
	int status;

	if (kb_options_go(&trc_itself, &r, argc, argv, &status)) {
		printf("trc %s, .trc format version %d\n", kb_version,
		       TRC_VERSION);
		status = KB_EXIT_GOOD;
	}
	return status;
}

int main(int argc, char **argv)
{
	int status;

	/* A machine without a usable /dev/null: no test has one. */
	if (kb_stdio_keep() < 0)
		return KB_EXIT_ENVIRONMENT;
	kb_json_begin();
	kb_signal_own();
	kb_signal_own_pipes();
	kb_signal_catch();
	status = kb_options_run(&trc_itself, argc, argv);
	return status == KB_EXIT_GOOD ? kb_stdio_finish("trc") : status;
}
