/*
 * bench as a whole: the traces it takes, and those it refuses.
 */
#include "cli.h"
#include "kb_bits.h"
#include "trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define COUNT	   "--pass count --out none --json - --alloc kheap:lookup=pagemap"
#define RECORDINGS "$TRACES/recordings"

/* Runs the count pass over what the arguments name; its only cell. */
static json_t *count(struct cli *c, const char *before, const char *trace)
{
	cli_sh(c, "%s $BENCH " COUNT " --trace %s", before, trace);
	cli_expect(c, 0);
	return json_array_get(json_object_get(cli_json(c), "results"), 0);
}

/* Imported on the fly, a recording counts as its .trc does. */
static void test_bench_input__import_counts_as_the_trc(void **state)
{
	struct cli *c = *state;
	json_t *trc, *counters, *cell;

	trc = json_deep_copy(count(c, "", "$TRACES/boot.trc"));
	counters = json_object_get(trc, "counters");
	cell = count(c, "", RECORDINGS "/linux-6.1-initramfs-boot.ftrace.zst");
	assert_true(json_equal(json_object_get(cell, "counters"), counters));
	assert_true(json_equal(json_object_get(cell, "digest"),
			       json_object_get(trc, "digest")));
	assert_string_equal(json_string_value(json_object_get(cell, "trace")),
			    "linux-6.1-initramfs-boot.ftrace.zst");
	json_decref(trc);
}

static void test_bench_input__sha256_is_of_the_file_given(void **state)
{
	static const char *const files[] = {
		"$TRACES/seed-example.trc",
		RECORDINGS "/seed-example.ftrace",
	};
	struct cli *c = *state;
	char sum[65];

	for (size_t i = 0; i < KB_ARRAY_LEN(files); i++) {
		cli_sh(c, "sha256sum %s", files[i]);
		snprintf(sum, sizeof(sum), "%.64s", c->out);
		assert_string_equal(
			json_string_value(json_object_get(
				count(c, "", files[i]), "trace_sha256")),
			sum);
	}
}

/* A pipe under any name is read once, from its first byte. */
static void test_bench_input__pipes(void **state)
{
	static const char *const sources[] = {
		RECORDINGS "/seed-example.ftrace",
		RECORDINGS "/linux-6.1-initramfs-boot.ftrace.zst",
	};
	static const char *const names[] = { "-", "/dev/stdin" };
	struct cli *c = *state;
	char before[256], sum[65];

	for (size_t i = 0; i < KB_ARRAY_LEN(sources); i++) {
		json_t *plain = json_deep_copy(
			json_object_get(count(c, "", sources[i]), "counters"));

		snprintf(before, sizeof(before), "cat %s |", sources[i]);
		for (size_t k = 0; k < KB_ARRAY_LEN(names); k++) {
			const json_t *cell = count(c, before, names[k]);

			assert_true(json_equal(
				json_object_get(cell, "counters"), plain));
			snprintf(sum, sizeof(sum), "%s",
				 json_string_value(json_object_get(
					 cell, "trace_sha256")));
			assert_int_equal(strlen(sum), 64);
			/* Not that of nothing. */
			assert_string_not_equal(sum, "e3b0c44298fc1c149afbf4c8"
						     "996fb92427ae41e4649b934c"
						     "a495991b7852b855");
		}
		json_decref(plain);
	}
}

/* Editors and copies leave the last newline out. */
static void test_bench_input__a_text_without_its_last_newline(void **state)
{
	struct cli *c = *state;
	json_t *plain = json_deep_copy(json_object_get(
		count(c, "", RECORDINGS "/seed-example.ftrace"), "counters"));

	cli_sh(c, "head -c -1 " RECORDINGS "/seed-example.ftrace >text");
	assert_true(json_equal(
		json_object_get(count(c, "", "text"), "counters"), plain));
	assert_true(json_equal(
		json_object_get(count(c, "cat text |", "-"), "counters"),
		plain));
	/* A FIFO's writer comes once, and has gone by the time that anybody
	 * opened the FIFO a second time. */
	assert_true(json_equal(
		json_object_get(
			count(c, "mkfifo fifo; cat text >fifo &", "fifo"),
			"counters"),
		plain));
	json_decref(plain);
}

static void test_bench_input__trc_by_standard_input(void **state)
{
	struct cli *c = *state;
	json_t *plain = json_deep_copy(
		json_object_get(count(c, "", "$TRACES/boot.trc"), "counters"));

	assert_true(json_equal(
		json_object_get(count(c, "cat $TRACES/boot.trc |", "-"),
				"counters"),
		plain));
	json_decref(plain);
}

