#include "replay_support.h"

#include "kb_bits.h"
#include "test_allocator.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Some 80 kB each. */
static struct replay_count_result result, other;

/* 21 MB, of which little is touched. */
static struct replay_exact exact;

static int count(struct trc_reader *reader, struct alloc alloc,
		 enum alloc_touch touch, struct replay_count_result *out,
		 struct kb_diag *diag)
{
	struct replay_job job = { .reader = reader,
				  .alloc = alloc,
				  .touch = touch,
				  .exact = &exact };
	int err;

	memset(&exact, 0, sizeof(exact));
	kb_diag_init(diag);
	err = replay_count(&job, out, diag);
	alloc_close(&alloc);
	return err;
}

/* Counts a script in an allocator named as on a command line. */
static void count_script(const char *script, const char *name, uint32_t pages,
			 enum alloc_touch touch,
			 struct replay_count_result *out)
{
	struct trc_reader *reader = test_trace(script);
	struct kb_diag diag;

	assert_int_equal(
		count(reader, test_alloc_open(name, pages), touch, out, &diag),
		0);
	assert_int_equal(diag.status, 0);
	trc_reader_close(reader);
}

static void expect(const char *name, uint64_t value)
{
	if (test_counter(&result, name) != value) {
		print_error("%s is %llu, not %llu\n", name,
			    (unsigned long long)test_counter(&result, name),
			    (unsigned long long)value);
		fail();
	}
}

/*
 * A window of three pages:
 *
 *   1  +1: 8192    [1 1 .]       row 1 → [0]
 *   2  +2: 4096    [1 1 2]       row 0 → [1]
 *   3  +3: 4096    no page left: refused
 *   4  -1          [. . 2]       rows 0, 1; nodes 1, 0; removal walks 0
 *   5  -3          was refused: skipped
 *   6  +4: 100     [4 . 2]       row 0 → [1] ↔ [0]
 *   7  -4          [. . 2]       row 0; nodes 1, 0; removal walks both
 */
#define SCRIPT "+1:8192 +2:4096 +3:4096 -1 -3 +4:100 -4"

static void test_replay_count__hand_computed(void **state)
{
	(void)state;
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_NONE, &result);
	expect("events", 7);
	expect("allocs", 4);
	expect("frees", 3);
	expect("failed_allocs", 1);
	expect("first_failed_event", 3);
	expect("skipped_frees", 1);
	expect("live_max", 2);
	expect("live_at_end", 1);
	expect("bytes_live_max", 12288);
	expect("lookups", 2);
	expect("rows_visited", 3);
	expect("nodes_visited", 4);
	expect("nodes_visited_max", 2);
	expect("remove_nodes_visited", 3);
	expect("pages_peak", 3);
	expect("pages_live", 1);
	expect("clusters_live", 1);
	expect("maps", 4);
	expect("unmaps", 3);
	expect("tlb_invalidations", 3);
	expect("tlb_hits", 0);
	expect("tlb_misses", 0);
	assert_true(result.has_gauge);
	/* Both in two steps; one in row 0, one in row 1. */
	assert_int_equal(exact.of[REPLAY_EXACT_nodes].lookups, 2);
	assert_int_equal(exact.of[REPLAY_EXACT_nodes].max, 2);
	assert_int_equal(exact.of[REPLAY_EXACT_nodes].at[2], 2);
	assert_int_equal(exact.of[REPLAY_EXACT_rows].at[1], 1);
	assert_int_equal(exact.of[REPLAY_EXACT_rows].at[2], 1);
	assert_int_equal(exact.rows, 2);
	assert_int_equal(exact.row_lookups[0], 1);
	assert_int_equal(exact.row_lookups[1], 1);
	assert_int_equal(exact.row_nodes[1], 2);
}

