/*
 * kb_stdio: makes sure that the standard streams are open, and that write
 * errors are noticed.
 */
#ifndef KB_STDIO_H
#define KB_STDIO_H

#include <stdio.h>

/*
 * Opens those of standard input, output and error that the parent process has
 * closed, so that no other file gets one of their numbers, and with it what was
 * meant for the terminal. Reading from or writing to such a stream still fails,
 * with EBADF.
 *
 * Those that are open and do not wait (O_NONBLOCK), as other programs leave a pipe
 * or a terminal at the other end, are opened again, to wait. Returns 0, or KB_E_IO
 * if that cannot be done. For main() only.
 */
int kb_stdio_keep(void);

/*
 * Flushes a stream. Returns 0, or an errno if this write or any earlier one
 * failed. The errno of an earlier one is lost: the function finds the cause by
 * writing one more byte, and returns EIO if that works. A stream that has
 * failed cannot be used afterwards.
 */
int kb_stdio_flush(FILE *stream);

/*
 * At a program's end: flushes standard output. Returns KB_EXIT_GOOD, also if the
 * reader of a pipe has gone, as head does; otherwise KB_EXIT_USAGE, after a
 * complaint in the program's name.
 */
int kb_stdio_finish(const char *program);

#endif /* KB_STDIO_H */
