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
	/* No SA_RESTART: a read that waits for a pipe must return. */
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void kb_signal_own(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction usual = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGCHLD, &usual, NULL);
}