/* The same, by the other lookups and orders. */
static void test_replay_count__effect_of_the_lookup(void **state)
{
	(void)state;
	count_script(SCRIPT, "kheap:lookup=pagemap", 3, ALLOC_TOUCH_NONE,
		     &result);
	expect("lookups", 2);
	expect("nodes_visited", 2);
	expect("nodes_visited_max", 1);
	expect("remove_nodes_visited", 0);
	expect("pages_peak", 3);
	count_script(SCRIPT, "kheap:order=head", 3, ALLOC_TOUCH_NONE, &result);
	expect("nodes_visited", 3);
	expect("remove_nodes_visited", 2);
	count_script(SCRIPT, "kheap:pager=none", 3, ALLOC_TOUCH_NONE, &result);
	expect("nodes_visited", 4);
	assert_false(test_has_counter(&result, "maps"));
}

static void test_replay_count__hosts_have_no_heaps_counters(void **state)
{
	static const char *const names[] = { "glibc", "jemalloc", "null",
					     "glibc:round=page" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		count_script(SCRIPT, names[i], 3, ALLOC_TOUCH_NONE, &result);
		expect("events", 7);
		expect("failed_allocs", 0);
		expect("first_failed_event", 0);
		expect("skipped_frees", 0);
		expect("live_max", 3);
		expect("live_at_end", 1);
		expect("bytes_live_max", 16384);
		assert_false(test_has_counter(&result, "lookups"));
		assert_false(test_has_counter(&result, "pages_peak"));
		assert_false(result.has_digest);
		assert_false(result.has_gauge);
		assert_int_equal(exact.of[REPLAY_EXACT_nodes].lookups, 0);
	}
}

/* Little-endian words, whatever the host. */
static uint64_t digest_of(const uint64_t *words, size_t count)
{
	unsigned char bytes[8 * 64];

	assert_true(count <= 64);
	for (size_t i = 0; i < 8 * count; i++)
		bytes[i] = (unsigned char)(words[i / 8] >> (8 * (i % 8)));
	return XXH64(bytes, 8 * count, 0);
}

/* Offsets of allocs, all ones for the refused one, pages of frees in bytes;
 * nothing for the skipped free. */
static void test_replay_count__digest(void **state)
{
	static const uint64_t words[] = {
		0, 0x2000, UINT64_MAX, 8192, 0, 4096,
	};
	static const char *const names[] = { "kheap", "kheap:order=head",
					     "kheap:lookup=pagemap",
					     "kheap:pager=none" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		count_script(SCRIPT, names[i], 3, ALLOC_TOUCH_NONE, &result);
		assert_true(result.has_digest);
		assert_int_equal(result.digest,
				 digest_of(words, KB_ARRAY_LEN(words)));
	}
	/* Touching is not seen by it. */
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_ALL, &result);
	assert_int_equal(result.digest, digest_of(words, 6));
	/* An empty trace is hashed as nothing. */
	count_script("", "kheap", 3, ALLOC_TOUCH_NONE, &result);
	assert_int_equal(result.digest, XXH64(NULL, 0, 0));
}

/* As many bins as events, where those are few: one state each. */
static void test_replay_count__timeline_of_few_events(void **state)
{
	static const struct {
		uint64_t event, live, live_bytes, pages_live, free_pages;
		uint64_t longest_free_run, lookups, nodes_visited;
		uint64_t nodes_visited_max;
	} expected[] = {
		{ 1, 1, 8192, 2, 1, 1, 0, 0, 0 },
		{ 2, 2, 12288, 3, 0, 0, 0, 0, 0 },
		{ 3, 2, 12288, 3, 0, 0, 0, 0, 0 },
		{ 4, 1, 4096, 1, 2, 2, 1, 2, 2 },
		{ 5, 1, 4096, 1, 2, 2, 0, 0, 0 },
		{ 6, 2, 4196, 2, 1, 1, 0, 0, 0 },
		{ 7, 1, 4096, 1, 2, 2, 1, 2, 2 },
	};

	(void)state;
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_NONE, &result);
	assert_int_equal(result.bins, KB_ARRAY_LEN(expected));
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		const struct replay_bin *bin = &result.bin[i];

