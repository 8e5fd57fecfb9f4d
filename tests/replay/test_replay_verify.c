/*
 * The verify pass against allocators that do one thing wrong.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "test_allocator.h"

#include <stdlib.h>
#include <string.h>

static int verify(struct trc_reader *reader, struct alloc alloc,
		  struct replay_verify_result *out, struct kb_diag *diag)
{
	struct replay_job job = { .reader = reader, .alloc = alloc };
	int err;

	kb_diag_init(diag);
	err = replay_verify(&job, out, diag);
	alloc_close(&alloc);
	return err;
}

static struct alloc liar(enum test_lie lie, unsigned nth)
{
	struct test_allocator *t = test_allocator_new();

	t->lie = lie;
	t->nth = nth;
	return test_allocator_alloc(t);
}

/* Four objects of 64 bytes, the second and third freed. */
#define SCRIPT "+1:64 +2:64 +3:64 +4:64 -2 -3"

static void check_lie(enum test_lie lie, unsigned nth, const char *event,
		      const char *words)
{
	struct trc_reader *reader = test_trace(SCRIPT);
	struct replay_verify_result result;
	struct kb_diag diag;
	int err = verify(reader, liar(lie, nth), &result, &diag);

	trc_reader_close(reader);
	if (err != KB_E_WRONG || diag.status != KB_E_WRONG ||
	    !strstr(diag.text, event) || !strstr(diag.text, words)) {
		print_error("lie %d: status %d, '%s'; expected '%s' with "
			    "'%s'\n",
			    lie, err, diag.text, event, words);
		fail();
	}
}

static void test_replay_verify__a_correct_allocator_passes(void **state)
{
	struct trc_reader *reader = test_trace(SCRIPT);
	struct replay_verify_result result;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(verify(reader, liar(TEST_HONEST, 0), &result, &diag),
			 0);
	assert_int_equal(diag.status, 0);
	assert_int_equal(result.events, 6);
	/* Two freed, two left over, all of them searched for. */
	assert_int_equal(result.finds, 4);
	assert_int_equal(result.searches, 4);
	assert_true(result.has_memory);
	assert_true(result.has_digest);
	trc_reader_close(reader);
}

/* A refusal is not a wrong answer; the free that belongs to it is skipped. */
static void test_replay_verify__a_refusal_is_allowed(void **state)
{
	struct trc_reader *reader = test_trace(SCRIPT);
	struct replay_verify_result result;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(verify(reader, liar(TEST_FAILS, 2), &result, &diag),
			 0);
	assert_int_equal(result.events, 6);
	trc_reader_close(reader);
}

static void test_replay_verify__overlap(void **state)
{
	(void)state;
	check_lie(TEST_OVERLAPS_PREV, 3, "event 2:", "overlaps");
	check_lie(TEST_OVERLAPS_NEXT, 3, "event 2:", "overlaps");
	check_lie(TEST_OVERLAPS_NEXT, 2, "event 1:", "overlaps");
}

static void test_replay_verify__alignment(void **state)
{
	(void)state;
	check_lie(TEST_MISALIGNS, 1, "event 0:", "not aligned");
	check_lie(TEST_MISALIGNS, 4, "event 3:", "not aligned");
}

static void test_replay_verify__handed_out_twice(void **state)
{
	(void)state;
	check_lie(TEST_TWICE, 2, "event 1:", "handed out twice");
}

/* Seen at the free of what was spoilt, or at the end. */
static void test_replay_verify__payload(void **state)
{
	(void)state;
	check_lie(TEST_CORRUPTS, 3, "event 4:", "payload");
	check_lie(TEST_CORRUPTS, 2, "after the last event:", "payload");
}

static void test_replay_verify__lost_object(void **state)
{
	(void)state;
	check_lie(TEST_FORGETS, 2, "event 4:", "does not find");
	/* Live at the end: nobody frees it, but it must be found. */
	check_lie(TEST_FORGETS, 1, "after the last event:", "does not find");
}

static void test_replay_verify__wrong_size(void **state)
{
	(void)state;
	check_lie(TEST_WRONG_SIZE, 3, "event 5:", "size");
	check_lie(TEST_WRONG_SIZE, 4, "after the last event:", "size");
}

