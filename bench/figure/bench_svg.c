#include "bench_svg.h"

#include "kb_escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A tag: its '<', and the character after its '>'. */
struct tag {
	const char *begin;
	const char *end;

	/* The element's name. */
	const char *name;
	size_t name_length;
};

static bool is(const struct tag *tag, const char *name)
{
	return strlen(name) == tag->name_length &&
	       memcmp(tag->name, name, tag->name_length) == 0;
}

/* Reads the tag at `at`, a '<'. Returns false if it does not end. */
static bool read_tag(struct tag *tag, const char *at)
{
	char quote = '\0';
	const char *p = at + 1;

	tag->begin = at;
	p += *p == '/';
	tag->name = p;
	while (isalnum((unsigned char)*p))
		p++;
	tag->name_length = (size_t)(p - tag->name);
	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			break;
	}
	tag->end = *p ? p + 1 : p;
	return *p == '>';
}

static bool begins(const char *at, const char *end, const char *words)
{
	size_t length = strlen(words);

	return (size_t)(end - at) >= length && memcmp(at, words, length) == 0;
}

static const char *find(const char *at, const char *end, const char *words)
{
	while (at < end && !begins(at, end, words))
		at++;
	return at < end ? at : NULL;
}

/* A group with hover text: the text becomes its title. */
static bool convert_hover(FILE *out, const struct tag *tag)
{
	static const char before[] = "showHypertext(evt,'";
	static const char after[] = "')\" onmouseout=\"";
	const char *text, *end;
	char *copy;

	if (!is(tag, "g"))
		return false;
	text = find(tag->begin, tag->end, before);
	if (!text)
		return false;
	text += strlen(before);
	end = find(text, tag->end, after);
	copy = end ? strndup(text, (size_t)(end - text)) : NULL;
	if (!copy)
		return false;
	fputs("<g class=\"p\"><title>", out);
	kb_escape_html(out, copy);
	fputs("</title>", out);
	free(copy);
	return true;
}

/* gnuplot's own title of a group whose text was converted: it is blank and
 * would hide ours. */
static const char *skip_title(const char *at)
{
	const char *end;

	if (strncmp(at, "<title>", 7) != 0)
		return at;
	end = strstr(at, "</title>");
	return end ? strchr(end, '>') + 1 : at;
}

void bench_svg_write(FILE *out, const char *svg)
{
	struct tag tag;

	while (*svg) {
		if (*svg == '<' && read_tag(&tag, svg) &&
		    convert_hover(out, &tag))
			svg = skip_title(tag.end);
		else
			fputc(*svg++, out);
	}
}
