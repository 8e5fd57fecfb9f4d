/*
 * kb_text: text from strangers, before it reaches a terminal or a file.
 *
 * Anyone may include this file.
 */
#ifndef KB_TEXT_H
#define KB_TEXT_H

#include <stddef.h>

/*
 * Bytes of the printable UTF-8 character at `text`, which is not at its end; 0
 * if there is none: no UTF-8, a control character, a mark that turns the
 * direction of writing.
 */
size_t kb_text_character(const char *text);

#endif /* KB_TEXT_H */
