/*
 * kb_stdio: what a program owes its standard streams, and the truth about a
 * stream that could not be written.
 */
#ifndef KB_STDIO_H
#define KB_STDIO_H

#include <stdio.h>

/*
 * Opens what the caller has closed of standard input, output and error, so that
 * no file of the program's own takes one of their numbers and gets what was
 * meant for the terminal. To read from or write to such a stream still fails,
 * with EBADF. Returns 0, or KB_E_IO if that cannot be done. For main() only.
 */
int kb_stdio_keep(void);

/*
 * Writes out what the stream holds. Returns 0, or an errno if this write failed
 * or an earlier one did, whoever made it. What errno was then is lost: the cause
 * is found by writing one more byte, and is EIO if that works. A stream that has
 * failed is of no use afterwards.
 */
int kb_stdio_flush(FILE *stream);

#endif /* KB_STDIO_H */
