/*
 * bench show: the heap after one event, drawn as the seed draws it.
 */
#include "cli.h"

#include <string.h>

#define SEED "$BENCH show --trace $TRACES/seed-example.trc"
#define BOOT "$BENCH show --trace $TRACES/boot.trc"

/* The line of a box that begins with `words`, after its left side. */
static bool has_line(const char *text, const char *words)
{
	size_t length = strlen(words);

	for (const char *at = strstr(text, words); at;
	     at = strstr(at + 1, words)) {
		const char *end = at + length;
		size_t spaces = strspn(end, " ");

		if (at - text >= 4 && memcmp(at - 4, "║ ", 4) == 0 &&
		    strncmp(end + spaces, "║\n", strlen("║\n")) == 0)
			return true;
	}
	return false;
}

#define assert_line(c, words)                                                 \
	do {                                                                  \
		if (!has_line((c)->out, words))                               \
			print_error("no line '%s' in:\n%s", words, (c)->out); \
		assert_true(has_line((c)->out, words));                       \
	} while (0)

/* The seed's drawing, with indexes that begin at 0 instead of 5. */
static void test_bench_show__the_seeds_drawing(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 3");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	assert_line(c, "Row 0 → [1] ↔ [2] → NULL  (4 KiB each)");
	assert_line(c, "Row 1 → [0] → NULL  (8 KiB each)");
	assert_line(c, "Rows 2 to 32,765 → NULL");
	assert_line(c, "cluster_size[0] = 8192        cluster_va[0] = "
		       "0xF0000000");
	assert_line(c, "cluster_size[1] = 4096        cluster_va[1] = "
		       "0xF0002000");
	assert_line(c, "cluster_size[2] = 4096        cluster_va[2] = "
		       "0xF0003000    ← new");
	assert_line(c, "  Add [2] to free_clusters[0], at its tail");
	cli_holds(c->out,
		  "seed-example.trc after 3 of 5 events, kheap: 3 live");
}

/* With the seed's first index its drawing is the seed's own, number by number. */
static void test_bench_show__the_seeds_own_indexes(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 3 --alloc kheap:first_index=5");
	cli_expect(c, 0);
	assert_line(c, "Row 0 → [6] ↔ [7] → NULL  (4 KiB each)");
	assert_line(c, "Row 1 → [5] → NULL  (8 KiB each)");
	assert_line(c, "cluster_size[5] = 8192        cluster_va[5] = "
		       "0xF0000000");
	assert_line(c, "cluster_size[7] = 4096        cluster_va[7] = "
		       "0xF0003000    ← new");
	cli_holds(c->out, "THE LAST EVENT: NUMBER 2 ");
	cli_sh(c, SEED " --alloc kheap:first_index=32766");
	cli_refused(c, 2, "first index 32766", "32766");
}

/* kfree(0xF0000000) compares nodes 1, 2 and 0. */
static void test_bench_show__a_free_step_by_step(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 4");
	cli_expect(c, 0);
	assert_line(c, "kfree(0xF0000000) from kfree_example+0x10");
	assert_line(c, "  Row 0:    cluster_va[1] = 0xF0002000  no");
	assert_line(c, "            cluster_va[2] = 0xF0003000  no");
	assert_line(c, "  Row 1:    cluster_va[0] = 0xF0000000  found");
	assert_line(c, "  3 nodes compared, in 2 rows");
	assert_line(c, "Remove [0] from free_clusters[1]: walks it again, 1 "
		       "node");
	assert_line(c, "cluster_size[0] = 0           cluster_va[0] = 0"
		       "             ← cleared");
	assert_line(c, "Row 0 → [1] ↔ [2] → NULL  (4 KiB each)");
	assert_line(c, "Rows 1 to 32,765 → NULL");
}

static void test_bench_show__before_the_first_event(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 0");
	cli_expect(c, 0);
	assert_line(c, "Rows 0 to 32,765 → NULL");
	assert_line(c, "All entries are 0.");
}

/* Every line of the boxes is as wide as the terminal, whatever is in it. */
static void test_bench_show__fits_the_width(void **state)
{
	static const unsigned short widths[] = { 40, 60, 80, 100 };
	struct cli *c = *state;

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		char *save = NULL, *text;

		cli_sh(c, "COLUMNS=%u " BOOT " --at 31000", widths[i]);
		cli_expect(c, 0);
		text = strchr(c->out, '\n') + 1;
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			size_t columns = 0;

			for (const char *p = line; *p; p++)
				columns += ((unsigned char)*p & 0xC0) != 0x80;
			if (columns != widths[i])
				print_error("%zu columns: %s\n", columns, line);
			assert_int_equal(columns, widths[i]);
		}
	}
}

