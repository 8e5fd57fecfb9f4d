/* Every importer but ftrace's: what each form says, and what damage does. */
#include "trc_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS                                                                \
	"call_site=f+0x1 ptr=0xffff000000000100 bytes_req=10 bytes_alloc=16 " \
	"gfp_flags=GFP_KERNEL node=-1 accounted=false\n"
#define CSV "time_ns,cpu,comm,pid,kind,slot,size,granted,site,module\n"
#define CSV_CONTEXT \
	"time_ns,cpu,comm,pid,kind,slot,size,granted,site,module,context\n"
#define FTRACE "# tracer: nop\n            init-1       [000] ..... 1.0: "
#define PAGES                                                       \
	"# tracer: nop\n"                                           \
	"            init-1       [000] ..... 1.0: mm_page_alloc: " \
	"page=00000000abcd0123 pfn=0x100 order=2 migratetype=0 "    \
	"gfp_flags=GFP_KERNEL\n"                                    \
	"            init-1       [000] ..... 2.0: mm_page_alloc: " \
	"page=(null) pfn=0xffffffffffffffff order=0 migratetype=0 " \
	"gfp_flags=\n"                                              \
	"            init-1       [000] ..... 3.0: mm_page_free: "  \
	"page=00000000abcd0123 pfn=0x100 order=2\n"
#define CACHES                                                         \
	"# tracer: nop\n"                                              \
	"            init-1       [000] ..... 1.0: kmem_cache_alloc: " \
	"call_site=f+0x1/0x2 ptr=00000000abcd0123 name=task struct "   \
	"bytes_req=10 bytes_alloc=16 gfp_flags=GFP_KERNEL node=-1\n"   \
	"            init-1       [000] ..... 2.0: kmem_cache_free: "  \
	"call_site=g+0x1/0x2 ptr=00000000abcd0123 name=task struct\n"

/* A text of each format, its name, and its events. */
struct sample {
	const char *format;
	const char *text;
	const char *dump;
};

