/* trc_source: bytes from files, memory, zstd and gzip. */
#include "trc_test.h"

#include "kb_fault.h"
#include "trc_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* Bytes that do not compress to nothing, larger than any piece. */
static struct blob make_bytes(size_t size)
{
	struct blob blob = { .data = malloc(size + 1), .size = size };
	uint64_t x = 1;

	assert_non_null(blob.data);
	for (size_t i = 0; i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		blob.data[i] = (char)('a' + (x >> 60));
	}
	blob.data[size] = 0;
	return blob;
}

static void assert_same(const struct blob *a, const struct blob *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->data, b->data, a->size);
}

static void test_trc_source__memory_and_file_give_all_and_hash_it(void **state)
{
	struct blob bytes = make_bytes(1000003);
	char *directory = make_directory();
	struct trc_source source;
	struct kb_diag diag = { 0 };
	const char *head;
	char path[256];
	size_t size;

	(void)state;
	snprintf(path, sizeof(path), "%s/f", directory);
	write_whole(path, bytes.data, bytes.size);
	for (int i = 0; i < 2; i++) {
		struct blob got;

		if (i == 0)
			trc_source_open_memory(&source, bytes.data, bytes.size,
					       &diag);
		else
			trc_source_open_file(&source, path, &diag);
		assert_int_equal(diag.status, 0);
		assert_int_equal(source.bytes_total, bytes.size);
		assert_int_equal(trc_source_peek(&source, &head, &size, &diag),
				 0);
		assert_memory_equal(head, bytes.data, size);
		assert_int_equal(blob_drain(&got, &source, &diag), KB_END);
		assert_same(&got, &bytes);
		assert_int_equal(source.bytes_given, bytes.size);
		assert_true(trc_source_hash(&source) ==
			    XXH64(bytes.data, bytes.size, 0));
		trc_source_release(&source);
		free(got.data);
	}
	assert_int_equal(remove_directory(directory), 1);
	free(bytes.data);
}

/* The two ways of compressing. */
static const struct packer {
	struct blob (*pack)(const struct blob *plain);
	int (*open)(struct trc_source *source, struct trc_source *inner,
		    const char *name, struct kb_diag *diag);
	bool (*is)(const char *head, size_t size);
} packers[] = {
	{ blob_zstd, trc_source_open_zstd, trc_source_is_zstd },
	{ blob_gzip, trc_source_open_gz, trc_source_is_gz },
};

#define PACKER_COUNT (sizeof(packers) / sizeof(packers[0]))

/* Unpacks all; the status is that of the last call. */
static int unpack(const struct packer *packer, const void *data, size_t size,
		  struct blob *got, struct kb_diag *diag)
{
	struct trc_source inner;
	struct trc_source source;
	int err;

	trc_source_open_memory(&inner, data, size, diag);
	packer->open(&source, &inner, "x", diag);
	err = blob_drain(got, &source, diag);
	trc_source_release(&source);
	trc_source_release(&inner);
	return err;
}

/* Two frames, or members, one after the other are one text, as made by zstd -c
 * >> and gzip -c >>. */
static void test_trc_source__frames_are_joined(void **state)
{
	struct blob plain = make_bytes(700001);

	(void)state;
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct blob packed = packers[i].pack(&plain);
		struct blob twice = { .data = malloc(packed.size * 2),
				      .size = packed.size * 2 };
		struct kb_diag diag = { 0 };
		struct blob got;

		memcpy(twice.data, packed.data, packed.size);
		memcpy(twice.data + packed.size, packed.data, packed.size);
		assert_true(packers[i].is(twice.data, twice.size));
		assert_int_equal(unpack(&packers[i], twice.data, twice.size,
					&got, &diag),
				 KB_END);
		assert_int_equal(got.size, plain.size * 2);
		assert_memory_equal(got.data, plain.data, plain.size);
		assert_memory_equal(got.data + plain.size, plain.data,
				    plain.size);
		free(got.data);
		free(twice.data);
		free(packed.data);
	}
	free(plain.data);
}

static void test_trc_source__truncation_is_an_error_with_a_place(void **state)
{
	struct blob plain = make_bytes(300000);

	(void)state;
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct blob packed = packers[i].pack(&plain);

		for (size_t size = 4; size < packed.size; size += 997) {
			struct kb_diag diag = { 0 };
			struct blob got;

			assert_int_equal(unpack(&packers[i], packed.data, size,
						&got, &diag),
					 KB_E_CORRUPT);
			assert_true(diag.has_offset);
			assert_says(&diag, "x: byte ");
			assert_says(&diag, "ends in the middle; copy the file");
			free(got.data);
		}
		free(packed.data);
	}
	free(plain.data);
}

/* Rubbish where another frame should begin; a reserved bit in zstd's header and a
 * wrong checksum at gzip's end. */
