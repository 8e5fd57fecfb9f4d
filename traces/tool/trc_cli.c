#include "trc_cli.h"

#include "kb_escape.h"
#include "kb_stdio.h"

#include <stdio.h>
#include <string.h>

void cli_put_site(const char *site, const char *module)
{
	kb_escape_line(stdout, site ? site : "-");
	if (*module) {
		fputs(" [", stdout);
		kb_escape_line(stdout, module);
		putchar(']');
	}
}

void cli_fit_site(const char *site, const char *module, size_t columns)
{
	char text[1024], clean[1024];

	snprintf(text, sizeof(text), "%s%s%s%s", site ? site : "-",
		 *module ? " [" : "", module, *module ? "]" : "");
	kb_escape_fit(stdout, kb_escape_clean(clean, sizeof(clean), text),
		      columns);
}

int cli_fail(const struct kb_diag *diag, const char *path)
{
	/* Not only KB_E_STOPPED: a signal also ends the opening of a pipe. */
	if (!kb_signal)
		return kb_complain_diag("trc", diag);
	if (path)
		kb_complain("trc", "stopped by a signal; %s was not written",
			    path);
	return kb_exit_of(KB_E_STOPPED);
}

const struct kb_operand cli_files_operands[] = {
	{ "FILE", 1, SIZE_MAX, offsetof(struct cli_files, files), KB_FILES_IN },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

int cli_each_file(const struct kb_command *command, int argc, char **argv,
		  int (*each)(const char *path, bool flag))
{
	struct cli_files target = { .flag = false };
	int status = KB_EXIT_GOOD;
	int flushed;

	if (kb_options_go(command, &target, argc, argv, &status)) {
		for (size_t i = 0;
		     i < target.files.count && status < KB_EXIT_SIGNAL; i++) {
			int one = each(target.files.word[i], target.flag);

			status = one > status ? one : status;
		}
	}
	kb_words_release(&target.files);
	flushed = kb_stdio_finish("trc");
	return status ? status : flushed;
}
