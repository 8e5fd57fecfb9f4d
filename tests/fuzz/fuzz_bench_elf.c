/*
 * Bytes as two programs whose code bench compare holds against each other, the
 * first one up to a length in the first two bytes: both orders agree, and each is
 * the same as itself if there is any code in it.
 */
#include "bench_elf.h"
#include "fuzz_support.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_path(char *path, size_t size, int fd)
{
	snprintf(path, size, "/proc/self/fd/%d", fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd[2];
	char a[32], b[32];
	size_t first;
	bool same;

	if (size < 2)
		return 0;
	if (!fd[0]) {
		fd[0] = fuzz_file_new();
		fd[1] = fuzz_file_new();
	}
	first = (data[0] | (size_t)data[1] << 8) % (size - 1);
	fuzz_file_fill(fd[0], data + 2, first);
	fuzz_file_fill(fd[1], data + 2 + first, size - 2 - first);
	write_path(a, sizeof(a), fd[0]);
	write_path(b, sizeof(b), fd[1]);
	same = bench_elf_same_code(a, b);
	fuzz_require(bench_elf_same_code(b, a) == same);
	if (same)
		fuzz_require(bench_elf_same_code(a, a) &&
			     bench_elf_same_code(b, b));
	return 0;
}
