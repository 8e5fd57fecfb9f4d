/*
 * kb_signal: notes the signals that ask a program to end (INT, TERM, HUP, QUIT,
 * ALRM, XCPU), so that it can end at a safe point.
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

/* Makes them set kb_signal: the first ends the work in an orderly way, the same once
 * more at once. One that the parent process has set to be ignored, as nohup does,
 * stays so, but for INT and TERM. */
void kb_signal_catch(void);

/* In a child, before exec: ignores them, since they go to whole process groups and
 * the parent ends its children. Not XCPU: each process has its own CPU time. */
void kb_signal_leave_to_parent(void);

/* Makes a write beyond the limit of a file's size fail with EFBIG, and lets children
 * be waited for, whatever the parent process has set. */
void kb_signal_own(void);

/* Makes a write to a pipe that nobody reads fail with EPIPE. A program that is executed
 * dies of it again, as usual. */
void kb_signal_own_pipes(void);

#endif /* KB_SIGNAL_H */
