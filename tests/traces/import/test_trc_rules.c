/* The import rules of traces/FORMAT.md, each on a text of a few lines. */
#include "kb_bits.h"
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

/* An allocation that the kernel traces twice: where it is made, and where it is
 * asked for. */
#define INNER  "__kmalloc_large+0x1/0x2"
#define CALLER "f+0x1/0x2 [m]"

/* As ALLOC and FREE, on cpu 1. */
#define ON_1(time) "            init-1       [001] .....     " time ": "
#define ALLOC_1(time, site, ptr)                                     \
	ON_1(time)                                                   \
	"kmalloc: call_site=" site " ptr=" ptr                       \
	" bytes_req=10 bytes_alloc=16 gfp_flags=GFP_KERNEL node=-1 " \
	"accounted=false\n"
#define FREE_1(time, ptr) ON_1(time) "kfree: call_site=g+0x1/0x2 ptr=" ptr "\n"

static void check(const char *text, const char *dump)
{
	struct imported im = import_text(text);

	assert_string_equal(im.dump.data, dump);
	imported_release(&im);
}

static void test_trc_rules__slots_are_reused_last_freed_first(void **state)
{
	static const char text[] = KB_LINES(
		ALLOC("0.000001", "f+0x1/0x2", "0x100")
		ALLOC("0.000002", "f+0x1/0x2", "0x200")
		ALLOC("0.000003", "f+0x1/0x2", "0x300")
		FREE("0.000004", "g+0x1/0x2", "0x200")
		FREE("0.000005", "g+0x1/0x2", "0x100")
		ALLOC("0.000006", "f+0x1/0x2", "0x400")
		ALLOC("0.000007", "f+0x1/0x2", "0x500")
		ALLOC("0.000008", "f+0x1/0x2", "0x600"));

	(void)state;
	check(text, "alloc 0 10/16 @1000 cpu0 f+0x1 init-1\n"
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
	struct imported im = import_text(KB_LINES(
		ALLOC("1.0", "f+0x1/0x2", A)
		FREE("1.5", "g+0x1/0x2", "0x0")
		ALLOC("2.0", "h+0x9/0xa [mod]", A)
		FREE("3.0", "g+0x1/0x2", A)));

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

static struct imported import_with(const char *text,
				   const struct trc_import_options *opts)
{
	struct imported im = import_bytes(text, strlen(text), opts);

	if (im.status < 0)
		fail_msg("%s", im.diag.text);
	return im;
}

static void test_trc_rules__traced_twice_is_one_allocation(void **state)
{
	struct imported im = import_text(KB_LINES(
		ALLOC("1.0", INNER, A)
		ALLOC("2.0", CALLER, A)
		FREE("3.0", "g+0x1/0x2", A)));

	(void)state;
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @1000000000 cpu0 f+0x1 [m] init-1\n"
			    "free 0 @3000000000 cpu0 g+0x1 init-1\n");
	assert_int_equal(im.counts.duplicate_allocs, 1);
	assert_int_equal(im.counts.implied_frees, 0);
	assert_int_equal(im.counts.allocs, 1);
	imported_release(&im);
}

/* What comes between on another cpu, and what is no kmalloc or kfree, keeps its
 * place and decides nothing. */
static void test_trc_rules__duplicates_with_other_cpus_in_between(void **state)
{
	const struct trc_import_options opts = { .takes_caches = true,
						 .takes_pages = true };
	static const char text[] = KB_LINES(
		ALLOC_1("0.1", "h+0x1/0x2", "0x200")
		ALLOC("1.0", INNER, A)
		FREE_1("1.1", "0x200")
		ALLOC_1("1.2", INNER, B)
		FREE_1("1.3", "0x0")
		AT("1.4") "kmem_cache_alloc: call_site=f+0x1/0x2 ptr=0x300"
		" bytes_req=1 bytes_alloc=8 gfp_flags=0\n"
		AT("1.5") "mm_page_alloc: page=1 pfn=0x1 order=0\n"
		AT("1.6") "sched_switch: prev_comm=a prev_pid=1\n"
		ALLOC("2.0", CALLER, A)
		FREE("3.0", "g+0x1/0x2", A));
	struct imported im = import_with(text, &opts);

	(void)state;
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @100000000 cpu1 h+0x1 init-1\n"
			    "alloc 1 10/16 @1000000000 cpu0 f+0x1 [m] init-1\n"
			    "free 0 @1100000000 cpu1 g+0x1 init-1\n"
			    "alloc 0 10/16 @1200000000 cpu1 "
			    "__kmalloc_large+0x1 init-1\n"
			    "alloc 2 1/8 @1400000000 cpu0 f+0x1 init-1\n"
			    "alloc 3 4096/4096 @1500000000 cpu0 ? init-1\n"
			    "free 1 @3000000000 cpu0 g+0x1 init-1\n");
	assert_int_equal(im.counts.duplicate_allocs, 1);
	imported_release(&im);
}

