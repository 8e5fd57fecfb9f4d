/*
 * Libraries of production allocators that another machine has in another version,
 * in pieces, or not at all (libraries/).
 */
#include "cli.h"

#include "kb_bits.h"

#include <string.h>

#define SEED "--trace $TRACES/seed-example.trc"
#define RUN  SEED " --pass verify,count --out none"

/* The machine has what is in that folder besides its own. */
#define HAS(folder) "LD_LIBRARY_PATH='" KB_LIBRARIES "/" folder "' "

/* It has no libraries whose names begin with these words. gcc's address sanitizer
 * wants to be the first library there is. */
#define LACKS(words)                                           \
	"ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS " \
	"LD_PRELOAD='" KB_LIBRARIES "/hide/hide.so' "          \
	"HIDDEN='" words "' "

#define NO_MIMALLOC                              \
	"not installed (no libmimalloc.so.3 or " \
	"libmimalloc.so.2); install libmimalloc3 or libmimalloc2.0"
#define NO_TCMALLOC                                     \
	"not installed (no libtcmalloc_minimal.so.4); " \
	"install libtcmalloc-minimal4t64 or libtcmalloc-minimal4"

/* Allocators that the default list has besides mimalloc and tcmalloc. */
#define OTHERS 9

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static const json_t *context_of(const json_t *document, const char *key)
{
	const json_t *value =
		json_object_get(json_object_get(document, "context"), key);

	assert_non_null(value);
	return value;
}

static void test_bench_libraries__absent_defaults_are_skipped(void **state)
{
	struct cli *c = *state;
	const json_t *skipped, *document;

	cli_sh(c, LACKS("libmimalloc libtcmalloc") "$BENCH " RUN " --json -");
	cli_expect(c, 0);
	assert_string_equal(c->err,
			    "bench: mimalloc is skipped: " NO_MIMALLOC
			    "\nbench: tcmalloc is skipped: " NO_TCMALLOC "\n");
	document = cli_json(c);
	assert_int_equal(json_array_size(json_object_get(document, "results")),
			 OTHERS);
	cli_cell(document, "seed-example.trc", "jemalloc:round=page");
	skipped = context_of(document, "allocators_skipped");
	assert_int_equal(json_array_size(skipped), 2);
	assert_string_equal(text_of(json_array_get(skipped, 0), "allocator"),
			    "mimalloc");
	assert_string_equal(text_of(json_array_get(skipped, 0), "reason"),
			    NO_MIMALLOC);
	assert_string_equal(text_of(json_array_get(skipped, 1), "reason"),
			    NO_TCMALLOC);
}

static void test_bench_libraries__one_absent_default(void **state)
{
	struct cli *c = *state;
	const json_t *document;

	cli_sh(c, LACKS("libtcmalloc") HAS("whole") "$BENCH " RUN " --json -");
	cli_expect(c, 0);
	assert_string_equal(c->err,
			    "bench: tcmalloc is skipped: " NO_TCMALLOC "\n");
	document = cli_json(c);
	cli_cell(document, "seed-example.trc", "mimalloc");
	assert_int_equal(json_array_size(json_object_get(document, "results")),
			 OTHERS + 1);
}

static void test_bench_libraries__all_defaults_are_there(void **state)
{
	struct cli *c = *state;
	const json_t *document;

	cli_sh(c, HAS("whole") "$BENCH " RUN " --json -");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	document = cli_json(c);
	cli_cell(document, "seed-example.trc", "mimalloc");
	cli_cell(document, "seed-example.trc", "tcmalloc");
	assert_int_equal(
		json_array_size(context_of(document, "allocators_skipped")), 0);
	assert_string_equal(
		text_of(context_of(document, "allocator_versions"), "mimalloc"),
		"3.0.1");
}

/* What is asked for by name is never skipped, and nothing is run without it. */
static void test_bench_libraries__absent_by_name_is_an_error(void **state)
{
	static const char *const commands[] = {
		"--pass count --alloc kheap,mimalloc:sized=1,null --out none",
		"--micro --alloc mimalloc:sized=1",
		"fit --alloc mimalloc:sized=1",
		"sites --alloc mimalloc:sized=1",
		"show --alloc mimalloc:sized=1",
		"gate --alloc mimalloc:sized=1",
		"bless --reason x --alloc mimalloc:sized=1",
		"compare $BENCH $BENCH --alloc mimalloc:sized=1",
		"compare $BENCH $BENCH --versus mimalloc:sized=1",
	};
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(commands); i++) {
		cli_sh(c, LACKS("libmimalloc") "$BENCH %s " SEED, commands[i]);
		cli_refused(c, 4, "mimalloc", NO_MIMALLOC);
	}
	assert_int_equal(cli_files(), 0);
	cli_sh(c, LACKS("libtcmalloc") "$BENCH --alloc tcmalloc " RUN);
	cli_refused(c, 4, "tcmalloc: " NO_TCMALLOC);
}

