/*
 * Preloaded, it makes libraries look as if they were not installed: those whose
 * names begin with one of the words of $HIDDEN, parted by blanks.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char said[256];

static bool is_hidden(const char *name)
{
	const char *word = getenv("HIDDEN");

	while (name && word && *word) {
		size_t length = strcspn(word, " ");

		if (strncmp(name, word, length) == 0)
			return true;
		word += length + strspn(word + length, " ");
	}
	return false;
}

/* The reason is kept, for finding the real dlerror would make it forget. */
void *dlopen(const char *name, int flags)
{
	void *(*real)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");
	char *(*reason)(void) = dlsym(RTLD_NEXT, "dlerror");
	void *library = is_hidden(name) ? NULL : real(name, flags);

	/* As the dynamic linker puts it. */
	if (is_hidden(name))
		snprintf(said, sizeof(said),
			 "%s: cannot open shared object file: No such file or "
			 "directory",
			 name);
	else if (!library)
		snprintf(said, sizeof(said), "%s", reason());
	return library;
}

char *dlerror(void)
{
	return said;
}
