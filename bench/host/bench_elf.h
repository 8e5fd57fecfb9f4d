/*
 * bench_elf: whether two programs have the same code.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_ELF_H
#define BENCH_ELF_H

#include <stdbool.h>

/*
 * True if two 64-bit ELF files have the same executable sections, byte for byte
 * and at the same addresses. Data is not compared: it holds the revision's name.
 * False too if either cannot be read.
 */
bool bench_elf_same_code(const char *a, const char *b);

#endif /* BENCH_ELF_H */
