#include "kb_status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *kb_status_str(int status)
{
	switch (status) {
	case KB_END:
		return "end of stream";
	case KB_OK:
		return "done";
	case KB_E_NOMEM:
		return "out of memory";
	case KB_E_IO:
		return "input or output error";
	case KB_E_FORMAT:
		return "not of the expected format";
	case KB_E_CORRUPT:
		return "corrupt file";
	case KB_E_UNSUPPORTED:
		return "unsupported version or feature";
	case KB_E_RANGE:
		return "number outside the limits";
	case KB_E_ARG:
		return "wrong argument";
	case KB_E_NOT_LIVE:
		return "address of no live cluster";
	case KB_E_NO_FRAMES:
		return "out of page frames";
	case KB_E_WRONG:
		return "wrong result";
	case KB_E_STOPPED:
		return "stopped before the end";
	case KB_E_ENVIRONMENT:
		return "not possible on this machine";
	default:
		return "unknown status";
	}
}

void kb_diag_init(struct kb_diag *diag)
{
	memset(diag, 0, sizeof(*diag));
}

static void defuse(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			*text = '?';
	}
}

/* Writes the text after the first `used` bytes, which hold the prefix. */
static void fill(struct kb_diag *diag, int status, size_t used, const char *fmt,
		 va_list args)
{
	diag->status = status;
	if (used < sizeof(diag->text))
		vsnprintf(diag->text + used, sizeof(diag->text) - used, fmt,
			  args);
	defuse(diag->text);
}

static int is_free(const struct kb_diag *diag)
{
	return diag && diag->status == 0;
}

int kb_fail(struct kb_diag *diag, int status, const char *fmt, ...)
{
	va_list args;

	if (!is_free(diag))
		return status;
	va_start(args, fmt);
	fill(diag, status, 0, fmt, args);
	va_end(args);
	return status;
}

int kb_fail_line(struct kb_diag *diag, int status, const char *path,
		 uint64_t line, const char *fmt, ...)
{
	va_list args;
	int used;

	if (!is_free(diag))
		return status;
	diag->line = line;
	used = snprintf(diag->text, sizeof(diag->text), "%s:%" PRIu64 ": ",
			path, line);
	va_start(args, fmt);
	fill(diag, status, used < 0 ? 0 : (size_t)used, fmt, args);
	va_end(args);
	return status;
}

int kb_fail_at(struct kb_diag *diag, int status, const char *path,
	       uint64_t offset, const char *fmt, ...)
{
	va_list args;
	int used;

	if (!is_free(diag))
		return status;
	diag->offset = offset;
	diag->has_offset = 1;
	used = snprintf(diag->text, sizeof(diag->text),
			"%s: byte %" PRIu64 ": ", path, offset);
	va_start(args, fmt);
	fill(diag, status, used < 0 ? 0 : (size_t)used, fmt, args);
	va_end(args);
	return status;
}
