#include "bench_show_box.h"

#include "kb_bits.h"
#include "kb_escape.h"

#include <stdarg.h>

/* The narrowest and the widest box, columns. */
#define WIDTH_MIN 40
#define WIDTH_MAX 100

struct show_page bench_show_page(FILE *out, size_t width, bool color)
{
	const size_t outer =
		(size_t)kb_min(kb_max(width, WIDTH_MIN), WIDTH_MAX);

	return (struct show_page){ out, outer - 4, color };
}

static void rule(const struct show_page *p, const char *left, const char *right)
{
	fputs(left, p->f);
	for (size_t i = 0; i < p->inner + 2; i++)
		fputs("═", p->f);
	fprintf(p->f, "%s\n", right);
}

void bench_show_line(const struct show_page *p, const char *format, ...)
{
	char text[SHOW_LINE_SIZE];
	size_t columns;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("║ ", p->f);
	columns = kb_escape_fit(p->f, text, p->inner);
	fprintf(p->f, "%*s ║\n", (int)(p->inner - columns), "");
}

void bench_show_title(const struct show_page *p, const char *text)
{
	size_t pad = (p->inner - kb_escape_columns(text)) / 2;

	rule(p, "╔", "╗");
	fprintf(p->f, "║ %*s%s%s%s%*s ║\n", (int)pad, "",
		p->color ? "\033[1m" : "", text, p->color ? "\033[0m" : "",
		(int)(p->inner - pad - kb_escape_columns(text)), "");
	rule(p, "╠", "╣");
}

void bench_show_end(const struct show_page *p)
{
	rule(p, "╚", "╝");
}
