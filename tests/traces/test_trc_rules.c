/* The import rules of traces/FORMAT.md, each on a text of a few lines. */
#include "trc_test.h"

#include <stdlib.h>
#include <string.h>

#define AT(time) "            init-1       [000] .....     " time ": "
#define ALLOC(time, site, ptr)                                                 \
	AT(time)                                                               \
	"kmalloc: call_site=" site " ptr=" ptr " bytes_req=10 bytes_alloc=16 " \
	"gfp_flags=GFP_KERNEL node=-1 accounted=false\n"
#define FREE(time, site, ptr) AT(time) "kfree: call_site=" site " ptr=" ptr "\n"

#define A		      "ffff8e9aa6507c80"
#define B		      "ffff8e9aa6507d00"
#define RB		      "__rb_allocate_pages+0xb4/0x260"

static void check(const char *text, const char *dump)
{
	struct imported im = import_text(text);

	assert_string_equal(im.dump.data, dump);
	imported_release(&im);
}

static void test_trc_rules__slots_are_reused_last_freed_first(void **state)
{
	(void)state;
	check(ALLOC("0.000001", "f+0x1/0x2",
		    "0x100") ALLOC("0.000002", "f+0x1/0x2", "0x200")
		      ALLOC("0.000003", "f+0x1/0x2", "0x300") FREE(
			      "0.000004", "g+0x1/0x2",
			      "0x200") FREE("0.000005", "g+0x1/0x2", "0x100")
			      ALLOC("0.000006", "f+0x1/0x2", "0x400") ALLOC(
				      "0.000007", "f+0x1/0x2", "0x500")
				      ALLOC("0.000008", "f+0x1/0x2", "0x600"),
	      "alloc 0 10/16 @1000 cpu0 f+0x1 init-1\n"
	      "alloc 1 10/16 @2000 cpu0 f+0x1 init-1\n"
	      "alloc 2 10/16 @3000 cpu0 f+0x1 init-1\n"
	      "free 1 @4000 cpu0 g+0x1 init-1\n"
	      "free 0 @5000 cpu0 g+0x1 init-1\n"
	      "alloc 0 10/16 @6000 cpu0 f+0x1 init-1\n"
	      "alloc 1 10/16 @7000 cpu0 f+0x1 init-1\n"
	      "alloc 3 10/16 @8000 cpu0 f+0x1 init-1\n");
}

static void test_trc_rules__null_in_every_spelling_is_dropped(void **state)
{
	static const char *const nulls[] = {
		"0000000000000000", "00000000", "0x0",	    "0",
		"(null)",	    "(nil)",	"  (null)", "          (null)",
		"0000000000000010", "0x10",	"10",	    "00000010",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		struct blob text = { 0 };
		struct imported im;

		blob_printf(&text, FREE("1.5", "f+0x1/0x2", "%s"), nulls[i]);
		blob_printf(&text, ALLOC("1.5", "f+0x1/0x2", "%s"), nulls[i]);
		/* Rule 1 comes first: the recorder's NULL is no exclusion. */
		blob_printf(&text, ALLOC("1.5", RB, "%s"), nulls[i]);
		im = import_text(text.data);
		assert_int_equal(im.counts.null_frees, 1);
		assert_int_equal(im.counts.null_allocs, 2);
		assert_int_equal(im.counts.excluded_allocs, 0);
		assert_int_equal(im.counts.events, 0);
		imported_release(&im);
		free(text.data);
	}
}

static void
test_trc_rules__live_pointer_allocated_again_implies_a_free(void **state)
{
	struct imported im = import_text(ALLOC("1.0", "f+0x1/0x2", A) ALLOC(
		"2.0", "h+0x9/0xa [mod]", A) FREE("3.0", "g+0x1/0x2", A));

	(void)state;
	assert_string_equal(
		im.dump.data,
		"alloc 0 10/16 @1000000000 cpu0 f+0x1 init-1\n"
		"implied 0 @2000000000 cpu0 h+0x9 [mod] init-1\n"
		"alloc 0 10/16 @2000000000 cpu0 h+0x9 [mod] init-1\n"
		"free 0 @3000000000 cpu0 g+0x1 init-1\n");
	assert_int_equal(im.counts.implied_frees, 1);
	assert_int_equal(im.counts.frees, 2);
	assert_int_equal(im.counts.allocs, 2);
	assert_int_equal(im.counts.events, 4);
	assert_int_equal(im.counts.live_max, 1);
	imported_release(&im);
}

