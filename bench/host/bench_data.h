/*
 * bench_data: what comes with bench: the figures' scripts and the sample traces.
 * They are next to an installed bench, else in the source tree.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stdbool.h>
#include <stddef.h>

/* The folder NAME ("plots", "traces"). To be freed; NULL if out of memory. */
char *bench_data_folder(const char *name);

/*
 * The path of the sample trace NAME ("boot.trc"). False if there is none, or if
 * its path does not fit into the `size` bytes of `path`.
 */
bool bench_data_sample(char *path, size_t size, const char *name);

/* Calls `take` with each sample's name, in the order of the names. */
void bench_data_samples(void (*take)(const char *name, void *user), void *user);

#endif /* BENCH_DATA_H */
