/*
 * bench_grade_unpack: a submission that is an archive, as files.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_UNPACK_H
#define BENCH_GRADE_UNPACK_H

#include "kb_status.h"

/*
 * Unpacks a zip or tar archive, compressed or not, into the folder `folder` of the
 * working folder: its files and folders alone, none of them outside, at most 256 MiB
 * and 20,000 of them. Returns 0, or KB_E_ARG with `diag` filled.
 */
int grade_unpack(const char *archive, const char *folder, struct kb_diag *diag);

#endif /* BENCH_GRADE_UNPACK_H */
