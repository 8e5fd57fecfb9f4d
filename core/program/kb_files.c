#include "kb_files.h"

#include "kb_out.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int kb_files_add(struct kb_files *files, const char *path,
		 enum kb_files_use use, struct kb_diag *diag)
{
	struct kb_files_item *grown;
	char *copy;

	if (!path)
		return 0;
	grown = realloc(files->item, (files->count + 1) * sizeof(*grown));
	if (grown)
		files->item = grown;
	copy = grown ? strdup(path) : NULL;
	if (!copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	grown = &files->item[files->count++];
	*grown = (struct kb_files_item){ .path = copy, .use = use };
	grown->was_there =
		use == KB_FILES_IN_NAMED && stat(copy, &grown->was) == 0;
	return 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* A file that went and came back has another time of change; so has one that got
 * another name, which does no harm. */
static bool is_unchanged(const struct kb_files_item *item)
{
	const struct stat *was = &item->was;
	struct stat is;

	if (stat(item->path, &is) != 0)
		return !item->was_there;
	/* A pipe lives on what is written to it. */
	if (item->was_there && !S_ISREG(was->st_mode))
		return true;
	return item->was_there && is.st_dev == was->st_dev &&
	       is.st_ino == was->st_ino && is.st_size == was->st_size &&
	       is_same_time(&is.st_mtim, &was->st_mtim) &&
	       (is_same_time(&is.st_ctim, &was->st_ctim) ||
		is.st_nlink != was->st_nlink);
}

int kb_files_judge(const struct kb_files *files, int err, struct kb_diag *diag)
{
	for (size_t i = 0; i < files->count && err != KB_E_STOPPED; i++) {
		const struct kb_files_item *item = &files->item[i];

		if (item->use != KB_FILES_IN_NAMED || is_unchanged(item))
			continue;
		kb_diag_init(diag);
		return kb_fail(diag, KB_E_IO,
			       "%s: was changed while it was in use; run the "
			       "command again on files that nothing writes to",
			       item->path);
	}
	return err;
}

void kb_files_release(struct kb_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->item[i].path);
	free(files->item);
	*files = (struct kb_files){ NULL, 0 };
}

static bool is_input(const struct kb_files_item *item)
{
	return item->use == KB_FILES_IN || item->use == KB_FILES_IN_NAMED;
}

static bool is_standard(const struct kb_files_item *item)
{
	return strcmp(item->path, "-") == 0;
}

/* Finds what a path names now. False if there is nothing, or nothing that
 * writing would harm. */
static bool find(const struct kb_files_item *item, struct stat *st)
{
	const int standard = is_input(item) ? STDIN_FILENO : STDOUT_FILENO;
	const int err =
		is_standard(item) ? fstat(standard, st) : stat(item->path, st);

	return err == 0 && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
}

static bool is_same_inode(const struct kb_files_item *a,
			  const struct kb_files_item *b)
{
	struct stat x, y;

	return find(a, &x) && find(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Two names for a file that is not there yet: the same in the same folder. */
static bool is_same_name(const char *a, const char *b)
{
	const char *a_name = strrchr(a, '/'), *b_name = strrchr(b, '/');
	struct kb_files_item x = { .use = KB_FILES_OUT };
	struct kb_files_item y = { .use = KB_FILES_OUT };
	bool same;

	if (access(a, F_OK) == 0 ||
	    strcmp(a_name ? a_name + 1 : a, b_name ? b_name + 1 : b) != 0)
		return false;
	x.path = a_name ? strndup(a, (size_t)(a_name + 1 - a)) : strdup(".");
	y.path = b_name ? strndup(b, (size_t)(b_name + 1 - b)) : strdup(".");
	same = x.path && y.path && is_same_inode(&x, &y);
	free(x.path);
	free(y.path);
	return same;
}

/* A file in a results folder, whose files are all of its run. */
static bool is_in_folder(const struct kb_files_item *file,
			 const struct kb_files_item *folder)
{
	const char *slash = strrchr(file->path, '/');
	struct kb_files_item parent = { .use = KB_FILES_OUT_FOLDER };
	bool same;

	if (file->use != KB_FILES_OUT || is_standard(file) ||
	    folder->use != KB_FILES_OUT_FOLDER)
		return false;
	parent.path =
		slash ? strndup(file->path, (size_t)(slash + 1 - file->path))
		      : strdup(".");
	same = parent.path && is_same_inode(&parent, folder);
	free(parent.path);
	return same;
}

static int check_pair(const struct kb_files_item *out,
		      const struct kb_files_item *other, struct kb_diag *diag)
{
	if (is_input(other) && is_same_inode(out, other))
		return kb_fail(diag, KB_E_IO,
			       "%s: is the input too; give the output another "
			       "name",
			       out->path);
	if (is_input(other))
		return 0;
	if (is_standard(out) && is_standard(other))
		return kb_fail(diag, KB_E_IO,
			       "two outputs would go to standard output; name "
			       "a file for one of them");
	if (is_in_folder(out, other))
		return kb_fail(diag, KB_E_IO,
			       "%s: is in the results folder, where only the "
			       "run's own files may be; name a file elsewhere",
			       out->path);
	if (is_same_inode(out, other) || is_same_name(out->path, other->path))
		return kb_fail(diag, KB_E_IO,
			       "%s: two outputs would be written to it; give "
			       "each its own name",
			       out->path);
	return 0;
}

static int check_writable(const struct kb_files_item *out, struct kb_diag *diag)
{
	if (out->use == KB_FILES_OUT_FOLDER)
		return kb_out_check_folder(out->path, diag);
	return is_standard(out) ? 0 : kb_out_check_file(out->path, diag);
}

int kb_files_check(const struct kb_files *files, struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < files->count && err == 0; i++) {
		const struct kb_files_item *out = &files->item[i];

		if (is_input(out))
			continue;
		for (size_t k = 0; k < files->count && err == 0; k++)
			if (k != i)
				err = check_pair(out, &files->item[k], diag);
		if (err == 0)
			err = check_writable(out, diag);
	}
	return err;
}
