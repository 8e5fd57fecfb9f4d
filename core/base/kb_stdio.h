/*
 * kb_stdio: what a program owes its standard streams.
 *
 * For the files with a main() only.
 */
#ifndef KB_STDIO_H
#define KB_STDIO_H

/*
 * Opens what the caller has closed of standard input, output and error, so that
 * no file of the program's own takes one of their numbers and gets what was
 * meant for the terminal. To read from or write to such a stream still fails,
 * with EBADF. Returns 0, or KB_E_IO if that cannot be done.
 */
int kb_stdio_keep(void);

#endif /* KB_STDIO_H */