static const struct sample samples[] = {
	{ "perf",
	  "a b c 258/260 [001] 34.566828: 1 kmem:kmalloc: " FIELDS
	  "\tffffffff81234567 __kmalloc+0x10 ([kernel.kallsyms])\n"
	  "\t    7f0012345678 [unknown] ([unknown])\n"
	  "\n"
	  "swapper     0 [000]    34.571240:   kmem:kfree: call_site=g+0x4 "
	  "ptr=0xffff000000000100\n"
	  "swapper     0 [000]    34.571241:   kmem:kfree: call_site=g+0x4 "
	  "ptr=(nil)\n"
	  "swapper     0 [000]    34.571242: sched:sched_switch: a b c\n"
	  "swapper     0 [000]    34.571243: PERF_RECORD_LOST lost 7\n",
	  "alloc 0 10/16 @34566828000 cpu1 f+0x1 a b c-260\n"
	  "free 0 @34571240000 cpu0 g+0x4 swapper-0\n" },
	{ "trace-cmd",
	  "cpus=2\n"
	  "CPU 1 is empty\n"
	  "            find-252   [000]    25.338609: kmalloc:              "
	  "(f+0x1) " FIELDS "CPU:0 [7 EVENTS DROPPED]\n"
	  "            find-252   [001]    25.338610: kfree:                "
	  "(g+0x2) call_site=g+0x2 ptr=0xffff000000000100\n",
	  "alloc 0 10/16 @25338609000 cpu0 f+0x1 find-252\n"
	  "free 0 @25338610000 cpu1 g+0x2 find-252\n" },
	{ "lttng",
	  "[23:59:59.000000001] (+?.\?\?\?\?\?\?\?\?\?) host kmem_kmalloc: { "
	  "cpu_id = 1 "
	  "}, { procname = \"a b\", pid = 7, tid = 8 }, { call_site = "
	  "0xFFFFFFFF81000001, ptr = 0xFFFF000000000100, bytes_req = 10, "
	  "bytes_alloc = 16, gfp_flags = 3264 }\n"
	  "[23:59:59.500000000] (+0.499999999) host sched_switch: { cpu_id = 1 "
	  "}, { prev = 1 }\n"
	  "[00:00:00.000000002] (+0.500000002) host kmem_kfree: { cpu_id = 0 "
	  "}, "
	  "{ ptr = 0xFFFF000000000100, call_site = 0xFFFFFFFF81000002 }\n",
	  "alloc 0 10/16 @86399000000001 cpu1 0xFFFFFFFF81000001 a b-8\n"
	  "free 0 @86400000000002 cpu0 0xFFFFFFFF81000002 ?-0\n" },
	{ "console",
	  "[    0.000000] Linux version 6.1.0\n"
	  "[    0.532799] kmalloc: " FIELDS
	  "<6>[    0.532800][    T7] kfree: call_site=g+0x2/0x3 "
	  "ptr=ffff000000000100\n"
	  "[    1.0] Dumping ftrace buffer:\n"
	  "[    1.0] CPU:0 [LOST 7 EVENTS]\n"
	  "[    1.000002]     init-1         1d..1. 532899us+: kmalloc: " FIELDS
	  "[    1.0] ---------------------------------\n",
	  "alloc 0 10/16 @532799000 cpu0 f+0x1 ?-0\n"
	  "free 0 @532800000 cpu0 g+0x2 -7\n"
	  "alloc 0 10/16 @532899000 cpu1 f+0x1 init-1\n" },
	{ "kheap",
	  "Booting...\n"
	  "kh+ 1000 f0000000\n"
	  "kh+ a f0001000 t=64 c=1 s=c0100010\n"
	  "kh- f0000000 t=65\n",
	  "alloc 0 4096/4096 @0 cpu0 ? ?-0\n"
	  "alloc 1 10/10 @100 cpu1 0xc0100010 ?-0\n"
	  "free 0 @101 cpu0 ? ?-0\n" },
	{ "csapp", "20000\n2\n4\n1\na 0 10\na 1 20\nr 0 30\nf 1\n",
	  "alloc 0 10/10 @0 cpu0 ? ?-0\n"
	  "alloc 1 20/20 @1 cpu0 ? ?-0\n"
	  "free 0 @2 cpu0 ? ?-0\n"
	  "alloc 0 30/30 @2 cpu0 ? ?-0\n"
	  "free 1 @3 cpu0 ? ?-0\n" },
	{ "mtrace",
	  "= Start\n"
	  "@ ./p:(main+0x10)[0x11c0] + 0x5000 0xa\n"
	  "@ ./p:[0x11d3] < 0x5000\n"
	  "@ ./p:[0x11d3] > 0x6000 0x14\n"
	  "@ ./p:[0x11d4] ! 0x6000 0xffffffffffffff\n"
	  "@ ./p:[0x11d5] + (nil) 0xfffffffffffffff\n"
	  "@ ./p:(+0x10)[0x11d6] - 0x6000\n"
	  "= End\n",
	  "alloc 0 10/10 @0 cpu0 main+0x10 ?-0\n"
	  "free 0 @1 cpu0 0x11d3 ?-0\n"
	  "alloc 0 20/20 @1 cpu0 0x11d3 ?-0\n"
	  "free 0 @4 cpu0 0x11d6 ?-0\n" },
	{ "valgrind",
	  "==7== Memcheck, a memory error detector\n"
	  "--7-- malloc(10) = 0x4A44040\n"
	  "the program's own words\n"
	  "--7-- calloc(3,7) = 0x4A44090\n"
	  "--7-- realloc(0x4A44040,20) = 0x4A44040\n"
	  "--7-- realloc(0x0,33)malloc(33) = 0x4A48FB0\n"
	  "--7-- realloc(0x4A48FB0,0)free(0x4A48FB0)\n"
	  "--7--  = 0\n"
	  "--7-- memalign(al 64, size 128) = 0x4A49080\n"
	  "--7-- _ZnwmSt11align_val_t(size 64, al 16) = 0x4D71D80\n"
	  "--7-- _ZdlPvmSt11align_val_t(0x4D71D80)\n"
	  "--7-- free(0x0)\n",
	  "alloc 0 10/10 @0 cpu0 ? ?-0\n"
	  "alloc 1 21/21 @1 cpu0 ? ?-0\n"
	  "free 0 @2 cpu0 ? ?-0\n"
	  "alloc 0 20/20 @2 cpu0 ? ?-0\n"
	  "alloc 2 33/33 @3 cpu0 ? ?-0\n"
	  "free 2 @4 cpu0 ? ?-0\n"
	  "alloc 2 128/128 @5 cpu0 ? ?-0\n"
	  "alloc 3 64/64 @6 cpu0 ? ?-0\n"
	  "free 3 @7 cpu0 ? ?-0\n" },
	{ "android",
	  "7: malloc 0x5000 10 100 110\n"
	  "8: calloc 0x6000 2 8 120 130\n"
	  "7: realloc 0x7000 0x5000 30 140 150\n"
	  "7: memalign 0x8000 64 128 160 170\n"
	  "8: free 0x6000 180 190\n"
	  "8: thread_done 0x0 200\n",
	  "alloc 0 10/10 @100 cpu0 ? -7\n"
	  "alloc 1 16/16 @120 cpu0 ? -8\n"
	  "free 0 @140 cpu0 ? -7\n"
	  "alloc 0 30/30 @140 cpu0 ? -7\n"
	  "alloc 2 128/128 @160 cpu0 ? -7\n"
	  "free 1 @180 cpu0 ? -8\n" },
	{ "heaptrack",
	  "v 10400 3\nx 2 /p\nI 1000 5e\n"
	  "t 564038f2a0e0 0\nt 564038f2a1bf 1\n"
	  "+ a 2 5640493ad1d0\nc 10\n- 5640493ad1d0\n",
	  "alloc 0 10/10 @0 cpu0 0x564038f2a1bf ?-0\n"
	  "free 0 @16000000 cpu0 ? ?-0\n" },
	{ "csv",
	  "time_ns,cpu,comm,pid,kind,slot,size,granted,site,module\n"
	  "5,1,\"a,\"\"b\",7,alloc,9,10,16,f+0x1,ext4\n"
	  "6,0,,,free-implied,9,,,,\n"
	  "7,0,c,0,alloc,3,1,1,0x12,\n",
	  "alloc 0 10/16 @5 cpu1 f+0x1 [ext4] a,\"b-7\n"
	  "implied 0 @6 cpu0 ? ?-0\n"
	  "alloc 0 1/1 @7 cpu0 0x12 c-0\n" },
	{ "ftrace",
	  "# tracer: nop\n"
	  "            init-1       [000] .....     0.262846: kmalloc: " FIELDS
	  "CPU:1 [LOST 7 EVENTS]\n"
	  "            init-1       [000] .....     0.262847: kfree: "
	  "call_site=g+0x1/0x2 [ext4] ptr=ffff000000000100\n",
	  "alloc 0 10/16 @262846000 cpu0 f+0x1 init-1\n"
	  "free 0 @262847000 cpu0 g+0x1 [ext4] init-1\n" },
};

