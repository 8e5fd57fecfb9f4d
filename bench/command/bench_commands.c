#include "bench_commands.h"

#include "bench_trace_open.h"
#include "kb_signal.h"

const struct kb_command *const bench_commands[] = {
	&bench_compare_command, &bench_gate_command,  &bench_bless_command,
	&bench_corpus_command,	&bench_diff_command,  &bench_export_command,
	&bench_fit_command,	&bench_grade_command, &bench_metal_command,
	&bench_plot_command,	&bench_show_command,  &bench_sites_command,
	&bench_smp_command,	&bench_sweep_command, NULL,
};

void bench_commands_tell_sample(const struct bench_trace *trace)
{
	if (trace->sample[0])
		kb_complain("bench",
			    "there is no file '%s' here; reading the "
			    "sample %s",
			    trace->given, trace->sample);
}

int bench_commands_open(struct bench_trace *trace, const char *given,
			struct kb_diag *diag)
{
	int err = bench_trace_open(trace, given, kb_signal_came, diag);

	if (err == 0)
		bench_commands_tell_sample(trace);
	return err;
}
