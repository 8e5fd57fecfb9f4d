/*
 * kb_files: the files that a command line names, looked at together before
 * anything is done: an output must not be one of the inputs, nor another output,
 * and it must be possible to write it.
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

#include <stddef.h>

/* What a command does with a file. */
enum kb_files_use {
	KB_FILES_NONE,

	/* Reads it, a file or a folder; "-" is standard input. */
	KB_FILES_IN,

	/* Writes it whole (kb_out.h); "-" is standard output. */
	KB_FILES_OUT,

	/* Writes files into this folder, which need not be there. */
	KB_FILES_OUT_FOLDER
};

/* One file's use. */
struct kb_files_item {
	/* Owned. */
	char *path;
	enum kb_files_use use;
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

/* Harmless on an empty list. */
void kb_files_release(struct kb_files *files);

#endif /* KB_FILES_H */
