#include "kb_signal.h"

#include "kb_bits.h"

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

/* Those that ask a program to end. */
static const int stops[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGXCPU
};

void kb_signal_catch(void)
{
	/* No SA_RESTART: a read that waits for a pipe must return. */
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	for (size_t i = 0; i < KB_ARRAY_LEN(stops); i++) {
		const bool is_asked = stops[i] == SIGINT || stops[i] == SIGTERM;

		sigaction(stops[i], NULL, &old);
		/* nohup means it. */
		if (is_asked || old.sa_handler != SIG_IGN)
			sigaction(stops[i], &action, NULL);
	}
}

void kb_signal_leave_to_parent(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < KB_ARRAY_LEN(stops); i++)
		if (stops[i] != SIGXCPU)
			sigaction(stops[i], &ignore, NULL);
}

void kb_signal_own(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction usual = { .sa_handler = SIG_DFL };

	sigaction(SIGXFSZ, &ignore, NULL);
	sigaction(SIGCHLD, &usual, NULL);
}

static void do_nothing(int number)
{
	(void)number;
}

void kb_signal_own_pipes(void)
{
	/* Not SIG_IGN, which other programs that we execute would inherit. */
	struct sigaction heed = { .sa_handler = do_nothing,
				  .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &heed, NULL);
}
