/*
 * kb_gather: what a function prints, as one text in memory. Unlike
 * open_memstream's, which glibc ends without an error where memory runs out,
 * it is whole or not there.
 *
 * For the programs' own files.
 */
#ifndef KB_GATHER_H
#define KB_GATHER_H

#include <stdio.h>

/* Has `write` write to a stream. Returns everything it wrote, to be freed, or
 * NULL if memory ran out. */
char *kb_gather(void (*write)(FILE *out, const void *user), const void *user);

#endif /* KB_GATHER_H */
