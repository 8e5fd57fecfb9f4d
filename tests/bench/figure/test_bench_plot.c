/*
 * bench plot: figures of a results folder, anew or in the terminal.
 */
#include "cli.h"
#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

#define RUN                                                                   \
	"$BENCH --trace $TRACES/seed-example.trc --alloc kheap --pass count " \
	"--no-plots --out r >out && "

/* Where gnuplot is missing there is nothing to try. */
static void need_gnuplot(struct cli *c)
{
	cli_sh(c, "command -v gnuplot");
	if (c->status != 0)
		skip();
}

static size_t widest(const char *text)
{
	size_t columns = 0, most = 0;

	for (; *text; text++) {
		if (*text == '\n')
			columns = 0;
		else
			columns += ((unsigned char)*text & 0xC0) != 0x80 &&
				   *text != '\f' && *text != '\r';
		most = columns > most ? columns : most;
	}
	return most;
}

static void test_bench_plot__in_letters(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN "$BENCH plot --term r lookup-nodes");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_holds(c->out, "Nodes compared per lookup");
	cli_holds(c->out, "seed-example.trc · 5 events · 3 objects");
	cli_holds(c->out, "*G* kheap");
	assert_int_equal(widest(c->out), 80);
	cli_on_terminal(c, 100, "$BENCH plot --term r lookup-nodes");
	cli_expect(c, 0);
	assert_int_equal(widest(c->out), 100);
	cli_on_terminal(c, 59, "$BENCH plot --term r lookup-nodes");
	cli_expect(c, 2);
	cli_holds(c->out, "this terminal has 59 columns");
}

static void test_bench_plot__in_sixels(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN "$BENCH plot --sixel r lookup-nodes");
	cli_expect(c, 0);
	assert_memory_equal(c->out, "\033P", 2);
}

static void test_bench_plot__redraws_everything(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN "$BENCH plot r");
	cli_expect(c, 0);
	assert_true(cli_exists("r/figures/lookup-nodes.svg"));
	assert_true(cli_exists("r/figures/timeline.png"));
	assert_false(cli_exists("r/figures/timeline.pdf"));
	cli_sh(c, "$BENCH plot --pdf r");
	cli_expect(c, 0);
	assert_true(cli_exists("r/figures/timeline.pdf"));
}

/* Expect: the figure that cannot be drawn is named, and the others are drawn. */
static void test_bench_plot__goes_on_after_a_failure(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN ": >r/lookup-nodes.tsv; $BENCH plot r");
	cli_expect(c, 2);
	cli_holds(c->err, "could not draw 'r/lookup-nodes.tsv'");
	assert_false(cli_exists("r/figures/lookup-nodes.svg"));
	assert_true(cli_exists("r/figures/timeline.svg"));
	assert_true(cli_exists("r/figures/sizes.png"));
}

/* Expect: of a figure whose PNG cannot be drawn there is the SVG. */
static void test_bench_plot__keeps_what_was_drawn(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	/* It is not told of the second picture, and fails. */
	cli_sh(c, RUN "mkdir half && { echo '#!/bin/sh';"
		      " echo \"real=$(command -v gnuplot)\";"
		      " echo '$real \"$1\" \"$2\" \"$3\" \"$4\" \"$5\" \"$6\""
		      " \"$7\"';"
		      " echo 'exit 1'; } >half/gnuplot &&"
		      " chmod +x half/gnuplot");
	cli_expect(c, 0);
	cli_sh(c, "PATH=$PWD/half:$PATH $BENCH plot r");
	cli_expect(c, 2);
	cli_holds(c->err, "could not draw");
	assert_true(cli_exists("r/figures/timeline.svg"));
	assert_false(cli_exists("r/figures/timeline.png"));
}

/* Expect: what gnuplot would run, expand or split is a folder's name like any
 * other. */
static void test_bench_plot__a_name_is_only_a_name(void **state)
{
	static const char *const names[] = {
		"< touch owned;",
		"|touch owned;",
		"~",
		"-",
		"'\"`touch owned`$(touch owned)",
	};
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN "true");
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		setenv("NAME", names[i], 1);
		cli_sh(c, "cp -r r \"./$NAME\" && $BENCH plot -- \"$NAME\"");
		cli_expect(c, 0);
		assert_string_equal(c->err, "");
		cli_sh(c, "test -s \"./$NAME/figures/rows.svg\"");
		cli_expect(c, 0);
		cli_sh(c, "$BENCH plot --term -- \"$NAME\" lookup-nodes");
		cli_expect(c, 0);
		cli_holds(c->out, "Nodes compared per lookup");
	}
	unsetenv("NAME");
	assert_false(cli_exists("owned"));
}

/* Expect: neither init files nor the environment reach a picture. */
static void test_bench_plot__depends_on_no_settings(void **state)
{
	struct cli *c = *state;

	need_gnuplot(c);
	cli_sh(c, RUN "$BENCH plot r && mv r/figures plain && mkdir home && "
		      "echo 'set print \"leak\"; print 1; set samples 7; set "
		      "encoding iso_8859_1' >home/.gnuplot && cp home/.gnuplot "
		      "home/.gnuplotrc");
	cli_expect(c, 0);
	cli_sh(c, "HOME=$PWD/home GNUPLOT_LIB=$PWD/home GNUTERM=dumb "
		  "GDFONTPATH=/ GNUPLOT_DEFAULT_GDFONT=none LC_ALL=C "
		  "$BENCH plot r && diff -r r/figures plain");
	cli_expect(c, 0);
	assert_false(cli_exists("leak"));
}

static void test_bench_plot__refuses(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH plot");
	cli_refused(c, 2, "missing operand 'RESULTS'", "'bench plot --help'");
	cli_sh(c, "$BENCH plot absent");
	cli_refused(c, 2, "absent", "No such file");
	cli_sh(c, "$BENCH plot --term r");
	cli_refused(c, 2, "--term", "figure");
	cli_sh(c, "$BENCH plot --term r lookup-node");
	cli_refused(c, 2, "did you mean 'lookup-nodes'");
	cli_sh(c, "mkdir r; $BENCH plot --term r throughput");
	cli_refused(c, 2, "r/throughput.tsv", "No such file");
	cli_sh(c, "$BENCH plot --pdf --term r timeline");
	cli_refused(c, 2, "--pdf");
	cli_sh(c, "$BENCH plot --big r");
	cli_refused(c, 2, "--big", "--help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_plot__in_letters),
		cli_test(test_bench_plot__in_sixels),
		cli_test(test_bench_plot__redraws_everything),
		cli_test(test_bench_plot__goes_on_after_a_failure),
		cli_test(test_bench_plot__keeps_what_was_drawn),
		cli_test(test_bench_plot__a_name_is_only_a_name),
		cli_test(test_bench_plot__depends_on_no_settings),
		cli_test(test_bench_plot__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
