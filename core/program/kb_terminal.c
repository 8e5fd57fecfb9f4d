#include "kb_terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool kb_terminal_window(int fd, struct winsize *out)
{
	memset(out, 0, sizeof(*out));
	return ioctl(fd, TIOCGWINSZ, out) == 0 && out->ws_col > 0;
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
