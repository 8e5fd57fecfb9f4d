/*
 * kb_files: the files that a command line names, looked at together before
 * anything is done: an output must not be one of the inputs, nor another output,
 * and it must be possible to write it. And once more at the end: an input that is
 * opened by its name must still be the file that it was.
 *
 * Files are told apart by device and inode, so that another spelling of the path,
 * a symbolic or a hard link does not help. Devices, pipes and terminals may be
 * input and output at once.
 *
 * For the programs' own files.
 */
#ifndef KB_FILES_H
#define KB_FILES_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What a command does with a file. */
enum kb_files_use {
	KB_FILES_NONE,

	/* Reads it, a file or a folder; "-" is standard input. */
	KB_FILES_IN,

	/* Has it opened by its name, maybe by others and again and again: a file
	 * that must not change, nor appear or vanish, while the command runs. */
	KB_FILES_IN_NAMED,

	/* Writes it whole (kb_out.h); "-" is standard output. */
	KB_FILES_OUT,

	/* Writes files into this folder, which does not have to exist. */
	KB_FILES_OUT_FOLDER
};

/* One file's use. */
struct kb_files_item {
	/* Owned. */
	char *path;
	enum kb_files_use use;

	/* KB_FILES_IN_NAMED: what it was when it was added, if it was there. */
	bool was_there;
	struct stat was;
};

/* In their order. Zero it first. */
struct kb_files {
	struct kb_files_item *item;
	size_t count;
};

/* Adds a file; a path that is NULL adds none. Returns 0, or KB_E_NOMEM with `diag`
 * filled. */
int kb_files_add(struct kb_files *files, const char *path,
		 enum kb_files_use use, struct kb_diag *diag);

/* Returns 0, or KB_E_IO or KB_E_NOMEM with `diag` filled. */
int kb_files_check(const struct kb_files *files, struct kb_diag *diag);

/*
 * What became of a command that ended with `err`: passed on, unless one of its
 * KB_FILES_IN_NAMED is no longer the file that it was: then KB_E_IO, with `diag`
 * saying so and no more, for whatever else is wrong may come of that. A stop
 * (KB_E_STOPPED) is passed on.
 */
int kb_files_judge(const struct kb_files *files, int err, struct kb_diag *diag);

/* Harmless on an empty list. */
void kb_files_release(struct kb_files *files);

#endif /* KB_FILES_H */
