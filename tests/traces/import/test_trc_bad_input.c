/*
 * Damaged recordings: whatever is done to one, an import ends with an error that
 * says what is wrong, or with a trace. Each format is damaged in its sample, the
 * one that its fuzz target starts from.
 */
#include "trc_test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CORPUS KB_SOURCE_DIR "/tests/fuzz/corpus/trc-"

/* Under a sanitizer only every so manieth of the cuts is tried. */
#if defined(__SANITIZE_ADDRESS__)
#define STRIDE 11
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STRIDE 11
#endif
#endif
#ifndef STRIDE
#define STRIDE 1
#endif

/* The formats whose bytes are read here, not by a library or a program. */
static const char *const formats[] = {
	"android",   "console",	 "csapp",	 "csv",	   "ftrace",
	"heaptrack", "kheap",	 "lttng",	 "mtrace", "perf",
	"trace-cmd", "valgrind", "malloc-bench",
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static struct blob read_sample(const char *format)
{
	char path[512];

	snprintf(path, sizeof(path), CORPUS "%s/sample", format);
	return read_whole(path);
}

/* Imports bytes into `fd`, strictly and, if that fails, leniently. Returns the
 * status of the first. */
static int import_once(int fd, const void *data, size_t size,
		       const char *format, bool lenient)
{
	const struct trc_import_options opts = { .format = format,
						 .lenient = lenient,
						 .takes_caches = true,
						 .takes_pages = true };
	struct kb_diag diag = { 0 };
	struct trc_counts counts;
	int status;

	assert_int_equal(ftruncate(fd, 0), 0);
	status = trc_import_memory(data, size, "text", fd, &opts, &counts,
				   &diag);
	if (status != 0 && status != KB_E_FORMAT && status != KB_E_CORRUPT &&
	    status != KB_E_RANGE)
		fail_msg("%s: status %d: %s", format, status, diag.text);
	assert_true((status == 0) == (diag.text[0] == 0));
	assert_true(status != 0 || lenient || counts.bad_lines == 0);
	return status;
}

static int try_import(int fd, const void *data, size_t size, const char *format)
{
	int status = import_once(fd, data, size, format, false);

	if (status != 0)
		import_once(fd, data, size, format, true);
	return status;
}

static int open_output(void)
{
	int fd = memfd_create("trace", 0);

	assert_true(fd >= 0);
	return fd;
}

static void test_trc_bad_input__cut_at_every_byte(void **state)
{
	int fd = open_output();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample = read_sample(formats[i]);

		assert_int_equal(
			try_import(fd, sample.data, sample.size, formats[i]),
			0);
		for (size_t size = 0; size < sample.size; size += STRIDE)
			try_import(fd, sample.data, size, formats[i]);
		free(sample.data);
	}
	close(fd);
}

/* A compressed recording that was cut is never a whole one. */
static void test_trc_bad_input__compressed_and_cut_at_every_byte(void **state)
{
	int fd = open_output();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample = read_sample(formats[i]);
		struct blob packed[] = { blob_gzip(&sample),
					 blob_zstd(&sample) };

		for (int k = 0; k < 2; k++) {
			assert_int_equal(import_once(fd, packed[k].data,
						     packed[k].size, formats[i],
						     false),
					 0);
			for (size_t size = 4; size < packed[k].size;
			     size += STRIDE)
				assert_true(import_once(fd, packed[k].data,
							size, formats[i],
							false) != 0);
			free(packed[k].data);
		}
		free(sample.data);
	}
	close(fd);
}