/* A long row says how many nodes it does not show, a long walk how many
 * steps; the numbers are those of the heap's own counters. */
static void test_bench_show__long_rows_are_abbreviated(void **state)
{
	struct cli *c = *state;

	cli_sh(c, BOOT " --at 31000");
	cli_expect(c, 0);
	assert_line(c,
		    "Row 0 → [1] ↔ [2] ↔ [3] ↔ [4] ↔ [5] ↔ [6] ↔ [7] ↔ [8] ↔ "
		    "… (6,205 more)");
	assert_line(c, "            … (6,207 more steps)");
	assert_line(c, "  6,214 nodes compared, in 1 row");
	assert_line(c, "Remove [6235] from free_clusters[0]: walks it again, "
		       "6,214 nodes");
}

static void test_bench_show__head_order_and_other_lookups(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 3 --alloc kheap:order=head");
	cli_expect(c, 0);
	assert_line(c, "Row 0 → [2] ↔ [1] → NULL  (4 KiB each)");
	assert_line(c, "  Add [2] to free_clusters[0], at its head");
	cli_sh(c, SEED " --at 4 --alloc kheap:lookup=pagemap");
	cli_expect(c, 0);
	assert_line(c, "  kheap:lookup=pagemap finds it without the rows: it "
		       "compares 1 entry");
	assert_line(c, "Remove [0] from free_clusters[1]");
}

static void test_bench_show__steps_on(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "printf '\\n\\n\\n' | " SEED " --at 3 --step");
	cli_expect(c, 0);
	cli_holds(c->out, "after 3 of 5 events");
	cli_holds(c->out, "after 4 of 5 events");
	cli_holds(c->out, "after 5 of 5 events");
	cli_holds(c->out, "That was the last event.");
	cli_sh(c, "echo q | " SEED " --at 3 --step");
	cli_expect(c, 0);
	assert_null(strstr(c->out, "after 4 of 5 events"));
}

/* The picture has the same things in it, as text, and is XML. */
static void test_bench_show__draws_a_picture(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 4 --svg show.svg && cat show.svg");
	cli_expect(c, 0);
	cli_holds(c->out, ">row 0: [1] no, [2] no; row 1: [0] found<");
	cli_holds(c->out, ">the search compares 3 nodes in 2 rows<");
	cli_holds(c->out, ">0xF0002000<");
	cli_holds(c->out, "<title id=\"t\">The heap after 4 events of "
			  "seed-example.trc</title>");
	cli_sh(c,
	       "! command -v xmllint >/dev/null || xmllint --noout show.svg");
	cli_expect(c, 0);
}

/* A name reaches neither the terminal as a command nor the picture as an
 * element. */
static void test_bench_show__names_are_harmless(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $TRACES/seed-example.trc \"$(printf "
		  "'a<b>&\\033[31m\\342\\202.trc')\" && $BENCH show --trace a* "
		  "--svg x.svg && cat x.svg && $BENCH show --trace a*");
	cli_expect(c, 0);
	cli_holds(c->out, "a&lt;b&gt;&amp;?[31m??.trc");
	cli_holds(c->out, "a<b>&?[31m??.trc after 5");
	assert_null(strchr(c->out, '\033'));
	cli_sh(c, "! command -v xmllint >/dev/null || xmllint --noout x.svg");
	cli_expect(c, 0);
}

static void test_bench_show__refuses(void **state)
{
	struct cli *c = *state;

	cli_sh(c, SEED " --at 6");
	cli_refused(c, 2, "5 events", "no heap after 6");
	cli_sh(c, SEED " --at -1");
	cli_refused(c, 2, "--at", "-1");
	cli_sh(c, SEED " --alloc jemalloc");
	cli_refused(c, 2, "jemalloc", "no rows");
	cli_sh(c, "$BENCH show --at 3");
	cli_refused(c, 2, "--trace");
	cli_sh(c, SEED " --sideways");
	cli_refused(c, 2, "--sideways", "--help");
	cli_sh(c, SEED " --at");
	cli_refused(c, 2, "--at", "value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_show__the_seeds_drawing),
		cli_test(test_bench_show__the_seeds_own_indexes),
		cli_test(test_bench_show__a_free_step_by_step),
		cli_test(test_bench_show__before_the_first_event),
		cli_test(test_bench_show__fits_the_width),
		cli_test(test_bench_show__long_rows_are_abbreviated),
		cli_test(test_bench_show__head_order_and_other_lookups),
		cli_test(test_bench_show__steps_on),
		cli_test(test_bench_show__draws_a_picture),
		cli_test(test_bench_show__names_are_harmless),
		cli_test(test_bench_show__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
