/* trc_reader against damaged, lying and hostile files. */
#include "trc_test.h"

#include "kb_rng.h"
#include "trc_format.h"
#include "trc_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* Where things are in seed-example.trc: traces/FORMAT.md explains each. */
#define HEADER_SIZE 0xe1
#define BLOCK	    HEADER_SIZE
#define BLOCK_SIZE  0x139
#define DIRECTORY   0x119
#define CLASS	    0x1a9
#define AGE	    0x1b3
#define KIND	    0x1b5
#define TIME_CODE   0x1c6
#define TASK	    0x1cc
#define SITE_FRAME  0x1cd
#define COMM	    0x207
#define INDEX	    0x21a

static struct blob example(void)
{
	struct blob file = read_whole(TRC_TEST_TRACES "seed-example.trc");

	assert_int_equal(file.size, 610);
	return file;
}

/* Makes the checksums of header and block right again. */
static void reseal(struct blob *file)
{
	uint8_t *p = (uint8_t *)file->data;
	uint8_t *block = p + BLOCK;

	trc_put64(p + HEADER_SIZE - 8, XXH64(p, HEADER_SIZE - 8, 0));
	trc_put64(block + 48, XXH64(block, 48, 0));
	trc_put64(block + BLOCK_SIZE - 8,
		  XXH64(block + 56, BLOCK_SIZE - 64, trc_get64(block + 48)));
}

static void check_file(const struct blob *file, int status, const char *says)
{
	struct kb_diag diag;
	struct blob dump;
	int err = trc_test_dump(file->data, file->size, &dump, &diag);

	if (err != status)
		fail_msg("status %d, not %d: %s", err, status, diag.text);
	assert_says(&diag, says);
	free(dump.data);
}

/* The example with one little-endian number changed and sealed again. */
static void check_patched(size_t at, uint64_t value, unsigned bytes, int status,
			  const char *says)
{
	struct blob file = example();

	for (unsigned i = 0; i < bytes; i++)
		file.data[at + i] = (char)(value >> (8 * i));
	reseal(&file);
	check_file(&file, status, says);
	free(file.data);
}

static void test_trc_reader__open_says_what_is_wrong(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *says;
	} cases[] = {
		{ "/nonexistent.trc", KB_E_IO, "No such file" },
		{ "/tmp", KB_E_IO, "is a directory" },
		{ "/dev/null", KB_E_FORMAT, "is empty" },
		{ TRC_TEST_RECORDINGS "seed-example.ftrace", KB_E_FORMAT,
		  "convert it: trc import IN OUT.trc" },
		{ "/dev/zero", KB_E_FORMAT, "is not a .trc file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kb_diag diag = { 0 };
		struct trc_reader *reader = (struct trc_reader *)&diag;

		assert_int_equal(trc_reader_open(&reader, cases[i].path,
						 TRC_COLUMNS_ALL, &diag),
				 cases[i].status);
		assert_null(reader);
		assert_says(&diag, cases[i].path);
		assert_says(&diag, cases[i].says);
	}
	trc_reader_close(NULL);
}

static void test_trc_reader__info_is_that_of_the_header(void **state)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	const struct trc_info *info;

	(void)state;
	assert_int_equal(trc_reader_open(&reader,
					 TRC_TEST_TRACES "seed-example.trc",
					 TRC_COLUMNS_REPLAY, &diag),
			 0);
	info = trc_reader_info(reader);
	assert_int_equal(info->version, 1);
	assert_int_equal(info->clock, TRC_CLOCK_NS);
	assert_int_equal(info->counts.events, 5);
	assert_int_equal(info->counts.live_max, 3);
	assert_string_equal(info->kernel_release, "");
	assert_string_equal(info->source_format, "ftrace");
	assert_string_equal(info->source_name, "seed-example.ftrace");
	assert_int_equal(strlen(info->source_hash), 16);
	trc_reader_close(reader);
}

/* What the first writers of version 1 wrote has 15 counts; a later one may have
 * more than this reader knows. */
