#include "kb_complain.h"

#include "kb_escape.h"
#include "kb_exit.h"
#include "kb_signal.h"

#include <stdarg.h>
#include <stdio.h>

/* Longer than a diagnostic's text, since a path may precede it. */
#define LINE_SIZE 1024

void kb_complain(const char *program, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: ", program);
	kb_escape_line(stderr, text);
	fputc('\n', stderr);
}

int kb_complain_diag(const char *program, const struct kb_diag *diag)
{
	if (kb_signal)
		return kb_exit_of(KB_E_STOPPED);
	kb_complain(program, "%s", diag->text);
	return kb_exit_of(diag->status);
}