static void test_trc_source__damage_is_an_error_with_a_place(void **state)
{
	struct blob plain = make_bytes(300000);

	(void)state;
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct blob packed = packers[i].pack(&plain);
		struct kb_diag diag = { 0 };
		struct blob got;

		packed.data = realloc(packed.data, packed.size + 20);
		assert_non_null(packed.data);
		memset(packed.data + packed.size, 'z', 20);
		assert_int_equal(unpack(&packers[i], packed.data,
					packed.size + 20, &got, &diag),
				 KB_E_CORRUPT);
		assert_says(&diag, "x: byte ");
		assert_says(&diag, "the compressed data is damaged (");
		free(got.data);
		kb_diag_init(&diag);
		packed.data[4] ^= 8;
		packed.data[packed.size - 6] ^= 8;
		assert_int_equal(unpack(&packers[i], packed.data, packed.size,
					&got, &diag),
				 KB_E_CORRUPT);
		assert_says(&diag, "the compressed data is damaged (");
		free(got.data);
		free(packed.data);
	}
	free(plain.data);
}

/* A packed file of several pieces, of which each cannot be read in its turn. */
static void test_trc_source__unreadable_files(void **state)
{
	struct blob plain = make_bytes(700001);
	char *directory = make_directory();
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/f", directory);
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct blob packed = packers[i].pack(&plain);
		int err = KB_E_IO;
		unsigned n;

		write_whole(path, packed.data, packed.size);
		for (n = 1; err == KB_E_IO; n++) {
			struct trc_source inner;
			struct trc_source source;
			struct kb_diag diag = { 0 };
			struct blob got;

			trc_source_open_file(&inner, path, &diag);
			packers[i].open(&source, &inner, "x", &diag);
			kb_fault_begin(KB_FAULT_READ, n, EIO);
			err = blob_drain(&got, &source, &diag);
			assert_int_equal(err,
					 kb_fault_end() ? KB_E_IO : KB_END);
			if (err == KB_E_IO)
				assert_says(&diag, "cannot read: Input/output");
			trc_source_release(&source);
			trc_source_release(&inner);
			free(got.data);
		}
		assert_true(n > 3);
		free(packed.data);
	}
	assert_int_equal(remove_directory(directory), 1);
	free(plain.data);
}

/* What unpacks to thousands of times its size is no recording. */
static void test_trc_source__a_decompression_bomb_is_refused(void **state)
{
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(
		trc_source_check_ratio(TRC_SOURCE_RATIO_FREE, 1, "x", &diag),
		0);
	assert_int_equal(trc_source_check_ratio(TRC_SOURCE_RATIO_FREE + 1,
						TRC_SOURCE_RATIO_FREE / 4096,
						"x", &diag),
			 0);
	assert_int_equal(trc_source_check_ratio(TRC_SOURCE_RATIO_FREE * 2,
						TRC_SOURCE_RATIO_FREE / 4096,
						"x", &diag),
			 KB_E_CORRUPT);
	assert_says(&diag, "more than 4096 times its size");
}

/* Each byte of the magic numbers counts; a skippable frame of zstd's too. */
static void test_trc_source__recognizes_compression(void **state)
{
	static const char zstd_heads[][4] = {
		{ 0x28, (char)0xb5, 0x2f, (char)0xfd },
		{ 0x50, 0x2a, 0x4d, 0x18 },
		{ 0x5f, 0x2a, 0x4d, 0x18 },
	};
	char gz[3] = { 0x1f, (char)0x8b, 8 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char head[4];

		assert_true(trc_source_is_zstd(zstd_heads[i], 4));
		assert_false(trc_source_is_zstd(zstd_heads[i], 3));
		for (size_t k = 0; k < 4; k++) {
			memcpy(head, zstd_heads[i], 4);
			head[k] ^= (char)0x80;
			assert_false(trc_source_is_zstd(head, 4));
		}
	}
	assert_true(trc_source_is_gz(gz, 3));
	assert_false(trc_source_is_gz(gz, 2));
	for (size_t k = 0; k < 3; k++) {
		gz[k] ^= 0x40;
		assert_false(trc_source_is_gz(gz, 3));
		gz[k] ^= 0x40;
	}
}

static void test_trc_source__read_errors_name_the_cause(void **state)
{
	struct trc_source source;
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(trc_source_open_file(&source, "/nonexistent", &diag),
			 KB_E_IO);
	assert_says(&diag, "/nonexistent: cannot open: No such file");
	trc_source_release(&source);
	kb_diag_init(&diag);
	assert_int_equal(trc_source_open_file(&source, "/tmp", &diag), KB_E_IO);
	assert_says(&diag, "is a directory");
}

/* Opens a file of three pieces and reads the first of them. */
static void open_and_begin(struct trc_source *source, const char *path,
			   struct kb_diag *diag)
{
	struct blob bytes = make_bytes(400000);
	const char *data;
	size_t size;

