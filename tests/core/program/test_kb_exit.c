/* Exit statuses, and the line that goes with them. */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_signal.h"
#include "kb_status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_kb_exit__of_each_status(void **state)
{
	static const struct {
		int status;
		int wanted;
	} cases[] = {
		{ KB_OK, 0 },
		{ KB_END, 0 },
		{ KB_E_NOMEM, 2 },
		{ KB_E_IO, 2 },
		{ KB_E_FORMAT, 2 },
		{ KB_E_CORRUPT, 2 },
		{ KB_E_UNSUPPORTED, 2 },
		{ KB_E_RANGE, 2 },
		{ KB_E_ARG, 2 },
		{ KB_E_NOT_LIVE, 2 },
		{ KB_E_NO_FRAMES, 2 },
		{ KB_E_WRONG, 5 },
		{ KB_E_STOPPED, 2 },
		{ KB_E_ENVIRONMENT, 4 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++)
		assert_int_equal(kb_exit_of(cases[i].status), cases[i].wanted);
	kb_signal = 15;
	assert_int_equal(kb_exit_of(KB_E_IO), 143);
	assert_int_equal(kb_exit_of(KB_OK), 143);
	kb_signal = 0;
}

/* A worse result hides a better one, and never the other way round. */
static void test_kb_exit__the_worse_status_wins(void **state)
{
	static const int rising[] = { 0, 3, 4, 2, 1, 5, 130 };

	(void)state;
	for (size_t a = 0; a < KB_ARRAY_LEN(rising); a++)
		for (size_t b = 0; b < KB_ARRAY_LEN(rising); b++)
			assert_int_equal(kb_exit_graver(rising[a], rising[b]),
					 rising[a > b ? a : b]);
}

/* What is said on stderr by a complaint with this text. */
static void said(char *out, size_t size, int status, const char *text)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	struct kb_diag diag = { .status = status };
	ssize_t got;

	assert_non_null(file);
	snprintf(diag.text, sizeof(diag.text), "%s", text);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(kb_complain_diag("prog", &diag), kb_exit_of(status));
	fflush(stderr);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	close(kept);
	got = pread(fileno(file), out, size - 1, 0);
	assert_true(got >= 0);
	out[got] = '\0';
	fclose(file);
}

static void test_kb_exit__a_complaint_is_one_line(void **state)
{
	char text[200];

	(void)state;
	said(text, sizeof(text), KB_E_WRONG, "a\nb\033[31mc \xc3\xa4");
	assert_string_equal(text, "prog: a?b?[31mc \xc3\xa4\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_exit__of_each_status),
		cmocka_unit_test(test_kb_exit__the_worse_status_wins),
		cmocka_unit_test(test_kb_exit__a_complaint_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