/* Puts `with` in the place of the `old_size` bytes at `at` of a text. */
static struct blob replaced(const struct blob *text, size_t at, size_t old_size,
			    const char *with, size_t with_size)
{
	struct blob b = { .size = text->size - old_size + with_size };

	b.data = malloc(b.size + 1);
	assert_non_null(b.data);
	memcpy(b.data, text->data, at);
	if (with_size > 0)
		memcpy(b.data + at, with, with_size);
	memcpy(b.data + at + with_size, text->data + at + old_size,
	       text->size - at - old_size);
	return b;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Each number of a sample, replaced by an absurd one: too large for any type,
 * just too large, negative, none, and of a million digits' like. */
static void test_trc_bad_input__absurd_and_negative_numbers(void **state)
{
	static const char *const absurd[] = {
		"-1",
		"",
		"18446744073709551616",
		"9223372036854775808",
		"ffffffffffffffff",
		"-99999999999999999999.5",
		"0x",
		"1e99",
		"99999999999999999999999999999999999999999999999999999999999",
	};
	int fd = open_output();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample = read_sample(formats[i]);
		size_t end;

		for (size_t at = 0; at < sample.size; at = end + 1) {
			end = at;
			while (end < sample.size && is_digit(sample.data[end]))
				end++;
			for (size_t k = at % STRIDE;
			     end > at && k < sizeof(absurd) / sizeof(*absurd);
			     k += STRIDE) {
				struct blob bad =
					replaced(&sample, at, end - at,
						 absurd[k], strlen(absurd[k]));

				try_import(fd, bad.data, bad.size, formats[i]);
				free(bad.data);
			}
		}
		free(sample.data);
	}
	close(fd);
}

/* Garbage, NULs and line ends of every kind at every place. */
static void test_trc_bad_input__garbage_anywhere(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} garbage[] = {
		{ "\0", 1 },	   { "\r", 1 },	      { "\n", 1 },
		{ "\r\n\r", 3 },   { "\xff\xfe", 2 }, { "\0\n\0", 3 },
		{ "%n%s\x1b", 5 },
	};
	int fd = open_output();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample = read_sample(formats[i]);

		for (size_t at = 0; at <= sample.size; at += STRIDE) {
			const size_t k =
				at % (sizeof(garbage) / sizeof(garbage[0]));
			struct blob bad =
				replaced(&sample, at, 0, garbage[k].bytes,
					 garbage[k].size);

			try_import(fd, bad.data, bad.size, formats[i]);
			free(bad.data);
		}
		free(sample.data);
	}
	close(fd);
}

/* A recording twice over: its clock goes back in the middle, its objects are
 * live already. */
static void test_trc_bad_input__clock_going_back(void **state)
{
	int fd = open_output();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample = read_sample(formats[i]);
		struct blob twice = replaced(&sample, sample.size, 0,
					     sample.data, sample.size);

		try_import(fd, twice.data, twice.size, formats[i]);
		free(twice.data);
		free(sample.data);
	}
	close(fd);
}

/* The same formats, damaged in a file: nothing is left behind, not even under
 * another name. */
static void test_trc_bad_input__no_file_is_left(void **state)
{
	char *directory = make_directory();
	char in[256];
	char out[256];

	(void)state;
	snprintf(in, sizeof(in), "%s/in", directory);
	snprintf(out, sizeof(out), "%s/out.trc", directory);
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		const struct trc_import_options opts = { .format = formats[i] };
		struct blob sample = read_sample(formats[i]);
		struct blob packed = blob_zstd(&sample);
		struct kb_diag diag = { 0 };

		write_whole(in, packed.data, packed.size - 5);
		assert_int_equal(trc_import_file(in, out, &opts, NULL, &diag),
				 KB_E_CORRUPT);
		assert_int_equal(access(out, F_OK), -1);
		free(packed.data);
		free(sample.data);
	}
	assert_int_equal(remove_directory(directory), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_bad_input__cut_at_every_byte),
		cmocka_unit_test(
			test_trc_bad_input__compressed_and_cut_at_every_byte),
		cmocka_unit_test(
			test_trc_bad_input__absurd_and_negative_numbers),
		cmocka_unit_test(test_trc_bad_input__garbage_anywhere),
		cmocka_unit_test(test_trc_bad_input__clock_going_back),
		cmocka_unit_test(test_trc_bad_input__no_file_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
