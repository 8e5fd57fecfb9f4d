#include "bench_folder.h"

#include "bench_figure.h"
#include "kb_bits.h"
#include "kb_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the figures' data. */
static const char *const names[] = {
	"results.json", "table.txt", "report.html",
	"smp.json",	"smp.tsv",   "lookup-histograms.tsv",
};

/* Longer than any figure's name and its ending. */
#define NAME_SIZE 64

static int refuse(const char *folder, const char *name, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_IO,
		       "cannot remove '%s/%s', which an earlier run has left: "
		       "%s; choose another folder with --out DIR",
		       folder, name, strerror(errno));
}

/* Removes a file. A folder of that name is not ours, and an input stays. */
static int remove_one(int fd, const char *folder, const char *name,
		      struct kb_diag *diag)
{
	char path[PATH_MAX];
	struct stat st;

	if (fstatat(fd, name, &st, 0) == 0 && kb_out_is_read(&st)) {
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		return kb_out_refuse_input(path, diag);
	}
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT || errno == EISDIR)
		return 0;
	return refuse(folder, name, diag);
}

static int remove_data(int fd, const char *folder, struct kb_diag *diag)
{
	char name[NAME_SIZE];
	int err = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(names) && err == 0; i++)
		err = remove_one(fd, folder, names[i], diag);
	for (const struct bench_picture *p = bench_pictures; p->name && !err;
	     p++) {
		snprintf(name, sizeof(name), "%s.tsv", p->name);
		err = remove_one(fd, folder, name, diag);
	}
	return err;
}

static int remove_pictures(int fd, const char *folder, struct kb_diag *diag)
{
	static const char *const endings[] = { "svg", "png", "pdf" };
	char name[NAME_SIZE];
	int err = 0;

	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		for (size_t i = 0; i < KB_ARRAY_LEN(endings) && !err; i++) {
			snprintf(name, sizeof(name), "%s.%s", p->name,
				 endings[i]);
			err = remove_one(fd, folder, name, diag);
		}
	return err;
}

static bool is_histogram(const char *name)
{
	const size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".hgrm") == 0;
}

/* The shortest trace that shows an allocator's fault. */
static bool is_failing(const char *name)
{
	const size_t length = strlen(name);

	return strncmp(name, "failing-", 8) == 0 && length > 12 &&
	       strcmp(name + length - 4, ".trc") == 0;
}

/* Removes the files that are named after allocators. */
static int remove_named(int fd, const char *folder,
			bool (*is_ours)(const char *name), struct kb_diag *diag)
{
	const int copy = dup(fd);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	int err = 0;

	if (!stream) {
		err = refuse(folder, ".", diag);
		if (copy >= 0)
			close(copy);
		return err;
	}
	while (err == 0 && (entry = readdir(stream)))
		if (is_ours(entry->d_name))
			err = remove_one(fd, folder, entry->d_name, diag);
	closedir(stream);
	return err;
}

static int remove_histograms(int fd, const char *folder, struct kb_diag *diag)
{
	return remove_named(fd, folder, is_histogram, diag);
}

/* Clears the folder of the name `below` in the one that `parent` is, and removes it
 * if it is then empty. */
static int clear(int parent, const char *folder, const char *below,
		 int (*remove)(int fd, const char *folder,
			       struct kb_diag *diag),
		 struct kb_diag *diag)
{
	const int fd =
		openat(parent, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : refuse(folder, below, diag);
	err = remove(fd, folder, diag);
	close(fd);
	unlinkat(parent, below, AT_REMOVEDIR);
	return err;
}

int bench_folder_clear(const char *folder, struct kb_diag *diag)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : refuse(folder, ".", diag);
	err = remove_data(fd, folder, diag);
	if (err == 0)
		err = remove_named(fd, folder, is_failing, diag);
	if (err == 0)
		err = clear(fd, folder, "figures", remove_pictures, diag);
	if (err == 0)
		err = clear(fd, folder, "latency", remove_histograms, diag);
	close(fd);
	return err;
}