/* Any kmalloc or kfree of the cpu between says that the first was over. */
static void test_trc_rules__separated_events_are_not_duplicates(void **state)
{
	static const char *const between[] = {
		FREE("1.5", "g+0x1/0x2", "0x200"), /* matched */
		FREE("1.5", "g+0x1/0x2", "0x300"), /* excluded */
		FREE("1.5", "g+0x1/0x2", "0x400"), /* unmatched */
		FREE("1.5", "g+0x1/0x2", "0x0"),
		ALLOC("1.5", "h+0x1/0x2", "0x500"),
		ALLOC("1.5", RB, "0x500"),
		ALLOC("1.5", "h+0x1/0x2", "(null)"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		struct blob text = { 0 };
		struct imported im;

		blob_printf(&text, "%s%s%s",
			    KB_LINES(
				ALLOC("0.1", "h+0x1/0x2", "0x200")
				ALLOC("0.2", RB, "0x300")
				ALLOC("1.0", INNER, A)),
				    between[i], ALLOC("2.0", CALLER, A));
		im = import_text(text.data);
		assert_int_equal(im.counts.duplicate_allocs, 0);
		assert_int_equal(im.counts.implied_frees, 1);
		imported_release(&im);
		free(text.data);
	}
}

/* Another pointer, size, granted size or cpu; an object that has ended; a third
 * event. */
static void test_trc_rules__different_events_are_not_duplicates(void **state)
{
	static const struct {
		const char *text;
		unsigned duplicates;
		unsigned implied;
	} cases[] = {
		/* clang-format off */
		{ ALLOC("1.0", INNER, A)
		  ALLOC("2.0", CALLER, B), 0, 0 },
		{ ALLOC("1.0", INNER, A)
		  AT("2.0") "kmalloc: call_site=f+0x1/0x2 ptr=" A
		  " bytes_req=11 bytes_alloc=16 gfp_flags=0\n", 0, 1 },
		{ ALLOC("1.0", INNER, A)
		  AT("2.0") "kmalloc: call_site=f+0x1/0x2 ptr=" A
		  " bytes_req=10 bytes_alloc=32 gfp_flags=0\n", 0, 1 },
		{ ALLOC("1.0", INNER, A)
		  ALLOC_1("2.0", CALLER, A), 0, 1 },
		{ ALLOC("1.0", INNER, A)
		  FREE_1("1.5", A)
		  ALLOC("2.0", CALLER, A), 0, 0 },
		{ ALLOC("1.0", INNER, A)
		  ALLOC_1("1.5", CALLER, A)
		  ALLOC("2.0", CALLER, A), 0, 2 },
		{ ALLOC("1.0", INNER, A)
		  ALLOC("2.0", INNER, A)
		  ALLOC("3.0", CALLER, A), 1, 1 },
		{ ALLOC("1.0", INNER, A)
		  ALLOC("2.0", INNER, A)
		  ALLOC("3.0", INNER, A)
		  ALLOC("4.0", CALLER, A), 2, 1 },
		{ ALLOC("1.0", INNER, "0x0")
		  ALLOC("2.0", CALLER, "0x0"), 0, 0 },
		{ ALLOC("1.0", INNER, A)
		  AT("2.0") "kmalloc_node: call_site=f+0x1/0x2 ptr=" A
		  " bytes_req=10 bytes_alloc=16 gfp_flags=0 node=0\n", 1, 0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imported im = import_text(cases[i].text);

		if (im.counts.duplicate_allocs != cases[i].duplicates ||
		    im.counts.implied_frees != cases[i].implied)
			fail_msg("case %zu: %lu duplicates, %lu implied", i,
				 (unsigned long)im.counts.duplicate_allocs,
				 (unsigned long)im.counts.implied_frees);
		imported_release(&im);
	}
}

/* Rule 3 asks for the caller's site; what it excludes has never been there. */
static void test_trc_rules__traced_twice_by_an_excluded_caller(void **state)
{
	struct imported im = import_text(KB_LINES(
			ALLOC("1.0", INNER, A)
			ALLOC_1("1.5", "h+0x1/0x2", B)
			ALLOC("2.0", RB, A)
			FREE("3.0", "g+0x1/0x2", A)));

	(void)state;
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @1500000000 cpu1 h+0x1 init-1\n");
	assert_int_equal(im.counts.duplicate_allocs, 1);
	assert_int_equal(im.counts.excluded_allocs, 1);
	assert_int_equal(im.counts.excluded_frees, 1);
	assert_int_equal(im.counts.unmatched_frees, 0);
	imported_release(&im);
	/* An excluded object is not live, so nothing repeats it. */
	im = import_text(ALLOC("1.0", RB, A) ALLOC("2.0", CALLER, A));
	assert_int_equal(im.counts.duplicate_allocs, 0);
	assert_int_equal(im.counts.excluded_allocs, 1);
	assert_int_equal(im.counts.allocs, 1);
	imported_release(&im);
}

/* An alloc of A, `between` events of another cpu, and A once more. */
static uint64_t duplicates_after(uint32_t between)
{
	struct blob text = { 0 };
	struct imported im;
	uint64_t duplicates;

	blob_printf(&text, "%s", ALLOC("1.0", INNER, A));
	for (uint32_t i = 0; i < between; i++)
		blob_printf(&text, "%s", FREE_1("1.5", "0x0"));
	blob_printf(&text, "%s", ALLOC("2.0", CALLER, A));
	im = import_text(text.data);
	duplicates = im.counts.duplicate_allocs;
	assert_int_equal(im.counts.null_frees, between);
	assert_int_equal(im.counts.implied_frees, 1 - duplicates);
	imported_release(&im);
	free(text.data);
	return duplicates;
}

static void test_trc_rules__duplicates_are_found_within_a_limit(void **state)
{
	(void)state;
	assert_int_equal(duplicates_after(65535), 1);
	assert_int_equal(duplicates_after(65536), 0);
}

/* A's alloc on a cpu, then another one's if `is_apart`, and A's once more. */
static uint64_t duplicates_on(unsigned cpu, bool is_apart)
{
	static const char *const pointers[] = { A, B, A };
	struct blob text = { 0 };
	struct imported im;
	uint64_t duplicates;

	for (size_t i = 0; i < KB_ARRAY_LEN(pointers); i++) {
		if (i == 1 && !is_apart)
			continue;
		blob_printf(&text,
			    "            init-1       [%03u] .....     1.0: "
			    "kmalloc: call_site=f+0x1/0x2 ptr=%s bytes_req=10 "
			    "bytes_alloc=16 gfp_flags=0\n",
			    cpu, pointers[i]);
	}
	im = import_text(text.data);
	duplicates = im.counts.duplicate_allocs;
	assert_int_equal(im.counts.implied_frees, is_apart);
	imported_release(&im);
	free(text.data);
	return duplicates;
}

static void test_trc_rules__duplicates_on_any_cpu(void **state)
{
	static const unsigned cpus[] = { 0, 7, 1023, 1024, 4095 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cpus); i++) {
		assert_int_equal(duplicates_on(cpus[i], false), 1);
		assert_int_equal(duplicates_on(cpus[i], true), 0);
	}
}

/* What each recorder of a kernel's memory events writes for one alloc, and for the
 * same on another cpu where it tells cpus. */
static void test_trc_rules__every_kernel_format_applies_it(void **state)
{
#define FIELDS                                                       \
	"call_site=f+0x1/0x2 ptr=" A " bytes_req=10 bytes_alloc=16 " \
	"gfp_flags=0"
#define LTTNG(cpu)                                                         \
	"[10:00:00.000000001] (+0.000000001) host kmem_kmalloc: { cpu_id " \
	"= " cpu " }, { call_site = 0xf1, ptr = 0xff00, bytes_req = 10, "  \
	"bytes_alloc = 16, gfp_flags = 0 }\n"
	static const struct {
		const char *name;
		const char *line;
		const char *elsewhere;
	} formats[] = {
		{ "ftrace", AT("1.0") "kmalloc: " FIELDS "\n",
		  ON_1("1.0") "kmalloc: " FIELDS "\n" },
		{ "trace-cmd", AT("1.0") "kmalloc: " FIELDS "\n",
		  ON_1("1.0") "kmalloc: " FIELDS "\n" },
		{ "perf", "init 1 [000] 1.0: kmem:kmalloc: " FIELDS "\n",
		  "init 1 [001] 1.0: kmem:kmalloc: " FIELDS "\n" },
		{ "lttng", LTTNG("0"), LTTNG("1") },
		{ "console", "[    1.000000] kmalloc: " FIELDS "\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct trc_import_options opts = {
			.format = formats[i].name
		};
		struct blob text = { 0 };
		struct imported im;

		blob_printf(&text, "%s%s", formats[i].line, formats[i].line);
		im = import_with(text.data, &opts);
		assert_int_equal(im.counts.duplicate_allocs, 1);
		imported_release(&im);
		free(text.data);
		if (!formats[i].elsewhere)
			continue;
		text = (struct blob){ 0 };
		blob_printf(&text, "%s%s", formats[i].line,
			    formats[i].elsewhere);
		im = import_with(text.data, &opts);
		assert_int_equal(im.counts.duplicate_allocs, 0);
		assert_int_equal(im.counts.implied_frees, 1);
		imported_release(&im);
		free(text.data);
	}
}

/* A program that is told the same address twice has lost a free. */
static void test_trc_rules__programs_trace_once(void **state)
{
	static const char *const texts[] = {
		"kh+ 10 f0000000\nkh+ 10 f0000000\n",
		"= Start\n@ p:[0x1] + 0x1000 0x10\n"
		"@ p:[0x1] + 0x1000 0x10\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct imported im = import_text(texts[i]);

		assert_int_equal(im.counts.duplicate_allocs, 0);
		assert_int_equal(im.counts.implied_frees, 1);
		imported_release(&im);
	}
}

/* Rule 2 before rule 3: the recorder may reuse the workload's memory. */
static void
test_trc_rules__excluded_alloc_of_live_pointer_frees_it(void **state)
{
	struct imported im = import_text(KB_LINES(
			ALLOC("1.0", "f+0x1/0x2", A)
			FREE("1.5", "g+0x1/0x2", "0x0")
			ALLOC("2.0", RB, A)
			FREE("3.0", "g+0x1/0x2", A)));

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

static void test_trc_rules__recorder_is_excluded(void **state)
{
	struct imported im = import_text(KB_LINES(
		ALLOC("1.0", RB, A)
		ALLOC("1.0", "rb_allocate_cpu_buffer+0x1/0x2", B)
		/* Allocated again: excluded no more, and no implied free. */
		ALLOC("2.0", "f+0x1/0x2", A)
		FREE("3.0", "g+0x1/0x2", A)
		FREE("3.0", "g+0x1/0x2", B)
		/* Freed: the second free has nothing to free. */
		FREE("3.0", "g+0x1/0x2", B)
		/* Only the whole symbol counts. */
		ALLOC("4.0", "x__rb_allocate_pages+0xb4/0x260", A)
		ALLOC("4.0", "__rb_allocate_pages2+0xb4/0x260", B)));

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
	static const char text[] = KB_LINES(
		ALLOC("1.0", "f+0x1/0x2", "0x100")
		ALLOC("1.0", "f+0x2/0x2 [m]", "0x200")
		ALLOC("1.0", "g+0x1/0x2", "0x300")
		ALLOC("1.0", "g+0x2/0x2", "0x400")
		ALLOC("1.0", RB, "0x500"));
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
	static const char text[] =
		KB_LINES(
		ALLOC("1.0", "f+0x1/0x2", "0x100")
		ALLOC("1.0", "0xffffffff81000000", "0x200"));
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
	struct imported im = import_text(KB_LINES(
		FREE("1.0", "g+0x1/0x2", A)
		ALLOC("2.0", "f+0x1/0x2", A)
		FREE("3.0", "g+0x1/0x2", A)
		FREE("4.0", "g+0x1/0x2", A)));

	(void)state;
	assert_int_equal(im.counts.unmatched_frees, 2);
	assert_int_equal(im.counts.events, 2);
	imported_release(&im);
}

static void test_trc_rules__every_marker_of_loss_adds_up(void **state)
{
	struct imported im = import_text(
		KB_LINES(
			"# entries-in-buffer/entries-written: 10/17   #P:2\n"
			"CPU:1 [LOST 30 EVENTS]\nCPU:0 [LOST EVENTS]\n"
			"##### CPU 1 buffer started ####\n"
			ALLOC("1.0", "f+0x1/0x2", A)
			"# entries-in-buffer/entries-written: 5/5   #P:2\n"));

	(void)state;
	assert_int_equal(im.counts.lost_events, 7 + 30 + 1);
	assert_int_equal(im.counts.events, 1);
	imported_release(&im);
}

static void test_trc_rules__objects_stay_live_at_the_end(void **state)
{
	struct imported im =
		import_text(KB_LINES(
			ALLOC("1.0", "f+0x1/0x2", "0x100")
			ALLOC("1.0", "f+0x1/0x2", "0x200")
			ALLOC("1.0", "f+0x1/0x2", "0x300")
			FREE("2.0", "g+0x1/0x2", "0x200")));

	(void)state;
	assert_int_equal(im.counts.live_at_end, 2);
	assert_int_equal(im.counts.live_max, 3);
	assert_int_equal(im.counts.objects, 3);
	imported_release(&im);
}

static void
test_trc_rules__hidden_pointer_stops_even_a_lenient_import(void **state)
{
	static const char text[] = KB_LINES(
		ALLOC("1.0", "f+0x1/0x2", A)
		ALLOC("2.0", "f+0x1/0x2", "(____ptrval____)"));
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
	static const char text[] = KB_LINES(
			ALLOC("1.0", "f+0x1/0x2", A)
			"\n"
			"what is this?\n"
			FREE("2.0", "g+0x1/0x2", A));
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
			test_trc_rules__traced_twice_is_one_allocation),
		cmocka_unit_test(
			test_trc_rules__duplicates_with_other_cpus_in_between),
		cmocka_unit_test(
			test_trc_rules__separated_events_are_not_duplicates),
		cmocka_unit_test(
			test_trc_rules__different_events_are_not_duplicates),
		cmocka_unit_test(
			test_trc_rules__traced_twice_by_an_excluded_caller),
		cmocka_unit_test(
			test_trc_rules__duplicates_are_found_within_a_limit),
		cmocka_unit_test(test_trc_rules__duplicates_on_any_cpu),
		cmocka_unit_test(
			test_trc_rules__every_kernel_format_applies_it),
		cmocka_unit_test(test_trc_rules__programs_trace_once),
		cmocka_unit_test(
			test_trc_rules__excluded_alloc_of_live_pointer_frees_it),
		cmocka_unit_test(test_trc_rules__recorder_is_excluded),
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
