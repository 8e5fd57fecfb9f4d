/*
 * bench smp: what it prints and writes, by the contract, and what it refuses.
 */
#include "cli.h"

#include "kb_bits.h"

#include <string.h>

#define CONSTANT                                                   \
	"echo '{\"fixed_ps\":{\"kmalloc\":84000,\"kfree\":84000}," \
	"\"handoff_ps\":307000}' >costs; "

static const json_t *result_of(struct cli *c, size_t i)
{
	return json_array_get(json_object_get(cli_json(c), "results"), i);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void test_bench_smp__json_has_what_the_contract_says(void **state)
{
	struct cli *c = *state;
	const json_t *r;

	cli_sh(c, CONSTANT
	       "$BENCH smp --trace $TRACES/debian-boot.trc --alloc kheap-fast "
	       "--cpus 2 --speed max,2.5 --costs costs --json -");
	cli_expect(c, 0);
	assert_non_null(json_object_get(cli_json(c), "context"));
	r = result_of(c, 0);
	assert_string_equal(text_of(r, "trace"), "debian-boot.trc");
	assert_string_equal(text_of(r, "allocator"), "kheap-fast");
	assert_string_equal(text_of(r, "speed"), "max");
	assert_string_equal(text_of(r, "lock"), "ticket");
	assert_int_equal(json_integer_value(json_object_get(r, "cpus")), 2);
	assert_int_equal(json_integer_value(json_object_get(r, "magazines")),
			 0);
	assert_true(json_is_null(json_object_get(r, "headroom")));
	assert_int_equal(cli_counter(r, "makespan_ps"), 20567364000);
	assert_int_equal(cli_counter(r, "lock_waits"), 40145);
	assert_int_equal(cli_counter(r, "lock_wait_max_ps"), 391000);
	/* The heap's own are there too. */
	assert_in_range(cli_counter(r, "pages_peak"), 15000, 15707);
	r = result_of(c, 1);
	assert_true(json_real_value(json_object_get(r, "speed")) == 2.5);
}

/* The same bytes, whatever the run; and with the heap's keys as with options. */
static void test_bench_smp__bytes_do_not_change(void **state)
{
	struct cli *c = *state;

	cli_sh(c,
	       "run='$BENCH smp --trace $TRACES/boot.trc --cpus 1,3 --speed "
	       "10'; eval \"$run --alloc "
	       "kheap,blocks+kheap,slab+kheap,buddy,bitmap,vmem "
	       "--json a\" >x && eval \"$run --alloc "
	       "kheap,blocks+kheap,slab+kheap,buddy,bitmap,vmem --json b\" >y "
	       "&& cmp a b "
	       "&& cmp x y && "
	       "eval \"$run --alloc kheap --magazines 8 --json -\" | grep -v "
	       "allocator >m && "
	       "eval \"$run --alloc kheap:lock=mcs,magazines=8 --json -\" | "
	       "grep -v allocator | sed s/mcs/ticket/ >k && "
	       "grep -v kheap m >m2; grep -v kheap k >k2; cmp m2 k2");
	cli_expect(c, 0);
}

static void test_bench_smp__folder_has_table_data_and_figures(void **state)
{
	static const char *const files[] = { "o/smp.json", "o/smp.tsv",
					     "o/smp-speedup.tsv",
					     "o/smp-waits.tsv", "o/table.txt" };
	struct cli *c = *state;

	cli_sh(c, "$BENCH smp --trace $TRACES/boot.trc --alloc kheap-fast "
		  "--cpus 1,2 --headroom --speed 100 --out o");
	cli_expect(c, 0);
	cli_holds(c->out, "headroom");
	cli_holds(c->out, "times the recorded load");
	for (size_t i = 0; i < KB_ARRAY_LEN(files); i++)
		assert_true(cli_exists(files[i]));
	cli_sh(c, "head -n 1 o/smp.tsv | tr '\\t' '\\n' | grep -c .");
	assert_string_equal(c->out, "27\n");
}

static void test_bench_smp__threads(void **state)
{
	struct cli *c = *state;
	const json_t *r;

	cli_sh(c, "$BENCH smp --threads --trace $TRACES/boot.trc --cpus 1 "
		  "--alloc kheap-fast:lock=mcs,magazines=4,null --json -");
	cli_expect(c, 0);
	r = result_of(c, 0);
	assert_string_equal(text_of(r, "engine"), "threads");
	assert_string_equal(text_of(r, "lock"), "mcs");
	assert_int_equal(json_integer_value(json_object_get(r, "magazines")),
			 4);
	assert_true(json_is_number(json_object_get(r, "ns_per_event")));
	assert_true(json_is_object(json_object_get(r, "wait")));
	assert_true(json_is_object(json_object_get(r, "work")));
	assert_true(json_is_true(json_object_get(r, "verified")));
	assert_int_equal(cli_counter(r, "lock_acquisitions") +
				 cli_counter(r, "magazine_hits"),
			 31619);
	assert_string_equal(text_of(result_of(c, 1), "lock"), "own");
}

static void test_bench_smp__no_events_no_times_many_cpus(void **state)
{
	struct cli *c = *state;

	/* One that is empty; one of ticks, with CPUs far apart, in a window too
	 * small, whose clock goes back. */
	cli_sh(c, "echo time_ticks,cpu,comm,pid,kind,slot,size,granted,site,"
		  "module >c; $TRC import --quiet --allow-empty c e.trc && "
		  "for e in 7,4095,,,alloc,0,8,8 5,65535,,,alloc,1,9000,9000 "
		  "5,4095,,,free,1,,; do echo $e,,; done >>c; "
		  "$TRC import --quiet c t.trc && "
		  "$BENCH smp --trace e.trc --cpus 1,64 --alloc kheap --json - "
		  ">e && $BENCH smp --trace t.trc --cpus 1,2,3 --speed 1 "
		  "--alloc kheap --heap-pages 1 --costs costs --json -");
	cli_expect(c, 2);
	cli_sh(c, CONSTANT
	       "$BENCH smp --trace t.trc --cpus 2 --speed 1 --alloc kheap "
	       "--heap-pages 1 --costs costs --json -");
	cli_expect(c, 0);
	assert_int_equal(cli_counter(result_of(c, 0), "failed_allocs"), 1);
	assert_int_equal(cli_counter(result_of(c, 0), "skipped_frees"), 1);
	assert_int_equal(cli_counter(result_of(c, 0), "cross_cpu_frees"), 0);
	cli_sh(c, "$BENCH smp --trace t.trc --cpus 2 --alloc kheap");
	cli_holds(c->out, "ticks of unknown length");
}

static void refuse_costs(struct cli *c, const char *json, const char *words)
{
	cli_sh(c,
	       "echo '%s' >costs; $BENCH smp --trace $TRACES/seed-example.trc "
	       "--costs costs",
	       json);
	cli_refused(c, 2, "costs", words);
}

static void test_bench_smp__bad_costs(void **state)
{
	struct cli *c = *state;

	refuse_costs(c, "{\"per_ps\":{\"node_visited\":1}}", "nodes_visited");
	refuse_costs(c, "{\"per_ps\":{\"nodes_visited\":1.5}}", "whole number");
	refuse_costs(c, "{\"handoff_ps\":-1}", "whole number");
	refuse_costs(c, "{\"fixed_ps\":{\"malloc\":1}}", "kmalloc");
	refuse_costs(c, "{\"fixed_ps\":3}", "object");
	refuse_costs(c, "{\"handover_ps\":1}", "handoff_ps");
	refuse_costs(c, "[]", "object");
	refuse_costs(c, "{", "JSON");
	cli_sh(c, "$BENCH smp --trace $TRACES/seed-example.trc --costs none");
	cli_refused(c, 2, "none");
	cli_sh(c, "mkdir f; echo '{\"results\":[]}' >f/results.json; "
		  "$BENCH smp --trace $TRACES/seed-example.trc --costs f");
	cli_refused(c, 2, "no cost model of kheap");
}

/* A results folder's model, rounded half up to ps. */
static void test_bench_smp__costs_of_a_results_folder(void **state)
{
	struct cli *c = *state;
	const json_t *costs;

	cli_sh(c,
	       "mkdir f; echo '{\"results\":[{\"allocator\":\"kheap\","
	       "\"cost_model\":{\"kfree\":{\"base_ns\":20.0625,"
	       "\"ns_per_node\":1.5003,\"r2\":0.9}}}]}' >f/results.json; "
	       "$BENCH smp --trace $TRACES/seed-example.trc --cpus 1 --alloc "
	       "kheap --costs f --json -");
	cli_expect(c, 0);
	costs = json_object_get(
		json_object_get(json_object_get(cli_json(c), "context"),
				"costs"),
		"kheap");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(costs, "fixed_ps"), "kfree")),
			 20063);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(costs, "per_ps"), "nodes_visited")),
		1500);
}

