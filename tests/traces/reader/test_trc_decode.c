/*
 * trc_decoder against blocks that no writer makes: those that change one column
 * at a time, so that each falsehood is the only one, and those that would take
 * a file of hundreds of megabytes.
 */
#include "trc_test.h"

#include "kb_bits.h"
#include "trc_decode.h"
#include "trc_format.h"

#include <stdlib.h>
#include <string.h>

/* One column as it is stored: raw. */
struct part {
	uint32_t id;
	uint32_t size;
	const void *bytes;
};

/* Decodes a block of these columns, the last of size 0. */
static int decode(struct trc_decoder *dec, const struct trc_block_header *hdr,
		  const struct part *parts, struct kb_diag *diag)
{
	struct trc_raw_block raw = { .header = *hdr, .name = "x" };
	struct trc_block block;
	uint8_t *body, *entry, *to;
	int err;

	raw.header.time_unit = 1;
	for (const struct part *p = parts; p->size; p++) {
		raw.header.columns++;
		raw.size += TRC_COLUMN_ENTRY_SIZE + p->size;
	}
	body = calloc(1, raw.size + 1);
	assert_non_null(body);
	entry = body;
	to = body + (size_t)raw.header.columns * TRC_COLUMN_ENTRY_SIZE;
	for (const struct part *p = parts; p->size; p++) {
		trc_put16(entry, p->id);
		trc_put32(entry + 4, p->size);
		trc_put32(entry + 8, p->size);
		entry += TRC_COLUMN_ENTRY_SIZE;
		memcpy(to, p->bytes, p->size);
		to += p->size;
	}
	raw.body = body;
	err = trc_decoder_block(dec, &raw, &block, diag);
	free(body);
	return err;
}

/* One block, the file's first. `says` is NULL if it is well. */
static void check_block(enum trc_columns columns,
			const struct trc_block_header *hdr,
			const struct part *parts, const char *says)
{
	struct trc_decoder *dec = trc_decoder_new(columns, hdr->events);
	struct kb_diag diag = { 0 };

	assert_non_null(dec);
	assert_int_equal(decode(dec, hdr, parts, &diag),
			 says ? KB_E_CORRUPT : 0);
	if (says)
		assert_says(&diag, says);
	trc_decoder_free(dec);
}

/* Numbers of which the last byte plane is cut off; and all that are needed. */
static void check_planes(enum trc_column_id id, uint32_t max, const char *says)
{
	static const struct trc_block_header hdr = {
		.events = 2, .new_classes = 2, .new_sites = 2, .new_tasks = 2
	};
	static const uint8_t zeros[16];

	for (uint32_t size = 1; size <= 2 * max; size++) {
		struct part parts[] = {
			{ id, size, zeros },
			{ TRC_COL_SITE_STRINGS, 4, zeros },
			{ TRC_COL_TASK_STRINGS, 2, zeros },
			{ 0 },
		};
		const struct part last[] = { parts[1], parts[2], parts[0],
					     parts[3] };

		check_block(TRC_COLUMNS_ALL, &hdr,
			    id < TRC_COL_SITE_STRINGS ? parts : last,
			    size % 2 ? says : NULL);
	}
}

static void test_trc_decode__planes_of_odd_sizes(void **state)
{
	(void)state;
	check_planes(TRC_COL_CLASS_SIZE, 8, "its classes lack sizes");
	check_planes(TRC_COL_CLASS_GRANTED, 8,
		     "its classes lack granted sizes");
	check_planes(TRC_COL_TASK_PID, 4, "its tasks lack pids");
}

