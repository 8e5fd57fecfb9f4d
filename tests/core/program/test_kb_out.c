/* Whole files: under the name is what was there before, or all of the new one. */
#include "kb_test.h"

#include "kb_fault.h"
#include "kb_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_kb_out.XXXXXX";
static char path[64];

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_holds(const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, text);
}

/* How many files the folder has. */
static int files(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(dir);
	return n;
}

static void test_kb_out__both_kinds_appear_whole(void **state)
{
	struct kb_out out;
	struct kb_diag diag = { 0 };

	(void)state;
	put("old");
	assert_int_equal(kb_out_open(&out, path, &diag), 0);
	fputs("stream", out.stream);
	fflush(out.stream);
	assert_holds("old");
	assert_int_equal(kb_out_commit(&out, &diag), 0);
	assert_holds("stream");
	kb_out_release(&out);
	assert_int_equal(kb_out_open_fd(&out, path, &diag), 0);
	assert_int_equal(write(out.fd, "fd", 2), 2);
	assert_holds("stream");
	assert_int_equal(kb_out_commit(&out, &diag), 0);
	assert_holds("fd");
	kb_out_release(&out);
	assert_int_equal(files(), 1);
}

static void test_kb_out__release_leaves_what_was_there(void **state)
{
	struct kb_out out;

	(void)state;
	put("old");
	assert_int_equal(kb_out_open(&out, path, NULL), 0);
	fputs("new", out.stream);
	kb_out_release(&out);
	assert_int_equal(kb_out_open_fd(&out, path, NULL), 0);
	kb_out_release(&out);
	kb_out_release(&out);
	assert_holds("old");
	assert_int_equal(files(), 1);
}

/* A link that somebody has put where the temporary file is to be is not written
 * through. */
static void test_kb_out__takes_no_file_that_is_there(void **state)
{
	struct kb_out out;
	char temp[128], target[128];
	struct stat st;

	(void)state;
	snprintf(temp, sizeof(temp), "%s/.tmp-%ld-0", folder, (long)getpid());
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, temp), 0);
	assert_int_equal(kb_out_open(&out, path, NULL), 0);
	assert_int_equal(kb_out_commit(&out, NULL), 0);
	assert_int_equal(stat(target, &st), -1);
	unlink(temp);
}

static void test_kb_out__descriptors_are_of_regular_files(void **state)
{
	static const char *const wrong[] = { "-", "/dev/null", folder };
	struct kb_out out;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct kb_diag diag = { 0 };

		assert_int_equal(kb_out_open_fd(&out, wrong[i], &diag),
				 KB_E_IO);
		assert_non_null(strstr(diag.text, wrong[i]));
	}
	/* A stream may be of a device. */
	assert_int_equal(kb_out_open(&out, "/dev/null", NULL), 0);
	assert_int_equal(kb_out_commit(&out, NULL), 0);
}

static void test_kb_out__failures_leave_nothing(void **state)
{
	static const struct {
		unsigned kinds;
		int error;
	} faults[] = {
		{ KB_FAULT_MEMORY, ENOMEM },
		{ KB_FAULT_OPEN, EMFILE },
		{ KB_FAULT_SYNC | KB_FAULT_RENAME, EIO },
	};

	(void)state;
	put("old");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (int is_fd = 0; is_fd < 2; is_fd++) {
			struct kb_diag diag = { 0 };
			struct kb_out out;
			bool has_failed;
			int err;

			kb_fault_begin(faults[i].kinds, 1, faults[i].error);
			err = is_fd ? kb_out_open_fd(&out, path, &diag)
				    : kb_out_open(&out, path, &diag);
			if (err == 0 && !is_fd)
				fputs("new", out.stream);
			if (err == 0)
				err = kb_out_commit(&out, &diag);
			has_failed = kb_fault_end();
			assert_true(has_failed);
			assert_true(err < 0);
			assert_int_not_equal(diag.text[0], '\0');
			assert_holds("old");
			assert_int_equal(files(), 1);
		}
	}
}

static int begin(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_kb_out__both_kinds_appear_whole),
		TEST(test_kb_out__release_leaves_what_was_there),
		TEST(test_kb_out__takes_no_file_that_is_there),
		TEST(test_kb_out__descriptors_are_of_regular_files),
		TEST(test_kb_out__failures_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
