#include "trc_cli.h"

#include "kb_stdio.h"
#include "kb_suggest.h"

#include "trc_import.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Time between two updates of the progress line. */
#define PROGRESS_INTERVAL_MS 100

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
	struct sigaction usual = { .sa_handler = SIG_DFL };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	/* Whoever ignores it for us leaves no child to wait for. */
	sigaction(SIGCHLD, &usual, NULL);
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
		*p = cli_shown(*p);
	fprintf(stderr, "trc: %s\n", text);
	return CLI_FAILED;
}

void cli_put_text(const char *text)
{
	for (; *text; text++)
		putchar(cli_shown(*text));
}

void cli_put_site(const char *site, const char *module)
{
	cli_put_text(site ? site : "-");
	if (*module) {
		fputs(" [", stdout);
		cli_put_text(module);
		putchar(']');
	}
}

int cli_flush(void)
{
	int cause = kb_stdio_flush(stdout);

	if (cause == 0 || cause == EPIPE)
		return CLI_GOOD;
	return cli_error("cannot write to standard output: %s",
			 strerror(cause));
}

int cli_leave(int option, const char *help)
{
	if (option == CLI_BAD)
		return CLI_FAILED;
	fputs(help, stdout);
	return cli_flush();
}

int cli_number(const char *name, const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end)
		return cli_error("--%s is %s; it must be a whole number", name,
				 text);
	return CLI_GOOD;
}

int cli_level(const char *text, int *level)
{
	uint64_t number;

	if (text[0] >= '0' && text[0] <= '9' && strlen(text) <= 2 &&
	    cli_number("level", text, &number) == CLI_GOOD &&
	    number >= TRC_LEVEL_MIN && number <= TRC_LEVEL_MAX) {
		*level = (int)number;
		return CLI_GOOD;
	}
	return cli_error("--level is %s; it must be a number from %d to %d",
			 text, TRC_LEVEL_MIN, TRC_LEVEL_MAX);
}

int cli_fail(const struct kb_diag *diag, const char *path)
{
	/* Not only KB_E_STOPPED: a signal also ends the opening of a pipe. */
	if (!cli_signal())
		return cli_error("%s", diag->text);
	if (path)
		cli_error("stopped by a signal; %s was not written", path);
	return 128 + cli_signal();
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void cli_progress_begin(struct cli_progress *progress, bool quiet)
{
	progress->is_shown = !quiet && isatty(STDERR_FILENO);
	progress->has_printed = false;
	progress->last_ms = now_ms();
}

void cli_progress_show(struct cli_progress *progress, uint64_t done,
		       uint64_t total, uint64_t events)
{
	uint64_t now;

	if (!progress->is_shown)
		return;
	now = now_ms();
	if (now - progress->last_ms < PROGRESS_INTERVAL_MS)
		return;
	progress->last_ms = now;
	progress->has_printed = true;
	if (total)
		fprintf(stderr, "\r%3d %%, %" PRIu64 " events",
			(int)(100.0 * (double)done / (double)total), events);
	else
		fprintf(stderr, "\r%.1f MB, %" PRIu64 " events",
			(double)done / 1e6, events);
}

void cli_progress_end(struct cli_progress *progress)
{
	if (progress->has_printed)
		fputs("\r\033[K", stderr);
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

/* The first pass over the words: options, wherever they stand. Returns how many
 * files there are, or -1 with `*status` set if the command ends here. */
static int count_files(int argc, char **argv, const struct cli_files *files,
		       bool *flag, int *status)
{
	struct cli cli = { argc, argv, files->options, 0, 0, NULL };
	int count = 0;
	int option;

	while ((option = cli_next(&cli)) != CLI_END) {
		if (option == CLI_BAD || option == CLI_HELP) {
			*status = cli_leave(option, files->help);
			return -1;
		}
		*flag |= option == files->flag;
		count += option == CLI_OPERAND;
	}
	return count;
}

int cli_each_file(int argc, char **argv, const struct cli_files *files)
{
	struct cli cli = { argc, argv, files->options, 0, 0, NULL };
	bool flag = false;
	int status = CLI_GOOD;
	int count = count_files(argc, argv, files, &flag, &status);
	int option;

	if (count < 0)
		return status;
	if (count == 0)
		return cli_error("no FILE given; see trc %s --help",
				 files->name);
	while ((option = cli_next(&cli)) != CLI_END && status < 128) {
		int one = option == CLI_OPERAND ? files->each(cli.value, flag)
						: CLI_GOOD;

		status = one > status ? one : status;
	}
	return status ? (cli_flush(), status) : cli_flush();
}
