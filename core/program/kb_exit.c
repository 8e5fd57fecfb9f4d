#include "kb_exit.h"

#include "kb_signal.h"
#include "kb_status.h"

int kb_exit_of(int status)
{
	if (kb_signal)
		return KB_EXIT_SIGNAL + kb_signal;
	if (status >= 0)
		return KB_EXIT_GOOD;
	switch (status) {
	case KB_E_WRONG:
		return KB_EXIT_WRONG;
	case KB_E_ENVIRONMENT:
		return KB_EXIT_ENVIRONMENT;
	default:
		return KB_EXIT_USAGE;
	}
}

int kb_exit_graver(int a, int b)
{
	static const int gravity[] = {
		[KB_EXIT_GOOD] = 0,	   [KB_EXIT_UNDECIDED] = 1,
		[KB_EXIT_ENVIRONMENT] = 2, [KB_EXIT_USAGE] = 3,
		[KB_EXIT_WORSE] = 4,	   [KB_EXIT_WRONG] = 5,
	};

	/* A signal's status, which is none of these, outranks them all. */
	if (a >= KB_EXIT_SIGNAL || b >= KB_EXIT_SIGNAL)
		return a > b ? a : b;
	return gravity[a] > gravity[b] ? a : b;
}
