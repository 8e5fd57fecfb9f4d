/* Shapes of ftrace's text: options, clocks, spellings, and what is no event. */
#include "trc_test.h"

#include "kb_bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "# tracer: nop\n#\n"
#define TAIL                                                         \
	" bytes_req=10 bytes_alloc=16 gfp_flags=GFP_KERNEL node=-1 " \
	"accounted=false\n"
#define KMALLOC	     "kmalloc: call_site=f+0x1/0x2 ptr=0000000000000100" TAIL
#define LINE(prefix) HEAD prefix KMALLOC

/* One line read, as the dump shows it. */
static void check(const char *text, const char *dump)
{
	struct imported im = import_bytes(text, strlen(text), NULL);

	if (im.status < 0)
		fail_msg("%s\n%s", im.diag.text, text);
	assert_string_equal(im.dump.data, dump);
	imported_release(&im);
}

/* As check, of a text whose events lack `fields` that could not be read. */
static void check_dropped(const char *text, uint64_t fields, const char *dump)
{
	struct imported im = import_bytes(text, strlen(text), NULL);

	if (im.status < 0)
		fail_msg("%s in %s", im.diag.text, text);
	assert_int_equal(im.counts.dropped_fields, fields);
	imported_release(&im);
	check(text, dump);
}

static void check_bad(const char *text, uint64_t line, const char *reason)
{
	struct imported im = import_bytes(text, strlen(text), NULL);

	if (im.status != KB_E_FORMAT)
		fail_msg("status %d of %s", im.status, text);
	assert_int_equal(im.diag.line, line);
	assert_says(&im.diag, reason);
	imported_release(&im);
}

static void test_trc_import_ftrace__prefixes(void **state)
{
	(void)state;
	check(LINE("          <idle>-0       [001] d..1.     2.779778: "),
	      "alloc 0 10/16 @2779778000 cpu1 f+0x1 <idle>-0\n");
	/* Older kernels have four flags; options/irq-info 0 has none. */
	check(LINE("            init-1     [000] ....  1234.000001: "),
	      "alloc 0 10/16 @1234000001000 cpu0 f+0x1 init-1\n");
	check(LINE("            init-1       [000]     0.262846: "),
	      "alloc 0 10/16 @262846000 cpu0 f+0x1 init-1\n");
	/* options/record-tgid, known and not. */
	check(LINE("      formats.sh-195     (    195) [000] .....    "
		   "17.131522: "),
	      "alloc 0 10/16 @17131522000 cpu0 f+0x1 formats.sh-195\n");
	check(LINE("          <idle>-0       (-------) [000] ..s1.    17.2: "),
	      "alloc 0 10/16 @17200000000 cpu0 f+0x1 <idle>-0\n");
	check(LINE("            init-1       (      1) [000]    17.5: "),
	      "alloc 0 10/16 @17500000000 cpu0 f+0x1 init-1\n");
	/* Many cpus, long pids, nanoseconds. */
	check(LINE("            init-4194304 [1023] .....     1.000000001: "),
	      "alloc 0 10/16 @1000000001 cpu1023 f+0x1 init-4194304\n");
}

static void test_trc_import_ftrace__comms(void **state)
{
	static const char *const comms[] = {
		"kworker/u4:2",
		"(udev-worker)",
		"(sd-mkdcreds)",
		"a b  c",
		"systemd-update-",
		"test:.sh",
		"a-1 [001] 2.5: ",
		"x [000] ",
		"kmalloc: ",
		"#",
		"-",
		"-5 [002]",
		"[000]",
		"CPU:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		struct blob text = { 0 };
		struct blob dump = { 0 };

		blob_printf(&text,
			    HEAD "%16s-%-7d [003] d..1.     1.000000: " KMALLOC,
			    comms[i], 77);
		blob_printf(&dump,
			    "alloc 0 10/16 @1000000000 cpu3 f+0x1 %s-77\n",
			    comms[i]);
		check(text.data, dump.data);
		free(text.data);
		free(dump.data);
	}
	/* Not padded, as text that was passed on may be. */
	check(LINE("a-b-c-12 [000] 1.5: "),
	      "alloc 0 10/16 @1500000000 cpu0 f+0x1 a-b-c-12\n");
	/* Neighbors with one prefix, then another. */
	check(HEAD "            init-1       [000] ..... 1.0: "
		   "kmalloc: call_site=f+0x1/0x2 ptr=0000000000000100" TAIL
		   "            init-1       [000] d.... 2.0: "
		   "kfree: call_site=g+0x1/0x2 ptr=0000000000000100\n"
		   "            init-12      [001] ..... 3.0: " KMALLOC,
	      "alloc 0 10/16 @1000000000 cpu0 f+0x1 init-1\n"
	      "free 0 @2000000000 cpu0 g+0x1 init-1\n"
	      "alloc 0 10/16 @3000000000 cpu1 f+0x1 init-12\n");
}

