/* The line that says how far the work is. Its clock is the system's, so each case
 * sets when it was last drawn. */
#include "kb_test.h"

#include "kb_progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture {
	FILE *file;
	int kept;
};

/* As on a terminal, whatever stderr is, and due to be drawn. */
static void begin(struct capture *c, struct kb_progress *p)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	fflush(stderr);
	c->kept = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(c->file), STDERR_FILENO), STDERR_FILENO);
	kb_progress_begin(p);
	assert_false(p->enabled);
	p->enabled = true;
	p->drawn_ns = 0;
}

static void assert_drawn(struct capture *c, const char *wanted)
{
	char text[200];
	ssize_t got;

	fflush(stderr);
	assert_int_equal(dup2(c->kept, STDERR_FILENO), STDERR_FILENO);
	close(c->kept);
	got = pread(fileno(c->file), text, sizeof(text) - 1, 0);
	assert_true(got >= 0);
	text[got] = '\0';
	fclose(c->file);
	assert_string_equal(text, wanted);
}

static void test_kb_progress__steps(void **state)
{
	struct kb_progress p;
	struct capture c;

	(void)state;
	begin(&c, &p);
	p.total = 4;
	p.done = 1;
	kb_progress_step(&p, "count", "kheap");
	p.drawn_ns = 0;
	kb_progress_tick(&p, 1, 2);
	kb_progress_end(&p);
	assert_drawn(&c, "\r\033[K 25%  count  kheap\r\033[K 38%  count  "
			 "kheap\r\033[K");
}

/* What turns out to be more work than thought does not move; parts follow one
 * another; 100% comes at the end, once. */
static void test_kb_progress__never_goes_back(void **state)
{
	struct kb_progress p;
	struct capture c;

	(void)state;
	begin(&c, &p);
	kb_progress_part(&p, 0, 0.5);
	p.total = 4;
	p.done = 2;
	kb_progress_step(&p, "a", "b");
	p.total = 10;
	kb_progress_step(&p, "a", "b");
	kb_progress_part(&p, 0.5, 1);
	p.total = p.done = 3;
	kb_progress_step(&p, "a", "b");
	kb_progress_finish(&p);
	assert_drawn(&c, "\r\033[K 25%  a  b\r\033[K 25%  a  b"
			 "\r\033[K 99%  a  b\r\033[K100%  \r\033[K");
}

static void test_kb_progress__events(void **state)
{
	struct kb_progress p;
	struct capture c;

	(void)state;
	begin(&c, &p);
	kb_progress_events(&p, 50, 200, 1234567);
	p.drawn_ns = 0;
	/* A pipe's length is not known. */
	kb_progress_events(&p, 1500000, 0, 8);
	kb_progress_end(&p);
	kb_progress_end(&p);
	assert_drawn(&c, "\r\033[K 25%  1,234,567 events"
			 "\r\033[K1.5 MB  8 events\r\033[K");
}

/* Neither where nobody sees it, nor with --quiet. What was never drawn is not
 * wiped. */
static void test_kb_progress__draws_nothing(void **state)
{
	struct kb_progress p;
	struct capture c;

	(void)state;
	begin(&c, &p);
	kb_progress_hush(&p);
	kb_progress_step(&p, "count", "kheap");
	kb_progress_tick(&p, 1, 2);
	kb_progress_events(&p, 1, 2, 3);
	kb_progress_end(&p);
	assert_drawn(&c, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_progress__steps),
		cmocka_unit_test(test_kb_progress__never_goes_back),
		cmocka_unit_test(test_kb_progress__events),
		cmocka_unit_test(test_kb_progress__draws_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