#define SAME(field) assert_int_equal(bin->field, expected[i].field)
		SAME(event);
		SAME(live);
		SAME(live_bytes);
		SAME(pages_live);
		SAME(free_pages);
		SAME(longest_free_run);
		SAME(lookups);
		SAME(nodes_visited);
		SAME(nodes_visited_max);
#undef SAME
	}
}

static void expect_span(const struct replay_span *span, uint64_t n,
			uint64_t low, uint64_t peak, uint64_t end, uint64_t sum)
{
	assert_int_equal(span->count, n);
	assert_int_equal(span->low, low);
	assert_int_equal(span->peak, peak);
	assert_int_equal(span->end, end);
	assert_int_equal(span->sum, sum);
}

/* The script's memory, event by event: refused and skipped events change
 * nothing. The seventh free is of a page of which 100 bytes were requested. */
static void test_replay_count__memory(void **state)
{
	const struct replay_memory *m = &result.memory;

	(void)state;
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_NONE, &result);
	expect_span(&m->requested, 7, 4096, 12288, 4096, 49252);
	expect_span(&m->granted, 7, 4096, 12288, 4096, 53248);
	expect_span(&m->mapped, 7, 4096, 12288, 4096, 53248);
	expect_span(&m->resident, 7, 4096, 12288, 4096, 53248);
	expect_span(&m->largest, 7, 0, 8192, 8192, 32768);
	/* In a window of three pages free ones are in one run; or there is none. */
	expect_span(&m->free, 7, 0, 8192, 8192, 32768);
	assert_false(m->resident_is_process);
	assert_int_equal(m->metadata.count, 7);
	for (size_t i = 0; i < 7; i++) {
		const struct replay_bin *bin = &result.bin[i];

		assert_int_equal(bin->granted, bin->pages_live * 4096);
		assert_int_equal(bin->mapped, bin->granted);
		assert_int_equal(bin->resident, bin->granted);
		assert_int_equal(bin->largest, bin->longest_free_run * 4096);
		/* A node more for each cluster. */
		assert_int_equal(bin->metadata - result.bin[0].metadata,
				 (bin->live - 1) * 3 * sizeof(void *));
	}
}

/* More records, the same memory for the clusters; and heaps that hold none. */
static void test_replay_count__memory_of_variants(void **state)
{
	uint64_t records;

	(void)state;
	count_script(SCRIPT, "kheap", 300, ALLOC_TOUCH_NONE, &result);
	records = result.memory.metadata.end;
	count_script(SCRIPT, "kheap:lookup=pagemap", 300, ALLOC_TOUCH_NONE,
		     &result);
	assert_true(result.memory.metadata.end > records);
	count_script(SCRIPT, "kheap:pager=none", 300, ALLOC_TOUCH_NONE,
		     &result);
	/* A page table less; so a page has 36 bytes in arrays and rows and 4 in
	 * the runs, whose tree has 448 numbers and 7 words; and a node. */
	assert_int_equal(result.memory.metadata.end, records - 4096);
	assert_int_equal(result.memory.metadata.end,
			 300 * (36 + 4) + 448 * 4 + 7 * 8 + 24);
	assert_int_equal(result.memory.resident.peak, 0);
	/* An order by size; lists. */
	count_script(SCRIPT, "kheap:fit=best", 300, ALLOC_TOUCH_NONE, &result);
	assert_true(result.memory.metadata.end > records + 300 * 32);
	count_script(SCRIPT, "kheap:fit=quick", 300, ALLOC_TOUCH_NONE, &result);
	assert_int_equal(result.memory.metadata.end,
			 records + 901 * 4 + 5 * 8 + 8);
	count_script(SCRIPT, "kheap:pager=mmap", 300, ALLOC_TOUCH_NONE,
		     &result);
	assert_true(result.memory.resident_is_process);
	count_script(SCRIPT, "kheap-fast", 300, ALLOC_TOUCH_NONE, &result);
	expect_span(&result.memory.mapped, 7, 4096, 16384, 4096, 61440);
	assert_true(result.memory.metadata.end > 4096);
	count_script(SCRIPT, "null", 0, ALLOC_TOUCH_NONE, &result);
	expect_span(&result.memory.mapped, 7, 0, 0, 0, 0);
	assert_int_equal(result.memory.granted.count, 0);
	assert_int_equal(result.memory.largest.count, 0);
	assert_int_equal(result.bin[0].granted, ALLOC_UNKNOWN);
	assert_false(result.memory.resident_is_process);
}