static void test_trc_import_ftrace__bare_counter_is_ticks(void **state)
{
	check(LINE("            init-1       [001] .....            4: "),
	      "alloc 0 10/16 @4 cpu1 f+0x1 init-1\n");
	(void)state;
	check(LINE("            init-1       [001] ..... "
		   "18446744073709551615: "),
	      "alloc 0 10/16 @18446744073709551615 cpu1 f+0x1 init-1\n");
	check_bad(
		LINE("            init-1       [001] ..... 1: ") "            "
								 "init-1       "
								 "[001] ..... "
								 "2.5:"
								 " " KMALLOC,
		4, "clock");
	check_dropped(LINE("            init-1       [001] ..... "
			   "18446744073709551616: "),
		      1, "alloc 0 10/16 @0 cpu1 f+0x1 init-1\n");
	check_dropped(LINE("            init-1       [001] ..... "
			   "18446744073.000000: "),
		      1, "alloc 0 10/16 @0 cpu1 f+0x1 init-1\n");
	check_dropped(LINE("            init-1       [001] ..... "
			   "1.0000000001: "),
		      1, "alloc 0 10/16 @0 cpu1 f+0x1 init-1\n");
}

#define WITH_SITE(site)                                            \
	HEAD "            init-1       [000] ..... 1.0: kmalloc: " \
	     "call_site=" site " ptr=0000000000000100" TAIL

static void test_trc_import_ftrace__call_sites(void **state)
{
	(void)state;
	check(WITH_SITE("virtio_pci_probe+0x22/0x150 [virtio_pci]"),
	      "alloc 0 10/16 @1000000000 cpu0 virtio_pci_probe+0x22 "
	      "[virtio_pci] init-1\n");
	check(WITH_SITE("0xffffffffc098005c"),
	      "alloc 0 10/16 @1000000000 cpu0 0xffffffffc098005c init-1\n");
	check(WITH_SITE("ffffffff81128dd4"),
	      "alloc 0 10/16 @1000000000 cpu0 0xffffffff81128dd4 init-1\n");
	check(WITH_SITE("do_execveat_common.isra.0+0x1c0/0x2"),
	      "alloc 0 10/16 @1000000000 cpu0 do_execveat_common.isra.0+0x1c0 "
	      "init-1\n");
	check(WITH_SITE("f+0x1"),
	      "alloc 0 10/16 @1000000000 cpu0 f+0x1 init-1\n");
	check(WITH_SITE(""), "alloc 0 10/16 @1000000000 cpu0 ? init-1\n");
}

/* What is no call site is skipped. */
static void test_trc_import_ftrace__unreadable_call_sites(void **state)
{
	static const char *const texts[] = {
		WITH_SITE("foo"),
		WITH_SITE("f+1/2"),
		WITH_SITE("+0x1/0x2"),
		WITH_SITE("f+0x1/0x2x"),
		WITH_SITE("f+0x1/0x2 [mod"),
		WITH_SITE("f+0x1/0x2 []"),
		WITH_SITE("0x12345678901234567"),
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(texts); i++)
		check_dropped(texts[i], 1,
			      "alloc 0 10/16 @1000000000 cpu0 ? init-1\n");
}

#define KFREE "kfree: call_site=f+0x1/0x2 ptr=0000000000000100\n"

/* Each word before an event's name, and each field after the size, may be
 * damaged; two records in one line may not be. */
