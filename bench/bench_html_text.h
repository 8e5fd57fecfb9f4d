/*
 * bench_html_text: strings that strangers wrote (traces' names, call sites,
 * allocators' names), made safe for a terminal, TSV, HTML
 * and XML.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HTML_TEXT_H
#define BENCH_HTML_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Copies `text` to `out`, `size` bytes, with every byte that is no printable
 * character in valid UTF-8 replaced by '?': no control sequence reaches a
 * terminal, and XML takes the rest. Cut between characters if it is too long.
 * Returns `out`.
 */
char *bench_text_clean(char *out, size_t size, const char *text);

/* Columns of a cleaned text on a terminal, one a character. */
size_t bench_text_columns(const char *text);

/* Writes a text as a cell of a TSV file: cleaned, and without what gnuplot's reader
 * does not leave alone (plots/README.md). */
void bench_text_tsv(FILE *out, const char *text);

/* Writes a text cleaned and escaped, for HTML or XML, in an element or in a
 * quoted attribute. */
void bench_html_escape(FILE *out, const char *text);

#endif /* BENCH_HTML_TEXT_H */