static void test_bench_libraries__list_shows_available_allocators(void **state)
{
	struct cli *c = *state;

	cli_sh(c, LACKS("libmimalloc libtcmalloc") "$BENCH --list");
	cli_expect(c, 0);
	cli_holds(c->out, "process's own, " NO_MIMALLOC "\n");
	cli_holds(c->out, "process's own, " NO_TCMALLOC "\n");
	cli_sh(c, HAS("whole") "$BENCH --list");
	cli_expect(c, 0);
	cli_holds(c->out, "process's own, 3.0.1\n");
	cli_holds(c->out, "process's own, other 1.0\n");
	/* Since the numbers have two digits for each part. */
	cli_sh(c, HAS("long") "$BENCH --list");
	cli_holds(c->out, "process's own, 3.2.3\n");
}

/* Of two versions the newer one, if it will do. */
static void test_bench_libraries__another_version_may_work(void **state)
{
	struct cli *c = *state;

	cli_sh(c, HAS("both") "$BENCH --list");
	cli_expect(c, 0);
	cli_holds(c->out, "process's own, 2.1.7\n");
	cli_sh(c, HAS("both") "$BENCH --alloc mimalloc " RUN);
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
}

static void test_bench_libraries__advice_is_right_for_the_cause(void **state)
{
	struct cli *c = *state;

	cli_sh(c, KB_LINES(
		LACKS("libmimalloc.so.2")
		HAS("lacking")
		"$BENCH --alloc mimalloc " RUN));
	cli_refused(c, 4,
		    "mimalloc: " KB_LIBRARIES "/lacking/libmimalloc.so.3 has "
		    "no mi_free_size, so its version is too old or too new; "
		    "use the one in libmimalloc3 or libmimalloc2.0");
	/* It is there; another is not, and installing it again brings that. */
	cli_sh(c, KB_LINES(
		LACKS("libmimalloc.so.2")
		HAS("needs")
		"$BENCH --alloc mimalloc " RUN));
	cli_refused(c, 4, "mimalloc: cannot be loaded: libother_gone.so: ",
		    "; repair it, or reinstall libmimalloc3 or ");
	cli_sh(c, KB_LINES(
		"echo x >libmimalloc.so.3; "
		LACKS("libmimalloc.so.2")
		"LD_LIBRARY_PATH=. $BENCH "
		"--alloc mimalloc " RUN));
	cli_refused(c, 4, "mimalloc: cannot be loaded: ",
		    "libmimalloc.so.3: file too short; repair it, or ");
}

/* tcmalloc's alignment on other machines has been provided for (the library in
 * "whole" has it); more bytes than there is room for is a matter of a setting. */
static void test_bench_libraries__static_thread_locals(void **state)
{
	struct cli *c = *state;

	cli_sh(c, HAS("whole") "$BENCH --alloc tcmalloc " RUN);
	cli_expect(c, 0);
	cli_sh(c, HAS("large") "$BENCH --alloc tcmalloc " RUN);
	cli_refused(c, 4, "tcmalloc: cannot be loaded: ", "static TLS",
		    "; make room with "
		    "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384");
	cli_sh(c,
	       KB_LINES(
		"GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384 "
		HAS("large")
		"$BENCH --alloc tcmalloc " RUN));
	cli_expect(c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_libraries__absent_defaults_are_skipped),
		cli_test(test_bench_libraries__one_absent_default),
		cli_test(test_bench_libraries__all_defaults_are_there),
		cli_test(test_bench_libraries__absent_by_name_is_an_error),
		cli_test(test_bench_libraries__list_shows_available_allocators),
		cli_test(test_bench_libraries__another_version_may_work),
		cli_test(test_bench_libraries__advice_is_right_for_the_cause),
		cli_test(test_bench_libraries__static_thread_locals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
