/* trc_source: bytes from files, memory and zstd. */
#include "trc_test.h"

#include "trc_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

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

static struct blob compress_bytes(const struct blob *plain)
{
	struct blob packed = { .data = malloc(
				       ZSTD_compressBound(plain->size)) };

	assert_non_null(packed.data);
	packed.size =
		ZSTD_compress(packed.data, ZSTD_compressBound(plain->size),
			      plain->data, plain->size, 1);
	assert_false(ZSTD_isError(packed.size));
	return packed;
}

/* Reads a source to its end; the status is that of the last call. */
static int drain(struct trc_source *source, struct blob *out,
		 struct kb_diag *diag)
{
	const char *data;
	size_t size;
	int err;

	*out = (struct blob){ .data = malloc(1) };
	while ((err = trc_source_next(source, &data, &size, diag)) == 0) {
		out->data = realloc(out->data, out->size + size + 1);
		assert_non_null(out->data);
		memcpy(out->data + out->size, data, size);
		out->size += size;
	}
	return err;
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
		assert_int_equal(drain(&source, &got, &diag), KB_END);
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

/* Two frames one behind the other are one text, as zstd -c >> makes them. */
static void test_trc_source__zstd_frames_are_joined(void **state)
{
	struct blob plain = make_bytes(700001);
	struct blob packed = compress_bytes(&plain);
	struct blob twice = { .data = malloc(packed.size * 2),
			      .size = packed.size * 2 };
	struct trc_source inner;
	struct trc_source source;
	struct kb_diag diag = { 0 };
	struct blob got;

	(void)state;
	memcpy(twice.data, packed.data, packed.size);
	memcpy(twice.data + packed.size, packed.data, packed.size);
	assert_true(trc_source_is_zstd(twice.data, twice.size));
	trc_source_open_memory(&inner, twice.data, twice.size, &diag);
	trc_source_open_zstd(&source, &inner, "x", &diag);
	assert_int_equal(drain(&source, &got, &diag), KB_END);
	assert_int_equal(got.size, plain.size * 2);
	assert_memory_equal(got.data, plain.data, plain.size);
	assert_memory_equal(got.data + plain.size, plain.data, plain.size);
	trc_source_release(&source);
	trc_source_release(&inner);
	free(got.data);
	free(twice.data);
	free(packed.data);
	free(plain.data);
}

static void test_trc_source__damaged_zstd_is_an_error_with_a_place(void **state)
{
	struct blob plain = make_bytes(300000);
	struct blob packed = compress_bytes(&plain);

	(void)state;
	for (size_t size = 4; size < packed.size; size += 997) {
		struct trc_source inner;
		struct trc_source source;
		struct kb_diag diag = { 0 };
		struct blob got;

		trc_source_open_memory(&inner, packed.data, size, &diag);
		trc_source_open_zstd(&source, &inner, "x", &diag);
		assert_int_equal(drain(&source, &got, &diag), KB_E_CORRUPT);
		assert_true(diag.has_offset);
		assert_says(&diag, "x: byte ");
		trc_source_release(&source);
		trc_source_release(&inner);
		free(got.data);
	}
	free(packed.data);
	free(plain.data);
}

static void test_trc_source__what_cannot_be_read_says_why(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_trc_source__memory_and_file_give_all_and_hash_it),
		cmocka_unit_test(test_trc_source__zstd_frames_are_joined),
		cmocka_unit_test(
			test_trc_source__damaged_zstd_is_an_error_with_a_place),
		cmocka_unit_test(test_trc_source__what_cannot_be_read_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
