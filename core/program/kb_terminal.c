#include "kb_terminal.h"

#include "kb_escape.h"
#include "kb_gather.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool kb_terminal_window(int fd, struct winsize *out)
{
	memset(out, 0, sizeof(*out));
	return ioctl(fd, TIOCGWINSZ, out) == 0 && out->ws_col > 0;
}

size_t kb_terminal_columns(size_t otherwise)
{
	struct winsize window;

	return kb_terminal_window(STDOUT_FILENO, &window) ? window.ws_col
							  : otherwise;
}

/* The columns of a text's first bytes, however many. */
static size_t columns_of(const char *text, size_t bytes)
{
	size_t columns = 0;

	while (bytes > 0) {
		char part[256];
		const size_t n =
			bytes < sizeof(part) ? bytes : sizeof(part) - 1;

		memcpy(part, text, n);
		part[n] = '\0';
		columns += kb_escape_columns(part);
		text += n;
		bytes -= n;
	}
	return columns;
}

void kb_terminal_wrap(FILE *out, const char *text, size_t columns)
{
	size_t used = 0, spaces = 0, indent = 2;

	while (*text) {
		const size_t bytes = strcspn(text, " \n");
		const size_t own = columns_of(text, bytes);

		if (bytes == 0) {
			spaces = *text == ' ' ? spaces + 1 : 0;
			used = *text == ' ' ? used : 0;
			if (*text == '\n')
				fputc('\n', out);
			text++;
			continue;
		}
		if (columns && used > 0 && used + spaces + own > columns) {
			fputc('\n', out);
			used = 0;
			spaces = indent;
		} else if (used == 0) {
			indent = spaces + 2;
		}
		fprintf(out, "%*s", (int)spaces, "");
		fwrite(text, 1, bytes, out);
		used += spaces + own;
		spaces = 0;
		text += bytes;
	}
}

void kb_terminal_print(FILE *out, size_t columns,
		       void (*write)(FILE *out, const void *user),
		       const void *user)
{
	char *text = kb_gather(write, user);

	if (text)
		kb_terminal_wrap(out, text, columns);
	else
		write(out, user);
	free(text);
}

size_t kb_terminal_variable(const char *name, size_t otherwise)
{
	const char *text = getenv(name);
	const long count = text ? strtol(text, NULL, 10) : 0;

	return count > 0 ? (size_t)count : otherwise;
}

bool kb_terminal_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}
