/*
 * Bytes as a picture of gnuplot's: it is written whole, and by nothing but titles differs
 * from what came in.
 */
#include "bench_svg.h"
#include "fuzz_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *svg = malloc(size + 1);
	char *picture = NULL;
	size_t picture_size = 0;
	FILE *out = open_memstream(&picture, &picture_size);

	fuzz_require(svg && out);
	memcpy(svg, data, size);
	svg[size] = '\0';
	bench_svg_write(out, svg);
	fclose(out);
	fuzz_require(*svg == '\0' || picture_size > 0);
	if (!strstr(svg, "showHypertext"))
		fuzz_require(strcmp(picture, svg) == 0);
	free(picture);
	free(svg);
	return 0;
}
