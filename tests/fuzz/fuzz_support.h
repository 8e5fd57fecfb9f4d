/*
 * fuzz_support: what fuzz targets share: standard output and error that nobody
 * sees, and files in memory.
 */
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H

#include "kb_status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the process, with the input kept, if `condition` does not hold. */
static inline void fuzz_require(int condition)
{
	if (!condition)
		abort();
}

/* From here on stdout and stderr go nowhere. What the C library writes
 * directly, such as a sanitizer's report, is still seen. */
void fuzz_hush(void);

/* The opposite. Returns how many bytes stderr got meanwhile. */
size_t fuzz_speak(void);

/* A file without a name. Must succeed; never closed. */
int fuzz_file_new(void);

/* Makes `data` the file's whole content. */
void fuzz_file_fill(int fd, const void *data, size_t size);

/*
 * A folder of the target's own, removed when the process exits in good order.
 * Returned without a slash at its end; the string lasts.
 */
const char *fuzz_folder(void);

/* Makes a folder in it. */
void fuzz_folder_make(const char *name);

/* A name in that folder for a file of fuzz_file_new, or for a path elsewhere. */
void fuzz_folder_link(const char *name, int fd);
void fuzz_folder_link_path(const char *name, const char *target);

/* The input's next part: up to a NUL byte, which is passed, or its end. Moves
 * `*data` and `*size`; `*length` is the part's. */
const uint8_t *fuzz_part(const uint8_t **data, size_t *size, size_t *length);

/* kb_out_write for targets linked with --wrap: writes to stdout. */
int __wrap_kb_out_write(const char *folder, const char *name,
			void (*write)(FILE *out, const void *user),
			const void *user, struct kb_diag *diag);

#endif /* FUZZ_SUPPORT_H */
