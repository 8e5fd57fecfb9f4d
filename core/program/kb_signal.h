/*
 * kb_signal: SIGINT and SIGTERM, noted and acted on where it suits.
 *
 * For the programs' own files.
 */
#ifndef KB_SIGNAL_H
#define KB_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* Set by the handler: the signal's number, once one has come; else 0. */
extern volatile sig_atomic_t kb_signal;

/* True once one has come: for whoever asks through a pointer. */
bool kb_signal_came(void);

/* Has SIGINT and SIGTERM set kb_signal: the first one ends the work in good
 * order, the second one at once. */
void kb_signal_catch(void);

/* Has a write to a pipe that nobody reads fail with EPIPE, and a child leave its
 * status to be waited for, whatever our caller has set. */
void kb_signal_own(void);

#endif /* KB_SIGNAL_H */
