/*
 * bench show for plugins: where the live objects are, as a process of its own says.
 * What cannot be known of real memory is tested with simulated addresses.
 */
#include "cli.h"

#include <string.h>

#define SEED   "$BENCH show --trace $TRACES/seed-example.trc --alloc plugin:./"
#define WINDOW SEED "faulty_window.so"

/* A sanitizer's own handlers would turn a crash into an exit. */
#define NO_HANDLERS "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0 "

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* An 8 KiB object, two of 4 KiB, and nothing else. */
static void test_bench_places__live_objects(void **state)
{
	struct cli *c = *state;
	const json_t *document, *object;

	cli_link_plugins(c);
	cli_sh(c, WINDOW " --at 3");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_holds(c->out,
		  "seed-example.trc after 3 of 5 events, "
		  "plugin:./faulty_window.so: 3 live, 16.4 kB requested\n");
	cli_holds(c->out, "║ 0xF0000000  ███◆············");
	cli_holds(c->out, "0xF0000000         8,192 bytes, event 0 ");
	cli_holds(c->out, "0xF0003000         4,096 bytes, event 2 ");
	cli_holds(c->out, "THE LAST EVENT: NUMBER 2 ");
	cli_holds(c->out, "kmalloc(4096) from kmalloc_example+0x38 ");
	cli_holds(c->out, "Return 0xF0003000 ");
	cli_sh(c, WINDOW " --at 4 --json -");
	cli_expect(c, 0);
	document = cli_json(c);
	assert_int_equal(json_array_size(json_object_get(document, "objects")),
			 2);
	object = json_array_get(json_object_get(document, "objects"), 1);
	assert_int_equal(number_of(object, "address"), 0xF0003000);
	assert_int_equal(number_of(object, "size"), 4096);
	assert_int_equal(number_of(object, "event"), 2);
	assert_int_equal(number_of(document, "after"), 4);
	assert_string_equal(text_of(document, "op"), "free");
	assert_int_equal(number_of(document, "address"), 0xF0000000);
	assert_null(json_object_get(document, "failure"));
}

/* All live objects of a long trace, ascending; the map fits the screen. */
static void test_bench_places__of_a_long_trace(void **state)
{
	struct cli *c = *state;
	const json_t *objects;
	json_int_t last = 0;
	size_t lines = 0;

	cli_link_plugins(c);
	cli_sh(c, "$BENCH show --trace $TRACES/boot.trc --at 20000 --json - "
		  "--alloc plugin:./faulty_window.so");
	cli_expect(c, 0);
	objects = json_object_get(cli_json(c), "objects");
	assert_int_equal(json_array_size(objects), 3674);
	for (size_t i = 0; i < json_array_size(objects); i++) {
		const json_t *object = json_array_get(objects, i);

		assert_true(number_of(object, "address") > last);
		last = number_of(object, "address");
	}
	cli_sh(c, "$BENCH show --trace $TRACES/boot.trc --at 20000 --alloc "
		  "plugin:./faulty_window.so");
	cli_expect(c, 0);
	cli_holds(c->out, "(a sign is 64 KiB)");
	cli_holds(c->out, "… (3,664 more)");
	for (const char *at = c->out; (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 20, 44);
}

/* The heap as it was, the event, and what is wrong. */
static void test_bench_places__a_fault(void **state)
{
	struct cli *c = *state;
	const json_t *document, *failure;

	cli_link_plugins(c);
	cli_sh(c, WINDOW ",fault=twice");
	cli_expect(c, 5);
	assert_string_equal(c->err, "");
	cli_holds(c->out, "after 1 of 5 events");
	cli_holds(c->out, "║ 0xF0000000  ◆█··");
	cli_holds(c->out, "WRONG: EVENT 1 ");
	cli_holds(c->out, "Return 0xF0000000 ");
	cli_holds(c->out, "overlap: the address is handed out twice ");
	cli_sh(c, NO_HANDLERS WINDOW ",fault=free-crash --json -");
	cli_expect(c, 5);
	document = cli_json(c);
	failure = json_object_get(document, "failure");
	assert_int_equal(number_of(document, "after"), 3);
	assert_int_equal(json_array_size(json_object_get(document, "objects")),
			 3);
	assert_int_equal(number_of(document, "address"), 0xF0000000);
	assert_string_equal(text_of(failure, "kind"), "crash");
	assert_int_equal(number_of(failure, "event"), 3);
	/* A later fault is not looked for. */
	cli_sh(c, NO_HANDLERS WINDOW ",fault=free-crash --at 3");
	cli_expect(c, 0);
	cli_sh(c, NO_HANDLERS WINDOW ",fault=fini-crash");
	cli_expect(c, 5);
	cli_holds(c->out, "after 5 of 5 events");
	cli_holds(c->out, "WRONG: AFTER THE LAST EVENT ");
}

static void test_bench_places__an_alloc_that_failed(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, WINDOW ",fault=full --at 3");
	cli_expect(c, 0);
	cli_holds(c->out, "No object is live.");
	cli_holds(c->out, "3 more have no memory: kmalloc returned 0");
	cli_holds(c->out, "Return 0x00000000");
}

static void test_bench_places__before_the_first_event(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, WINDOW ",fault=twice --at 0");
	cli_expect(c, 0);
	cli_holds(c->out, "after 0 of 5 events");
	cli_holds(c->out, "No object is live.");
	cli_holds(c->out, "None yet.");
}

/* A page is a cell; the object's name is nobody's markup. */
static void test_bench_places__a_picture(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "ln -s faulty_window.so '<b>.so' && $BENCH show --trace "
		  "$TRACES/seed-example.trc --at 3 --svg p.svg --alloc "
		  "'plugin:./<b>.so' && cat p.svg");
	cli_expect(c, 0);
	cli_holds(c->out, "plugin:./&lt;b&gt;.so");
	assert_null(strstr(c->out, "<b>"));
	cli_sh(c, "grep -c 'class=\"node\"' p.svg; grep -c 'class=\"mark\"' "
		  "p.svg; tail -n 1 p.svg");
	assert_string_equal(c->out, "4\n1\n</svg>\n");
}

static void test_bench_places__refuses(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, WINDOW " --at 6");
	cli_refused(c, 2, "has 5 events", "after 6");
	cli_sh(c, WINDOW " --step");
	cli_refused(c, 2, "--step", "rows", "--at");
	cli_sh(c, WINDOW " --html p.html");
	cli_refused(c, 2, "process of its own");
	cli_sh(c, SEED "absent.so");
	cli_refused(c, 2, "absent.so", "No such file");
	cli_sh(c, WINDOW ",fault=init-status");
	cli_refused(c, 5, "its init returned 7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_places__live_objects),
		cli_test(test_bench_places__of_a_long_trace),
		cli_test(test_bench_places__a_fault),
		cli_test(test_bench_places__an_alloc_that_failed),
		cli_test(test_bench_places__before_the_first_event),
		cli_test(test_bench_places__a_picture),
		cli_test(test_bench_places__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
