#include "trc_cli.h"

#include "kb_suggest.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one variable of the program: a signal handler reaches nothing else. */
static volatile sig_atomic_t caught_signal;

static void on_signal(int number)
{
	caught_signal = number;
}

void cli_catch_signals(void)
{
	/* No SA_RESTART: a read that waits for a pipe must come back. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int cli_signal(void)
{
	return caught_signal;
}

int cli_error(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "trc: %s\n", text);
	return CLI_FAILED;
}

void cli_put_text(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?'
								     : *text);
}

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_GOOD;
	if (errno == EPIPE)
		return CLI_GOOD;
	return cli_error("cannot write to standard output: %s",
			 strerror(errno));
}

static int unknown_option(const struct cli *cli, const char *name)
{
	struct kb_suggest suggest = KB_SUGGEST_INIT(name);
	const char *nearest;

	kb_suggest_offer(&suggest, "help");
	for (size_t i = 0; cli->options[i].name; i++)
		kb_suggest_offer(&suggest, cli->options[i].name);
	nearest = kb_suggest_best(&suggest);
	if (nearest)
		cli_error("unknown option --%s; did you mean --%s?", name,
			  nearest);
	else
		cli_error("unknown option --%s; see --help", name);
	return CLI_BAD;
}

/* Reads the option `text` without its dashes: "name" or "name=argument". */
static int read_option(struct cli *cli, const char *text)
{
	size_t size = strcspn(text, "=");
	const struct cli_option *option;
	int i;

	if (strcmp(text, "help") == 0)
		return CLI_HELP;
	for (i = 0; cli->options[i].name; i++)
		if (strlen(cli->options[i].name) == size &&
		    memcmp(cli->options[i].name, text, size) == 0)
			break;
	option = &cli->options[i];
	if (!option->name)
		return unknown_option(cli, text);
	cli->value = text[size] ? text + size + 1 : NULL;
	if (!option->argument && cli->value) {
		cli_error("--%s takes no argument", option->name);
		return CLI_BAD;
	}
	if (option->argument && !cli->value) {
		if (cli->next >= cli->argc) {
			cli_error("--%s needs an argument: --%s %s",
				  option->name, option->name, option->argument);
			return CLI_BAD;
		}
		cli->value = cli->argv[cli->next++];
	}
	return i;
}

int cli_next(struct cli *cli)
{
	const char *text;

	if (cli->next >= cli->argc)
		return CLI_END;
	text = cli->argv[cli->next++];
	cli->value = text;
	if (cli->only_operands || text[0] != '-' || text[1] == 0)
		return CLI_OPERAND;
	if (strcmp(text, "-h") == 0)
		return CLI_HELP;
	if (strcmp(text, "--") == 0) {
		cli->only_operands = 1;
		return cli->next < cli->argc
			       ? (cli->value = cli->argv[cli->next++],
				  CLI_OPERAND)
			       : CLI_END;
	}
	if (text[1] != '-') {
		cli_error("unknown option %s; options begin with two dashes: "
			  "see --help",
			  text);
		return CLI_BAD;
	}
	return read_option(cli, text + 2);
}