static void test_trc_reader__counts_of_other_writers(void **state)
{
	struct blob file = example();
	uint8_t *counts = (uint8_t *)file.data + TRC_HEADER_FIXED;
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	const struct trc_counts *read;

	(void)state;
	for (uint32_t count = 15; count <= 18; count++) {
		for (uint32_t i = 15; i < count; i++)
			trc_put64(counts + (size_t)i * 8, 7);
		/* Four strings of no bytes. */
		memset(counts + (size_t)count * 8, 0, 8);
		trc_put32((uint8_t *)file.data + 28, count);
		reseal(&file);
		assert_int_equal(trc_reader_open_memory(&reader, file.data,
							file.size, "f",
							TRC_COLUMNS_ALL, &diag),
				 0);
		read = &trc_reader_info(reader)->counts;
		assert_int_equal(read->duplicate_allocs, count > 15 ? 7 : 0);
		assert_int_equal(read->dropped_fields, count > 16 ? 7 : 0);
		assert_int_equal(read->live_at_end, 1);
		trc_reader_close(reader);
	}
	free(file.data);
}

static void test_trc_reader__replay_columns_come_alone(void **state)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;

	(void)state;
	assert_int_equal(trc_reader_open(&reader,
					 TRC_TEST_TRACES "seed-example.trc",
					 TRC_COLUMNS_REPLAY, &diag),
			 0);
	assert_int_equal(trc_reader_next(reader, &block, &diag), 0);
	assert_int_equal(block.count, 5);
	assert_int_equal(block.kind[3], TRC_FREE);
	assert_int_equal(block.slot[4], 1);
	assert_int_equal(block.size[0], 8192);
	assert_null(block.size_granted);
	assert_null(block.time_ns);
	assert_null(block.cpu);
	assert_null(block.site);
	assert_null(block.task);
	assert_null(trc_reader_site(reader, 1, NULL));
	assert_null(trc_reader_task(reader, 1, NULL));
	assert_int_equal(trc_reader_next(reader, &block, &diag), KB_END);
	trc_reader_close(reader);
}

static void test_trc_reader__strings_by_id(void **state)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	const char *module = NULL;
	int32_t pid = 0;

	(void)state;
	assert_int_equal(trc_reader_open(&reader,
					 TRC_TEST_TRACES "seed-example.trc",
					 TRC_COLUMNS_ALL, &diag),
			 0);
	assert_null(trc_reader_site(reader, 1, &module));
	assert_int_equal(trc_reader_next(reader, &block, &diag), 0);
	assert_string_equal(trc_reader_site(reader, block.site[0], &module),
			    "kmalloc_example+0x10");
	assert_string_equal(module, "");
	assert_string_equal(trc_reader_task(reader, block.task[0], &pid),
			    "init");
	assert_int_equal(pid, 1);
	assert_null(trc_reader_site(reader, TRC_STRING_NONE, &module));
	assert_null(trc_reader_site(reader, 6, &module));
	assert_null(trc_reader_task(reader, 2, &pid));
	trc_reader_close(reader);
}

static void test_trc_reader__reads_a_pipe_but_cannot_rewind_it(void **state)
{
	struct blob file = example();
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	char path[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], file.data, file.size), file.size);
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag),
			 0);
	assert_int_equal(trc_reader_next(reader, &block, &diag), 0);
	assert_int_equal(trc_reader_next(reader, &block, &diag), KB_END);
	assert_int_equal(trc_reader_rewind(reader, &diag), KB_E_IO);
	trc_reader_close(reader);
	close(fds[0]);
	free(file.data);
}

static void test_trc_reader__every_truncation_is_found(void **state)
{
	struct blob file = example();

	(void)state;
	for (size_t size = 0; size < file.size; size++) {
		struct kb_diag diag;
		struct blob dump;
		char place[64];
		int err = trc_test_dump(file.data, size, &dump, &diag);

		assert_int_equal(err, size ? KB_E_CORRUPT : KB_E_FORMAT);
		snprintf(place, sizeof(place), "byte %zu: the file ends here",
			 size);
		if (size > 0)
			assert_says(&diag, place);
		free(dump.data);
	}
	free(file.data);
}

