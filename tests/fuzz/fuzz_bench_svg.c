/*
 * Bytes as a picture that bench takes into a page, and its label, with a NUL
 * between them: it is refused, or written with neither a script nor a handler in
 * it. As a file it is written in any case.
 */
#include "bench_html_svg.h"
#include "fuzz_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *string_of(const uint8_t *data, size_t length)
{
	char *text = malloc(length + 1);

	fuzz_require(text != NULL);
	memcpy(text, data, length);
	text[length] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t svg_length, label_length;
	const uint8_t *svg = fuzz_part(&data, &size, &svg_length);
	const uint8_t *label = fuzz_part(&data, &size, &label_length);
	char *svg_text = string_of(svg, svg_length);
	char *label_text = string_of(label, label_length);
	char *page = NULL;
	size_t page_size = 0;
	FILE *out = open_memstream(&page, &page_size);
	bool is_drawn;

	fuzz_require(out != NULL);
	is_drawn = bench_html_svg(out, svg_text, 1, label_text);
	fclose(out);
	fuzz_require(is_drawn || page_size == 0);
	fuzz_require(!is_drawn || memcmp(page, "<svg xmlns=", 11) == 0);
	free(page);
	out = open_memstream(&page, &page_size);
	fuzz_require(out != NULL);
	bench_html_svg_file(out, svg_text);
	fclose(out);
	fuzz_require(*svg_text == '\0' || page_size > 0);
	free(page);
	free(svg_text);
	free(label_text);
	return 0;
}
