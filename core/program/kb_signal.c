#include "kb_signal.h"

#include <stddef.h>

volatile sig_atomic_t kb_signal;

bool kb_signal_came(void)
{
	return kb_signal != 0;
}

static void on_signal(int number)
{
	kb_signal = number;
}

void kb_signal_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
