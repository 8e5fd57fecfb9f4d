#include "kb_gather.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows; `text` has room for a NUL more than `size`. */
struct gather {
	char *text;
	size_t size;
	size_t room;
	bool is_short;
};

static ssize_t take(void *cookie, const char *bytes, size_t count)
{
	struct gather *g = cookie;
	size_t room = g->room ? g->room : 1024;
	char *grown;

	while (room - g->size <= count)
		room *= 2;
	if (room > g->room) {
		grown = realloc(g->text, room);
		if (!grown) {
			g->is_short = true;
			return 0;
		}
		g->text = grown;
		g->room = room;
	}
	memcpy(g->text + g->size, bytes, count);
	g->size += count;
	return (ssize_t)count;
}

char *kb_gather(void (*write)(FILE *out, const void *user), const void *user)
{
	const cookie_io_functions_t functions = { .write = take };
	struct gather g = { .text = NULL };
	char buffer[BUFSIZ];
	FILE *stream;

	/* An empty text is a text. */
	take(&g, "", 0);
	stream = fopencookie(&g, "w", functions);
	if (stream) {
		setvbuf(stream, buffer, _IOFBF, sizeof(buffer));
		write(stream, user);
		g.is_short |= fclose(stream) != 0;
	}
	if (!stream || g.is_short) {
		free(g.text);
		return NULL;
	}
	g.text[g.size] = '\0';
	return g.text;
}
