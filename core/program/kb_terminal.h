/*
 * kb_terminal: the terminal's size and colors, if there is one, and text that fits it.
 *
 * For the programs' own files.
 */
#ifndef KB_TERMINAL_H
#define KB_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* The window of a descriptor's terminal. False, and all zeros, if there
 * is none or it does not say. */
bool kb_terminal_window(int fd, struct winsize *out);

/* The columns of standard output's terminal; `otherwise` if it is none. */
size_t kb_terminal_columns(size_t otherwise);

/* Writes a cleaned text, with each line broken between words where it exceeds
 * `columns`. What goes on is indented by two more than the line. 0 columns mean no
 * limit. */
void kb_terminal_wrap(FILE *out, const char *text, size_t columns);

/* The same of what `write` writes. If memory runs out, no line is broken. */
void kb_terminal_print(FILE *out, size_t columns,
		       void (*write)(FILE *out, const void *user),
		       const void *user);

/* Columns or lines as the environment names them (COLUMNS, LINES); `otherwise` if
 * it does not. */
size_t kb_terminal_variable(const char *name, size_t otherwise);

/* True if standard output is a terminal that takes colors, and NO_COLOR does not
 * forbid them. */
bool kb_terminal_has_colour(void);

#endif /* KB_TERMINAL_H */
