#include "bench_html_svg.h"

#include "kb_escape.h"
#include "kb_bits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The elements that gnuplot's terminal uses. */
static const char *const elements[] = {
	"circle", "defs",    "desc", "feComposite", "feFlood", "filter",
	"g",	  "polygon", "rect", "path",	    "svg",     "text",
	"title",  "tspan",   "use",  "polyline",    "line",    "clipPath",
};

/* A tag: its '<', and the character after its '>'. */
struct tag {
	const char *begin;
	const char *end;

	/* The element's name. */
	const char *name;
	size_t name_length;
	bool closes;
};

static bool is(const struct tag *tag, const char *name)
{
	return strlen(name) == tag->name_length &&
	       memcmp(tag->name, name, tag->name_length) == 0;
}

static bool is_known(const struct tag *tag)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(elements); i++)
		if (is(tag, elements[i]))
			return true;
	return false;
}

/* Reads the tag at `at`, a '<'. Returns false if it does not end. */
static bool read_tag(struct tag *tag, const char *at)
{
	char quote = '\0';
	const char *p = at + 1;

	tag->begin = at;
	tag->closes = *p == '/';
	p += tag->closes;
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

/* Copies a tag; numbers its ids and the references to them. */
static void copy_tag(FILE *out, const struct tag *tag, unsigned number)
{
	static const char *const before_id[] = { " id='", " id=\"", "href='#",
						 "href=\"#", "url(#" };

	for (const char *p = tag->begin; p < tag->end;) {
		size_t length = 1;
		bool is_id = false;

		for (size_t i = 0; i < KB_ARRAY_LEN(before_id); i++) {
			if (!begins(p, tag->end, before_id[i]))
				continue;
			length = strlen(before_id[i]);
			is_id = true;
		}
		fwrite(p, 1, length, out);
		if (is_id)
			fprintf(out, "f%u-", number);
		p += length;
	}
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

static bool has_handler(const struct tag *tag)
{
	for (const char *p = tag->begin; p + 3 < tag->end; p++)
		if (isspace((unsigned char)p[0]) &&
		    (p[1] == 'o' || p[1] == 'O') &&
		    (p[2] == 'n' || p[2] == 'N'))
			return true;
	return false;
}

static void write_root(FILE *out, const struct tag *tag, const char *label)
{
	const char *box = find(tag->begin, tag->end, "viewBox=\"");
	const char *end = box ? strchr(box + 9, '"') : NULL;

	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" "
	      "xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\"",
	      out);
	if (end)
		fprintf(out, " %.*s", (int)(end + 1 - box), box);
	fputs(" aria-label=\"", out);
	kb_escape_html(out, label);
	fputs("\">", out);
}

/* Writes one tag if it is allowed. Returns where to continue, NULL if it is
 * not. */
static const char *write_tag(FILE *out, const char *at, unsigned number,
			     const char *label)
{
	struct tag tag;
	const char *end;

	if (strncmp(at, "<!--", 4) == 0) {
		end = strstr(at, "-->");
		return end ? end + 3 : NULL;
	}
	if (!read_tag(&tag, at) || !is_known(&tag))
		return NULL;
	/* gnuplot's own titles would show everywhere. */
	if (!tag.closes && (is(&tag, "title") || is(&tag, "desc"))) {
		end = strstr(tag.end,
			     is(&tag, "desc") ? "</desc>" : "</title>");
		return end ? strchr(end, '>') + 1 : NULL;
	}
	if (is(&tag, "svg") && !tag.closes) {
		write_root(out, &tag, label);
		return tag.end;
	}
	if (convert_hover(out, &tag))
		return tag.end;
	if (has_handler(&tag))
		return NULL;
	copy_tag(out, &tag, number);
	return tag.end;
}

bool bench_html_svg(FILE *out, const char *svg, unsigned number,
		    const char *label)
{
	const char *at = strstr(svg, "<svg");
	char *page = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&page, &size);

	while (f && at && *at) {
		if (*at == '<')
			at = write_tag(f, at, number, label);
		else
			fputc(*at++, f);
	}
	if (f && fclose(f) != 0)
		at = NULL;
	if (f && at)
		fwrite(page, 1, size, out);
	free(page);
	return f && at;
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

void bench_html_svg_file(FILE *out, const char *svg)
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
