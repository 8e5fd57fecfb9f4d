/*
 * kb_escape: makes untrusted strings (file names, call sites, allocators'
 * names) safe for a terminal, TSV, HTML and XML.
 *
 * For the programs' own files.
 */
#ifndef KB_ESCAPE_H
#define KB_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Copies `text` to `out`, `size` bytes, with every byte that is not part of a
 * printable UTF-8 character replaced by '?': no control sequence reaches a
 * terminal, and XML accepts the rest. Text that is too long is cut between
 * characters. Returns `out`.
 */
char *kb_escape_clean(char *out, size_t size, const char *text);

/*
 * Makes of a name that a stranger chose one component of a path, as cleaned by
 * kb_escape_clean: no separator, nothing that a shell or another system's file names
 * do not take, and no first character that hides the file or means a folder
 * (".."), a home or an option. Each becomes '_'; an empty name does too. Different
 * names may become the same. `out` is not `name`. Returns `out`.
 */
char *kb_escape_component(char *out, size_t size, const char *name);

/* The byte, or '?' for a control character: one that drives a terminal or ends a
 * line. */
static inline char kb_escape_byte(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
}

/* Writes a text for a person, cleaned as by kb_escape_clean. */
void kb_escape_line(FILE *out, const char *text);

/* Writes a text into a file, with '?' for its control characters. All other bytes
 * stay, UTF-8 or not, so that a program that reads them back gets the original. It
 * is not for a terminal. */
void kb_escape_data(FILE *out, const char *text);

/*
 * Writes a text as a cell of a CSV file: as kb_escape_data, in quotes if it needs
 * them. A spreadsheet would compute one that begins with '=', '+', '-' or '@' and
 * goes on, so that gets an apostrophe in front. So does one that looks like that
 * already: who reads the file removes one apostrophe before such a text.
 */
void kb_escape_csv(FILE *out, const char *text);

/* Columns of a cleaned text on a terminal, one per character. */
size_t kb_escape_columns(const char *text);

/* Writes a cleaned text in at most `columns` columns, at least 1: one that takes more
 * is cut between characters and ends with an ellipsis. Returns the columns
 * written. */
size_t kb_escape_fit(FILE *out, const char *text, size_t columns);

/* Writes a text as a field of a TSV file: cleaned, without characters that
 * gnuplot's reader interprets (plots/README.md), and no formula, as in
 * kb_escape_csv. */
void kb_escape_tsv(FILE *out, const char *text);

/* Writes a text cleaned and escaped, for HTML or XML, in an element or in a
 * quoted attribute. */
void kb_escape_html(FILE *out, const char *text);

/* Writes text as a part of an HTML id and of a link to it: a byte that is no letter,
 * digit, '-', '.' or '_' as _XX in hexadecimal. */
void kb_escape_id(FILE *out, const char *text);

/* Writes a word so that a shell takes it as it is: between apostrophes, every byte. For
 * a script; what a person sees is cleaned first. */
void kb_escape_shell(FILE *out, const char *word);

/* Writes a word of a command that a person reads and may run: cleaned as by
 * kb_escape_clean, between apostrophes if a shell needs them. */
void kb_escape_word(FILE *out, const char *word);

#endif /* KB_ESCAPE_H */
