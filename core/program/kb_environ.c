#include "kb_environ.h"

#include "kb_status.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

int kb_environ_make(struct kb_environ *env, char *entry)
{
	static char locale[] = "LC_ALL=C.UTF-8";
	const char *path = getenv("PATH");
	size_t n = 0;

	*env = (struct kb_environ){ .path = NULL };
	if (path && asprintf(&env->path, "PATH=%s", path) < 0) {
		env->path = NULL;
		return KB_E_NOMEM;
	}
	env->entry[n++] = locale;
	if (env->path)
		env->entry[n++] = env->path;
	env->entry[n] = entry;
	return 0;
}

void kb_environ_release(struct kb_environ *env)
{
	free(env->path);
	env->path = NULL;
}
