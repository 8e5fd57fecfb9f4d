/*
 * bench as a whole: runs of which some figures have nothing to draw are good runs.
 */
#include "cli.h"
#include "kb_bits.h"

#include <stdio.h>
#include <string.h>

#define HEAD	  "time_ns,cpu,comm,pid,kind,slot,size,granted,site,module,context\n"
#define ALLOC(at) #at ",0,init,1,alloc," #at ",4096,4096,f+0x10,,task\n"
#define EMPTY(at) #at ",0,init,1,alloc," #at ",0,0,f+0x10,,task\n"
#define FREE(at)  "9,0,init,1,free," #at ",,,g+0x10,,task\n"

static const struct {
	const char *name;
	const char *text;
} recordings[] = {
	{ "one", HEAD ALLOC(1) },
	{ "nofrees", HEAD ALLOC(1) ALLOC(2) ALLOC(3) },
	{ "zero", HEAD EMPTY(1) EMPTY(2) FREE(1) FREE(2) },
	{ "zero-nofrees", HEAD EMPTY(1) },
	{ "noallocs", HEAD FREE(1) },
	{ "empty", HEAD },
};

/* Makes NAME.trc. */
static void make(struct cli *c, const char *name, const char *text)
{
	FILE *f = fopen("recording.csv", "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	cli_sh(c, "$TRC import --allow-empty --quiet recording.csv %s.trc",
	       name);
	cli_expect(c, 0);
}

static void is_good(struct cli *c, const char *trace, const char *arguments)
{
	cli_sh(c, "rm -rf o; $FAKE_TIME_BENCH --quick --trace %s --out o %s",
	       trace, arguments);
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	assert_true(cli_exists("o/report.html"));
	/* No figure shows the histograms. */
	cli_sh(c, "rm o/lookup-histograms.tsv; "
		  "for tsv in o/*.tsv; do name=${tsv%%.tsv}; "
		  "test -s o/figures/${name#o/}.svg || echo $tsv; done");
	assert_string_equal(c->out, "");
}

static void with_figures(struct cli *c)
{
	cli_sh(c, "command -v gnuplot");
	if (c->status != 0)
		skip();
}

static void test_bench_plain__nothing_is_mapped(void **state)
{
	struct cli *c = *state;

	with_figures(c);
	is_good(c, "$TRACES/seed-example.trc", "--alloc null --pass count");
}

/* One event, no frees, no allocs, nothing but objects of no size. */
static void test_bench_plain__hardly_any_trace(void **state)
{
	struct cli *c = *state;
	char trace[64];

	with_figures(c);
	for (size_t i = 0; i < KB_ARRAY_LEN(recordings); i++) {
		make(c, recordings[i].name, recordings[i].text);
		snprintf(trace, sizeof(trace), "%s.trc", recordings[i].name);
		is_good(c, trace, "--alloc null,kheap");
	}
	is_good(c, "zero-nofrees.trc", "--alloc null --pass count");
	is_good(c, "empty.trc", "--alloc kheap --pass verify,count");
}

/* Nothing is measured, which is said once, and gnuplot has no part in it. */
static void test_bench_plain__every_cell_failed(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "$FAKE_TIME_BENCH --quick --trace $TRACES/seed-example.trc"
		  " --alloc plugin:./faulty.so,fault=init-crash --out o");
	cli_expect(c, 5);
	/* A sanitizer may speak, through the plugin. */
	assert_null(strstr(c->err, "gnuplot"));
	cli_holds(c->out, "FAILED");
	assert_true(cli_exists("o/report.html"));
}

/* The other commands take the same traces. */
static void test_bench_plain__other_commands(void **state)
{
	static const char *const commands[] = {
		"$BENCH show --trace",
		"$BENCH show --at 0 --trace",
		"$BENCH sites --trace",
		"$BENCH fit --trace",
		"$BENCH smp --cpus 1,2 --out s --trace",
		"$TRC stat",
		"$TRC print",
		"$TRC verify",
		"$TRC info",
	};
	struct cli *c = *state;

	with_figures(c);
	for (size_t i = 0; i < KB_ARRAY_LEN(recordings); i++) {
		make(c, recordings[i].name, recordings[i].text);
		for (size_t k = 0; k < KB_ARRAY_LEN(commands); k++) {
			cli_sh(c, "%s %s.trc", commands[k], recordings[i].name);
			cli_expect(c, 0);
			assert_string_equal(c->err, "");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_plain__nothing_is_mapped),
		cli_test(test_bench_plain__hardly_any_trace),
		cli_test(test_bench_plain__every_cell_failed),
		cli_test(test_bench_plain__other_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