/* Rule 2 before rule 3: the recorder may reuse the workload's memory. */
static void
test_trc_rules__excluded_alloc_of_live_pointer_frees_it(void **state)
{
	struct imported im = import_text(ALLOC("1.0", "f+0x1/0x2", A) ALLOC(
		"2.0", RB, A) FREE("3.0", "g+0x1/0x2", A));

	(void)state;
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @1000000000 cpu0 f+0x1 init-1\n"
			    "implied 0 @2000000000 cpu0 "
			    "__rb_allocate_pages+0xb4 init-1\n");
	assert_int_equal(im.counts.excluded_allocs, 1);
	assert_int_equal(im.counts.excluded_frees, 1);
	assert_int_equal(im.counts.unmatched_frees, 0);
	imported_release(&im);
}

static void test_trc_rules__recorder_is_left_out(void **state)
{
	struct imported im = import_text(
		ALLOC("1.0", RB, A)
			ALLOC("1.0", "rb_allocate_cpu_buffer+0x1/0x2", B)
		/* Allocated again: excluded no more, and no implied free. */
		ALLOC("2.0", "f+0x1/0x2", A) FREE("3.0", "g+0x1/0x2", A)
			FREE("3.0", "g+0x1/0x2", B)
		/* Freed: the second free has nothing to free. */
		FREE("3.0", "g+0x1/0x2", B)
		/* Only the whole symbol counts. */
		ALLOC("4.0", "x__rb_allocate_pages+0xb4/0x260", A)
			ALLOC("4.0", "__rb_allocate_pages2+0xb4/0x260", B));

	(void)state;
	assert_int_equal(im.counts.excluded_allocs, 2);
	assert_int_equal(im.counts.excluded_frees, 1);
	assert_int_equal(im.counts.unmatched_frees, 1);
	assert_int_equal(im.counts.implied_frees, 0);
	assert_int_equal(im.counts.allocs, 3);
	assert_int_equal(im.counts.live_at_end, 2);
	imported_release(&im);
}

static void test_trc_rules__keep_recorder_keeps_it(void **state)
{
	static const char text[] = ALLOC("1.0", RB, A);
	const struct trc_import_options opts = { .keep_recorder = true };
	struct imported im = import_bytes(text, strlen(text), &opts);

	(void)state;
	assert_int_equal(im.status, 0);
	assert_int_equal(im.counts.allocs, 1);
	assert_int_equal(im.counts.excluded_allocs, 0);
	imported_release(&im);
}

static void test_trc_rules__exclude_site_adds_symbols_and_offsets(void **state)
{
	static const char text[] = ALLOC("1.0", "f+0x1/0x2", "0x100")
		ALLOC("1.0", "f+0x2/0x2 [m]", "0x200")
			ALLOC("1.0", "g+0x1/0x2", "0x300")
				ALLOC("1.0", "g+0x2/0x2", "0x400")
					ALLOC("1.0", RB, "0x500");
	static const char *const sites[] = { "f", "g+0x2" };
	const struct trc_import_options opts = { .exclude_sites = sites,
						 .exclude_site_count = 2 };
	struct imported im = import_bytes(text, strlen(text), &opts);

	(void)state;
	assert_int_equal(im.status, 0);
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @1000000000 cpu0 g+0x1 init-1\n");
	assert_int_equal(im.counts.excluded_allocs, 4);
	imported_release(&im);
}

/* The sites that are bare addresses have no symbol, and no name is not theirs. */
static void test_trc_rules__exclude_site_of_no_name(void **state)
{
	static const char text[] = ALLOC("1.0", "f+0x1/0x2", "0x100")
		ALLOC("1.0", "0xffffffff81000000", "0x200");
	static const char *const sites[] = { "" };
	const struct trc_import_options opts = { .exclude_sites = sites,
						 .exclude_site_count = 1 };
	struct imported im = import_bytes(text, strlen(text), &opts);

	(void)state;
	assert_int_equal(im.status, 0);
	assert_int_equal(im.counts.allocs, 2);
	assert_int_equal(im.counts.excluded_allocs, 0);
	imported_release(&im);
}

static void test_trc_rules__unknown_pointer_is_unmatched(void **state)
{
	struct imported im = import_text(FREE("1.0", "g+0x1/0x2", A) ALLOC(
		"2.0", "f+0x1/0x2", A) FREE("3.0", "g+0x1/0x2", A)
						 FREE("4.0", "g+0x1/0x2", A));

	(void)state;
	assert_int_equal(im.counts.unmatched_frees, 2);
	assert_int_equal(im.counts.events, 2);
	imported_release(&im);
}

