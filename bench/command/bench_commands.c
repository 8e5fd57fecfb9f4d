#include "bench_commands.h"

const struct kb_command *const bench_commands[] = {
	&bench_compare_command, &bench_gate_command,
	&bench_bless_command,	&bench_corpus_command,
	&bench_diff_command,	&bench_fit_command,
	&bench_grade_command,	&bench_metal_command,
	&bench_plot_command,	&bench_show_command,
	&bench_sites_command,	&bench_smp_command,
	&bench_sweep_command,	NULL,
};