#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void test_trc_import_formats__samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct trc_import_options opts = { 0 };
		struct imported im = import_text(samples[i].text);

		assert_string_equal(im.dump.data, samples[i].dump);
		/* The header names the format, so this is what was found. */
		assert_non_null(memmem(im.file.data, 256, samples[i].format,
				       strlen(samples[i].format)));
		if (strstr(samples[i].text, "7 EVENTS") ||
		    strstr(samples[i].text, "lost 7"))
			assert_int_equal(im.counts.lost_events, 7);
		imported_release(&im);
		opts.format = samples[i].format;
		im = import_bytes(samples[i].text, strlen(samples[i].text),
				  &opts);
		assert_int_equal(im.status, 0);
		assert_string_equal(im.dump.data, samples[i].dump);
		imported_release(&im);
	}
}

/* An outcome that a person can do something with. */
static void check_outcome(const struct imported *im, const char *format)
{
	if (im->status == 0)
		return;
	if (im->status != KB_E_FORMAT && im->status != KB_E_CORRUPT &&
	    im->status != KB_E_RANGE)
		fail_msg("%s: status %d: %s", format, im->status,
			 im->diag.text);
	assert_true(im->diag.text[0] != 0);
}

static void import_damaged(const char *text, size_t size, const char *format)
{
	struct trc_import_options opts = { .format = format };

	for (int lenient = 0; lenient < 2; lenient++) {
		struct imported im;

		opts.lenient = lenient;
		im = import_bytes(text, size, &opts);
		check_outcome(&im, format);
		imported_release(&im);
	}
}

static void test_trc_import_formats__truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++)
		for (size_t size = 1; size < strlen(samples[i].text); size += 2)
			import_damaged(samples[i].text, size,
				       samples[i].format);
}

static void test_trc_import_formats__any_byte_wrong(void **state)
{
	static const char bytes[] = { 0,   '\n', '\r', '9', '-', 'f',
				      ' ', 0x7f, '(',  '"', ',' };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		size_t size = strlen(samples[i].text);
		char *text = strdup(samples[i].text);

		/* A stride that is prime to the lines' lengths. */
		for (size_t at = i % 7; at < size; at += 7)
			for (size_t b = 0; b < sizeof(bytes); b++) {
				text[at] = bytes[b];
				import_damaged(text, size, samples[i].format);
				text[at] = samples[i].text[at];
			}
		free(text);
	}
}

/* Mixed line endings change nothing. */
static void test_trc_import_formats__carriage_returns(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct blob text = { 0 };
		struct imported im;
		unsigned lines = 0;

		for (const char *p = samples[i].text; *p; p++)
			blob_printf(&text,
				    *p == '\n' && lines++ % 2 ? "\r%c" : "%c",
				    *p);
		im = import_text(text.data);
		assert_string_equal(im.dump.data, samples[i].dump);
		imported_release(&im);
		free(text.data);
	}
}

