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
 * Calls `run` in a process of its own, with the path of the job's recording,
 * and imports its standard output as text of `format`. The recording is read to
 * its end first, and copied to a temporary file if it is a pipe, compressed or
 * in memory. `run` returns the process's exit status; if it fails, its standard
 * error goes into the diagnostic. `what` is for errors: "perf script". Returns
 * 0, KB_E_IO, KB_E_NOMEM, KB_E_STOPPED, KB_E_UNSUPPORTED where the child could
 * not be run, KB_E_CORRUPT where it failed, or the format's error, with `diag`
 * filled.
 */
int trc_child_import(struct trc_job *job, const char *what,
		     int (*run)(const char *path),
		     const struct trc_format *format, struct kb_diag *diag);

#endif /* TRC_CHILD_H */
