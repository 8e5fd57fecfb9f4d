/*
 * bench_folder: a results folder is of one run.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FOLDER_H
#define BENCH_FOLDER_H

#include "kb_status.h"

/*
 * Removes what an earlier run has written into a folder: every file with a name that
 * bench gives, so that whatever is there afterwards is of the run that now writes.
 * Other files stay. The folder may be absent. Returns 0, or KB_E_IO or KB_E_NOMEM
 * with `diag` filled.
 */
int bench_folder_clear(const char *folder, struct kb_diag *diag);

#endif /* BENCH_FOLDER_H */