static void test_trc_import_formats__a_huge_line(void **state)
{
	static char line[256 * 1024];

	(void)state;
	memset(line, 'x', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct trc_import_options opts = { 0 };
		struct blob text = { 0 };
		struct imported im;
		uint64_t lines = 1;

		blob_printf(&text, "%s", samples[i].text);
		for (const char *p = samples[i].text; *p; p++)
			lines += *p == '\n';
		text.data = realloc(text.data, text.size + sizeof(line));
		memcpy(text.data + text.size, line, sizeof(line));
		text.size += sizeof(line) - 1;
		im = import_bytes(text.data, text.size, NULL);
		assert_int_equal(im.status, KB_E_FORMAT);
		assert_int_equal(im.diag.line, lines);
		imported_release(&im);
		opts.lenient = true;
		im = import_bytes(text.data, text.size, &opts);
		assert_int_equal(im.status, 0);
		assert_int_equal(im.counts.bad_lines, 1);
		imported_release(&im);
		free(text.data);
	}
}

/* What must be refused, with the reason. */
static const struct {
	const char *format;
	const char *text;
	const char *says;
} refused[] = {
	{ "csapp", "2\n3\na 0 1\nf 0\n", "promises 3 operations" },
	{ "csapp", "1\n1\n1\na 0 1\n", "header has 3 numbers" },
	{ "csapp", "2\n1\na -1 5\n", "id is missing or absurd" },
	{ "csapp", "2\n1\na 99999999999999999999 5\n", "absurd" },
	{ "mtrace", "= Start\n@ p:[0x1] < 0x10\n", "between a <" },
	{ "mtrace", "@ p:[0x1] > 0x10 0x5\n", "no < came" },
	{ "mtrace", "@ p:[0x1] + 0x10 12\n", "size" },
	/* Whole it would be 0x10 or more. */
	{ "mtrace", "@ p:[0x1] + 0x10 0x12\n@ p:[0x1] - 0x1", "cut off" },
	{ "valgrind", "--1-- malloc(-5) = 0x40\n", "size" },
	{ "valgrind", "--1-- malloc(5)\n", "result" },
	{ "android", "1: calloc 0x40 99999999999999999 999999\n", "absurd" },
	{ "android", "1: malloc 0x40 -5\n", "numbers" },
	{ "heaptrack", "v 1 2\n+ 5\n", "--raw" },
	{ "heaptrack", "v 1 2\na 5 1\n", "--raw" },
	{ "kheap", "hello kh+ 10 20\n", "run into" },
	{ "kheap", "kh+ 10 20 30\n", "something follows" },
	{ "kheap", "kh+ 10 20", "cut off" },
	{ "console", "kmalloc: call_site=f+0x1 ptr=0x5\n", "printk.time" },
	{ "csv", "a,b\n", "first line" },
	{ "ftrace", FTRACE "mm_page_alloc: x\n", "pfn= is missing" },
	{ "ftrace", FTRACE "mm_page_alloc: page=5 x\n", "pfn= is missing" },
	{ "ftrace", FTRACE "mm_page_free: page=5 pfn=x\n", "pfn is not" },
	{ "ftrace",
	  FTRACE "mm_page_free: page=5 pfn=0xffffffffffffffff "
		 "order=0\n",
	  "pfn is not" },
	{ "ftrace", FTRACE "mm_page_alloc: page=5 pfn=0x5 x=1\n", "order= is" },
	{ "ftrace", FTRACE "mm_page_alloc: page=5 pfn=5 order=31\n",
	  "order= is" },
	{ "ftrace", FTRACE "mm_page_alloc: page=5 pfn=5 order=x\n",
	  "order= is" },
	{ "ftrace", FTRACE "mm_page_free: page=5 pfn=5 order=0",
	  "cut off here" },
	{ "nonsense", "x\n", "no format nonsense; see" },
	{ "ftrac", "x\n", "did you mean ftrace" },
	{ "csapp", "1\n2\n3\n4\n5\n", "a number is where" },
	{ "csapp", "2\n1\na 0\n", "size is missing" },
	{ "csapp", "2\n1\na 0 1 2\n", "something follows" },
	{ "heaptrack", "v 1 2\ni 5\n", "heaptrack --raw" },
	{ "heaptrack", "v 1 2\n-\n", "- POINTER" },
	{ "heaptrack", "v 1 2\nq\n", "begins so" },
	{ "console", "[    1.5] a kmalloc: " FIELDS, "neither a stamp" },
	{ "console",
	  "[    1.5] a-1 0d..1. 99999999999999999999us: "
	  "kmalloc: " FIELDS,
	  "neither a stamp" },
	{ "console", "[    1.5] a-1 0d..1. 5ms: kmalloc: " FIELDS,
	  "neither a stamp" },
	{ "console", "[    1.5] a-9999999999 0d..1. 5us: kmalloc: " FIELDS,
	  "neither a stamp" },
	{ "console", "[    1.5] a-1 99999d..1. 5us: kmalloc: " FIELDS,
	  "neither a stamp" },
	{ "lttng", "[1.5] (+1) h kmem_kfree: {\n", "brace is missing" },
	{ "lttng",
	  "[1.5] (+1) h kmem_kfree: { cpu_id = 0 }, { call_site = 0x5 "
	  "}\n",
	  "ptr is missing" },
	{ "lttng", "[1.5 h kmem_kfree: { }\n", "not an event" },
	{ "lttng", "[1.5] (+1) h kmem_kfree\n", "not an event" },
	{ "csv", CSV "x\n", "too few fields" },
	{ "csv", CSV "1,0,\"a\n", "too few fields" },
	{ "csv", CSV "1,0,a,1,realloc,1,,,,\n", "kind is none of" },
	{ "csv", CSV "1,0,a,1,alloc,x,5,5,,\n", "slot is not" },
	{ "csv", CSV "1,0,a,1,alloc,1,5\n", "too few fields" },
	{ "csv", CSV "1,0,a,1,alloc,1,,5,,\n", "size is not" },
	{ "csv", CSV "1,0,a,1,free,1,5,,,\n", "size is not" },
	{ "csv", CSV "1,0,a,1,free,1,,,f\n", "too few fields" },
	{ "csv", CSV "1,0,a,1,free,1,,,f,m,\n", "too many" },
	{ "csv", CSV "1,0,a,1,free,1,,,f+0x1", "too few fields" },
	{ "csv", CSV_CONTEXT "1,0,a,1,free,1,,,f,m,sof", "cut off" },
	{ "ftrace", FTRACE "kmalloc: call_site=f+0x1\n", "ptr= is" },
	{ "ftrace", FTRACE "kmalloc: call_site=f+0x1 x=5\n", "ptr= is" },
	{ "ftrace", FTRACE "kfree: call_site=f+0x1 ptr=zz\n",
	  "pointer is not" },
	{ "ftrace", FTRACE "kfree: call_site=f+0x1 ptr=(efault)\n",
	  "pointer is not" },
	{ "ftrace", FTRACE "kfree: call_site=f+0x1 ptr=(\n", "pointer is not" },
	{ "ftrace", FTRACE "kmalloc: call_site=f+0x1 ptr=0x5 x\n",
	  "bytes_req= is" },
	{ "ftrace", FTRACE "kmalloc: call_site=f+0x1 ptr=0x5 bytes_req=1 x\n",
	  "follows" },
	{ "ftrace",
	  FTRACE "kmalloc: call_site=f+0x1 ptr=0x5 bytes_req=0x "
		 "bytes_alloc=0x\n",
	  "bytes_req= is" },
};

