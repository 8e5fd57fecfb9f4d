#include "replay_support.h"

#include "kb_bits.h"
#include "replay_program.h"

#include <string.h>

static int next(struct replay_program *program, struct replay_slice *slice,
		struct kb_diag *diag)
{
	kb_diag_init(diag);
	return replay_program_next(program, slice, diag);
}

/* Slots: the one freed last comes first. Sizes: as asked for, and again at the
 * free. */
static void test_replay_program__packs_a_trace(void **state)
{
	const struct replay_op expected[] = {
		replay_op_alloc(0, 8192),	replay_op_alloc(1, 0),
		replay_op_alloc(2, UINT32_MAX), replay_op_free(0, 8192),
		replay_op_free(2, UINT32_MAX),	replay_op_alloc(2, 7),
		replay_op_alloc(0, 9),		replay_op_alloc(3, 1),
	};
	struct trc_reader *reader =
		test_trace("+1:8192 +2:0 +3:4294967295 -1 -3 +4:7 +1:9 +5:1");
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;

	(void)state;
	replay_program_init(&program, reader, NULL);
	assert_int_equal(next(&program, &slice, &diag), 0);
	assert_int_equal(slice.first_event, 0);
	assert_int_equal(slice.count, KB_ARRAY_LEN(expected));
	for (size_t i = 0; i < slice.count; i++) {
		assert_int_equal(slice.ops[i].slot_kind, expected[i].slot_kind);
		assert_int_equal(slice.ops[i].size, expected[i].size);
	}
	assert_true(program.slots >= 4);
	for (size_t i = 0; i < program.slots; i++) {
		assert_int_equal(program.live[i], 0);
		assert_int_equal(program.held[i], 0);
	}
	assert_int_equal(next(&program, &slice, &diag), KB_END);
	assert_int_equal(diag.status, 0);
	replay_program_release(&program);
	trc_reader_close(reader);
}

/* Blocks of a long trace: event after event, without gap. */
static void test_replay_program__walks_all_blocks(void **state)
{
	struct trc_reader *reader = test_trace_file("debian-boot.trc");
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;
	uint64_t events = 0, frees = 0, slices = 0;
	uint32_t highest = 0;
	int err;

	(void)state;
	replay_program_init(&program, reader, NULL);
	while ((err = next(&program, &slice, &diag)) == 0) {
		assert_int_equal(slice.first_event, events);
		assert_true(slice.count > 0);
		for (size_t i = 0; i < slice.count; i++) {
			frees += replay_op_is_free(slice.ops[i]);
			highest = (uint32_t)kb_max(
				highest, replay_op_slot(slice.ops[i]));
		}
		assert_true(highest < program.slots);
		events += slice.count;
		slices++;
	}
	assert_int_equal(err, KB_END);
	assert_int_equal(events, 97972);
	assert_int_equal(frees, 41375);
	assert_int_equal(highest, 15324 - 1);
	assert_true(slices > 1);
	replay_program_release(&program);
	trc_reader_close(reader);
}

static void test_replay_program__rewinds(void **state)
{
	struct trc_reader *reader = test_trace("+1:1 +2:2 -1 +3:3 -3 -2");
	struct replay_op first[6];
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;

	(void)state;
	replay_program_init(&program, reader, NULL);
	assert_int_equal(next(&program, &slice, &diag), 0);
	assert_int_equal(slice.count, 6);
	memcpy(first, slice.ops, sizeof(first));
	assert_int_equal(replay_program_rewind(&program, &diag), 0);
	assert_int_equal(next(&program, &slice, &diag), 0);
	assert_int_equal(slice.first_event, 0);
	assert_memory_equal(slice.ops, first, sizeof(first));
	assert_int_equal(next(&program, &slice, &diag), KB_END);
	replay_program_release(&program);
	trc_reader_close(reader);
}

/* What has run is known, wherever it stops. */
static void test_replay_program__mark_lists_live_objects(void **state)
{
	static const uint8_t held[7][3] = {
		{ 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
		{ 1, 1, 0 }, { 0, 1, 0 }, { 0, 0, 0 },
	};
	struct trc_reader *reader = test_trace("+1:1 +2:2 -1 +3:3 -3 -2");
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;

	(void)state;
	replay_program_init(&program, reader, NULL);
	assert_int_equal(next(&program, &slice, &diag), 0);
	for (size_t done = 0; done <= 6; done++) {
		memset(program.held, 0, program.slots);
		replay_program_mark(&program, slice.ops, done);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(!!program.held[i], held[done][i]);
	}
	replay_program_release(&program);
	trc_reader_close(reader);
}

static void test_replay_program__refuses_4_gib(void **state)
{
	struct trc_reader *reader = test_trace("+1:16 +2:4294967296 -1");
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;

	(void)state;
	replay_program_init(&program, reader, NULL);
	assert_int_equal(next(&program, &slice, &diag), KB_E_RANGE);
	assert_int_equal(diag.status, KB_E_RANGE);
	assert_non_null(strstr(diag.text, "4294967296"));
	assert_non_null(strstr(diag.text, "4 GiB"));
	replay_program_release(&program);
	trc_reader_close(reader);
}

/* What the reader says of damage is passed on. */
static void test_replay_program__returns_trace_errors(void **state)
{
	static const char nothing[] = "\x89KHTRC\r\n";
	struct trc_reader *reader;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(trc_reader_open_memory(&reader, nothing, 8, "torn.trc",
						TRC_COLUMNS_REPLAY, &diag),
			 KB_E_CORRUPT);
	assert_non_null(strstr(diag.text, "torn.trc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_program__packs_a_trace),
		cmocka_unit_test(test_replay_program__walks_all_blocks),
		cmocka_unit_test(test_replay_program__rewinds),
		cmocka_unit_test(test_replay_program__mark_lists_live_objects),
		cmocka_unit_test(test_replay_program__refuses_4_gib),
		cmocka_unit_test(test_replay_program__returns_trace_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