static void test_replay_verify__rejected_free(void **state)
{
	(void)state;
	check_lie(TEST_DISOWNS, 2, "event 4:", "does not know the address");
}

static void test_replay_verify__structures(void **state)
{
	(void)state;
	check_lie(TEST_INVALID, 0, "event 0:", "structures are inconsistent");
}

/* One freed address in a fixed number is searched again, wherever the frees
 * are. */
static void test_replay_verify__found_after_free(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth <= 2; depth++) {
		char *script = test_script(1000, depth);
		struct trc_reader *reader = test_trace(script);
		struct replay_verify_result result;
		struct kb_diag diag;

		assert_int_equal(verify(reader, liar(TEST_STILL_FOUND, 0),
					&result, &diag),
				 KB_E_WRONG);
		assert_non_null(strstr(diag.text, "still finds"));
		trc_reader_close(reader);
		free(script);
	}
}

/* The structures of a heap are walked along the way, not only at the end. */
static void
test_replay_verify__checks_structures_during_the_replay(void **state)
{
	char *script = test_script(800, 5);
	struct trc_reader *reader = test_trace(script);
	struct replay_verify_result result;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(verify(reader, liar(TEST_INVALID, 0), &result, &diag),
			 KB_E_WRONG);
	assert_true(result.events < 200);
	trc_reader_close(reader);
	free(script);
}

/* Sizes around every border that allocators round to. */
static void test_replay_verify__real_allocators(void **state)
{
	static const char script[] =
		"+1:0 +2:1 +3:7 +4:8 +5:9 +6:15 +7:16 +8:17 +9:4095 +10:4096 "
		"+11:4097 +12:8192 -3 +13:3 -10 +14:12288 -1 -2 +15:1 +16:100 "
		"+17:1048576 -17 +18:65536 -9 -14 +19:131072 -4";
	static const char *const names[] = {
		"kheap",
		"kheap:order=head",
		"kheap:lookup=pagemap",
		"kheap:pager=none",
		"glibc",
		"glibc:round=page",
		"jemalloc",
		"jemalloc:round=page",
		"null",
	};
	struct replay_verify_result result;
	struct kb_diag diag;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		struct trc_reader *reader = test_trace(script);
		int err = verify(reader, test_alloc_open(names[i], 0), &result,
				 &diag);

		if (err != 0)
			print_error("%s: %s\n", names[i], diag.text);
		assert_int_equal(err, 0);
		assert_int_equal(result.events, 27);
		assert_int_equal(result.has_memory,
				 strcmp(names[i], "null") != 0);
		trc_reader_close(reader);
	}
}

/* The two untimed passes keep the same digest. */
static void test_replay_verify__digest_is_counts(void **state)
{
	static struct replay_count_result counted;
	struct trc_reader *reader = test_trace(SCRIPT);
	struct replay_job job = { .reader = reader };
	struct replay_verify_result result;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(
		verify(reader, test_alloc_open("kheap", 3), &result, &diag), 0);
	assert_int_equal(trc_reader_rewind(reader, &diag), 0);
	job.alloc = test_alloc_open("kheap", 3);
	assert_int_equal(replay_count(&job, &counted, &diag), 0);
	alloc_close(&job.alloc);
	assert_true(result.has_digest);
	assert_int_equal(result.digest, counted.digest);
	trc_reader_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_replay_verify__a_correct_allocator_passes),
		cmocka_unit_test(test_replay_verify__a_refusal_is_allowed),
		cmocka_unit_test(test_replay_verify__overlap),
		cmocka_unit_test(test_replay_verify__alignment),
		cmocka_unit_test(test_replay_verify__handed_out_twice),
		cmocka_unit_test(test_replay_verify__payload),
		cmocka_unit_test(test_replay_verify__lost_object),
		cmocka_unit_test(test_replay_verify__wrong_size),
		cmocka_unit_test(test_replay_verify__rejected_free),
		cmocka_unit_test(test_replay_verify__structures),
		cmocka_unit_test(test_replay_verify__found_after_free),
		cmocka_unit_test(
			test_replay_verify__checks_structures_during_the_replay),
		cmocka_unit_test(test_replay_verify__real_allocators),
		cmocka_unit_test(test_replay_verify__digest_is_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