static void test_trc_import_ftrace__unreadable_columns(void **state)
{
#define ALLOC(columns) HEAD columns "kmalloc: call_site=f+0x1/0x2 ptr=0x100"
	(void)state;
	check_dropped(ALLOC("a-x [001] d.h1. 1.0: ") TAIL, 1,
		      "alloc 0 10/16 @1000000000 cpu1 f+0x1 ?-0\n");
	check_dropped(ALLOC("a-1 [00x] d.h1. 1.0: ") TAIL, 1,
		      "alloc 0 10/16 @1000000000 cpu0 f+0x1 a-1\n");
	check_dropped(ALLOC("a-1 [65536] 1.0: ") TAIL, 1,
		      "alloc 0 10/16 @1000000000 cpu0 f+0x1 a-1\n");
	check_dropped(ALLOC("a-1 [001] ##### 1.0: ") TAIL, 1,
		      "alloc 0 10/16 @1000000000 cpu1 f+0x1 a-1\n");
	check_dropped(ALLOC("a-1 [001] d.h1. 1x0: ") TAIL, 1,
		      "alloc 0 10/16 @0 cpu1 f+0x1 a-1\n");
	check_dropped(ALLOC("\x01\xff?1 0x1] d.#1. x: ") TAIL, 4,
		      "alloc 0 10/16 @0 cpu0 f+0x1 ?-0\n");
	check_dropped(ALLOC("a-1 [001] 1.0: ") " bytes_req=10\n", 0,
		      "alloc 0 10/10 @1000000000 cpu1 f+0x1 a-1\n");
	check_dropped(ALLOC("a-1 [001] 1.0: ") " bytes_req=10 "
					       "bytes_alloc=x\n",
		      1, "alloc 0 10/10 @1000000000 cpu1 f+0x1 a-1\n");
	check_dropped(ALLOC("a-1 [001] 1.0: ") " bytes_req=10 bytes_alloc=16 "
					       "gfp_flags=\xff n?de=1\n",
		      2, "alloc 0 10/16 @1000000000 cpu1 f+0x1 a-1\n");
	check_dropped(HEAD "a-1 [001] 1.0: kmalloc: cal=f+0x1 ptr=0x100" TAIL,
		      1, "alloc 0 10/16 @1000000000 cpu1 ? a-1\n");
	check_bad(HEAD "            init-1 [000] 1.             "
		       "init-1 [000] 1.0: " KFREE,
		  3, "not an event");
	check_bad(HEAD "a-1 [000] 1.0: kmalloc: ca a-1 [000] 1.0: " KFREE, 3,
		  "ptr=");
	check_bad(ALLOC("a-1 [001] 1.0: ") " bytes_req=10 ptr=0x100\n", 3,
		  "follows");
	check_bad(
		ALLOC("a-1 [001] 1.0: ") " bytes_req=10 a-1 [001] 1.0: " KFREE,
		3, "follows");
#undef ALLOC
}

/* One site whatever its length; two where only the module differs. */
static void test_trc_import_ftrace__spellings_of_a_site_are_equal(void **state)
{
	static const char text[] = HEAD
		"a-1 [000] 1.0: kmalloc: call_site=f+0x1/0x2 ptr=0x100" TAIL
		"a-1 [000] 1.0: kmalloc: call_site=f+0x1 ptr=0x200" TAIL
		"a-1 [000] 1.0: kmalloc: call_site=f+0x1/0x4 [m] "
		"ptr=0x300" TAIL;

	(void)state;
	check(text, "alloc 0 10/16 @1000000000 cpu0 f+0x1 a-1\n"
		    "alloc 1 10/16 @1000000000 cpu0 f+0x1 a-1\n"
		    "alloc 2 10/16 @1000000000 cpu0 f+0x1 [m] a-1\n");
}

static void test_trc_import_ftrace__generations_of_fields(void **state)
{
	(void)state;
	/* Before 6.1 there was kmalloc_node, and no node in kmalloc. */
	check(HEAD "a-1 [000] .... 1.0: kmalloc_node: call_site=f+0x1/0x2 "
		   "ptr=00000000bd2c3a11 bytes_req=0 bytes_alloc=8 gfp_flags= "
		   "node=-1\n"
		   "a-1 [000] .... 1.0: kmalloc: call_site=ffffffff81128dd4 "
		   "ptr=0xffff88003dd83800 bytes_req=768 bytes_alloc=1024 "
		   "gfp_flags=GFP_KERNEL|GFP_ZERO\n",
	      "alloc 0 0/8 @1000000000 cpu0 f+0x1 a-1\n"
	      "alloc 1 768/1024 @1000000000 cpu0 0xffffffff81128dd4 a-1\n");
	/* options/fields: each value in hexadecimal and in decimal. */
	check(HEAD "a-1 [000] ..... 1.0: kmalloc: call_site=0xffffffff81128dd4 "
		   "(-2129490476) ptr=0xffff9e0e8571e000 (-107689771147264) "
		   "bytes_req=0x1000 (4096) bytes_alloc=0x2000 (8192) "
		   "gfp_flags=0xcc0 (3264) node=0xffffffff (-1) accounted=(0)\n"
		   "a-1 [000] ..... 1.0: kfree: call_site=0xffffffff81128dd4 "
		   "(-2129490476) ptr=0xffff9e0e8571e000 (-107689771147264)\n",
	      "alloc 0 4096/8192 @1000000000 cpu0 0xffffffff81128dd4 a-1\n"
	      "free 0 @1000000000 cpu0 0xffffffff81128dd4 a-1\n");
}

