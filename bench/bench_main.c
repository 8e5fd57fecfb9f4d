/*
 * bench: hands the command line on to one of bench/command; a worker is this
 * program too.
 */
#include "bench_commands.h"
#include "bench_lockstep.h"
#include "bench_worker.h"
#include "kb_json.h"
#include "kb_signal.h"
#include "kb_stdio.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	int status;
	int flushed;

	if (argc == 1 && strcmp(argv[0], BENCH_WORKER_NAME) == 0)
		return bench_worker_main();
	if (argc == 1 && strcmp(argv[0], BENCH_LOCKSTEP_NAME) == 0)
		return bench_lockstep_main();
	if (kb_stdio_keep() < 0)
		return KB_EXIT_ENVIRONMENT;
	kb_json_begin();
	kb_signal_own();
	kb_signal_own_pipes();
	kb_signal_catch();
	status = kb_options_run(&bench_itself, argc, argv);
	flushed = kb_stdio_finish("bench");
	if (kb_signal)
		return KB_EXIT_SIGNAL + kb_signal;
	return status == KB_EXIT_GOOD ? flushed : status;
}
