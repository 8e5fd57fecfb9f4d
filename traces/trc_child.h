/*
 * trc_child: a recording that another process reads: a library that is known to
 * crash on damaged files, or a program. What it writes is a source of bytes;
 * however it ends, that is an error about the file and no more.
 *
 * Private to the importer.
 */
#ifndef TRC_CHILD_H
#define TRC_CHILD_H

#include "trc_job.h"
#include "trc_source.h"

/*
 * Opens a source of what `run` writes to standard output, called in a process
 * of its own with the path of the job's recording, which it reads to its end
 * first and copies to a temporary file if it is a pipe, compressed or in
 * memory. What `run` returns is that process's exit status; what it writes to
 * standard error goes into the diagnostic if it fails. `what` is for errors:
 * "perf script". Returns 0, KB_E_IO, KB_E_NOMEM or KB_E_STOPPED.
 */
int trc_child_open(struct trc_source *source, struct trc_job *job,
		   const char *what, int (*run)(const char *path),
		   struct kb_diag *diag);

#endif /* TRC_CHILD_H */
