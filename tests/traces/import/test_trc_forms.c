/*
 * The same recording in every form: the same events. tests/traces/record-forms
 * says how tests/traces/data/forms was recorded, in one boot of a guest: each
 * group here is one ring buffer, or several that recorded the same load.
 * tests/traces/program.c is the program of the recordings of a program.
 */
#include "trc_test.h"

#include "trc_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* What a form may leave out or say otherwise than the one it is held against.
 * perf and trace-cmd print neither a call site's length nor always its module,
 * so these are never compared. */
struct form {
	const char *name;

	/* The form that it is held against. */
	const char *like;

	/* How far times may be off, ns: the form's own resolution if it is from
	 * the same buffer, else the difference between two recorders' times of
	 * one event. */
	uint64_t slack_ns;

	/* Its clock starts elsewhere: times are compared from the first on. */
	bool is_relative;

	bool has_no_cpu;
	bool has_no_site;
};

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

static const struct form forms[] = {
	/* One buffer: read, and taken out of it by trace-cmd. */
	{ .name = "extract.dat", .like = "trace.txt", .slack_ns = US },
	{ .name = "extract6.dat", .like = "extract.dat" },
	{ .name = "extract.txt", .like = "extract.dat", .slack_ns = US },

	/* A second one, of the same load at the same time. */
	{ .name = "stream.txt", .like = "trace.txt", .slack_ns = 20 * MS },
	{ .name = "stream-pipe.txt", .like = "stream.txt" },

	/* perf's own, of the same load; see below. */
	{ .name = "perf.data", .like = "perf.txt", .has_no_site = true },

	/* One that was too small. */
	{ .name = "small-pipe.txt", .like = "small.txt" },

	/* trace-cmd by itself, version 6 of its file. */
	{ .name = "record6.txt", .like = "record6.dat", .slack_ns = US },

	/* Printed as it happened, and dumped as on an oops. */
	{ .name = "printed.txt",
	  .like = "dump.txt",
	  .slack_ns = 20 * MS,
	  .has_no_cpu = true },
	{ .name = "dumped.txt",
	  .like = "dump.txt",
	  .slack_ns = US,
	  .is_relative = true },
};

#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

/* An imported form; `status` is KB_E_UNSUPPORTED where this machine lacks what
 * reads it. */
static struct imported import_form(const char *name)
{
	char path[512];
	struct blob file;
	struct imported im;

	snprintf(path, sizeof(path), TRC_TEST_DATA "forms/%s.zst", name);
	file = read_whole(path);
	im = import_bytes(file.data, file.size, NULL);
	free(file.data);
	if (im.status < 0 && strstr(im.diag.text, "cannot run perf"))
		im.status = KB_E_UNSUPPORTED;
	if (im.status == KB_E_UNSUPPORTED)
		print_message("%s is left out: %s\n", name, im.diag.text);
	else if (im.status < 0)
		fail_msg("%s: %s", name, im.diag.text);
	return im;
}

/* The records of a recording that an import has seen, lost ones included. */
static uint64_t records(const struct trc_counts *c)
{
	return c->allocs + c->frees - c->implied_frees + c->null_allocs +
	       c->null_frees + c->unmatched_frees + c->excluded_allocs +
	       c->excluded_frees + c->lost_events;
}

/* A .trc open for reading, its only block at hand. */
struct opened {
	struct trc_reader *reader;
	struct trc_block block;
};

static struct opened open_imported(const struct imported *im)
{
	struct kb_diag diag = { 0 };
	struct opened o;

	assert_int_equal(trc_reader_open_memory(&o.reader, im->file.data,
						im->file.size, "form",
						TRC_COLUMNS_ALL, &diag),
			 0);
	assert_int_equal(trc_reader_next(o.reader, &o.block, &diag), 0);
	assert_int_equal(o.block.count, im->counts.events);
	return o;
}

static const char *site(const struct opened *o, uint32_t i)
{
	return trc_reader_site(o->reader, o->block.site[i], NULL);
}

static void compare_event(const struct form *form, const struct opened *a,
			  const struct opened *b, uint32_t i)
{
	const uint64_t x = a->block.time_ns[i] -
			   (form->is_relative ? a->block.time_ns[0] : 0);
	const uint64_t y = b->block.time_ns[i] -
			   (form->is_relative ? b->block.time_ns[0] : 0);

	if (a->block.kind[i] != b->block.kind[i] ||
	    a->block.slot[i] != b->block.slot[i] ||
	    a->block.size[i] != b->block.size[i] ||
	    a->block.size_granted[i] != b->block.size_granted[i])
		fail_msg("%s: event %u differs", form->name, i);
	if ((x < y ? y - x : x - y) > form->slack_ns)
		fail_msg("%s: event %u: time %lu is not %lu", form->name, i,
			 (unsigned long)x, (unsigned long)y);
	if (!form->has_no_cpu && a->block.cpu[i] != b->block.cpu[i])
		fail_msg("%s: event %u: cpu differs", form->name, i);
	if (!form->has_no_site && strcmp(site(a, i), site(b, i)) != 0)
		fail_msg("%s: event %u: %s is not %s", form->name, i,
			 site(a, i), site(b, i));
}

static void compare(const struct form *form)
{
	struct imported a = import_form(form->name);
	struct imported b = import_form(form->like);
	struct opened oa;
	struct opened ob;

	if (a.status == 0 && b.status == 0) {
		oa = open_imported(&a);
		ob = open_imported(&b);
		assert_true(oa.block.count > 100);
		assert_int_equal(oa.block.count, ob.block.count);
		assert_int_equal(records(&a.counts), records(&b.counts));
		assert_int_equal(a.counts.lost_events, b.counts.lost_events);
		for (uint32_t i = 0; i < oa.block.count; i++)
			compare_event(form, &oa, &ob, i);
		trc_reader_close(oa.reader);
		trc_reader_close(ob.reader);
	}
	imported_release(&a);
	imported_release(&b);
}