static void test_trc_import_ftrace__bad_fields(void **state)
{
#define EVENT HEAD "a-1 [000] ..... 1.0: "
	(void)state;
	check_bad(EVENT "kmalloc: call_site=f+0x1/0x2 bytes_req=1\n", 3,
		  "ptr=");
	check_bad(EVENT "kfree: call_site=f+0x1/0x2 ptr=\n", 3, "pointer");
	check_bad(EVENT "kfree: call_site=f+0x1/0x2 ptr=xyz\n", 3, "pointer");
	check_bad(EVENT "kfree: call_site=f+0x1/0x2 ptr=12g\n", 3, "pointer");
	check_bad(EVENT "kfree: call_site=f+0x1/0x2 ptr=(efault)\n", 3,
		  "pointer");
	check_bad(EVENT "kfree: call_site=f+0x1/0x2 ptr=0x00000000000000001\n",
		  3, "pointer");
	check_bad(EVENT "kmalloc: call_site=f+0x1/0x2 ptr=0x100 bytes_req=x\n",
		  3, "bytes_req");
	check_bad(EVENT "kmalloc: call_site=f+0x1/0x2 ptr=0x100 bytes_req=-1 "
			"bytes_alloc=8 gfp_flags=\n",
		  3, "bytes_req");
	check_bad(EVENT "kmalloc: call_site=f+0x1/0x2 ptr=0x100 "
			"bytes_req=18446744073709551616 bytes_alloc=8\n",
		  3, "bytes_req");
	check_bad(EVENT "kmall", 3, "cut off");
	check_bad(HEAD "a-1 [000] ..... : kfree: \n", 3, "event");
	check_bad(HEAD "a-1 [65536] 1.0: kfree: \n", 3, "event");
	check_bad(HEAD "a-x [000] 1.0: kfree: \n", 3, "event");
	check_bad(HEAD "# entries-in-buffer/entries-written: 7/5   #P:2\n", 3,
		  "entries");
#undef EVENT
}

#define FREE_WHOLE                                            \
	HEAD "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=" \
	     "ffff8e9abe392480\n"

static void test_trc_import_ftrace__line_ends(void **state)
{
	(void)state;
	check("# tracer: nop\r\n\r\na-1 [000] 1.0: kfree: call_site=f+0x1/0x2 "
	      "ptr=0x100\r\n",
	      "");
	/* Whole without a newline. */
	check(HEAD "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 "
		   "ptr=ffff8e9abe392480",
	      "");
	/* Cut off: in a pointer, in a size, in a name. */
	check_bad(HEAD
		  "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=ffff8e9abe",
		  3, "cut off");
	check_bad(HEAD "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=0", 3,
		  "cut off");
	check_bad(FREE_WHOLE
		  "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=ffff8e9a",
		  4, "cut off");
	check_bad(HEAD "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 "
		       "ptr=0xffff8e9abe392480\n"
		       "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 "
		       "ptr=0xffff8e9ab",
		  4, "cut off");
	/* The width is the recording's, wherever in it the line is. */
	check_bad(FREE_WHOLE
		  "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=ffff8e9a\n",
		  4, "cut off");
	check(FREE_WHOLE
	      "a-1 [000] 1.0: kfree: call_site=f+0x1/0x2 ptr=0x8e9a\n",
	      "");
	check_bad(HEAD "a-1 [000] 1.0: kmalloc: call_site=f+0x1/0x2 ptr=0x1 "
		       "bytes_req=64 bytes_alloc=6",
		  3, "cut off");
	check_bad(HEAD "a-1 [000] 1.0: kmalloc: call_site=f+0x1/0x2 ptr=0x1 "
		       "bytes_req=6",
		  3, "cut off");
	check_bad(HEAD "            in", 3, "not an event");
}

static void test_trc_import_ftrace__long_lines_are_bounded(void **state)
{
	const struct trc_import_options lenient = { .lenient = true };
	struct blob text = { 0 };
	struct imported im;

	(void)state;
	blob_printf(&text, HEAD);
	for (int i = 0; i < 400; i++)
		blob_printf(&text, "%01000d", 0);
	blob_printf(&text, "\n"
			   "a-1 [000] 1.0: " KMALLOC);
	im = import_bytes(text.data, text.size, NULL);
	assert_int_equal(im.status, KB_E_FORMAT);
	assert_int_equal(im.diag.line, 3);
	assert_says(&im.diag, "64 KiB");
	imported_release(&im);
	im = import_bytes(text.data, text.size, &lenient);
	assert_int_equal(im.status, 0);
	assert_int_equal(im.counts.bad_lines, 1);
	assert_int_equal(im.counts.allocs, 1);
	imported_release(&im);
	free(text.data);
}

