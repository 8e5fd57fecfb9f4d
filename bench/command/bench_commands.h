/*
 * bench_commands: bench's commands, by the first word of the command line. Each
 * is one file and one line in bench_commands.c.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_options.h"

/* The option of a command about exactly one trace: its name, a char pointer at
 * this offset of the target. */
#define BENCH_OPTION_ONE_TRACE(at)                                          \
	{                                                                   \
		.name = "trace", .value = "FILE",                           \
		.help = "the trace: a .trc, or any recording 'trc "         \
			"import' reads",                                    \
		.is_required = true, .is_single = true,                     \
		.kind = KB_OPTION_TEXT, .file = KB_FILES_IN, .offset = (at) \
	}

/* The option of a file for the results as JSON: a char pointer at this offset. */
#define BENCH_OPTION_JSON_AT(at)                                             \
	{                                                                    \
		.name = "json", .value = "FILE",                             \
		.help = "also write the results as JSON; '-' is standard "   \
			"output, which then gets nothing else",              \
		.kind = KB_OPTION_TEXT, .file = KB_FILES_OUT, .offset = (at) \
	}

struct bench_trace;

/* Says on stderr that a shipped sample is read, if so. */
void bench_commands_tell_sample(const struct bench_trace *trace);

/* As bench_trace_open, ended by a signal; says what sample is read. */
int bench_commands_open(struct bench_trace *trace, const char *given,
			struct kb_diag *diag);

extern const struct kb_command bench_compare_command;
extern const struct kb_command bench_gate_command;
extern const struct kb_command bench_bless_command;
extern const struct kb_command bench_corpus_command;
extern const struct kb_command bench_diff_command;
extern const struct kb_command bench_export_command;
extern const struct kb_command bench_fit_command;
extern const struct kb_command bench_grade_command;
extern const struct kb_command bench_metal_command;
extern const struct kb_command bench_plot_command;
extern const struct kb_command bench_show_command;
extern const struct kb_command bench_sites_command;
extern const struct kb_command bench_smp_command;
extern const struct kb_command bench_sweep_command;

/* All commands, ended by NULL. */
extern const struct kb_command *const bench_commands[];

/* bench without a command: a run. */
extern const struct kb_command bench_itself;

/* Runs bench_itself; argv[0] is the program's name. Returns the exit status. */
int bench_run_main(int argc, char **argv);

#endif /* BENCH_COMMANDS_H */
