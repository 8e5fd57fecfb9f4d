#include "kb_escape.h"

#include "kb_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

char *kb_escape_clean(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t length = kb_text_character(text);
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

char *kb_escape_component(char *out, size_t size, const char *name)
{
	kb_escape_clean(out, size, *name ? name : "_");
	if (strchr(".-~", out[0]))
		out[0] = '_';
	for (char *p = out; *p; p++)
		if (strchr("/\\:*?\"<>|$`'", *p))
			*p = '_';
	return out;
}

/* Writes the character that a text begins with, cleaned. Returns what follows it. */
static const char *write_clean(FILE *out, const char *text)
{
	size_t length = kb_text_character(text);

	if (length == 0) {
		fputc('?', out);
		return text + 1;
	}
	fwrite(text, 1, length, out);
	return text + length;
}

void kb_escape_line(FILE *out, const char *text)
{
	while (*text)
		text = write_clean(out, text);
}

void kb_escape_data(FILE *out, const char *text)
{
	for (; *text; text++)
		putc(kb_escape_byte(*text), out);
}

/* Numbers and a lone dash are harmless. */
static bool is_formula(const char *text)
{
	return text[0] && strchr("=+-@", text[0]) && text[1];
}

void kb_escape_csv(FILE *out, const char *text)
{
	const bool is_quoted = strpbrk(text, ",\"\r\n");

	if (is_quoted)
		putc('"', out);
	if (is_formula(text + strspn(text, "'")))
		putc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(kb_escape_byte(*text), out);
	}
	if (is_quoted)
		putc('"', out);
}

/* Whether this byte of UTF-8 begins a character. */
static bool begins(char byte)
{
	return ((unsigned char)byte & 0xC0) != 0x80;
}

size_t kb_escape_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += begins(*text);
	return n;
}

size_t kb_escape_fit(FILE *out, const char *text, size_t columns)
{
	size_t n = kb_escape_columns(text);

	if (n <= columns) {
		fputs(text, out);
		return n;
	}
	for (n = 0; n < columns; text++) {
		n += begins(*text);
		if (n < columns)
			fputc(*text, out);
	}
	fputs("…", out);
	return n;
}

void kb_escape_tsv(FILE *out, const char *text)
{
	if (is_formula(text))
		fputc('\'', out);
	while (*text) {
		if (*text == '"' || *text == '\\')
			fputc(*text++ == '"' ? '\'' : '/', out);
		else
			text = write_clean(out, text);
	}
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

void kb_escape_id(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr("-._", *p))
			putc(*p, out);
		else
			fprintf(out, "_%02X", (unsigned char)*p);
	}
}

void kb_escape_html(FILE *out, const char *text)
{
	while (*text) {
		if (entity(*text))
			fputs(entity(*text++), out);
		else
			text = write_clean(out, text);
	}
}

void kb_escape_shell(FILE *out, const char *word)
{
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

void kb_escape_word(FILE *out, const char *word)
{
	static const char plain[] = "/._-+=:,@%0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const bool is_quoted = !*word || word[strspn(word, plain)];

	if (is_quoted)
		fputc('\'', out);
	while (*word) {
		if (*word == '\'')
			fputs("'\\'", out);
		word = write_clean(out, word);
	}
	if (is_quoted)
		fputc('\'', out);
}
