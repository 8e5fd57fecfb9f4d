#include "kb_fault.h"

#include "kb_fault_wrap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The linker gives the functions below no argument for it. */
static struct {
	unsigned kinds;
	int error;

	/* Calls until the one that fails; 0: none does. */
	unsigned left;
	bool has_failed;

	long unfreed;
} fault;

void kb_fault_begin(unsigned kinds, unsigned n, int error)
{
	fault.kinds = kinds;
	fault.error = error;
	fault.left = n;
	fault.has_failed = false;
}

bool kb_fault_end(void)
{
	fault.left = 0;
	return fault.has_failed;
}

bool kb_fault_is_due(enum kb_fault kind)
{
	if (!(fault.kinds & kind) || fault.left == 0 || --fault.left > 0)
		return false;
	fault.has_failed = true;
	errno = fault.error;
	return true;
}

long kb_fault_unfreed(void)
{
	return fault.unfreed;
}

/* What allocates; `is_new` is false where it may only have moved. */
#define WRAP_MAKER(kind, type, name, parameters, arguments, is_new) \
	type __real_##name parameters;                              \
	type __wrap_##name parameters;                              \
	type __wrap_##name parameters                               \
	{                                                           \
		type made = kb_fault_is_due(KB_FAULT_##kind)        \
				    ? NULL                          \
				    : __real_##name arguments;      \
                                                                    \
		fault.unfreed += made && (is_new);                  \
		return made;                                        \
	}

WRAP_MAKER(MALLOC, void *, malloc, (size_t size), (size), true)
WRAP_MAKER(CALLOC, void *, calloc, (size_t count, size_t size), (count, size),
	   true)
WRAP_MAKER(REALLOC, void *, realloc, (void *old, size_t size), (old, size),
	   !old)
WRAP_MAKER(CREATE, char *, strdup, (const char *text), (text), true)
WRAP_MAKER(CREATE, char *, strndup, (const char *text, size_t size),
	   (text, size), true)

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	fault.unfreed -= p != NULL;
	__real_free(p);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list args;
	int size = -1;

	va_start(args, fmt);
	if (!kb_fault_is_due(KB_FAULT_CREATE))
		size = vasprintf(out, fmt, args);
	fault.unfreed += size >= 0;
	va_end(args);
	return size;
}
