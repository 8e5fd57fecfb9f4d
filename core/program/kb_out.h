/*
 * kb_out: files that programs write, each whole or not at all: written next to
 * its final name, flushed to disk, renamed. So a signal may end a command that
 * catches none (bless, diff, gate, show, sites) at any time: the final name
 * still has its old content, and at most a .tmp-PID-N, which nobody reads, is
 * left beside it.
 *
 * For the programs' own files, and traces/import.
 */
#ifndef KB_OUT_H
#define KB_OUT_H

#include "kb_status.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

struct kb_out {
	/* kb_out_open: for writing. Owned. */
	FILE *stream;

	/* kb_out_open_fd: for reading and writing; else -1. Owned. */
	int fd;

	/* Owned. */
	char *final_path;

	/* NULL for a pipe or device, which keeps its place. Owned. */
	char *temp_path;
};

/* Tells early whether kb_out_make_folder will probably succeed: makes a folder of
 * another name there and removes it at once. Returns 0, or KB_E_IO with `diag` filled. */
int kb_out_check_folder(const char *path, struct kb_diag *diag);

/* Makes a folder and its parents. Returns 0, or KB_E_IO with `diag` filled. */
int kb_out_make_folder(const char *path, struct kb_diag *diag);

/* Tells early whether kb_out_open will probably succeed, in the same way.
 * Returns 0, or <0 with `diag` filled. */
int kb_out_check_file(const char *path, struct kb_diag *diag);

/* Begins a file. Returns 0 with out->stream to write to, or <0 with `diag`
 * filled. End it with kb_out_commit or kb_out_release. */
int kb_out_open(struct kb_out *out, const char *path, struct kb_diag *diag);

/* The same for FOLDER/NAME. */
int kb_out_open_in(struct kb_out *out, const char *folder, const char *name,
		   struct kb_diag *diag);

/* Begins a file that is written in any order: out->fd supports reads and seeks
 * too. So `path` must not be "-", a directory, a device or a pipe. Returns 0,
 * or <0 with `diag` filled. End it with kb_out_commit or kb_out_release. */
int kb_out_open_fd(struct kb_out *out, const char *path, struct kb_diag *diag);

/* Refuses (KB_E_IO) an input, a path or "-", that is the file at out's final
 * path. */
int kb_out_check_input(const struct kb_out *out, const char *in_path,
		       struct kb_diag *diag);

/* True if this program has the file open to read. */
bool kb_out_is_read(const struct stat *there);

/* Returns KB_E_IO with `diag` saying that `path` is the input too. */
int kb_out_refuse_input(const char *path, struct kb_diag *diag);

/* Ends a file and gives it its final name. Returns 0, or KB_E_IO with `diag`
 * filled and nothing left. */
int kb_out_commit(struct kb_out *out, struct kb_diag *diag);

/* Ends a file whose writing returned `err`: as kb_out_commit if that is 0, else it
 * throws the file away and returns `err`. */
int kb_out_end(struct kb_out *out, int err, struct kb_diag *diag);

/* Throws away a file that has not been committed; harmless after a commit, or
 * if none could be opened. */
void kb_out_release(struct kb_out *out);

/* Writes FOLDER/NAME whole: begins it, has `write` fill it, ends it. Returns 0,
 * or <0 with `diag` filled. */
int kb_out_write(const char *folder, const char *name,
		 void (*write)(FILE *out, const void *user), const void *user,
		 struct kb_diag *diag);

#endif /* KB_OUT_H */
