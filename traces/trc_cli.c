#include "trc_cli.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longest word that suggestions are made for, and farthest likeness. */
#define WORD_MAX     32
#define DISTANCE_MAX 3

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

/* Levenshtein's distance of two words, at most WORD_MAX bytes each. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t size = strlen(b);

	for (unsigned j = 0; j <= size; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned corner = row[0];

		row[0] = i + 1;
		for (unsigned j = 0; j < size; j++) {
			unsigned change = corner + (a[i] != b[j]);
			unsigned step = (row[j] < row[j + 1] ? row[j]
							     : row[j + 1]) + 1;

			corner = row[j + 1];
			row[j + 1] = change < step ? change : step;
		}
	}
	return row[size];
}

const char *cli_nearest(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	unsigned least = DISTANCE_MAX + 1;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *names; names++) {
		unsigned d = distance(word, *names);

		if (d < least && d < strlen(*names)) {
			least = d;
			nearest = *names;
		}
	}
	return nearest;
}

static int unknown_option(const struct cli *cli, const char *name)
{
	const char *names[WORD_MAX] = { "help" };
	const char *nearest;

	for (size_t i = 0; cli->options[i].name && i + 2 < WORD_MAX; i++)
		names[i + 1] = cli->options[i].name;
	nearest = cli_nearest(name, names);
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
				  option->name, option->name,
				  option->argument);
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
