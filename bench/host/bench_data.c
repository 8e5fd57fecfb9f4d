#include "bench_data.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".trc"

/* Folders of samples, in that of the traces. */
static const char *const places[] = { ".", "corpus", NULL };

char *bench_data_folder(const char *name)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *path = NULL, *real;

	if (n > 0) {
		exe[n] = '\0';
		*strrchr(exe, '/') = '\0';
		if (asprintf(&path, "%s/%s/%s", exe, KB_SHARED_FROM_BIN, name) <
		    0)
			return NULL;
		real = realpath(path, NULL);
		free(path);
		if (real && access(real, R_OK) == 0)
			return real;
		free(real);
	}
	return asprintf(&path, "%s/%s", KB_SHARED_SOURCE_DIR, name) < 0 ? NULL
									: path;
}

static bool is_sample(const char *name)
{
	const size_t length = strlen(name), own = strlen(ENDING);

	return length > own && name[0] != '.' && !strchr(name, '/') &&
	       strcmp(name + length - own, ENDING) == 0;
}

bool bench_data_sample(char *path, size_t size, const char *name)
{
	char *folder = is_sample(name) ? bench_data_folder("traces") : NULL;
	struct stat st;
	bool found = false;

	for (size_t i = 0; folder && places[i] && !found; i++)
		found = snprintf(path, size, "%s/%s%s%s", folder,
				 i ? places[i] : "", i ? "/" : "",
				 name) < (int)size &&
			stat(path, &st) == 0 && S_ISREG(st.st_mode);
	free(folder);
	return found;
}

static int choose(const struct dirent *entry)
{
	return is_sample(entry->d_name);
}

static void list_place(const char *path, void (*take)(const char *, void *),
		       void *user)
{
	struct dirent **entry;
	int count = scandir(path, &entry, choose, alphasort);

	for (int i = 0; i < count; i++) {
		take(entry[i]->d_name, user);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

void bench_data_samples(void (*take)(const char *name, void *user), void *user)
{
	char *folder = bench_data_folder("traces");

	for (size_t i = 0; folder && places[i]; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", folder, places[i]) < 0)
			break;
		list_place(path, take, user);
		free(path);
	}
	free(folder);
}
