/*
 * kb_out: files of the results folder, each whole or not there: written
 * beside its final name, flushed to disk, renamed. So a signal may end at once
 * what catches none (bless, diff, gate, show, sites): under the final name stands
 * what stood there before, and beside it at most NAME.tmp.PID, which nobody reads.
 *
 * Only bench's own files include this file.
 */
#ifndef KB_OUT_H
#define KB_OUT_H

#include "kb_status.h"

#include <stdio.h>

struct kb_out {
	FILE *stream;
	char *final_path;

	/* NULL for a pipe or device, which keeps its place. */
	char *temp_path;
};

/* Tells early whether kb_out_make_folder will probably succeed; changes
 * nothing. Returns 0, or KB_E_IO with `diag` filled. */
int kb_out_check_folder(const char *path, struct kb_diag *diag);

/* Makes a folder and its parents. Returns 0, or KB_E_IO with `diag` filled. */
int kb_out_make_folder(const char *path, struct kb_diag *diag);

/* Tells early whether kb_out_open will probably succeed; changes nothing.
 * Returns 0, or <0 with `diag` filled. */
int kb_out_check_file(const char *path, struct kb_diag *diag);

/* Begins a file. Returns 0 with out->stream to write to, or <0 with `diag`
 * filled. To be ended by kb_out_commit. */
int kb_out_open(struct kb_out *out, const char *path, struct kb_diag *diag);

/* Ends a file and gives it its final name. Returns 0, or KB_E_IO with `diag`
 * filled and nothing left behind. */
int kb_out_commit(struct kb_out *out, struct kb_diag *diag);

/* Writes FOLDER/NAME whole: begins it, has `write` fill it, ends it. Returns 0,
 * or <0 with `diag` filled. */
int kb_out_write(const char *folder, const char *name,
		 void (*write)(FILE *out, const void *user), const void *user,
		 struct kb_diag *diag);

#endif /* KB_OUT_H */
