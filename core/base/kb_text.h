/*
 * kb_text: untrusted text, before it reaches a terminal or a file.
 *
 * Anyone may include this file.
 */
#ifndef KB_TEXT_H
#define KB_TEXT_H

#include <stddef.h>

/*
 * Bytes of the printable UTF-8 character at `text`, which is not at its end; 0
 * if it is something else: invalid UTF-8, a control character, or a mark that
 * changes the direction of writing.
 */
size_t kb_text_character(const char *text);

#endif /* KB_TEXT_H */