static void refused(struct cli *c, const char *file, const char *words)
{
	cli_sh(c, "$BENCH --trace %s --out out --json j", file);
	cli_refused(c, 2, file, words);
}

static void test_bench_input__refuses_files_that_are_not_traces(void **state)
{
	struct cli *c = *state;

	refused(c, "none.trc", "No such file");
	cli_sh(c, ": >empty.trc; mkdir folder; head -c 5000 /dev/zero >zeros;"
		  "printf 'hello\\nworld\\n' >words.txt; cp $BENCH elf;"
		  "printf '\\211KHT' >stub.trc");
	refused(c, "empty.trc", "empty");
	refused(c, "folder", "directory");
	refused(c, "zeros", "not a recording");
	refused(c, "words.txt", "not a recording");
	refused(c, "elf", "not a recording");
	refused(c, "stub.trc", "stub.trc");
	assert_false(cli_exists("out"));
	assert_false(cli_exists("j"));
}

/* Every place that a file can end at early. */
static void test_bench_input__refuses_a_truncated_trc(void **state)
{
	static const int sizes[] = { 8, 20, 100, 224, 225, 3000, 34000, 34756 };
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(sizes); i++) {
		cli_sh(c, "head -c %d $TRACES/boot.trc >cut.trc", sizes[i]);
		refused(c, "cut.trc", "cut.trc");
	}
	cli_sh(c, "head -c 3000 $TRACES/boot.trc >cut.trc");
	refused(c, "cut.trc", "cut off");
	assert_false(cli_exists("out"));
}

/* One bit flipped anywhere: refused, or, where it turns the file into no .trc
 * at all, refused as that. */
static void test_bench_input__refuses_a_flipped_bit(void **state)
{
	struct cli *c = *state;
	char bytes[4096];
	size_t size;
	FILE *f;

	cli_sh(c, "cp $TRACES/seed-example.trc good.trc");
	f = fopen("good.trc", "rb");
	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (size_t at = 0; at < size; at += 13) {
		bytes[at] ^= (char)(1 << at % 8);
		f = fopen("flip.trc", "wb");
		assert_non_null(f);
		fwrite(bytes, 1, size, f);
		fclose(f);
		bytes[at] ^= (char)(1 << at % 8);
		cli_sh(c, "$BENCH --trace flip.trc --alloc kheap --out out"
			  " --pass count");
		if (c->status == 0)
			print_error("a flipped bit at byte %zu went unseen\n",
				    at);
		cli_refused(c, 2, "flip.trc");
	}
	assert_false(cli_exists("out"));
}

/* Rewrites a count in a header, checksum and all: count `index` of
 * TRC_COUNTS. */
