/*
 * kb_signal: notes SIGINT and SIGTERM, so that the program can end at a safe
 * point.
 *
 * For the programs' own files.
 */
#ifndef KB_SIGNAL_H
#define KB_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* Set by the handler: the number of the signal received; else 0. */
extern volatile sig_atomic_t kb_signal;

/* True once one was received; a function, for callbacks. */
bool kb_signal_came(void);

/* Makes SIGINT and SIGTERM set kb_signal: the first ends the work in an orderly
 * way, the second at once. */
void kb_signal_catch(void);

/* Makes a write to a pipe that nobody reads fail with EPIPE, and lets children
 * be waited for, whatever the parent process has set. */
void kb_signal_own(void);

#endif /* KB_SIGNAL_H */