static void test_trc_reader__every_flipped_bit_is_found(void **state)
{
	struct blob file = example();

	(void)state;
	for (size_t bit = 0; bit < file.size * 8; bit++) {
		struct kb_diag diag;
		struct blob dump;
		int err;

		file.data[bit / 8] ^= (char)(1 << bit % 8);
		err = trc_test_dump(file.data, file.size, &dump, &diag);
		if (err >= 0)
			fail_msg("bit %zu flipped, and nobody noticed", bit);
		assert_true(strlen(diag.text) > 10);
		free(dump.data);
		file.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(file.data);
}

static void test_trc_reader__damage_has_block_and_offset(void **state)
{
	struct blob file = example();

	(void)state;
	file.data[CLASS] ^= 1;
	check_file(&file, KB_E_CORRUPT,
		   "memory: byte 225: block 0: its checksum is wrong");
	free(file.data);
}

static void test_trc_reader__an_error_repeats(void **state)
{
	struct blob file = example();
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;

	(void)state;
	file.data[CLASS] ^= 1;
	assert_int_equal(trc_reader_open_memory(&reader, file.data, file.size,
						"f", TRC_COLUMNS_ALL, &diag),
			 0);
	for (int i = 0; i < 3; i++) {
		kb_diag_init(&diag);
		assert_int_equal(trc_reader_next(reader, &block, &diag),
				 KB_E_CORRUPT);
		assert_says(&diag, "checksum");
	}
	trc_reader_close(reader);
	free(file.data);
}

static void test_trc_reader__trailing_data_is_found(void **state)
{
	struct blob file = example();

	(void)state;
	file.size++;
	check_file(&file, KB_E_CORRUPT, "something follows the end record");
	free(file.data);
}

static void test_trc_reader__other_versions_are_refused(void **state)
{
	(void)state;
	check_patched(8, 2, 4, KB_E_UNSUPPORTED, "version 2");
	check_patched(16, 4, 8, KB_E_UNSUPPORTED, "features (0x4)");
	check_patched(DIRECTORY + 2, 2, 2, KB_E_UNSUPPORTED, "coding 2");
}

static void test_trc_reader__lying_headers(void **state)
{
	struct blob file = example();
	uint8_t *counts = (uint8_t *)file.data + TRC_HEADER_FIXED;

	(void)state;
	check_patched(12, UINT32_MAX, 4, KB_E_CORRUPT, "impossible size");
	check_patched(12, 1, 4, KB_E_CORRUPT, "impossible size");
	check_patched(24, 2, 4, KB_E_CORRUPT, "unknown clock");
	check_patched(28, 14, 4, KB_E_CORRUPT, "lacks counts");
	check_patched(28, UINT32_MAX, 4, KB_E_CORRUPT, "lacks counts");
	check_patched(TRC_HEADER_FIXED, 6, 8, KB_E_CORRUPT, "contradict");
	check_patched(0x88, UINT64_MAX, 8, KB_E_CORRUPT, "contradict");
	check_patched(0x88, 2, 8, KB_E_CORRUPT, "more objects live");
	check_patched(0xaa, 999, 2, KB_E_CORRUPT, "strings");
	/* Counts that agree with each other but with no file of this size. */
	trc_put64(counts, (UINT64_C(1) << 40) + 2);
	trc_put64(counts + 8, UINT64_C(1) << 40);
	trc_put64(counts + 16, UINT64_C(1) << 40);
	trc_put64(counts + 24, 2);
	trc_put64(counts + 13 * 8, UINT64_C(1) << 40);
	trc_put64(counts + 14 * 8, (UINT64_C(1) << 40) - 2);
	reseal(&file);
	check_file(&file, KB_E_RANGE, "objects live at once");
	trc_put64(counts, (UINT64_C(1) << 40) + 2);
	trc_put64(counts + 24, UINT64_C(1) << 39);
	trc_put64(counts, (UINT64_C(3) << 39));
	trc_put64(counts + 13 * 8, UINT64_C(1) << 31);
	trc_put64(counts + 14 * 8, UINT64_C(1) << 39);
	reseal(&file);
	check_file(&file, KB_E_CORRUPT, "contradict");
	trc_put64(counts, UINT64_C(1) << 41);
	trc_put64(counts + 24, UINT64_C(1) << 40);
	trc_put64(counts + 14 * 8, 0);
	reseal(&file);
	check_file(&file, KB_E_CORRUPT, "more events than the file can hold");
	free(file.data);
}

/* Each count of the example changed so that it agrees with all others but one. */
static void test_trc_reader__lying_counts(void **state)
{
	static const struct {
		/* events, objects, allocs, frees, implied; live_max, at end */
		uint64_t counts[5];
		uint64_t live[2];
		const char *says;
	} lies[] = {
		{ { 5, 3, 6, 2, 0 }, { 3, 1 }, "contradict" },
		{ { 5, 3, 3, 1, 0 }, { 3, 1 }, "contradict" },
		{ { 5, 2, 3, 2, 0 }, { 3, 1 }, "contradict" },
		{ { 5, 2, 2, 3, 0 }, { 2, 0 }, "contradict" },
		{ { 5, 3, 3, 2, 3 }, { 3, 1 }, "contradict" },
		{ { 5, 3, 3, 2, 0 }, { 3, 2 }, "contradict" },
		{ { 5, 3, 3, 2, 0 }, { 4, 1 }, "contradict" },
		{ { 5, 3, 3, 2, 0 }, { 0, 1 }, "contradict" },
		{ { 7, 4, 4, 3, 0 }, { 3, 1 }, "not those of the blocks" },
		{ { 5, 4, 4, 1, 0 }, { 3, 3 }, "not those of the blocks" },
		{ { 5, 3, 3, 2, 1 }, { 3, 1 }, "not those of the blocks" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct blob file = example();
		uint8_t *counts = (uint8_t *)file.data + TRC_HEADER_FIXED;

		for (size_t k = 0; k < 5; k++)
			trc_put64(counts + k * 8, lies[i].counts[k]);
		for (size_t k = 0; k < 2; k++)
			trc_put64(counts + (13 + k) * 8, lies[i].live[k]);
		reseal(&file);
		check_file(&file, KB_E_CORRUPT, lies[i].says);
		free(file.data);
	}
}

/* What follows the blocks, with its checksums corrected. */
static void test_trc_reader__lying_ends(void **state)
{
	static const struct {
		size_t at;
		const char *says;
	} lies[] = {
		{ 0, "the end record is wrong" },
		{ 8, "the end record is wrong" },
		{ 16, "the end record is wrong" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct blob file = example();
		uint8_t *end = (uint8_t *)file.data + file.size - TRC_END_SIZE;

		end[lies[i].at] ^= 1;
		trc_put64(end + TRC_END_SIZE - 8,
			  XXH64(end, TRC_END_SIZE - 8, 0));
		check_file(&file, KB_E_CORRUPT, lies[i].says);
		free(file.data);
	}
}

/* An index that lists a block otherwise than it is, sealed again. */
static void test_trc_reader__lying_index(void **state)
{
	struct blob file = example();
	uint8_t *entry = (uint8_t *)file.data + INDEX + TRC_INDEX_HEADER_SIZE;

	(void)state;
	entry[8] ^= 1;
	trc_put64(entry + TRC_INDEX_ENTRY_SIZE,
		  XXH64(entry, TRC_INDEX_ENTRY_SIZE, 0));
	check_file(&file, KB_E_CORRUPT, "the index lists other blocks");
	free(file.data);
}

static void test_trc_reader__lying_blocks(void **state)
{
	(void)state;
	check_patched(BLOCK, 0, 4, KB_E_CORRUPT, "no block here");
	check_patched(BLOCK + 4, UINT32_MAX, 4, KB_E_CORRUPT,
		      "impossible size");
	check_patched(BLOCK + 4, 63, 4, KB_E_CORRUPT, "impossible size");
	check_patched(BLOCK + 4, TRC_BLOCK_BYTES_MAX, 4, KB_E_CORRUPT,
		      "the file ends here");
	check_patched(BLOCK + 8, 1, 8, KB_E_CORRUPT, "does not follow");
	check_patched(BLOCK + 16, 0, 4, KB_E_CORRUPT, "events or none");
	check_patched(BLOCK + 16, 65537, 4, KB_E_CORRUPT, "events or none");
	check_patched(BLOCK + 16, 4, 4, KB_E_CORRUPT, "too many table entries");
	check_patched(BLOCK + 16, 6, 4, KB_E_CORRUPT, "lack");
	check_patched(BLOCK + 20, 65, 2, KB_E_CORRUPT, "directory");
	check_patched(BLOCK + 20, 10, 2, KB_E_CORRUPT, "fill");
	check_patched(BLOCK + 22, 2, 2, KB_E_CORRUPT, "flags");
	check_patched(BLOCK + 32, 0, 4, KB_E_CORRUPT, "unit of time");
	check_patched(BLOCK + 36, 70000, 4, KB_E_CORRUPT, "table entries");
	check_patched(BLOCK + 36, 4, 4, KB_E_CORRUPT, "table entries");
	check_patched(BLOCK + 40, 4, 4, KB_E_CORRUPT, "string tables");
	check_patched(BLOCK + 44, 2, 4, KB_E_CORRUPT, "pids");
}

static void test_trc_reader__lying_columns(void **state)
{
	(void)state;
	check_patched(DIRECTORY + 4, UINT32_MAX, 4, KB_E_CORRUPT, "larger");
	check_patched(DIRECTORY + 4, 8, 4, KB_E_CORRUPT, "two sizes");
	check_patched(DIRECTORY + 8 * 12 + 8, UINT32_MAX, 4, KB_E_CORRUPT,
		      "longer");
	check_patched(DIRECTORY, 2, 2, KB_E_CORRUPT, "out of order");
	check_patched(CLASS, 5, 1, KB_E_CORRUPT, "class not yet defined");
	check_patched(CLASS + 1, 0xff, 1, KB_E_CORRUPT,
		      "class not yet defined");
	check_patched(AGE, 3, 1, KB_E_CORRUPT, "object not live");
	check_patched(AGE, 1, 1, KB_E_CORRUPT, "object not live");
	check_patched(KIND, 3, 1, KB_E_CORRUPT, "unknown kind");
	check_patched(KIND, 1, 1, KB_E_CORRUPT, "ages");
	check_patched(TIME_CODE, 76, 1, KB_E_CORRUPT, "time code");
	check_patched(TASK, 2, 1, KB_E_CORRUPT, "tasks");
	check_patched(COMM + 4, 'x', 1, KB_E_CORRUPT, "string tables");
	check_patched(COMM, 0, 1, KB_E_CORRUPT, "string tables");
}

/* A frame that says it unpacks to 2^40 bytes: refused by its first bytes. */
static void test_trc_reader__zstd_bomb_is_not_unpacked(void **state)
{
	static const uint8_t huge[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0,
					0,    0,    0,	  1,	0,    0 };
	struct blob file = example();

	(void)state;
	memcpy(file.data + SITE_FRAME, huge, sizeof(huge));
	reseal(&file);
	check_file(&file, KB_E_CORRUPT, "does not hold what it should");
	/* One whose directory agrees with it, as far as 32 bits go. */
	trc_put32((uint8_t *)file.data + DIRECTORY + 8 * 12 + 4, UINT32_MAX);
	reseal(&file);
	check_file(&file, KB_E_CORRUPT, "larger");
	free(file.data);
}

/* The pids and the contexts as columns of the future: what is left still
 * decodes. */
static void test_trc_reader__unknown_columns_are_skipped(void **state)
{
	struct blob file = example();
	struct kb_diag diag;
	struct blob dump;

	(void)state;
	trc_put16((uint8_t *)file.data + DIRECTORY + 10 * 12, 998);
	trc_put16((uint8_t *)file.data + DIRECTORY + 11 * 12, 999);
	trc_put16((uint8_t *)file.data + DIRECTORY + 10 * 12 + 2, 77);
	reseal(&file);
	assert_int_equal(trc_test_dump(file.data, file.size, &dump, &diag), 0);
	assert_non_null(strstr(dump.data, "alloc 0 8192/8192 @1000 cpu0 "
					  "kmalloc_example+0x10 init-0\n"));
	free(dump.data);
	free(file.data);
}

/* Whatever the block holds, sealed or not: an error or events, no more. The
 * sanitizers say whether it was no more. */
static void
test_trc_reader__garbage_with_valid_checksums_is_harmless(void **state)
{
	struct kb_rng rng = kb_rng_init(1);

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct blob file = example();
		struct kb_diag diag;
		struct blob dump;

		for (uint64_t n = 1 + kb_rng_below(&rng, 4); n > 0; n--) {
			uint64_t at =
				BLOCK + 4 + kb_rng_below(&rng, BLOCK_SIZE - 12);

			file.data[at] = (char)kb_rng_next(&rng);
		}
		reseal(&file);
		trc_test_dump(file.data, file.size, &dump, &diag);
		free(dump.data);
		free(file.data);
	}
}

static void test_trc_reader__garbage_is_no_trace(void **state)
{
	struct kb_rng rng = kb_rng_init(2);
	uint8_t bytes[4096];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t size = 1 + (size_t)kb_rng_below(&rng, sizeof(bytes));
		struct kb_diag diag;
		struct blob dump;

		for (size_t k = 0; k < size; k++)
			bytes[k] = (uint8_t)kb_rng_next(&rng);
		if (i % 2)
			memcpy(bytes, TRC_MAGIC "\1\0\0", 12);
		assert_true(trc_test_dump(bytes, size, &dump, &diag) < 0);
		free(dump.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_reader__open_says_what_is_wrong),
		cmocka_unit_test(test_trc_reader__info_is_that_of_the_header),
		cmocka_unit_test(test_trc_reader__counts_of_other_writers),
		cmocka_unit_test(test_trc_reader__replay_columns_come_alone),
		cmocka_unit_test(test_trc_reader__strings_by_id),
		cmocka_unit_test(
			test_trc_reader__reads_a_pipe_but_cannot_rewind_it),
		cmocka_unit_test(test_trc_reader__every_truncation_is_found),
		cmocka_unit_test(test_trc_reader__every_flipped_bit_is_found),
		cmocka_unit_test(test_trc_reader__damage_has_block_and_offset),
		cmocka_unit_test(test_trc_reader__an_error_repeats),
		cmocka_unit_test(test_trc_reader__trailing_data_is_found),
		cmocka_unit_test(test_trc_reader__other_versions_are_refused),
		cmocka_unit_test(test_trc_reader__lying_headers),
		cmocka_unit_test(test_trc_reader__lying_counts),
		cmocka_unit_test(test_trc_reader__lying_ends),
		cmocka_unit_test(test_trc_reader__lying_index),
		cmocka_unit_test(test_trc_reader__lying_blocks),
		cmocka_unit_test(test_trc_reader__lying_columns),
		cmocka_unit_test(test_trc_reader__zstd_bomb_is_not_unpacked),
		cmocka_unit_test(test_trc_reader__unknown_columns_are_skipped),
		cmocka_unit_test(
			test_trc_reader__garbage_with_valid_checksums_is_harmless),
		cmocka_unit_test(test_trc_reader__garbage_is_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
