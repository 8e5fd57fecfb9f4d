#include "kb_text.h"

#include <stdint.h>

size_t kb_text_character(const char *text)
{
	const unsigned char *t = (const unsigned char *)text;
	size_t length = t[0] < 0x80   ? 1
			: t[0] < 0xC2 ? 0
			: t[0] < 0xE0 ? 2
			: t[0] < 0xF0 ? 3
			: t[0] < 0xF5 ? 4
				      : 0;
	uint32_t code;

	if (length == 1)
		return t[0] >= 0x20 && t[0] != 0x7F;
	code = t[0] & (0xFFu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((t[i] & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (t[i] & 0x3Fu);
	}
	/* C1 controls, overlong forms, surrogates, marks that change the
	 * direction of writing, code points past the last one. */
	if (length == 0 || code < 0xA0 || (length == 3 && code < 0x800) ||
	    (length == 4 && code < 0x10000) ||
	    (code >= 0xD800 && code < 0xE000) ||
	    (code >= 0x2028 && code <= 0x202E) ||
	    (code >= 0x2066 && code <= 0x2069) || (code & 0xFFFE) == 0xFFFE ||
	    code > 0x10FFFF)
		return 0;
	return length;
}