/* Every real recording of another shape is read without a complaint. */
static void check_sample(const char *name, const struct trc_counts *want)
{
	char path[512];
	struct blob file;
	struct imported im;

	snprintf(path, sizeof(path), TRC_TEST_DATA "%s", name);
	file = read_whole(path);
	im = import_bytes(file.data, file.size, NULL);
	if (im.status < 0)
		fail_msg("%s", im.diag.text);
	assert_int_equal(im.counts.events, want->events);
	assert_int_equal(im.counts.null_frees, want->null_frees);
	assert_int_equal(im.counts.unmatched_frees, want->unmatched_frees);
	assert_int_equal(im.counts.implied_frees, want->implied_frees);
	assert_int_equal(im.counts.live_max, want->live_max);
	assert_int_equal(im.counts.lost_events, want->lost_events);
	assert_int_equal(im.counts.other_events, 0);
	assert_int_equal(im.counts.bad_lines, 0);
	imported_release(&im);
	free(file.data);
}

static void test_trc_import_ftrace__samples(void **state)
{
	(void)state;
	check_sample("ftrace-plain.txt.zst",
		     &(struct trc_counts){ .events = 2845,
					   .null_frees = 995,
					   .unmatched_frees = 16,
					   .live_max = 159 });
	check_sample("ftrace-tgid.txt.zst",
		     &(struct trc_counts){ .events = 2035,
					   .null_frees = 609,
					   .live_max = 135 });
	check_sample("ftrace-counter.txt.zst",
		     &(struct trc_counts){ .events = 2025,
					   .null_frees = 609,
					   .live_max = 133 });
	check_sample("ftrace-overrun.txt.zst",
		     &(struct trc_counts){ .events = 1235,
					   .null_frees = 493,
					   .unmatched_frees = 216,
					   .implied_frees = 1,
					   .live_max = 52,
					   .lost_events = 890 });
}

/* A name with a NUL in it. Also if the line before has the same one, which may be
 * remembered. */
static void
test_trc_import_ftrace__a_dropped_name_counts_in_each_line(void **state)
{
#define ODD	   "        mod\0robe-80      [001] .....     1.000000: "
#define AT(number) "kmalloc: call_site=f+0x1/0x2 ptr=0000000000000" number TAIL
	static const char text[] =
		HEAD ODD AT("100") ODD AT("200") ODD AT("300");
	struct imported im = import_bytes(text, sizeof(text) - 1, NULL);

	(void)state;
	assert_int_equal(im.status, 0);
	assert_int_equal(im.counts.allocs, 3);
	assert_int_equal(im.counts.dropped_fields, 3);
	imported_release(&im);
}

static void test_trc_import_ftrace__ptrval_sample_is_refused(void **state)
{
	struct blob file = read_whole(TRC_TEST_DATA "ftrace-ptrval.txt.zst");
	struct imported im = import_bytes(file.data, file.size, NULL);

	(void)state;
	assert_int_equal(im.status, KB_E_FORMAT);
	assert_int_equal(im.diag.line, 13);
	assert_says(&im.diag, "no_hash_pointers");
	imported_release(&im);
	free(file.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_import_ftrace__prefixes),
		cmocka_unit_test(test_trc_import_ftrace__comms),
		cmocka_unit_test(test_trc_import_ftrace__bare_counter_is_ticks),
		cmocka_unit_test(test_trc_import_ftrace__call_sites),
		cmocka_unit_test(test_trc_import_ftrace__unreadable_call_sites),
		cmocka_unit_test(test_trc_import_ftrace__unreadable_columns),
		cmocka_unit_test(
			test_trc_import_ftrace__spellings_of_a_site_are_equal),
		cmocka_unit_test(test_trc_import_ftrace__generations_of_fields),
		cmocka_unit_test(test_trc_import_ftrace__bad_fields),
		cmocka_unit_test(test_trc_import_ftrace__line_ends),
		cmocka_unit_test(
			test_trc_import_ftrace__long_lines_are_bounded),
		cmocka_unit_test(
			test_trc_import_ftrace__a_dropped_name_counts_in_each_line),
		cmocka_unit_test(test_trc_import_ftrace__samples),
		cmocka_unit_test(
			test_trc_import_ftrace__ptrval_sample_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
