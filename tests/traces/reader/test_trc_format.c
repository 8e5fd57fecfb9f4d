/* traces/FORMAT.md: its worked example is a file, and its tables are ours. */
#include "trc_test.h"

#include "trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEC TRC_TEST_TRACES "FORMAT.md"

static const char example_dump[] =
	"alloc 0 8192/8192 @1000 cpu0 kmalloc_example+0x10 init-1\n"
	"alloc 1 4096/4096 @2000 cpu0 kmalloc_example+0x24 init-1\n"
	"alloc 2 4096/4096 @3000 cpu0 kmalloc_example+0x38 init-1\n"
	"free 0 @4000 cpu0 kfree_example+0x10 init-1\n"
	"free 1 @5000 cpu0 kfree_example+0x1c init-1\n";

/* Adds the bytes of one line of the dump: an offset, then hexadecimal pairs. */
static void parse_dump_line(const char *line, struct blob *out)
{
	char *end;
	unsigned long offset = strtoul(line, &end, 16);

	assert_int_equal(offset, out->size);
	while (*end == ' ') {
		unsigned byte;

		while (*end == ' ')
			end++;
		if (sscanf(end, "%2x", &byte) != 1)
			break;
		out->data[out->size++] = (char)byte;
		end += 2;
	}
}

/* The bytes of the page's one hex block. */
static struct blob parse_example(const char *spec)
{
	const char *p = strstr(spec, "```hex\n");
	struct blob out = { .data = malloc(4096) };

	assert_non_null(p);
	assert_non_null(out.data);
	for (p = strchr(p, '\n') + 1; *p != '`'; p = strchr(p, '\n') + 1) {
		assert_true(out.size + 16 <= 4096);
		parse_dump_line(p, &out);
	}
	return out;
}

static void test_trc_format__worked_example_decodes(void **state)
{
	struct blob spec = read_whole(SPEC);
	struct blob bytes = parse_example(spec.data);
	struct kb_diag diag;
	struct blob dump;

	(void)state;
	if (trc_test_dump(bytes.data, bytes.size, &dump, &diag) < 0)
		fail_msg("%s", diag.text);
	assert_string_equal(dump.data, example_dump);
	free(dump.data);
	free(bytes.data);
	free(spec.data);
}

static void test_trc_format__worked_example_is_the_file(void **state)
{
	struct blob spec = read_whole(SPEC);
	struct blob bytes = parse_example(spec.data);
	struct blob file = read_whole(TRC_TEST_TRACES "seed-example.trc");

	(void)state;
	assert_int_equal(bytes.size, file.size);
	assert_memory_equal(bytes.data, file.data, file.size);
	free(file.data);
	free(bytes.data);
	free(spec.data);
}

static void test_trc_format__counts_are_listed_in_order(void **state)
{
	struct blob spec = read_whole(SPEC);
	const char *p = strstr(spec.data, "| count | meaning |");
	char row[256];

	(void)state;
	assert_non_null(p);
#define X(name, help)                                               \
	snprintf(row, sizeof(row), "\n| `%s` | %s |", #name, help); \
	p = strstr(p, row);                                         \
	if (!p)                                                     \
		fail_msg("FORMAT.md lacks, in order:%s", row);
	TRC_COUNTS(X)
#undef X
	free(spec.data);
}

/* The page states how many counts there are at least: those of the first writers
 * of version 1, however many there are by now. */
static void test_trc_format__version_1_has_15_counts_at_least(void **state)
{
	struct blob spec = read_whole(SPEC);
	char text[64];

	(void)state;
	snprintf(text, sizeof(text), "number of counts, at least %d |",
		 TRC_COUNT_COUNT_MIN);
	assert_non_null(strstr(spec.data, text));
	free(spec.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_format__worked_example_decodes),
		cmocka_unit_test(test_trc_format__worked_example_is_the_file),
		cmocka_unit_test(test_trc_format__counts_are_listed_in_order),
		cmocka_unit_test(
			test_trc_format__version_1_has_15_counts_at_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
