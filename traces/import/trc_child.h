/*
 * trc_child: a recording that another process reads: a program, or a library
 * that is known to crash on damaged files. The process's output is a source of
 * bytes; if it fails in any way, that is just an error about the file.
 *
 * Private to the importer.
 */
#ifndef TRC_CHILD_H
#define TRC_CHILD_H

#include "trc_job.h"

/*
 * Imports, as text of `format`, what `run` writes to standard output, called in a
 * process of its own with a path of the job's recording that is open under it. The recording is read
 * to its end first, and copied to a temporary file if it is a pipe, compressed or
 * in memory. What `run` returns is that process's exit status; what it writes to
 * standard error goes into the diagnostic if it fails. `what` is for errors:
 * "perf script". Returns 0, KB_E_IO, KB_E_NOMEM, KB_E_STOPPED, KB_E_UNSUPPORTED
 * where the child could not be run, KB_E_CORRUPT where it failed, or the format's
 * error, with `diag` filled.
 */
int trc_child_import(struct trc_job *job, const char *what,
		     int (*run)(const char *path),
		     const struct trc_format *format, struct kb_diag *diag);

#endif /* TRC_CHILD_H */