/* An allocator that reports nothing: its process's memory is used. */
static void test_replay_count__memory_that_is_not_reported(void **state)
{
	struct trc_reader *reader = test_trace("+1:1 +2:1 -1 -2");
	struct kb_diag diag;

	(void)state;
	assert_int_equal(count(reader,
			       test_allocator_alloc(test_allocator_new()),
			       ALLOC_TOUCH_NONE, &result, &diag),
			 0);
	assert_true(result.memory.resident_is_process);
	assert_int_equal(result.memory.resident.count, 4);
	assert_int_equal(result.memory.mapped.count, 0);
	assert_int_equal(result.memory.requested.sum, 4);
	assert_int_equal(result.bin[0].mapped, ALLOC_UNKNOWN);
	trc_reader_close(reader);
}

static void check_bins(unsigned events)
{
	char *script = test_script(events, 3);
	uint64_t lookups = 0, nodes = 0, worst = 0;

	count_script(script, "kheap", 64, ALLOC_TOUCH_NONE, &result);
	free(script);
	assert_int_equal(result.bins, kb_min(events, REPLAY_BINS));
	for (uint64_t b = 0; b < result.bins; b++) {
		const struct replay_bin *bin = &result.bin[b];

		assert_int_equal(bin->event, events * (b + 1) / result.bins);
		assert_true(bin->live <= 4);
		assert_int_equal(bin->pages_live, bin->live);
		assert_int_equal(bin->free_pages, 64 - bin->live);
		lookups += bin->lookups;
		nodes += bin->nodes_visited;
		worst = kb_max(worst, bin->nodes_visited_max);
	}
	assert_int_equal(lookups, test_counter(&result, "lookups"));
	assert_int_equal(nodes, test_counter(&result, "nodes_visited"));
	assert_int_equal(worst, test_counter(&result, "nodes_visited_max"));
	assert_int_equal(exact.of[REPLAY_EXACT_nodes].lookups, lookups);
}

/* What the distribution adds up to. */
static uint64_t sum_of(enum replay_exact_kind kind)
{
	const struct replay_tally *tally = &exact.of[kind];
	uint64_t sum = 0, lookups = 0;

	for (uint32_t i = 0; i <= tally->max; i++) {
		sum += i * tally->at[i];
		lookups += tally->at[i];
	}
	assert_int_equal(lookups, tally->lookups);
	return sum;
}

/* The exact distributions add up to the counters, by steps and by rows. */
static void test_replay_count__distributions_add_up(void **state)
{
	static const char *const names[] = { "kheap", "kheap:lookup=scan",
					     "kheap:lookup=rowmap,order=head" };
	struct kb_diag diag;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		struct trc_reader *reader = test_trace_file("boot.trc");
		uint64_t lookups = 0, nodes = 0;

		assert_int_equal(count(reader, test_alloc_open(names[i], 0),
				       ALLOC_TOUCH_NONE, &result, &diag),
				 0);
		expect("rows_visited", sum_of(REPLAY_EXACT_rows));
		expect("nodes_visited", sum_of(REPLAY_EXACT_nodes));
		expect("lines_touched", sum_of(REPLAY_EXACT_lines));
		expect("nodes_visited_max", exact.of[REPLAY_EXACT_nodes].max);
		expect("lines_touched_max", exact.of[REPLAY_EXACT_lines].max);
		for (uint32_t row = 0; row < exact.rows; row++) {
			lookups += exact.row_lookups[row];
			nodes += exact.row_nodes[row];
		}
		expect("lookups", lookups);
		expect("nodes_visited", nodes);
		trc_reader_close(reader);
	}
}