static void test_trc_import_formats__refusals(void **state)
{
	(void)state;
	bool is_right = true;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct trc_import_options opts = {
			.format = refused[i].format,
			.takes_pages = strcmp(refused[i].format, "ftrace") == 0,
		};
		struct imported im = import_bytes(
			refused[i].text, strlen(refused[i].text), &opts);

		if (im.status >= 0 || !strstr(im.diag.text, refused[i].says))
			print_error("status %d, not \"%s\" but \"%s\" of %s\n",
				    im.status, refused[i].says, im.diag.text,
				    refused[i].text);
		is_right &=
			im.status < 0 && strstr(im.diag.text, refused[i].says);
		imported_release(&im);
	}
	assert_true(is_right);
}

/* Each of these columns may be unreadable. */
static void test_trc_import_formats__csv_columns_left_out(void **state)
{
	static const struct {
		const char *text;
		uint64_t dropped;
	} cases[] = {
		{ CSV "x,0,a,1,alloc,1,5,5,,\n", 1 },
		{ CSV "1,99999,a,1,alloc,1,5,5,,\n", 1 },
		{ CSV "1,0,a,x,alloc,1,5,5,,\n", 1 },
		{ CSV "1,0,a,9999999999,alloc,1,5,5,,\n", 1 },
		{ CSV "1,0,a,1,alloc,1,5,x,,\n", 1 },
		{ CSV "1,0,a,1,alloc,1,5,5,f,m\n", 1 },
		{ CSV_CONTEXT "1,0,a,1,alloc,1,5,5,f+0x1,m,irq\n", 1 },
		{ CSV_CONTEXT "1,0,a,1,alloc,1,5,5,f+0x1,m,nmi\n", 0 },
		{ CSV_CONTEXT ",,x,,alloc,1,5,,g,,-\n", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imported im = import_bytes(cases[i].text,
						  strlen(cases[i].text), NULL);

		if (im.status < 0)
			fail_msg("%s", im.diag.text);
		assert_int_equal(im.counts.allocs, 1);
		assert_int_equal(im.counts.dropped_fields, cases[i].dropped);
		imported_release(&im);
	}
}

/* Names longer than a trace can hold are skipped, and of CSV refused. */
static void test_trc_import_formats__long_names(void **state)
{
	char name[5000];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (int i = 0; i < 3; i++) {
		struct blob text = { 0 };
		struct imported im;

		if (i == 0)
			blob_printf(&text, FTRACE "kfree: call_site=");
		else if (i == 1)
			blob_printf(&text, FTRACE "kfree: call_site=f+0x1 [");
		else
			blob_printf(&text, CSV "1,0,");
		for (int k = 0; k < 4; k++)
			blob_printf(&text, "%.1250s", name);
		if (i < 2)
			blob_printf(&text, "%s ptr=0x5\n", i ? "]" : "+0x1");
		else
			blob_printf(&text, ",1,free,1,,,,\n");
		im = import_bytes(text.data, text.size, NULL);
		if (i == 2)
			assert_says(&im.diag, "one that is too long");
		else
			assert_int_equal(im.counts.dropped_fields, 1);
		imported_release(&im);
		free(text.data);
	}
}

/* Odd lines that are right: what they mean. */
static void test_trc_import_formats__odd_lines(void **state)
{
	static const struct {
		const char *format;
		const char *text;
		const char *dump;
	} odd[] = {
		/* What a log daemon puts before; a caller that is none. */
		{ "console",
		  "Nov 22 host kernel: [x [    1.500000] kmalloc: " FIELDS,
		  "alloc 0 10/16 @1500000000 cpu0 f+0x1 ?-0\n" },
		{ "console", "[    1.5][    C3] kmalloc: " FIELDS,
		  "alloc 0 10/16 @1500000000 cpu3 f+0x1 ?-0\n" },
		{ "console",
		  "[    1.5][C99999] kmalloc: " FIELDS
		  "[    1.5][T9999999999] kfree: call_site=f+0x1 "
		  "ptr=ffff000000000100\n",
		  "alloc 0 10/16 @1500000000 cpu0 f+0x1 ?-0\n"
		  "free 0 @1500000000 cpu0 f+0x1 ?-0\n" },
		/* Without a mark for a wait, with a dash in the name. */
		{ "console",
		  "[    1.5]   a-b-7         1d..1. 5us : kmalloc: " FIELDS,
		  "alloc 0 10/16 @5000 cpu1 f+0x1 a-b-7\n" },
		{ "console",
		  "[    1.5] CPU:0 [LOST x EVENTS]\n"
		  "[    1.5] CPU:0 [LOST EVENTS]\n"
		  "[    1.5] CPU:x [LOST 5 EVENTS]\n"
		  "[    1.5] [ kmalloc\n",
		  "" },
		{ "csapp", "\r\n9\n2\r\n2\n1\n# a comment\na 0 10\r\nf 0\n",
		  "alloc 0 10/10 @0 cpu0 ? ?-0\n"
		  "free 0 @1 cpu0 ? ?-0\n" },
		{ "csapp", "2\n3\na 0 1\nf -1\nf 0\n",
		  "alloc 0 1/1 @0 cpu0 ? ?-0\nfree 0 @2 cpu0 ? ?-0\n" },
		{ "heaptrack",
		  "v 10400 3\nA\nS x\ns 3 abc\n# x\nm 1\nR 5\n\n+ a 0 1000\n",
		  "alloc 0 10/10 @0 cpu0 ? ?-0\n" },
		{ "lttng",
		  "\n[1.5] (+1)kmem_cache_free: { }\n"
		  "[1.5] (+1) h kmem_kmalloc_node: { cpu_id = 0 }, { xptr = 1, "
		  "pid = 7, call_site = 0X5, ptr = 0x9000, bytes_req = 0x10, "
		  "bytes_alloc = 0X20 }\n",
		  "alloc 0 16/32 @1500000000 cpu0 0x5 -7\n" },
		{ "csv", CSV "1,0,a,-5,alloc,1,2,3,,\n\n",
		  "alloc 0 2/3 @1 cpu0 ? a--5\n" },
		{ "ftrace",
		  FTRACE "kmalloc: call_site=f+0x1 (-5) ptr=0x9000 (36864) "
			 "bytes_req=0x10 (16) bytes_alloc=0x20 (32) "
			 "gfp_flags=x\n",
		  "alloc 0 16/32 @1000000000 cpu0 f+0x1 init-1\n" },
		{ "perf", "# a comment\n\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct trc_import_options opts = { .format = odd[i].format };
		struct imported im =
			import_bytes(odd[i].text, strlen(odd[i].text), &opts);

		if (im.status != 0)
			fail_msg("%s: %s", odd[i].text, im.diag.text);
		assert_string_equal(im.dump.data, odd[i].dump);
		imported_release(&im);
	}
}

/* Beginnings that only resemble a format's. */
static void test_trc_import_formats__not_recognized(void **state)
{
	static const char *const texts[] = {
		/* csapp: too few numbers, no operation, garbage after one. */
		"9\n2\n2\na 0 1\n",
		"9\n2\n2\n1\nx 0 1\n",
		"9 x\n2\na 0 1\n",
		/* heaptrack: one version, none, or something after them. */
		"v 1\n+ a 0 1000\n",
		"v x 3\n+ a 0 1000\n",
		"v 1 x\n+ a 0 1000\n",
		"v 1 2 3\n+ a 0 1000\n",
		"v 1 2",
		/* kheap */
		"kh+ x\n",
		"kh+ 10\n",
		"kh-\n",
		"kh+ 10 y\n",
		/* console: no stamp. */
		"[ kmalloc: call_site=f+0x1 ptr=5\n",
		"kmalloc: call_site=f+0x1 ptr=5 [",
		"kmalloc: call_site=f+0x1 ptr=5\n",
		/* perf.data, trace.dat: too short. */
		"PERFILE",
		"\x17\x08\x44traci",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct imported im =
			import_bytes(texts[i], strlen(texts[i]), NULL);

		if (im.status != KB_E_FORMAT ||
		    !strstr(im.diag.text, "is not a recording"))
			fail_msg("%s: status %d, %s", texts[i], im.status,
				 im.diag.text);
		imported_release(&im);
	}
}

/* A message of malloc-bench's, by its bytes: what is said of it, or NULL if it
 * is right. */
static void test_trc_import_formats__malloc_bench(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *says;
	} messages[] = {
#define BYTES(text) text, sizeof(text) - 1
		{ BYTES("\x0a\x06\x0a\x04\x08\x01\x10\x05"), NULL },
		/* Unknown fields of each wire type, and a number among them. */
		{ BYTES("\x0a\x18\x0a\x16\x08\x01\x10\x05\x21"
			"12345678\x2d"
			"1234\x32\x02zz\x10\x01"),
		  NULL },
		{ BYTES("\x0a\x02\x08\x05\x10\x07"), NULL },
		{ BYTES("\x0a\x06\x2a\x04\x08\x01\x10\x05"), NULL },
		{ BYTES("\x0a\x0c\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff"
			"\x7f"),
		  "an id is absurd" },
		{ BYTES("\x0a\x0c\x1a\x0a\x10\xff\xff\xff\xff\xff\xff\xff\xff"
			"\x7f"),
		  "an id is absurd" },
		{ BYTES("\x0a\x18\x22\x16\x10\xff\xff\xff\xff\xff\xff\xff"
			"\xff\x7f\x18\xff\xff\xff\xff\xff\xff\xff\xff"
			"\x7f"),
		  "cut off" },
		{ BYTES("\x0a\x16\x22\x14\x10\xff\xff\xff\xff\xff\xff\xff"
			"\xff\x7f\x18\xff\xff\xff\xff\xff\xff\xff\xff"
			"\x7f"),
		  "a size is absurd" },
		{ BYTES("\x0a"), "ends in an operation" },
		{ BYTES("\x0a\x06\x0a"), "ends in an operation" },
		{ BYTES("\x0a\x81\x10"), "longer than 1024" },
		{ BYTES("\x0a\x01\x80"), "operation is unreadable" },
		{ BYTES("\x0a\x02\x0a\x05"), "operation is unreadable" },
		{ BYTES("\x0a\x03\x0a\x01\x80"), "operation is unreadable" },
		{ BYTES("\x0a\x03\x0a\x01\x09"), "operation is unreadable" },
		{ BYTES("\x0a\x03\x0a\x01\x0b"), "operation is unreadable" },
		{ BYTES("\x09"), "no field of a Tracefile" },
		{ BYTES("\x00"), "no field of a Tracefile" },
		{ BYTES("\x10"), "a number is missing" },
		{ BYTES("\x10\x80"), "a number is cut off" },
		{ BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  "more than ten bytes" },
#undef BYTES
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct trc_import_options opts = { .format = "malloc-bench" };
		struct imported im = import_bytes(messages[i].bytes,
						  messages[i].size, &opts);

		if (!messages[i].says) {
			if (im.status != 0)
				fail_msg("message %zu: %s", i, im.diag.text);
		} else if (im.status != KB_E_CORRUPT ||
			   !strstr(im.diag.text, messages[i].says)) {
			fail_msg("message %zu: %d, %s", i, im.status,
				 im.diag.text);
		}
		imported_release(&im);
	}
}

static void test_trc_import_formats__pages_and_caches(void **state)
{
	struct trc_import_options opts = { .takes_pages = true,
					   .takes_caches = true };
	struct imported im = import_text(PAGES);

	(void)state;
	assert_int_equal(im.counts.events, 0);
	assert_int_equal(im.counts.other_events, 3);
	imported_release(&im);
	im = import_bytes(PAGES, strlen(PAGES), &opts);
	assert_string_equal(im.dump.data,
			    "alloc 0 16384/16384 @1000000000 cpu0 ? init-1\n"
			    "free 0 @3000000000 cpu0 ? init-1\n");
	assert_int_equal(im.counts.null_allocs, 1);
	imported_release(&im);
	im = import_bytes(CACHES, strlen(CACHES), &opts);
	assert_string_equal(im.dump.data,
			    "alloc 0 10/16 @1000000000 cpu0 f+0x1 init-1\n"
			    "free 0 @2000000000 cpu0 g+0x1 init-1\n");
	imported_release(&im);
}

/* The events of a file of tests/traces/data. */
static struct imported import_data(const char *name)
{
	char path[512];
	struct blob file;
	struct imported im;

	snprintf(path, sizeof(path), TRC_TEST_DATA "%s", name);
	file = read_whole(path);
	im = import_bytes(file.data, file.size, NULL);
	free(file.data);
	return im;
}

static void test_trc_import_formats__recordings(void **state)
{
	static const struct {
		const char *name;
		uint64_t events;
		uint64_t null_frees;
	} recordings[] = {
		{ "perf-script.txt.zst", 1152, 202 },
		{ "trace-cmd-report.txt.zst", 1040, 185 },
		{ "heaptrack.raw.zst", 18, 0 },
		{ "malloc-bench.pb.gz", 5, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]);
	     i++) {
		struct imported im = import_data(recordings[i].name);

		if (im.status < 0)
			fail_msg("%s", im.diag.text);
		assert_int_equal(im.counts.events, recordings[i].events);
		assert_int_equal(im.counts.null_frees,
				 recordings[i].null_frees);
		imported_release(&im);
	}
}

