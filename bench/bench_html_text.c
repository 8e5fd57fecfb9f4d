#include "bench_html_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the printable character at `text`, which is not at its end; 0 if
 * there is none. */
static size_t character_at(const char *text)
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
	/* C1 controls, too long a form, surrogates, marks that turn the
	 * direction of writing, past the last character. */
	if (length == 0 || code < 0xA0 || (length == 3 && code < 0x800) ||
	    (length == 4 && code < 0x10000) ||
	    (code >= 0xD800 && code < 0xE000) ||
	    (code >= 0x2028 && code <= 0x202E) ||
	    (code >= 0x2066 && code <= 0x2069) || (code & 0xFFFE) == 0xFFFE ||
	    code > 0x10FFFF)
		return 0;
	return length;
}

char *bench_text_clean(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t length = character_at(text);
		size_t room = length ? length : 1;

		if (used + room >= size)
			break;
		if (length)
			memcpy(out + used, text, length);
		else
			out[used] = '?';
		used += room;
		text += room;
	}
	out[used] = '\0';
	return out;
}

size_t bench_text_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void bench_html_escape(FILE *out, const char *text)
{
	while (*text) {
		size_t length = character_at(text);

		if (length == 0)
			fputc('?', out);
		else if (entity(*text))
			fputs(entity(*text), out);
		else
			fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
}