/* Bin b of B ends at event total * (b + 1) / B. */
static void test_replay_count__timeline_of_many_events(void **state)
{
	static const unsigned events[] = { 1, 511, 512, 513, 1000, 1024, 4099 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(events); i++)
		check_bins(events[i]);
}

static void test_replay_count__an_empty_trace(void **state)
{
	(void)state;
	count_script("", "kheap", 0, ALLOC_TOUCH_NONE, &result);
	expect("events", 0);
	expect("live_max", 0);
	assert_int_equal(result.bins, 1);
	assert_int_equal(result.bin[0].event, 0);
	assert_int_equal(exact.of[REPLAY_EXACT_nodes].lookups, 0);
	assert_int_equal(exact.rows, 0);
}

/* 0 bytes are not touched, 4096 once, 4097 twice; none of it where refused. */
static void test_replay_count__touch(void **state)
{
	static const char script[] = "+1:0 +2:1 +3:4096 +4:4097 +5:12288 +6:1";
	static const uint64_t touches[] = {
		[ALLOC_TOUCH_NONE] = 0,
		[ALLOC_TOUCH_FIRST] = 4,
		[ALLOC_TOUCH_ALL] = 1 + 1 + 2 + 3,
	};

	(void)state;
	/* The window is full before the last. */
	for (size_t i = 0; i < KB_ARRAY_LEN(touches); i++) {
		count_script(script, "kheap", 8, (enum alloc_touch)i, &result);
		expect("failed_allocs", 1);
		assert_int_equal(test_counter(&result, "tlb_hits") +
					 test_counter(&result, "tlb_misses"),
				 touches[i]);
	}
}

/* Same trace and options, same everything. */
static void test_replay_count__is_deterministic(void **state)
{
	(void)state;
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_ALL, &result);
	count_script(SCRIPT, "kheap", 3, ALLOC_TOUCH_ALL, &other);
	assert_memory_equal(&result, &other, sizeof(result));
}

static void
test_replay_count__an_allocator_that_rejects_its_objects(void **state)
{
	struct trc_reader *reader = test_trace("+1:1 +2:1 -1 -2");
	struct test_allocator *liar = test_allocator_new();
	struct kb_diag diag;

	(void)state;
	liar->lie = TEST_DISOWNS;
	liar->nth = 2;
	assert_int_equal(count(reader, test_allocator_alloc(liar),
			       ALLOC_TOUCH_NONE, &result, &diag),
			 KB_E_WRONG);
	assert_non_null(strstr(diag.text, "event 4"));
	assert_non_null(strstr(diag.text, "does not know"));
	trc_reader_close(reader);
}

static void test_replay_count__finds_counters_by_name(void **state)
{
	const struct replay_counters counters = {
		.count = 2, .item = { { "one", 1 }, { "two", 2 } }
	};

	(void)state;
	assert_int_equal(replay_counters_find(&counters, "two")->value, 2);
	assert_null(replay_counters_find(&counters, "three"));
	assert_null(replay_counters_find(&counters, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_count__hand_computed),
		cmocka_unit_test(test_replay_count__effect_of_the_lookup),
		cmocka_unit_test(
			test_replay_count__hosts_have_no_heaps_counters),
		cmocka_unit_test(test_replay_count__digest),
		cmocka_unit_test(test_replay_count__timeline_of_few_events),
		cmocka_unit_test(test_replay_count__timeline_of_many_events),
		cmocka_unit_test(test_replay_count__distributions_add_up),
		cmocka_unit_test(test_replay_count__memory),
		cmocka_unit_test(test_replay_count__memory_of_variants),
		cmocka_unit_test(
			test_replay_count__memory_that_is_not_reported),
		cmocka_unit_test(test_replay_count__an_empty_trace),
		cmocka_unit_test(test_replay_count__touch),
		cmocka_unit_test(test_replay_count__is_deterministic),
		cmocka_unit_test(
			test_replay_count__an_allocator_that_rejects_its_objects),
		cmocka_unit_test(test_replay_count__finds_counters_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