/* The text of one event up to its time, without what follows the point of the
 * microseconds: trace-cmd's report rounds, its file does not. */
static void drop_times(char *dump)
{
	char *to = dump;

	for (char *p = dump; *p;) {
		if (*p == '@')
			while (*p && *p != ' ')
				p++;
		*to++ = *p++;
	}
	*to = 0;
}

static void test_trc_import_formats__trace_dat_is_its_report(void **state)
{
	struct imported dat = import_data("trace-cmd-v7.dat");
	struct imported report = import_data("trace-cmd-report.txt.zst");

	(void)state;
	if (dat.status == KB_E_UNSUPPORTED) {
		imported_release(&report);
		skip();
	}
	if (dat.status < 0)
		fail_msg("%s", dat.diag.text);
	drop_times(dat.dump.data);
	drop_times(report.dump.data);
	assert_string_equal(dat.dump.data, report.dump.data);
	imported_release(&dat);
	imported_release(&report);
}

/* Whatever the library does with damage, the import ends with an error that
 * names the file, or with a trace. */
static void test_trc_import_formats__trace_dat_damage(void **state)
{
	struct blob file = read_whole(TRC_TEST_DATA "trace-cmd-v7.dat");

	(void)state;
	for (size_t step = 1; step <= 24; step++) {
		size_t at = file.size * step / 25;
		struct imported im = import_bytes(file.data, at, NULL);

		if (im.status < 0)
			assert_says(&im.diag, "text");
		imported_release(&im);
		file.data[at] ^= 0x55;
		im = import_bytes(file.data, file.size, NULL);
		if (im.status < 0)
			assert_says(&im.diag, "text");
		imported_release(&im);
	}
	free(file.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_import_formats__samples),
		cmocka_unit_test(test_trc_import_formats__truncation),
		cmocka_unit_test(test_trc_import_formats__any_byte_wrong),
		cmocka_unit_test(test_trc_import_formats__carriage_returns),
		cmocka_unit_test(test_trc_import_formats__a_huge_line),
		cmocka_unit_test(test_trc_import_formats__refusals),
		cmocka_unit_test(test_trc_import_formats__csv_columns_left_out),
		cmocka_unit_test(test_trc_import_formats__long_names),
		cmocka_unit_test(test_trc_import_formats__odd_lines),
		cmocka_unit_test(test_trc_import_formats__not_recognized),
		cmocka_unit_test(test_trc_import_formats__malloc_bench),
		cmocka_unit_test(test_trc_import_formats__pages_and_caches),
		cmocka_unit_test(test_trc_import_formats__recordings),
		cmocka_unit_test(
			test_trc_import_formats__trace_dat_is_its_report),
		cmocka_unit_test(test_trc_import_formats__trace_dat_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
