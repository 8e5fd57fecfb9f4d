/*
 * Feeds: whichever kind, the same operations in the same order, and then the same
 * frees.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "replay_feed.h"
#include "replay_program.h"

#include <stdlib.h>
#include <string.h>

/* A feed of each kind, over a reader of its own. */
static struct replay_feed *open_feed(enum replay_feed_kind kind,
				     struct trc_reader *reader)
{
	const struct replay_feed_config config = {
		.cpu = kind == REPLAY_FEED_AHEAD ? 0 : -1,
		.whole_events = kind == REPLAY_FEED_WHOLE ? 0 : 1,
	};
	struct replay_feed *feed;
	struct kb_diag diag;

	kb_diag_init(&diag);
	assert_int_equal(replay_feed_open(&feed, reader, &config, &diag), 0);
	assert_int_equal(replay_feed_kind(feed), kind);
	return feed;
}

/* All of a replay's operations, then its frees. */
struct told {
	struct replay_op op[150000];
	size_t count;
	size_t left;
};

static void listen(struct replay_feed *feed, struct told *told)
{
	struct replay_slice slice;
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	told->count = told->left = 0;
	while ((err = replay_feed_next(feed, &slice, &diag)) == 0) {
		assert_true(slice.count > 0);
		assert_true(told->left == 0 || slice.is_left);
		assert_int_equal(slice.first_event, told->count + told->left);
		memcpy(&told->op[told->count + told->left], slice.ops,
		       slice.count * sizeof(*slice.ops));
		for (size_t i = 0; i < slice.count; i++)
			assert_true(replay_op_slot(slice.ops[i]) < slice.slots);
		if (slice.is_left)
			told->left += slice.count;
		else
			told->count += slice.count;
	}
	assert_int_equal(err, KB_END);
}

static void assert_same(const struct told *a, const struct told *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->left, b->left);
	assert_memory_equal(a->op, b->op,
			    (a->count + a->left) * sizeof(*a->op));
}

static struct told expected, got;

/* What the blocks say, and the frees that marking it finds. */
static void expect(const char *file)
{
	struct trc_reader *reader = test_trace_file(file);
	struct replay_program program;
	struct replay_slice slice;
	struct kb_diag diag;

	kb_diag_init(&diag);
	expected.count = expected.left = 0;
	replay_program_init(&program, reader, NULL);
	while (replay_program_next(&program, &slice, &diag) == 0) {
		memcpy(&expected.op[expected.count], slice.ops,
		       slice.count * sizeof(*slice.ops));
		replay_program_mark(&program, slice.ops, slice.count);
		expected.count += slice.count;
	}
	for (uint32_t i = 0; i < program.slots; i++)
		if (program.held[i])
			expected.op[expected.count + expected.left++] =
				replay_op_free(i, program.held_size[i]);
	replay_program_release(&program);
	trc_reader_close(reader);
}

static void test_replay_feed__all_kinds_agree(void **state)
{
	static const char *const files[] = { "boot.trc", "debian-boot.trc" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(files); i++) {
		expect(files[i]);
		assert_true(expected.left > 0);
		for (int kind = 0; kind < REPLAY_FEED_KINDS; kind++) {
			struct trc_reader *reader = test_trace_file(files[i]);
			struct replay_feed *feed =
				open_feed((enum replay_feed_kind)kind, reader);
			struct kb_diag diag;

			kb_diag_init(&diag);
			for (unsigned round = 0; round < 3; round++) {
				listen(feed, &got);
				assert_same(&got, &expected);
				assert_int_equal(
					replay_feed_rewind(feed, &diag), 0);
			}
			replay_feed_close(feed);
			trc_reader_close(reader);
		}
	}
}

/* From wherever a replay is left it begins at the first event again. */
static void test_replay_feed__rewinds_from_anywhere(void **state)
{
	struct replay_slice slice;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	expect("debian-boot.trc");
	for (int kind = 0; kind < REPLAY_FEED_KINDS; kind++) {
		struct trc_reader *reader = test_trace_file("debian-boot.trc");
		struct replay_feed *feed =
			open_feed((enum replay_feed_kind)kind, reader);

		for (unsigned slices = 0; slices < 3; slices++) {
			for (unsigned i = 0; i < slices; i++)
				assert_int_equal(
					replay_feed_next(feed, &slice, &diag),
					0);
			assert_int_equal(replay_feed_rewind(feed, &diag), 0);
		}
		listen(feed, &got);
		assert_same(&got, &expected);
		replay_feed_close(feed);
		trc_reader_close(reader);
	}
}

/* What cannot be replayed is told, by whichever process finds it. */
static void test_replay_feed__passes_errors_on(void **state)
{
	(void)state;
	for (int kind = 0; kind < REPLAY_FEED_KINDS; kind++) {
		struct trc_reader *reader =
			test_trace("+1:16 +2:4294967296 -1");
		const struct replay_feed_config config = {
			.cpu = kind == REPLAY_FEED_AHEAD ? 0 : -1,
			.whole_events = kind == REPLAY_FEED_WHOLE ? 0 : 1,
		};
		struct replay_feed *feed;
		struct replay_slice slice;
		struct kb_diag diag;
		int err;

		kb_diag_init(&diag);
		err = replay_feed_open(&feed, reader, &config, &diag);
		if (err == 0)
			err = replay_feed_next(feed, &slice, &diag);
		assert_int_equal(err, KB_E_RANGE);
		assert_non_null(strstr(diag.text, "4 GiB"));
		replay_feed_close(feed);
		trc_reader_close(reader);
	}
}

static void test_replay_feed__an_empty_trace_ends_at_once(void **state)
{
	(void)state;
	for (int kind = 0; kind < REPLAY_FEED_KINDS; kind++) {
		struct trc_reader *reader = test_trace("");
		const struct replay_feed_config config = { .cpu = -1 };
		struct replay_feed *feed;
		struct replay_slice slice;
		struct kb_diag diag;

		kb_diag_init(&diag);
		assert_int_equal(
			replay_feed_open(&feed, reader, &config, &diag), 0);
		assert_int_equal(replay_feed_next(feed, &slice, &diag), KB_END);
		replay_feed_close(feed);
		trc_reader_close(reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_feed__all_kinds_agree),
		cmocka_unit_test(test_replay_feed__rewinds_from_anywhere),
		cmocka_unit_test(test_replay_feed__passes_errors_on),
		cmocka_unit_test(test_replay_feed__an_empty_trace_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