static void test_trc_rules__every_marker_of_loss_adds_up(void **state)
{
	struct imported im = import_text(
		"# entries-in-buffer/entries-written: 10/17   #P:2\n"
		"CPU:1 [LOST 30 EVENTS]\nCPU:0 [LOST EVENTS]\n"
		"##### CPU 1 buffer started ####\n" ALLOC(
			"1.0", "f+0x1/0x2",
			A) "# entries-in-buffer/entries-written: 5/5   #P:2\n");

	(void)state;
	assert_int_equal(im.counts.lost_events, 7 + 30 + 1);
	assert_int_equal(im.counts.events, 1);
	imported_release(&im);
}

static void test_trc_rules__objects_stay_live_at_the_end(void **state)
{
	struct imported im = import_text(
		ALLOC("1.0", "f+0x1/0x2", "0x100")
			ALLOC("1.0", "f+0x1/0x2", "0x200")
				ALLOC("1.0", "f+0x1/0x2", "0x300")
					FREE("2.0", "g+0x1/0x2", "0x200"));

	(void)state;
	assert_int_equal(im.counts.live_at_end, 2);
	assert_int_equal(im.counts.live_max, 3);
	assert_int_equal(im.counts.objects, 3);
	imported_release(&im);
}

static void
test_trc_rules__hidden_pointer_stops_even_a_lenient_import(void **state)
{
	static const char text[] = ALLOC("1.0", "f+0x1/0x2", A)
		ALLOC("2.0", "f+0x1/0x2", "(____ptrval____)");
	const struct trc_import_options opts = { .lenient = true };
	struct imported im = import_bytes(text, strlen(text), &opts);

	(void)state;
	assert_int_equal(im.status, KB_E_FORMAT);
	assert_int_equal(im.diag.line, 2);
	assert_says(&im.diag, "text:2: ");
	assert_says(&im.diag, "no_hash_pointers");
	imported_release(&im);
}

/* clang-format off */
static const char other_events[] =
	ALLOC("1.0", "f+0x1/0x2", A)
	AT("1.5") "kmem_cache_alloc: call_site=f+0x1/0x2 ptr=" B " bytes_req=1\n"
	AT("1.6") "sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b\n"
	AT("1.7") "mm_page_alloc: page=1 pfn=0x1 order=0\n"
	AT("1.8") "kfree_skb: skbaddr=1\n"
	AT("1.9") "<stack trace>\n => kmalloc\n => f\n"
	FREE("2.0", "g+0x1/0x2", A);
/* clang-format on */

static void test_trc_rules__other_events_are_counted(void **state)
{
	struct imported im = import_text(other_events);

	(void)state;
	assert_int_equal(im.counts.other_events, 5);
	assert_int_equal(im.counts.events, 2);
	imported_release(&im);
}

static void test_trc_rules__unreadable_line_is_an_error_or_counted(void **state)
{
	static const char text[] =
		ALLOC("1.0", "f+0x1/0x2",
		      A) "\n"
			 "what is this?\n" FREE("2.0", "g+0x1/0x2", A);
	const struct trc_import_options lenient = { .lenient = true };
	struct imported im = import_bytes(text, strlen(text), NULL);

	(void)state;
	assert_int_equal(im.status, KB_E_FORMAT);
	assert_int_equal(im.diag.line, 3);
	assert_says(&im.diag, "text:3: ");
	assert_says(&im.diag, "what is this?");
	assert_says(&im.diag, "--lenient");
	imported_release(&im);
	im = import_bytes(text, strlen(text), &lenient);
	assert_int_equal(im.status, 0);
	assert_int_equal(im.counts.bad_lines, 1);
	assert_int_equal(im.counts.events, 2);
	imported_release(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_trc_rules__slots_are_reused_last_freed_first),
		cmocka_unit_test(
			test_trc_rules__null_in_every_spelling_is_dropped),
		cmocka_unit_test(
			test_trc_rules__live_pointer_allocated_again_implies_a_free),
		cmocka_unit_test(
			test_trc_rules__excluded_alloc_of_live_pointer_frees_it),
		cmocka_unit_test(test_trc_rules__recorder_is_left_out),
		cmocka_unit_test(test_trc_rules__keep_recorder_keeps_it),
		cmocka_unit_test(
			test_trc_rules__exclude_site_adds_symbols_and_offsets),
		cmocka_unit_test(test_trc_rules__exclude_site_of_no_name),
		cmocka_unit_test(test_trc_rules__unknown_pointer_is_unmatched),
		cmocka_unit_test(test_trc_rules__every_marker_of_loss_adds_up),
		cmocka_unit_test(test_trc_rules__objects_stay_live_at_the_end),
		cmocka_unit_test(
			test_trc_rules__hidden_pointer_stops_even_a_lenient_import),
		cmocka_unit_test(test_trc_rules__other_events_are_counted),
		cmocka_unit_test(
			test_trc_rules__unreadable_line_is_an_error_or_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