static void test_trc_forms__all_give_the_same_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORM_COUNT; i++)
		compare(&forms[i]);
}

/* The number of the next alloc on `cpu`, from event `i` on; the count of events
 * if there is none. */
static uint32_t next_alloc(const struct trc_block *b, uint16_t cpu, uint32_t i)
{
	while (i < b->count && (b->kind[i] != TRC_ALLOC || b->cpu[i] != cpu))
		i++;
	return i;
}

/* perf leaves a task that ends before the task's last frees, and orders the cpus
 * by a clock of its own; but it has every alloc, cpu by cpu. */
static void test_trc_forms__perf_has_every_alloc(void **state)
{
	struct imported perf = import_form("perf.txt");
	struct imported trace = import_form("trace.txt");
	struct opened a = open_imported(&perf);
	struct opened b = open_imported(&trace);

	(void)state;
	assert_int_equal(perf.counts.allocs, trace.counts.allocs);
	for (uint16_t cpu = 0; cpu < 2; cpu++) {
		uint32_t i = next_alloc(&a.block, cpu, 0);
		uint32_t k = next_alloc(&b.block, cpu, 0);

		for (; i < a.block.count && k < b.block.count;
		     i = next_alloc(&a.block, cpu, i + 1),
		     k = next_alloc(&b.block, cpu, k + 1)) {
			assert_int_equal(a.block.size[i], b.block.size[k]);
			assert_int_equal(a.block.size_granted[i],
					 b.block.size_granted[k]);
			assert_string_equal(site(&a, i), site(&b, k));
			assert_in_range(a.block.time_ns[i],
					b.block.time_ns[k] - 20 * MS,
					b.block.time_ns[k] + 20 * MS);
		}
		assert_int_equal(i, a.block.count);
		assert_int_equal(k, b.block.count);
	}
	trc_reader_close(a.reader);
	trc_reader_close(b.reader);
	imported_release(&perf);
	imported_release(&trace);
}

/* What did not fit is accounted for: the buffer that was too small saw as much
 * as the others. */
static void test_trc_forms__every_loss_is_reported(void **state)
{
	struct imported whole = import_form("trace.txt");
	struct imported small = import_form("small-pipe.txt");

	(void)state;
	assert_int_equal(whole.counts.lost_events, 0);
	assert_true(small.counts.lost_events > 50);
	assert_int_equal(records(&small.counts), records(&whole.counts));
	imported_release(&whole);
	imported_release(&small);
}

/* Three recorders of one program. They know of no cpu, share no clock, and
 * mtrace says nothing of free(NULL). heaptrack has one object more, from before
 * main to the end: the C++ library's reserve for exceptions. */
static void test_trc_forms__program_recorders_agree(void **state)
{
	static const struct {
		const char *name;
		uint32_t more;
	} recorders[] = {
		{ "program-valgrind.txt", 0 },
		{ "program-heaptrack.raw", 1 },
	};
	struct imported mtrace = import_form("program-mtrace.txt");
	struct opened b = open_imported(&mtrace);

	(void)state;
	assert_int_equal(b.block.count, 2000);
	for (size_t r = 0; r < 2; r++) {
		const uint32_t more = recorders[r].more;
		struct imported im = import_form(recorders[r].name);
		struct opened a = open_imported(&im);

		assert_int_equal(a.block.count, 2000 + 2 * more);
		for (uint32_t i = 0; i < 2000; i++) {
			assert_int_equal(a.block.kind[i + more],
					 b.block.kind[i]);
			assert_int_equal(a.block.slot[i + more],
					 b.block.slot[i] + more);
			assert_int_equal(a.block.size[i + more],
					 b.block.size[i]);
		}
		trc_reader_close(a.reader);
		imported_release(&im);
	}
	trc_reader_close(b.reader);
	imported_release(&mtrace);
}

static struct blob read_form(const char *name)
{
	char path[512];
	struct blob packed;
	struct blob plain;

	snprintf(path, sizeof(path), TRC_TEST_DATA "forms/%s.zst", name);
	packed = read_whole(path);
	plain.size = (size_t)ZSTD_getFrameContentSize(packed.data, packed.size);
	plain.data = malloc(plain.size);
	assert_non_null(plain.data);
	assert_int_equal(ZSTD_decompress(plain.data, plain.size, packed.data,
					 packed.size),
			 plain.size);
	free(packed.data);
	return plain;
}

/* What is wrong with a file is said of the file, whatever the library or the
 * program that reads it makes of it. */
static void check_damaged(const void *data, size_t size)
{
	struct imported im = import_bytes(data, size, NULL);

	if (im.status < 0)
		assert_says(&im.diag, "text");
	imported_release(&im);
}

/* Cut and changed at this many places, evenly apart. */
static void damage(const char *name, size_t places)
{
	struct blob file = read_form(name);

	for (size_t i = 1; i <= places; i++) {
		const size_t at = file.size * i / (places + 1);

		check_damaged(file.data, at);
		file.data[at] ^= 0x55;
		check_damaged(file.data, file.size);
		file.data[at] ^= 0x55;
	}
	free(file.data);
}

static void test_trc_forms__damaged_files(void **state)
{
	(void)state;
	damage("record6.dat", 60);
	damage("extract.dat", 20);
	damage("perf.data", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_forms__all_give_the_same_events),
		cmocka_unit_test(test_trc_forms__perf_has_every_alloc),
		cmocka_unit_test(test_trc_forms__program_recorders_agree),
		cmocka_unit_test(test_trc_forms__damaged_files),
		cmocka_unit_test(test_trc_forms__every_loss_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