	write_whole(path, bytes.data, bytes.size);
	free(bytes.data);
	assert_int_equal(trc_source_open_file(source, path, diag), 0);
	assert_int_equal(trc_source_next(source, &data, &size, diag), 0);
	assert_true(size > 0);
}

/* Reads the rest, which must end in an error that says `what`, for good. */
static void expect_changed(struct trc_source *source, const char *what,
			   struct kb_diag *diag)
{
	const char *data = what;
	size_t size = 1;
	struct blob rest;

	assert_int_equal(blob_drain(&rest, source, diag), KB_E_IO);
	assert_says(diag, what);
	assert_says(diag, "wait until its writer has finished");
	assert_int_equal(trc_source_next(source, &data, &size, diag), KB_E_IO);
	assert_null(data);
	assert_int_equal(size, 0);
	trc_source_release(source);
	kb_diag_init(diag);
	free(rest.data);
}

static void test_trc_source__a_file_that_changes_is_an_error(void **state)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char *directory = make_directory();
	struct trc_source source;
	struct kb_diag diag = { 0 };
	char path[256];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/f", directory);
	open_and_begin(&source, path, &diag);
	file = fopen(path, "ab");
	assert_non_null(file);
	fputs("more", file);
	assert_int_equal(fclose(file), 0);
	expect_changed(&source,
		       "grew while it was read (400000 bytes at first, 400004 "
		       "now)",
		       &diag);

	open_and_begin(&source, path, &diag);
	assert_int_equal(truncate(path, 200000), 0);
	expect_changed(&source, "was truncated while it was read", &diag);

	open_and_begin(&source, path, &diag);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	expect_changed(&source, "was changed while it was read", &diag);
	assert_int_equal(remove_directory(directory), 1);
}

/* A writer that is always a piece ahead of the reader. */
static void test_trc_source__a_file_that_never_stops_growing(void **state)
{
	struct blob bytes = make_bytes(300000);
	char *directory = make_directory();
	struct trc_source source;
	struct kb_diag diag = { 0 };
	const char *data;
	char path[256];
	size_t size;
	FILE *file;
	int err;

	(void)state;
	snprintf(path, sizeof(path), "%s/f", directory);
	open_and_begin(&source, path, &diag);
	do {
		file = fopen(path, "ab");
		assert_non_null(file);
		fwrite(bytes.data, 1, bytes.size, file);
		assert_int_equal(fclose(file), 0);
		err = trc_source_next(&source, &data, &size, &diag);
	} while (err == 0);
	assert_int_equal(err, KB_E_IO);
	assert_says(&diag, "grew while it was read");
	trc_source_release(&source);
	assert_int_equal(remove_directory(directory), 1);
	free(bytes.data);
}

/* At the end there are no bytes, however often one asks, even if there are more
 * by then: as from a terminal, where the end is a key. */
static void test_trc_source__the_end_repeats(void **state)
{
	struct kb_diag diag = { 0 };
	struct trc_source source;
	struct blob got;
	const char *data;
	char path[64];
	size_t size;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(trc_source_open_file(&source, path, &diag), 0);
	assert_int_equal(write(ends[1], "one", 3), 3);
	close(ends[1]);
	assert_int_equal(blob_drain(&got, &source, &diag), KB_END);
	assert_int_equal(got.size, 3);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	ends[1] = open(path, O_WRONLY);
	assert_true(ends[1] >= 0);
	assert_int_equal(write(ends[1], "two", 3), 3);
	for (int i = 0; i < 3; i++) {
		data = "rubbish";
		size = 7;
		assert_int_equal(trc_source_next(&source, &data, &size, &diag),
				 KB_END);
		assert_null(data);
		assert_int_equal(size, 0);
		assert_int_equal(trc_source_peek(&source, &data, &size, &diag),
				 KB_END);
	}
	close(ends[0]);
	close(ends[1]);
	trc_source_release(&source);
	free(got.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_trc_source__memory_and_file_give_all_and_hash_it),
		cmocka_unit_test(test_trc_source__frames_are_joined),
		cmocka_unit_test(
			test_trc_source__truncation_is_an_error_with_a_place),
		cmocka_unit_test(
			test_trc_source__damage_is_an_error_with_a_place),
		cmocka_unit_test(test_trc_source__unreadable_files),
		cmocka_unit_test(
			test_trc_source__a_decompression_bomb_is_refused),
		cmocka_unit_test(test_trc_source__recognizes_compression),
		cmocka_unit_test(test_trc_source__read_errors_name_the_cause),
		cmocka_unit_test(
			test_trc_source__a_file_that_changes_is_an_error),
		cmocka_unit_test(
			test_trc_source__a_file_that_never_stops_growing),
		cmocka_unit_test(test_trc_source__the_end_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