/* A column that has not one element for each that needs one. */
static void test_trc_decode__columns_too_short(void **state)
{
	static const struct trc_block_header hdr = { .events = 9,
						     .new_classes = 3,
						     .new_sites = 3 };
	static const uint8_t zeros[18];
	static const struct {
		enum trc_column_id id;
		uint32_t size;
		const char *says;
	} cases[] = {
		{ TRC_COL_CLASS, 18, "its events lack classes" },
		{ TRC_COL_CLASS_KIND, 3, "its classes lack kinds" },
		{ TRC_COL_CLASS_SITE, 3, "its classes lack call sites" },
		{ TRC_COL_TIME_CODE, 9, "its events lack times" },
		{ TRC_COL_CPU_CHANGED, 2, "its events lack cpus" },
		{ TRC_COL_TASK_CHANGED, 2, "its events lack tasks" },
		{ TRC_COL_CONTEXT, 9, "its events lack contexts" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		const uint32_t size = cases[i].size;
		const struct part sites = { TRC_COL_SITE_STRINGS, 6, zeros };
		const bool is_last = cases[i].id > TRC_COL_SITE_STRINGS;
		struct part parts[] = { sites, sites, { 0 } };
		struct part *part = &parts[is_last];

		*part = (struct part){ cases[i].id, size, zeros };
		check_block(TRC_COLUMNS_ALL, &hdr, parts, NULL);
		part->size--;
		check_block(TRC_COLUMNS_ALL, &hdr, parts, cases[i].says);
	}
}

/* A number that no context has. */
static void test_trc_decode__unknown_context(void **state)
{
	static const struct trc_block_header hdr = { .events = 2,
						     .new_classes = 1,
						     .new_sites = 1 };
	static const uint8_t zeros[2];
	uint8_t contexts[2] = { TRC_CONTEXT_NMI, TRC_CONTEXT_NMI };
	const struct part parts[] = { { TRC_COL_SITE_STRINGS, 2, zeros },
				      { TRC_COL_CONTEXT, 2, contexts },
				      { 0 } };

	(void)state;
	check_block(TRC_COLUMNS_ALL, &hdr, parts, NULL);
	contexts[1] = TRC_CONTEXT_END;
	check_block(TRC_COLUMNS_ALL, &hdr, parts, "unknown context");
	/* Who replays does not look at it. */
	check_block(TRC_COLUMNS_REPLAY, &hdr, parts, NULL);
}

/* The one event has a time code of 12 bits, which take two bytes. */
static void test_trc_decode__times_with_missing_bits(void **state)
{
	static const struct trc_block_header hdr = { .events = 1,
						     .new_classes = 1,
						     .new_sites = 1 };
	struct part parts[] = {
		{ TRC_COL_TIME_CODE, 1, "\x18" },
		{ TRC_COL_TIME_EXTRA, 2, "\0" },
		{ TRC_COL_SITE_STRINGS, 2, "\0" },
		{ 0 },
	};

	(void)state;
	check_block(TRC_COLUMNS_ALL, &hdr, parts, NULL);
	parts[1].size = 1;
	check_block(TRC_COLUMNS_ALL, &hdr, parts, "its time codes lack bits");
}

/* The site of a class: how far it is below the next one to appear, here 1. */
static void check_site(const char *back, uint32_t new_sites, const char *says)
{
	const struct trc_block_header hdr = { .events = 1,
					      .new_classes = 1,
					      .new_sites = new_sites };
	const struct part parts[] = {
		{ TRC_COL_CLASS_SITE, 1, back },
		{ TRC_COL_SITE_STRINGS, 2 * new_sites, "\0" },
		{ 0 },
	};

	check_block(TRC_COLUMNS_ALL, &hdr, parts, says);
}

static void test_trc_decode__missing_sites(void **state)
{
	(void)state;
	check_site("\0", 1, NULL);
	check_site("\1", 0, NULL);
	check_site("\2", 0, "a class has no call site");
	check_site("\0", 0, "it names call sites not in its table");
	check_site("\1", 1, "it names call sites not in its table");
}

/* Two blocks of classes, the second one of `more`. */
static int add_classes_twice(uint32_t more, struct kb_diag *diag)
{
	struct trc_decoder *dec =
		trc_decoder_new(TRC_COLUMNS_REPLAY, 2 * TRC_BLOCK_EVENTS_MAX);
	struct trc_block_header hdr = { .events = TRC_BLOCK_EVENTS_MAX,
					.new_classes = TRC_CLASSES_MAX - 5 };
	const struct part none[] = { { 0 } };
	int err;

	assert_non_null(dec);
	assert_int_equal(decode(dec, &hdr, none, diag), 0);
	hdr.new_classes = more;
	err = decode(dec, &hdr, none, diag);
	trc_decoder_free(dec);
	return err;
}

static void test_trc_decode__too_many_classes(void **state)
{
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(add_classes_twice(5, &diag), 0);
	assert_int_equal(add_classes_twice(6, &diag), KB_E_CORRUPT);
	assert_says(&diag, "it brings too many classes");
}

/* Slots 0 and 1 live; then a free names its slot, as one of an old object does,
 * in a column of `size` bytes. */
static void check_far_slot(uint32_t slot, uint32_t size, const char *says)
{
	static const struct trc_block_header hdr = { .events = 4,
						     .new_classes = 2 };
	uint8_t bytes[8] = { 0 };
	const struct part parts[] = {
		{ TRC_COL_CLASS, 8, "\0\0\0\0\1\0\1" },
		{ TRC_COL_AGE, 4, "\xff\xff\xff\xff" },
		{ TRC_COL_FAR_SLOT, size, bytes },
		{ TRC_COL_CLASS_KIND, 2, "\0\1" },
		{ 0 },
	};

	/* In planes: the lowest bytes of both frees, and so on. */
	for (unsigned i = 0; i < 4; i++)
		bytes[2 * i] = (uint8_t)(slot >> 8 * i);
	bytes[1] = 1;
	check_block(TRC_COLUMNS_REPLAY, &hdr, parts, says);
}

static void test_trc_decode__large_slot_numbers(void **state)
{
	(void)state;
	check_far_slot(0, 8, NULL);
	check_far_slot(0, 2, NULL);
	check_far_slot(0, 3, "its frees lack slots");
	check_far_slot(1, 8, "a free is of an object not live");
	check_far_slot(2, 8, "a free is of an object not live");
	check_far_slot(UINT32_MAX, 8, "a free is of an object not live");
}

/* Blocks of as many new call sites as fit one, each an empty one: as many as a
 * file may hold, and then one more. */
static void test_trc_decode__too_many_sites(void **state)
{
	const uint32_t blocks = TRC_SITES_MAX / TRC_BLOCK_EVENTS_MAX;
	uint8_t *nothing = calloc(TRC_BLOCK_EVENTS_MAX, 2);
	struct trc_decoder *dec =
		trc_decoder_new(TRC_COLUMNS_ALL, (uint64_t)TRC_SITES_MAX + 1);
	struct kb_diag diag = { 0 };

	(void)state;
	assert_non_null(nothing);
	assert_non_null(dec);
	for (uint32_t i = 0; i <= blocks; i++) {
		const uint32_t count = i < blocks ? TRC_BLOCK_EVENTS_MAX : 1;
		const struct trc_block_header hdr = {
			.events = count,
			.flags = TRC_BLOCK_NEW_CLASSES,
			.new_classes = count,
			.new_sites = count,
		};
		const struct part parts[] = {
			{ TRC_COL_SITE_STRINGS, count * 2, nothing }, { 0 }
		};

		assert_int_equal(decode(dec, &hdr, parts, &diag),
				 i < blocks ? 0 : KB_E_RANGE);
	}
	assert_says(&diag, "more call sites or tasks than the format allows");
	trc_decoder_free(dec);
	free(nothing);
}

/* Tables that are at a limit: what fits is taken, and then nothing more. */
static void test_trc_decode__strings_at_their_limits(void **state)
{
	const uint8_t *nothing = (const uint8_t *)"\0";
	struct trc_strings tasks = { .tasks_seen = TRC_TASKS_MAX - 1,
				     .task_count = TRC_TASKS_MAX };
	struct trc_strings bytes = { .bytes = TRC_STRINGS_FILE_MAX - 3 };
	const int32_t pid = 1;

	(void)state;
	assert_int_equal(trc_strings_add_tasks(&tasks, nothing, 1, &pid, 1), 0);
	assert_int_equal(trc_strings_add_tasks(&tasks, nothing, 1, &pid, 1),
			 KB_E_RANGE);
	assert_int_equal(trc_strings_add_sites(&bytes, nothing, 2, 1), 0);
	assert_int_equal(trc_strings_add_sites(&bytes, nothing, 2, 1),
			 KB_E_RANGE);
	assert_int_equal(trc_strings_add_tasks(&bytes, nothing, 1, &pid, 1), 0);
	assert_int_equal(trc_strings_add_tasks(&bytes, nothing, 1, &pid, 1),
			 KB_E_RANGE);
	trc_strings_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_decode__planes_of_odd_sizes),
		cmocka_unit_test(test_trc_decode__columns_too_short),
		cmocka_unit_test(test_trc_decode__unknown_context),
		cmocka_unit_test(test_trc_decode__times_with_missing_bits),
		cmocka_unit_test(test_trc_decode__missing_sites),
		cmocka_unit_test(test_trc_decode__too_many_classes),
		cmocka_unit_test(test_trc_decode__large_slot_numbers),
		cmocka_unit_test(test_trc_decode__too_many_sites),
		cmocka_unit_test(test_trc_decode__strings_at_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
