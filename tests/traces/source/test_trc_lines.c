/* trc_lines: lines out of pieces, cut at every possible place. */
#include "trc_test.h"

#include "trc_lines.h"

#include <stdlib.h>
#include <string.h>

/* A fake source that gives `step` bytes at a time, with an interruption, that
 * is nothing, before each. It keeps no promise that it has not made: a piece is
 * overwritten at the next call, and at the end it points to rubbish. */
struct drip {
	const char *data;
	size_t left;
	size_t step;
	bool is_interrupted;
	char piece[1024];
};

static int drip_next(void *ctx, const char **data, size_t *size,
		     struct kb_diag *diag)
{
	struct drip *drip = ctx;

	(void)diag;
	memset(drip->piece, '\n', sizeof(drip->piece));
	*data = drip->piece;
	*size = sizeof(drip->piece);
	drip->is_interrupted = !drip->is_interrupted;
	if (!drip->is_interrupted && drip->left == 0)
		return KB_END;
	*size = drip->left < drip->step ? drip->left : drip->step;
	if (drip->is_interrupted)
		*size = 0;
	memcpy(drip->piece, drip->data, *size);
	drip->data += *size;
	drip->left -= *size;
	return 0;
}

static void drip_release(void *ctx)
{
	(void)ctx;
}

static const struct trc_source_ops drip_ops = { drip_next, drip_release, NULL };

/* All lines, each as "number:text$" or "number:text" without its newline. */
static struct blob read_lines(const char *text, size_t step)
{
	struct drip drip = { .data = text, .left = strlen(text), .step = step };
	struct trc_source source = { .ops = &drip_ops, .ctx = &drip };
	struct trc_lines *lines = malloc(sizeof(*lines));
	struct blob out = { 0 };
	struct trc_line line;
	struct kb_diag diag = { 0 };

	assert_non_null(lines);
	blob_printf(&out, "%s", "");
	trc_lines_init(lines, &source);
	while (trc_lines_next(lines, &line, &diag) == 0)
		blob_printf(&out, "%d:%.*s%s", (int)line.number, (int)line.size,
			    line.text, line.is_terminated ? "$" : "");
	assert_int_equal(trc_lines_next(lines, &line, &diag), KB_END);
	assert_int_equal(diag.status, 0);
	free(lines);
	return out;
}

static void check(const char *text, const char *want)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++) {
		struct blob got = read_lines(text, step);

		assert_string_equal(got.data, want);
		free(got.data);
	}
}

static void test_trc_lines__any_cut_gives_the_same_lines(void **state)
{
	(void)state;
	check("", "");
	check("\n", "1:$");
	check("one\n\ntwo\nthree", "1:one$2:$3:two$4:three");
	check("one\r\ntwo\r\n\r\n", "1:one$2:two$3:$");
	check("a\rb\r\r\nc", "1:a\rb$2:c");
	check("\xef\xbb\xbf"
	      "a\n\xef\xbb\xbf"
	      "b\n",
	      "1:a$2:\xef\xbb\xbf"
	      "b$");
	check("no newline", "1:no newline");
}

static void test_trc_lines__long_line_is_cut(void **state)
{
	static char text[3 * TRC_LINE_MAX + 3];
	struct drip drip = { .data = text,
			     .left = sizeof(text) - 1,
			     .step = 1000 };
	struct trc_source source = { .ops = &drip_ops, .ctx = &drip };
	struct trc_lines *lines = malloc(sizeof(*lines));
	struct trc_line line;
	struct kb_diag diag = { 0 };

	(void)state;
	assert_non_null(lines);
	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(text) - 4, "\ny\n");
	trc_lines_init(lines, &source);
	assert_int_equal(trc_lines_next(lines, &line, &diag), 0);
	assert_true(line.is_too_long);
	assert_int_equal(line.size, TRC_LINE_MAX);
	assert_int_equal(trc_lines_next(lines, &line, &diag), 0);
	assert_false(line.is_too_long);
	assert_int_equal(line.number, 2);
	assert_int_equal(trc_lines_next(lines, &line, &diag), KB_END);
	free(lines);
}

static bool stop_at_once(void *user)
{
	(void)user;
	return true;
}

static void test_trc_lines__stops_when_asked(void **state)
{
	struct drip drip = { .data = "a\nb\n", .left = 4, .step = 1 };
	struct trc_source source = { .ops = &drip_ops, .ctx = &drip };
	struct trc_lines *lines = malloc(sizeof(*lines));
	struct trc_line line;
	struct kb_diag diag = { 0 };

	(void)state;
	assert_non_null(lines);
	trc_lines_init(lines, &source);
	lines->is_stopped = stop_at_once;
	assert_int_equal(trc_lines_next(lines, &line, &diag), KB_E_STOPPED);
	free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_lines__any_cut_gives_the_same_lines),
		cmocka_unit_test(test_trc_lines__long_line_is_cut),
		cmocka_unit_test(test_trc_lines__stops_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
