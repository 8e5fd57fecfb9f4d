/* trc_source: xz, bzip2 and zip; UTF-16. */
#include "trc_test.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "trc_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

/* Text that does not compress to nothing. */
static struct blob make_text(size_t size)
{
	struct kb_rng rng = kb_rng_init(5);
	struct blob text = { .data = malloc(size), .size = size };

	assert_non_null(text.data);
	for (size_t i = 0; i < size; i++)
		text.data[i] = (char)('a' + kb_rng_below(&rng, 26));
	return text;
}

/* Packs `files` times the same text. */
static struct blob pack(const struct blob *plain, int filter, int format,
			int files)
{
	struct archive *a = archive_write_new();
	struct blob packed = { .data = malloc(plain->size * 3 + 100000) };
	size_t used = 0;

	assert_non_null(a);
	assert_non_null(packed.data);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, packed.data,
						   plain->size * 3 + 100000,
						   &used),
			 ARCHIVE_OK);
	for (int i = 0; i < files; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, i ? "b" : "a");
		archive_entry_set_size(entry, (la_int64_t)plain->size);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		assert_int_equal(
			archive_write_data(a, plain->data, plain->size),
			plain->size);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	packed.size = used;
	return packed;
}

static int unpack(const void *data, size_t size, struct blob *got,
		  struct kb_diag *diag)
{
	struct trc_source inner;
	struct trc_source source;
	int err;

	trc_source_open_memory(&inner, data, size, diag);
	trc_source_open_archive(&source, &inner, "x", diag);
	err = blob_drain(got, &source, diag);
	trc_source_release(&source);
	trc_source_release(&inner);
	return err;
}

static const struct {
	int filter;
	int format;
} kinds[] = {
	{ ARCHIVE_FILTER_XZ, ARCHIVE_FORMAT_RAW },
	{ ARCHIVE_FILTER_BZIP2, ARCHIVE_FORMAT_RAW },
	{ ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_ZIP },
};

static void test_trc_source_archive__unpacks(void **state)
{
	struct blob plain = make_text(700001);

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(kinds); i++) {
		struct blob packed =
			pack(&plain, kinds[i].filter, kinds[i].format, 1);
		struct kb_diag diag = { 0 };
		struct blob got;

		assert_true(trc_source_is_archive(packed.data, packed.size));
		assert_int_equal(unpack(packed.data, packed.size, &got, &diag),
				 KB_END);
		assert_int_equal(got.size, plain.size);
		assert_memory_equal(got.data, plain.data, plain.size);
		free(got.data);
		free(packed.data);
	}
	free(plain.data);
}

static void test_trc_source_archive__truncation_is_an_error(void **state)
{
	struct blob plain = make_text(100000);

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(kinds); i++) {
		struct blob packed =
			pack(&plain, kinds[i].filter, kinds[i].format, 1);

		/* Without its list of files a zip is whole enough. */
		for (size_t size = 8; size + 200 < packed.size; size += 997) {
			struct kb_diag diag = { 0 };
			struct blob got;

			assert_int_equal(unpack(packed.data, size, &got, &diag),
					 KB_E_CORRUPT);
			assert_true(diag.has_offset);
			assert_says(&diag, "damaged or cut off");
			free(got.data);
		}
		free(packed.data);
	}
	free(plain.data);
}

static void test_trc_source_archive__one_file_only(void **state)
{
	struct blob plain = make_text(1000);
	struct blob two =
		pack(&plain, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_ZIP, 2);
	struct blob none =
		pack(&plain, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_ZIP, 0);
	struct kb_diag diag = { 0 };
	struct blob got;

	(void)state;
	assert_int_equal(unpack(two.data, two.size, &got, &diag), KB_E_FORMAT);
	assert_says(&diag, "several files");
	free(got.data);
	kb_diag_init(&diag);
	assert_in_range(-unpack(none.data, none.size, &got, &diag), 1, 100);
	free(got.data);
	free(none.data);
	free(two.data);
	free(plain.data);
}