static void test_bench_smp__refusals(void **state)
{
	static const struct {
		const char *options;
		int status;
		const char *words;
	} bad[] = {
		{ "--cpus 0", 2, "--cpus" },
		{ "--cpus 1,,2", 2, "--cpus" },
		{ "--cpus 5000", 2, "4096" },
		{ "--speed 0", 2, "--speed" },
		{ "--speed 1.0001", 2, "--speed" },
		{ "--speed 1,fast", 2, "fast" },
		{ "--magazines 600000", 2, "--magazines" },
		{ "--lock spin", 2, "spin" },
		{ "--lock tas", 2, "--threads" },
		{ "--alloc glibc", 2, "cannot be simulated" },
		{ "--alloc bump --threads --cpus 1", 2, "cannot be shared" },
		{ "--threads --cpus 4096", 4, "CPU for each thread" },
		{ "--threads --headroom", 2, "--headroom" },
		{ "--stagger -1", 2, "--stagger" },
		{ "--speed 0.001 --stagger 9000000000000000000 --cpus 2", 2,
		  "2^63 ps" },
	};
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(bad); i++) {
		cli_sh(c, "$BENCH smp --trace $TRACES/seed-example.trc %s",
		       bad[i].options);
		cli_refused(c, bad[i].status, bad[i].words);
	}
	cli_sh(c, "$BENCH smp");
	cli_refused(c, 2, "--trace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_smp__json_has_what_the_contract_says),
		cli_test(test_bench_smp__bytes_do_not_change),
		cli_test(test_bench_smp__folder_has_table_data_and_figures),
		cli_test(test_bench_smp__threads),
		cli_test(test_bench_smp__no_events_no_times_many_cpus),
		cli_test(test_bench_smp__bad_costs),
		cli_test(test_bench_smp__costs_of_a_results_folder),
		cli_test(test_bench_smp__refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
