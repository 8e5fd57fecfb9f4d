/*
 * kb_terminal: the terminal's size and colors, if there is one.
 *
 * For the programs' own files.
 */
#ifndef KB_TERMINAL_H
#define KB_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>

/* The window of a descriptor's terminal. False, and all zeros, if there
 * is none or it does not say. */
bool kb_terminal_window(int fd, struct winsize *out);

/* Columns or lines as the environment names them (COLUMNS, LINES); `otherwise` if
 * it does not. */
size_t kb_terminal_variable(const char *name, size_t otherwise);

/* True if standard output is a terminal that takes colors, and NO_COLOR does not
 * forbid them. */
bool kb_terminal_has_colour(void);

#endif /* KB_TERMINAL_H */
