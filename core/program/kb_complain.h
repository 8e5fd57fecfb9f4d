/*
 * kb_complain: what a program says on stderr when something is wrong: one line,
 * "PROGRAM: what is wrong; what to do".
 *
 * For the programs' own files.
 */
#ifndef KB_COMPLAIN_H
#define KB_COMPLAIN_H

#include "kb_status.h"

/* Prints the line. Control characters become '?', so that a name cannot drive the
 * terminal. */
void kb_complain(const char *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints a diagnostic that way. Returns its exit status (kb_exit_of). After a signal it
 * prints nothing: what fails then fails because the work is broken off. */
int kb_complain_diag(const char *program, const struct kb_diag *diag);

#endif /* KB_COMPLAIN_H */