static void forge_count(const char *from, const char *to, size_t index,
			uint64_t value)
{
	unsigned char bytes[1 << 16];
	size_t size, header;
	FILE *f = fopen(from, "rb");

	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	header = trc_get32(bytes + 12);
	assert_in_range(header, TRC_HEADER_FIXED, TRC_HEADER_MAX);
	trc_put64(bytes + TRC_HEADER_FIXED + 8 * index, value);
	trc_put64(bytes + header - TRC_CHECKSUM_SIZE,
		  XXH64(bytes, header - TRC_CHECKSUM_SIZE, 0));
	f = fopen(to, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

/* A header that promises more than the file holds; with absurd numbers. */
static void test_bench_input__refuses_a_lying_header(void **state)
{
	static const uint64_t values[] = { 6, 1000000, UINT64_C(1) << 40,
					   UINT64_MAX };
	struct cli *c = *state;

	cli_sh(c, "cp $TRACES/seed-example.trc good.trc");
	for (size_t i = 0; i < KB_ARRAY_LEN(values); i++) {
		forge_count("good.trc", "lie.trc", 0, values[i]);
		refused(c, "lie.trc", "lie.trc");
	}
	/* What was forged is good where it says the truth. */
	forge_count("good.trc", "lie.trc", 0, 5);
	count(c, "", "lie.trc");
	assert_false(cli_exists("out"));
}

static void make_text(struct cli *c, const char *edit, const char *to)
{
	cli_sh(c, "sed '%s' " RECORDINGS "/seed-example.ftrace >%s", edit, to);
	cli_expect(c, 0);
}

static void test_bench_input__refuses_bad_recordings(void **state)
{
	struct cli *c = *state;

	make_text(c, "s/00000000f0002000/(____ptrval____)/", "hidden.ftrace");
	refused(c, "hidden.ftrace", "no_hash_pointers");
	cli_holds(c->err, "hidden.ftrace:17:");
	make_text(c, "s/bytes_req=8192/bytes_req=99999999999999999999999/",
		  "huge.ftrace");
	refused(c, "huge.ftrace", "huge.ftrace:16:");
	make_text(c, "s/bytes_req=8192/bytes_req=4294967296/", "big.ftrace");
	refused(c, "big.ftrace", "4 GiB");
	make_text(c, "17s/.*/nonsense/", "line.ftrace");
	refused(c, "line.ftrace", "line.ftrace:17:");
	cli_sh(c, "head -c 5000 " RECORDINGS
		  "/linux-6.1-initramfs-boot.ftrace.zst >cut.zst");
	refused(c, "cut.zst", "cut.zst");
	assert_false(cli_exists("out"));
}

/* Just below 4 GiB is a size like any other; nothing has to serve it. */
static void test_bench_input__the_largest_size_fails_in_the_heap(void **state)
{
	struct cli *c = *state;
	const json_t *cell;

	make_text(c, "s/bytes_req=8192/bytes_req=4294967295/", "big.ftrace");
	cell = count(c, "", "big.ftrace");
	assert_int_equal(cli_counter(cell, "failed_allocs"), 1);
	assert_int_equal(cli_counter(cell, "skipped_frees"), 1);
	assert_int_equal(cli_counter(cell, "first_failed_event"), 1);
	assert_int_equal(cli_counter(cell, "pages_peak"), 2);
}

/* A window too small: counted, said, and still a good run. */
static void test_bench_input__a_small_window_is_reported(void **state)
{
	struct cli *c = *state;
	const json_t *cell;

	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --heap-pages 4000"
		  " --alloc kheap:lookup=pagemap --pass verify,count"
		  " --out o --no-plots");
	cli_expect(c, 0);
	cli_holds(c->out, "--heap-pages");
	cli_holds(c->out, "kheap:lookup=pagemap failed ");
	cell = cli_cell(cli_json_file(c, "o/results.json"), "boot.trc",
			"kheap:lookup=pagemap");
	assert_true(cli_counter(cell, "failed_allocs") > 0);
	assert_true(cli_counter(cell, "skipped_frees") > 0);
	assert_true(cli_counter(cell, "pages_peak") <= 4000);
	assert_int_equal(cli_counter(cell, "allocs"), 19028);
}

/* A name of a file must not drive the terminal, nor vanish from JSON. */
static void test_bench_input__odd_file_names(void **state)
{
	struct cli *c = *state;
	json_t *results;

	cli_sh(c, "cp $TRACES/seed-example.trc \"$(printf 'a\\033[31m\\tb"
		  "\\nc.trc')\"; $BENCH --trace a*c.trc --alloc null"
		  " --pass count --out o --no-plots");
	cli_expect(c, 0);
	assert_null(strchr(c->out, '\033'));
	assert_non_null(strstr(c->out, "  5 events"));
	cli_sh(c, "head -3 o/heap-window.tsv");
	cli_holds(c->out, "\nevents\t5\n");
	cli_sh(c, "cp $TRACES/seed-example.trc \"$(printf 'bo\\351t.trc')\";"
		  "$BENCH --trace bo*t.trc --alloc null --pass count"
		  " --out none --json -");
	cli_expect(c, 0);
	results = json_object_get(cli_json(c), "results");
	assert_true(json_is_string(
		json_object_get(json_array_get(results, 0), "trace")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_input__import_counts_as_the_trc),
		cli_test(test_bench_input__sha256_is_of_the_file_given),
		cli_test(test_bench_input__pipes),
		cli_test(test_bench_input__a_text_without_its_last_newline),
		cli_test(test_bench_input__trc_by_standard_input),
		cli_test(test_bench_input__refuses_files_that_are_not_traces),
		cli_test(test_bench_input__refuses_a_truncated_trc),
		cli_test(test_bench_input__refuses_a_flipped_bit),
		cli_test(test_bench_input__refuses_a_lying_header),
		cli_test(test_bench_input__refuses_bad_recordings),
		cli_test(test_bench_input__the_largest_size_fails_in_the_heap),
		cli_test(test_bench_input__a_small_window_is_reported),
		cli_test(test_bench_input__odd_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
