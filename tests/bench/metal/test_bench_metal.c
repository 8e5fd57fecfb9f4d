/*
 * bench metal: the heap on a real MMU, and kernels with a mistake in their paging.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The status by which CTest knows a test that was skipped. */
#define SKIPPED 77

#if KB_METAL

/* Of a touch after the free, and of a live page. */
#define STALE	"a touch after the free does not fault: the TLB has it"
#define KEPT	"a touch after the free does not fault: the PTE is there"
#define PAYLOAD "a page does not hold what was written there"

#define MUTANTS KB_METAL_MUTANTS "/mutant_"

static const json_t *result_of(struct cli *c, const char *path, size_t i)
{
	const json_t *results =
		json_object_get(cli_json_file(c, path), "results");
	const json_t *result = json_array_get(results, i);

	assert_non_null(result);
	return result;
}

static json_int_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void assert_counter(const json_t *result, const char *name,
			   json_int_t value)
{
	const json_t *counter =
		json_object_get(json_object_get(result, "counters"), name);

	assert_int_equal(number(counter, "simulated"), value);
	assert_int_equal(number(counter, "real"), value);
}

static void assert_digest(const json_t *result, const char *expected)
{
	const json_t *digest = json_object_get(result, "digest");

	assert_string_equal(
		json_string_value(json_object_get(digest, "simulated")),
		expected);
	assert_string_equal(json_string_value(json_object_get(digest, "real")),
			    expected);
}

/*
 * Two pages, one, one; then the first two allocations are freed:
 *
 *   one page table, four pages, three of them unmapped
 */
static void test_bench_metal__seed_example(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH metal --trace $TRACES/seed-example.trc --json j");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_holds(c->out, "EQUAL");
	for (size_t i = 0; i < 4; i++) {
		const json_t *result = result_of(c, "j", i);

		assert_true(json_is_true(json_object_get(result, "equal")));
		assert_counter(result, "maps", 4);
		assert_counter(result, "unmaps", 3);
		assert_counter(result, "pte_writes", 7);
		assert_counter(result, "pde_writes", 1);
		assert_counter(result, "tlb_invalidations", 3);
		assert_counter(result, "frames_live", 2);
		assert_counter(result, "frames_peak", 5);
		assert_int_equal(number(result, "accessed_dirty_pairs"), 4);
		assert_int_equal(number(result, "faults_after_free"), 3);
		assert_int_equal(number(result, "stale_accesses"), 0);
		assert_int_equal(number(result, "pairs_compared"), 1);
		assert_digest(result, "8023132ff4f1ce22");
	}
}

/* The committed figures of the boot, which bench gate compares too. */
static void test_bench_metal__recorded_boot(void **state)
{
	static const char *const allocators[] = { "kheap", "kheap:order=head",
						  "kheap:lookup=pte",
						  "kheap-fast" };
	static const json_int_t nodes[] = { 47476579, 387593, 12591, 12591 };
	struct cli *c = *state;

	cli_sh(c, "$BENCH metal --trace $TRACES/boot.trc --json -");
	cli_expect(c, 0);
	for (size_t i = 0; i < 4; i++) {
		const json_t *result = json_array_get(
			json_object_get(cli_json(c), "results"), i);

		assert_string_equal(
			json_string_value(json_object_get(result, "trace")),
			"boot.trc");
		assert_string_equal(
			json_string_value(json_object_get(result, "allocator")),
			allocators[i]);
		assert_counter(result, "nodes_visited", nodes[i]);
		assert_counter(result, "maps", 20062);
		assert_counter(result, "tlb_invalidations", 13380);
		assert_int_equal(number(result, "accessed_dirty_pairs"), 20062);
		assert_int_equal(number(result, "faults_after_free"), 13380);
		assert_int_equal(number(result, "stale_accesses"), 0);
		assert_int_equal(number(result, "pairs_compared"), 6682);
		assert_digest(result,
			      i < 3 ? "b893cb0d9a93d156" : "e6288275896df80c");
	}
}

/* The searches that the counts of the other runs leave out, made for real; and
 * instructions, the same again. */
static void test_bench_metal__same_in_every_run(void **state)
{
	struct cli *c = *state;
	char *first;

	cli_sh(c, "$TRC cut --to 3000 $TRACES/boot.trc t.trc && "
		  "$BENCH metal --trace t.trc --json -");
	cli_expect(c, 0);
	first = strdup(c->out);
	assert_non_null(first);
	cli_holds(first, "\"instructions_per_kfree\"");
	cli_sh(c, "$BENCH metal --trace t.trc --walk --json -");
	cli_expect(c, 0);
	assert_string_equal(c->out, first);
	free(first);
}

