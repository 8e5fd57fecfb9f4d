#include "trc_lines.h"

#include "kb_bits.h"

#include <string.h>

void trc_lines_init(struct trc_lines *lines, struct trc_source *source)
{
	lines->source = source;
	lines->next = NULL;
	lines->end = NULL;
	lines->number = 0;
	lines->is_inside_long = false;
	lines->is_stopped = NULL;
	lines->user = NULL;
	lines->carried = 0;
}

/* Takes the next piece; if there is none, the current piece is empty. */
static int refill(struct trc_lines *lines, struct kb_diag *diag)
{
	const char *data = NULL;
	size_t size = 0;
	int err;

	do {
		if (lines->is_stopped && lines->is_stopped(lines->user))
			return kb_fail(diag, KB_E_STOPPED, "stopped");
		err = trc_source_next(lines->source, &data, &size, diag);
	} while (err == 0 && size == 0);
	lines->next = data;
	lines->end = size > 0 ? data + size : data;
	return err;
}

/* Adds bytes to the line being assembled, as far as there is room. */
static void carry(struct trc_lines *lines, const char *p, size_t size,
		  struct trc_line *line)
{
	size_t room = sizeof(lines->carry) - lines->carried;

	if (size > room) {
		line->is_too_long = true;
		size = room;
	}
	memcpy(lines->carry + lines->carried, p, size);
	lines->carried += size;
}

/* Makes sure that the current piece is not used up. Returns 0, KB_END or an
 * error. */
static int have_piece(struct trc_lines *lines, struct kb_diag *diag)
{
	return lines->next < lines->end ? 0 : refill(lines, diag);
}

/* Assembles a line that continues in the next piece. */
static int next_carried(struct trc_lines *lines, struct trc_line *line,
			struct kb_diag *diag)
{
	const char *newline = NULL;
	bool has_any = lines->next < lines->end;

	lines->carried = 0;
	line->is_too_long = false;
	while (!newline && !line->is_too_long) {
		const char *stop;
		int err = have_piece(lines, diag);

		if (err == KB_END && has_any)
			break;
		if (err != 0)
			return err;
		has_any = true;
		newline = memchr(lines->next, '\n',
				 (size_t)(lines->end - lines->next));
		stop = newline ? newline : lines->end;
		carry(lines, lines->next, (size_t)(stop - lines->next), line);
		lines->next = newline ? newline + 1 : stop;
	}
	line->text = lines->carry;
	line->size = lines->carried;
	line->is_terminated = newline != NULL;
	lines->is_inside_long = line->is_too_long && !newline;
	return 0;
}

/* Skips the rest of a line that was too long. */
static int skip_long(struct trc_lines *lines, struct kb_diag *diag)
{
	while (lines->is_inside_long) {
		const char *newline;
		int err = have_piece(lines, diag);

		if (err != 0)
			return err;
		newline = memchr(lines->next, '\n',
				 (size_t)(lines->end - lines->next));
		lines->next = newline ? newline + 1 : lines->end;
		lines->is_inside_long = !newline;
	}
	return 0;
}

/* Strips what is not part of the text: a UTF-8 byte order mark before the first
 * line, and carriage returns, of which some terminals' logs have two. */
static void strip(struct trc_line *line)
{
	if (kb_unlikely(line->number == 1) && line->size >= 3 &&
	    memcmp(line->text, TRC_LINES_BOM, 3) == 0) {
		line->text += 3;
		line->size -= 3;
	}
	while (line->size > 0 && line->text[line->size - 1] == '\r')
		line->size--;
}

int trc_lines_next(struct trc_lines *lines, struct trc_line *line,
		   struct kb_diag *diag)
{
	const char *newline;
	size_t left;
	int err;

	if (kb_unlikely(lines->is_inside_long)) {
		err = skip_long(lines, diag);
		if (err != 0)
			return err;
	}
	left = (size_t)(lines->end - lines->next);
	newline = left ? memchr(lines->next, '\n', left) : NULL;
	if (kb_likely(newline != NULL)) {
		line->text = lines->next;
		line->size = (size_t)(newline - lines->next);
		line->is_terminated = true;
		line->is_too_long = line->size > TRC_LINE_MAX;
		lines->next = newline + 1;
	} else {
		err = next_carried(lines, line, diag);
		if (err != 0)
			return err;
	}
	line->number = ++lines->number;
	strip(line);
	return 0;
}