static void test_trc_source_archive__bombs_are_refused(void **state)
{
	struct blob zeros = { .data = calloc(1, 80 << 20), .size = 80 << 20 };
	struct blob packed =
		pack(&zeros, ARCHIVE_FILTER_BZIP2, ARCHIVE_FORMAT_RAW, 1);
	struct kb_diag diag = { 0 };
	struct blob got;

	(void)state;
	if (zeros.size / TRC_SOURCE_RATIO_MAX > packed.size) {
		assert_int_equal(unpack(packed.data, packed.size, &got, &diag),
				 KB_E_CORRUPT);
		assert_says(&diag, "no recording");
		free(got.data);
	}
	free(packed.data);
	free(zeros.data);
}

static int decode(const void *data, size_t size, bool is_big_endian,
		  struct blob *got, struct kb_diag *diag)
{
	struct trc_source inner;
	struct trc_source source;
	int err;

	trc_source_open_memory(&inner, data, size, diag);
	trc_source_open_utf16(&source, &inner, "x", is_big_endian, diag);
	err = blob_drain(got, &source, diag);
	trc_source_release(&source);
	trc_source_release(&inner);
	return err;
}

/* One, two, three and four bytes of UTF-8; halves of pairs alone. */
static void test_trc_source_archive__utf16(void **state)
{
	static const char little[] = "\xff\xfe"
				     "a\0\xe9\0\xe5\x65\x3d\xd8\x00\xde"
				     "\x3d\xd8z\0\x00\xde";
	static const char text[] = "\xef\xbb\xbf"
				   "a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"
				   "\xef\xbf\xbdz\xef\xbf\xbd";
	const size_t size = sizeof(little) - 1;
	char big[sizeof(little)];
	struct kb_diag diag = { 0 };
	struct blob got;
	bool is_big;

	(void)state;
	for (size_t i = 0; i < size; i++)
		big[i] = little[i ^ 1];
	for (int k = 0; k < 2; k++) {
		const char *bytes = k ? big : little;

		assert_true(trc_source_is_utf16(bytes, size, &is_big));
		assert_int_equal(is_big, k);
		assert_int_equal(decode(bytes, size, is_big, &got, &diag),
				 KB_END);
		assert_int_equal(got.size, sizeof(text) - 1);
		assert_memory_equal(got.data, text, got.size);
		free(got.data);
		assert_int_equal(decode(bytes, 3, is_big, &got, &diag),
				 KB_E_CORRUPT);
		assert_says(&diag, "in the middle of a UTF-16 character");
		free(got.data);
	}
	assert_false(trc_source_is_utf16("\xff", 1, &is_big));
	assert_false(trc_source_is_utf16("ab", 2, &is_big));
}

/* Pieces of the source end within characters. */
static void test_trc_source_archive__utf16_of_many_pieces(void **state)
{
	const size_t count = 700001;
	struct blob wide = { .data = malloc(count * 2), .size = count * 2 };
	struct kb_diag diag = { 0 };
	struct blob got;

	(void)state;
	assert_non_null(wide.data);
	for (size_t i = 0; i < count; i++) {
		wide.data[2 * i] = (char)('a' + i % 26);
		wide.data[2 * i + 1] = 0;
	}
	assert_int_equal(decode(wide.data, wide.size, false, &got, &diag),
			 KB_END);
	assert_int_equal(got.size, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(got.data[i], 'a' + i % 26);
	free(got.data);
	free(wide.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_source_archive__unpacks),
		cmocka_unit_test(
			test_trc_source_archive__truncation_is_an_error),
		cmocka_unit_test(test_trc_source_archive__one_file_only),
		cmocka_unit_test(test_trc_source_archive__bombs_are_refused),
		cmocka_unit_test(test_trc_source_archive__utf16),
		cmocka_unit_test(test_trc_source_archive__utf16_of_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