/* Each of these must differ and be named. */
static void test_bench_metal__mutants_are_caught(void **state)
{
	static const struct {
		const char *mutant;
		const char *trace;

		/* What is said of kheap and of kheap-fast. */
		const char *named[2];
	} mutants[] = {
		{ "no_invlpg", "t.trc", { STALE, STALE } },
		{ "wrong_invlpg", "t.trc", { STALE, STALE } },
		{ "pte_kept", "t.trc", { KEPT, KEPT } },
		{ "frame_twice", "t.trc", { PAYLOAD, PAYLOAD } },
		{ "table_early",
		  "$TRACES/seed-example.trc",
		  { "page_tables_dropped: simulated 0, real 1",
		    "in a page table that is not there" } },
		{ "read_only",
		  "t.trc",
		  { "a page of a live cluster faults",
		    "a page of a live cluster faults" } },
		{ "user",
		  "t.trc",
		  { "flags 0x063; real frame 1, flags 0x067",
		    "flags 0x263; real frame 1, flags 0x267" } },
	};
	static const char *const heaps[][2] = { { "x86", "kheap" },
						{ "fast", "kheap-fast" } };
	struct cli *c = *state;

	cli_sh(c, "$TRC cut --to 600 $TRACES/boot.trc t.trc");
	for (size_t i = 0; i < sizeof(mutants) / sizeof(mutants[0]); i++)
		for (size_t k = 0; k < 2; k++) {
			cli_sh(c,
			       "$BENCH metal --trace %s --alloc %s --image "
			       "%s%s_%s",
			       mutants[i].trace, heaps[k][1], MUTANTS,
			       heaps[k][0], mutants[i].mutant);
			cli_expect(c, 5);
			cli_holds(c->out, "NOT EQUAL");
			cli_holds(c->out, mutants[i].named[k]);
		}
}

/* A difference in JSON: no figure is made equal by being omitted. */
static void test_bench_metal__json_of_a_difference(void **state)
{
	struct cli *c = *state;
	const json_t *result;

	cli_sh(c, "$TRC cut --to 4000 $TRACES/boot.trc t.trc && $BENCH metal "
		  "--trace t.trc --alloc kheap --json j --image " MUTANTS
		  "x86_no_invlpg");
	cli_expect(c, 5);
	result = result_of(c, "j", 0);
	assert_true(json_is_false(json_object_get(result, "equal")));
	/* QEMU's TLB may have lost an entry all the same. */
	assert_true(number(result, "stale_accesses") > 900);
	assert_int_equal(number(result, "stale_accesses") +
				 number(result, "faults_after_free"),
			 939);
	assert_int_equal(
		number(json_object_get(json_object_get(result, "counters"),
				       "tlb_invalidations"),
		       "real"),
		0);
}

/* What the kernel emits is the trace that it was given. */
static void test_bench_metal__emits_its_own_trace(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$TRC cut --to 2000 $TRACES/boot.trc t.trc && "
		  "$BENCH metal --trace t.trc --alloc kheap --emit e --json j");
	cli_expect(c, 0);
	cli_sh(c, "$TRC import e e.trc && $TRC print t.trc | cut -f5-7 >given "
		  "&& $TRC print e.trc | cut -f5-7 | cmp - given");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH metal --trace t.trc --emit e");
	cli_refused(c, 2, "--emit takes exactly one allocator");
}

/* A kernel that is given what is no request says so and ends. */
static void test_bench_metal__foreign_modules(void **state)
{
	static const char machine[] =
		"qemu-system-i386 -accel tcg -nodefaults -display none -m 64 "
		"-debugcon stdio -device isa-debug-exit,iobase=0xf4 "
		"-kernel " KB_METAL_IMAGE;
	struct cli *c = *state;

	cli_sh(c, "echo nothing of ours >m && %s -initrd m", machine);
	cli_expect(c, 35);
	cli_holds(c->out, "error the boot module is not a request of bench");
	cli_sh(c,
	       "printf 'KHMETAL\\0\\1\\0\\0\\0' >m && head -c 100 "
	       "/dev/zero >>m && %s -initrd m",
	       machine);
	cli_expect(c, 35);
	cli_holds(c->out, "error the request is not whole");
	cli_sh(c, "%s", machine);
	cli_expect(c, 35);
	cli_holds(c->out, "error there is not one boot module");
	cli_sh(c, "head -c 4096 /dev/zero >k && $BENCH metal --alloc kheap "
		  "--trace $TRACES/seed-example.trc --image k");
	cli_refused(c, 4, "QEMU did not start the kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_metal__seed_example),
		cli_test(test_bench_metal__recorded_boot),
		cli_test(test_bench_metal__same_in_every_run),
		cli_test(test_bench_metal__mutants_are_caught),
		cli_test(test_bench_metal__json_of_a_difference),
		cli_test(test_bench_metal__emits_its_own_trace),
		cli_test(test_bench_metal__foreign_modules),
	};

	if (system("command -v qemu-system-i386 >/dev/null") != 0) {
		printf("skipped: there is no qemu-system-i386; install "
		       "qemu-system-x86\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	printf("skipped: the compiler makes no 32-bit code, so there is no "
	       "kernel; install gcc-multilib\n");
	return SKIPPED;
}

#endif
