/*
 * The designs that kernels have, on the recorded boots: what they take is what
 * the recording, or plain arithmetic, says.
 */
#include "replay_support.h"

#include "kb_bits.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE UINT64_C(4096)

static struct replay_count_result count(const char *name, const char *trace)
{
	struct replay_job job = { .reader = test_trace_file(trace),
				  .alloc = test_alloc_open(name, 0) };
	struct replay_count_result result;

	assert_int_equal(replay_count(&job, &result, NULL), 0);
	assert_int_equal(test_counter(&result, "failed_allocs"), 0);
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
	return result;
}

/* Most pages that the recorded kernel's own bytes_alloc of live objects needed,
 * if they had been packed without a gap; and the pages of all allocations, each
 * in pages of its own. */
struct recorded {
	uint64_t pages_peak;
	uint64_t pages_all;
};

static void add_block(const struct trc_block *block, uint64_t *granted,
		      uint64_t *live, struct recorded *out)
{
	for (uint32_t i = 0; i < block->count; i++) {
		uint64_t *slot = &granted[block->slot[i]];

		*live -= *slot;
		*slot = 0;
		if (block->kind[i] != TRC_ALLOC)
			continue;
		*slot = block->size_granted[i];
		*live += *slot;
		out->pages_peak =
			kb_max(out->pages_peak, kb_div_up(*live, PAGE));
		out->pages_all += kb_div_up(kb_max(block->size[i], 1), PAGE);
	}
}

static struct recorded read_recorded(const char *trace)
{
	struct recorded out = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	uint64_t *granted, live = 0;
	char path[4096];

	snprintf(path, sizeof(path), "%s/traces/%s", KB_SOURCE_DIR, trace);
	assert_int_equal(trc_reader_open(&reader, path, TRC_COLUMNS_ALL, NULL),
			 0);
	granted = calloc(trc_reader_info(reader)->counts.live_max,
			 sizeof(*granted));
	assert_non_null(granted);
	while (trc_reader_next(reader, &block, NULL) == 0)
		add_block(&block, granted, &live, &out);
	free(granted);
	trc_reader_close(reader);
	return out;
}

/* At most 1.10 times what the recorded kernel's allocator handed out, slabs'
 * free objects included, on every boot. */
static void test_alloc_classic__slab_pages_match_the_kernel(void **state)
{
	static const char *const traces[] = { "boot.trc", "debian-boot.trc",
					      "boot-6.12.trc" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(traces); i++) {
		struct replay_count_result result =
			count("slab+kheap:lookup=pagemap", traces[i]);
		struct recorded recorded = read_recorded(traces[i]);

		assert_in_range(100 * test_counter(&result, "pages_peak"), 1,
				110 * recorded.pages_peak);
	}
}

/* The Debian boot's two sides, exactly. */
static void test_alloc_classic__exact_pages_of_the_debian_boot(void **state)
{
	struct replay_count_result result =
		count("slab+kheap", "debian-boot.trc");

	(void)state;
	assert_int_equal(read_recorded("debian-boot.trc").pages_peak, 1358);
	assert_int_equal(test_counter(&result, "pages_peak"), 1248);
}

/* bump's window is as long as all the pages that the trace ever asks for. */
static void test_alloc_classic__bump_takes_every_page_once(void **state)
{
	struct replay_count_result result = count("bump", "debian-boot.trc");

	(void)state;
	assert_int_equal(test_counter(&result, "pages_peak"),
			 read_recorded("debian-boot.trc").pages_all);
}

/* At its window's end it refuses, and goes on refusing. */
static void test_alloc_classic__bump_is_limited_to_its_window(void **state)
{
	struct alloc alloc = test_alloc_open("bump", 3);
	uint64_t one = alloc.vt->alloc(alloc.ctx, 1);

	(void)state;
	assert_int_equal(one, UINT32_C(0xF0000000));
	assert_int_equal(alloc.vt->alloc(alloc.ctx, 4097), one + 4096);
	assert_int_equal(alloc.vt->free(alloc.ctx, one), 0);
	assert_int_equal(alloc.vt->alloc(alloc.ctx, 0), 0);
	assert_int_equal(alloc.vt->free(alloc.ctx, one + 3 * 4096),
			 KB_E_NOT_LIVE);
	alloc_close(&alloc);
}

/* Pages without waste are kheap's: the exact designs peak where it does. */
static void test_alloc_classic__exact_designs_peak_with_the_heap(void **state)
{
	static const char *const names[] = { "bitmap", "vmem", "vmem:fit=best",
					     "kheap:lookup=pagemap" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		struct replay_count_result result =
			count(names[i], "debian-boot.trc");

		assert_int_equal(test_counter(&result, "pages_peak"), 15707);
	}
}

/* Objects that share a page keep their own payload. */
static void test_alloc_classic__slab_payloads_do_not_overlap(void **state)
{
	struct alloc alloc = test_alloc_open("slab+kheap", 0);
	const struct alloc_vt *vt = alloc.vt;
	uint64_t a = vt->alloc(alloc.ctx, 100);
	uint64_t b = vt->alloc(alloc.ctx, 100);

	(void)state;
	assert_int_equal(a / 4096, b / 4096);
	vt->fill(alloc.ctx, a, 100, 1);
	vt->fill(alloc.ctx, b, 100, 2);
	assert_true(vt->intact(alloc.ctx, a, 100, 1));
	assert_true(vt->intact(alloc.ctx, b, 100, 2));
	/* Four bytes too many reach the neighbor, 128 away. */
	vt->fill(alloc.ctx, a, 132, 1);
	assert_false(vt->intact(alloc.ctx, b, 100, 2));
	alloc_close(&alloc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_alloc_classic__slab_pages_match_the_kernel),
		cmocka_unit_test(
			test_alloc_classic__exact_pages_of_the_debian_boot),
		cmocka_unit_test(
			test_alloc_classic__bump_takes_every_page_once),
		cmocka_unit_test(
			test_alloc_classic__bump_is_limited_to_its_window),
		cmocka_unit_test(
			test_alloc_classic__exact_designs_peak_with_the_heap),
		cmocka_unit_test(
			test_alloc_classic__slab_payloads_do_not_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
