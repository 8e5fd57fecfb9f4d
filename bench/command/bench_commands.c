#include "bench_commands.h"

#include "kb_status.h"
#include "kb_suggest.h"

#include <stdio.h>
#include <string.h>

int bench_compare_main(int argc, char **argv);
int bench_gate_main(int argc, char **argv);
int bench_bless_main(int argc, char **argv);
int bench_diff_main(int argc, char **argv);
int bench_fit_main(int argc, char **argv);
int bench_plot_main(int argc, char **argv);
int bench_run_main(int argc, char **argv);
int bench_show_main(int argc, char **argv);
int bench_sites_main(int argc, char **argv);

const struct bench_command_entry bench_commands[] = {
	{ "compare", "two builds in lock-step: is one slower?",
	  bench_compare_main },
	{ "gate", "compare exact counters with committed baselines",
	  bench_gate_main },
	{ "bless", "write those baselines anew", bench_bless_main },
	{ "diff", "compare two results folders", bench_diff_main },
	{ "fit", "search the smallest heap that carries a trace",
	  bench_fit_main },
	{ "plot", "draw a results folder's figures, or one in the terminal",
	  bench_plot_main },
	{ "show", "draw the heap after one event of a trace", bench_show_main },
	{ "sites", "rank the trace's call sites by what they cost in a heap",
	  bench_sites_main },
	{ NULL, NULL, NULL },
};

/* Runs the command called argv[0], or says that there is none. */
static int run_named(int argc, char **argv)
{
	struct kb_suggest near = KB_SUGGEST_INIT(argv[0]);

	for (const struct bench_command_entry *c = bench_commands; c->name;
	     c++) {
		if (strcmp(c->name, argv[0]) == 0)
			return c->main(argc, argv);
		kb_suggest_offer(&near, c->name);
	}
	if (strchr(argv[0], '/') || strchr(argv[0], '.'))
		fprintf(stderr,
			"bench: '%s' is not an option; a trace is given as "
			"'--trace %s'\n",
			argv[0], argv[0]);
	else if (kb_suggest_best(&near))
		fprintf(stderr,
			"bench: unknown command '%s'; did you mean '%s'?\n",
			argv[0], kb_suggest_best(&near));
	else
		fprintf(stderr, "bench: unknown command '%s'; see --help\n",
			argv[0]);
	return 2;
}

int bench_commands_status(int err)
{
	switch (err) {
	case KB_E_WRONG:
		return 5;
	case KB_E_ENVIRONMENT:
		return 4;
	default:
		return 2;
	}
}

int bench_commands_run(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] != '-')
		return run_named(argc - 1, argv + 1);
	return bench_run_main(argc, argv);
}

int bench_commands_graver(int a, int b)
{
	static const int gravity[] = {
		[0] = 0, [3] = 1, [4] = 2, [2] = 3, [1] = 4, [5] = 5
	};

	return gravity[a] > gravity[b] ? a : b;
}
