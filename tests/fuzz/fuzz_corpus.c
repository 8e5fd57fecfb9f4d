/*
 * Runs a fuzz target over files, once each: how a corpus is kept from failing in
 * builds that do not fuzz. Arguments are the files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The most that is read of a file, bytes. */
#define SIZE_MAX_INPUT ((size_t)1 << 20)

int main(int argc, char **argv)
{
	uint8_t *data = malloc(SIZE_MAX_INPUT);
	int i;

	if (!data || argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		free(data);
		return 2;
	}
	for (i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t size;

		if (!file) {
			perror(argv[i]);
			free(data);
			return 2;
		}
		size = fread(data, 1, SIZE_MAX_INPUT, file);
		fclose(file);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	return 0;
}
