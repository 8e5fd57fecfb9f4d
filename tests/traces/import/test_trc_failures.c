/*
 * The machine has no memory, or a file cannot be read or written, at every place
 * there is: whatever is imported or read ends with an error that says so, nothing
 * is left behind, and a call that a signal interrupts makes no difference.
 */
#include "trc_test.h"

#include "kb_fault.h"
#include "kb_rng.h"
#include "trc_reader.h"
#include "trc_writer.h"

#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SAMPLES KB_SOURCE_DIR "/tests/fuzz/corpus/trc-"

static const char *const formats[] = {
	"android",   "console",	 "csapp",	 "csv",	   "ftrace",
	"heaptrack", "kheap",	 "lttng",	 "mtrace", "perf",
	"trace-cmd", "valgrind", "malloc-bench",
};

/* Imports bytes with the n-th allocation failing, into a file that a reader then
 * reads. True if there were less than n. */
static bool import_without_memory(const struct blob *bytes, const char *format,
				  unsigned n)
{
	/* With one thread: what a further one cannot get is done without it. */
	const struct trc_import_options opts = { .format = format,
						 .threads = 1 };
	int fd = memfd_create("trace", 0);
	struct kb_diag diag = { 0 };
	bool has_failed;
	int status;

	assert_true(fd >= 0);
	kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
	status = trc_import_memory(bytes->data, bytes->size, "text", fd, &opts,
				   NULL, &diag);
	has_failed = kb_fault_end();
	close(fd);
	if (status != (has_failed ? KB_E_NOMEM : 0) ||
	    (has_failed && !strstr(diag.text, "memory")))
		fail_msg("%s, allocation %u: status %d, \"%s\"", format, n,
			 status, diag.text);
	return !has_failed;
}

static void import_without(const struct blob *bytes, const char *format)
{
	unsigned n = 1;

	while (!import_without_memory(bytes, format, n))
		n++;
	/* The source, its hash, the writer with its tables: at least. */
	assert_true(n > 10);
}

static void test_trc_failures__import_without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct blob sample;
		char path[512];

		snprintf(path, sizeof(path), SAMPLES "%s/sample", formats[i]);
		sample = read_whole(path);
		import_without(&sample, formats[i]);
		free(sample.data);
	}
}

/* More sites, tasks, live objects and events than the first tables have room
 * for. */
static void test_trc_failures__tables_cannot_grow(void **state)
{
	struct blob text = { 0 };

	(void)state;
	blob_printf(&text, "# tracer: nop\n");
	for (unsigned i = 0; i < 9000; i++)
		blob_printf(&text,
			    "t%u-%u [000] ..... 0.%06u: kmalloc: "
			    "call_site=f%u+0x1/0x9 ptr=%08x "
			    "bytes_req=%u bytes_alloc=8 "
			    "gfp_flags=GFP_KERNEL\n",
			    i % 700, i % 700, i, i % 900, 0xff000000 + i * 8,
			    i);
	import_without(&text, "ftrace");
	free(text.data);
}

/* The kmalloc of cpu 0 holds back all that follows. */
static void test_trc_failures__pending_events_cannot_grow(void **state)
{
	struct blob text = { 0 };

	(void)state;
	blob_printf(&text, "# tracer: nop\n");
	for (unsigned i = 0; i < 200; i++)
		blob_printf(&text,
			    "t-1 [%03u] ..... 0.%06u: kmalloc: "
			    "call_site=f+0x1/0x9 ptr=%08x bytes_req=8 "
			    "bytes_alloc=8 gfp_flags=GFP_KERNEL\n",
			    i, i, 0xff000000 + i * 8);
	import_without(&text, "ftrace");
	free(text.data);
}

/* The first free is an implied one. */
static void test_trc_failures__implied_free_without_memory(void **state)
{
	const char line[] =
		"t-1 [000] ..... 0.000001: kmalloc: call_site=f+0x1 "
		"ptr=ff000000 bytes_req=8 bytes_alloc=8 "
		"gfp_flags=GFP_KERNEL\n";
	struct blob text = { 0 };

	(void)state;
	blob_printf(&text,
		    "# tracer: nop\n%st-1 [000] ..... 0.000001: kfree: "
		    "call_site=f+0x1 ptr=0x0\n%s",
		    line, line);
	import_without(&text, "ftrace");
	free(text.data);
}

/* A block of events that share nothing, so that its columns stay as large as they
 * are; written with its n-th allocation failing. True if there were less than n. */
static bool write_without_memory(uint32_t events, unsigned n)
{
	const struct trc_writer_options opts = { .fd = memfd_create("x", 0),
						 .name = "out",
						 .level = 1 };
	const struct trc_writer_totals totals = {
		.counts = &(struct trc_counts){ 0 }
	};
	struct kb_rng rng = kb_rng_init(events);
	struct kb_diag diag = { 0 };
	struct trc_writer *w;
	bool has_failed;
	int status;

	assert_true(opts.fd >= 0);
	assert_int_equal(trc_writer_open(&w, &opts, &diag), 0);
	for (uint32_t i = 0; i < events; i++) {
		const uint64_t random = kb_rng_next(&rng);
		const struct trc_event event = {
			.kind = i % 3 == 2 ? TRC_FREE : TRC_ALLOC,
			.slot = i - (i % 3 == 2),
			.time_ns = i,
			.size = i % 3 == 2 ? 0 : random >> 48,
			.size_granted = i % 3 == 2 ? 0 : random >> 32 & 0xffff,
			.cpu = (uint16_t)(random >> 24 & 0xff),
		};

		assert_int_equal(trc_writer_add(w, &event, &diag), 0);
	}
	kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
	status = trc_writer_finish(w, &totals, &diag);
	has_failed = kb_fault_end();
	if (status != (has_failed ? KB_E_NOMEM : 0) ||
	    (has_failed && !strstr(diag.text, "out of memory")))
		fail_msg("%u events, allocation %u: status %d, \"%s\"", events,
			 n, status, diag.text);
	trc_writer_free(w);
	close(opts.fd);
	return !has_failed;
}

/* Each column of a block may be the one that its bytes have no room for: which
 * one it is hangs on how many events there are. */
static void test_trc_failures__each_column_without_memory(void **state)
{
	(void)state;
	for (uint32_t events = 300; events < 4500; events += 60) {
		unsigned n = 1;

		while (!write_without_memory(events, n))
			n++;
		assert_true(n > 3);
	}
}

static void test_trc_failures__unpack_without_memory(void **state)
{
	struct blob zstd = read_whole(TRC_TEST_DATA "heaptrack.raw.zst");
	struct blob gzip = read_whole(TRC_TEST_DATA "malloc-bench.pb.gz");

	(void)state;
	import_without(&zstd, "heaptrack");
	import_without(&gzip, "malloc-bench");
	free(zstd.data);
	free(gzip.data);
}

/* A file imported to a file, with the n-th call of some kind failing. */
struct attempt {
	const char *from;
	int status;
	bool has_failed;
	struct kb_diag diag;
	struct blob file;
	int files;
};

static struct attempt import_file(const char *from, unsigned kinds, unsigned n,
				  int error)
{
	const struct trc_import_options opts = { .threads = 1 };
	struct attempt a = { .from = from };
	char *directory = make_directory();
	char out[256];

	snprintf(out, sizeof(out), "%s/out.trc", directory);
	kb_fault_begin(kinds, n, error);
	a.status = trc_import_file(from, out, &opts, NULL, &a.diag);
	a.has_failed = kb_fault_end();
	if (a.status == 0)
		a.file = read_whole(out);
	a.files = remove_directory(directory);
	return a;
}

/* Each call of these kinds fails once. Returns how many there are. */
static unsigned fail_each(const char *from, unsigned kinds, int error,
			  const char *says)
{
	for (unsigned n = 1;; n++) {
		struct attempt a = import_file(from, kinds, n, error);

		assert_int_equal(a.files, a.status == 0);
		assert_int_equal(a.diag.status, a.status);
		free(a.file.data);
		if (!a.has_failed) {
			assert_int_equal(a.status, 0);
			return n - 1;
		}
		if (a.status == 0 || !strstr(a.diag.text, says))
			fail_msg("%s, kinds 0x%x, call %u: status %d, \"%s\"",
				 from, kinds, n, a.status, a.diag.text);
	}
}

static void test_trc_failures__import_file(void **state)
{
	const char *from = TRC_TEST_RECORDINGS "seed-example.ftrace";
	const char *packed = TRC_TEST_DATA "ftrace-plain.txt.zst";

	(void)state;
	/* What is imported, and what is written. */
	assert_int_equal(
		fail_each(from, KB_FAULT_OPEN, EMFILE, strerror(EMFILE)), 2);
	assert_true(fail_each(from, KB_FAULT_READ, EIO, strerror(EIO)) >= 2);
	assert_true(fail_each(packed, KB_FAULT_READ, EIO, strerror(EIO)) >= 2);
	/* The header is written twice. */
	assert_true(fail_each(from, KB_FAULT_WRITE, ENOSPC, strerror(ENOSPC)) >=
		    4);
	assert_int_equal(fail_each(from, KB_FAULT_SYNC, EIO, strerror(EIO)), 1);
	assert_int_equal(
		fail_each(from, KB_FAULT_RENAME, EACCES, strerror(EACCES)), 1);
	assert_true(fail_each(packed, KB_FAULT_MEMORY, ENOMEM, "memory") > 10);
}

/* A name that is taken already: the next one is. Expect: no difference. */
static void test_trc_failures__temporary_name_is_taken(void **state)
{
	const char *from = TRC_TEST_RECORDINGS "seed-example.ftrace";
	struct attempt a = import_file(from, KB_FAULT_OPEN, 1, EEXIST);

	(void)state;
	assert_true(a.has_failed);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.files, 1);
	free(a.file.data);
}

/* Calls that a signal ends early, each in its turn. Expect: no difference. */
static void interrupt_each(const char *from, unsigned kinds)
{
	struct attempt whole = import_file(from, 0, 0, 0);
	bool is_done = false;

	assert_int_equal(whole.status, 0);
	for (unsigned n = 1; !is_done; n++) {
		struct attempt a = import_file(from, kinds, n, EINTR);

		if (a.status != 0)
			fail_msg("%s, call %u: %s", from, n, a.diag.text);
		assert_int_equal(a.file.size, whole.file.size);
		assert_memory_equal(a.file.data, whole.file.data,
				    whole.file.size);
		free(a.file.data);
		is_done = !a.has_failed;
	}
	free(whole.file.data);
}

static void test_trc_failures__interrupted(void **state)
{
	(void)state;
	interrupt_each(TRC_TEST_RECORDINGS "seed-example.ftrace",
		       KB_FAULT_READ | KB_FAULT_WRITE);
	interrupt_each(TRC_TEST_DATA "ftrace-plain.txt.zst", KB_FAULT_READ);
	interrupt_each(TRC_TEST_DATA "malloc-bench.pb.gz", KB_FAULT_READ);
}

/* Asked for the n-th time, the caller wants it to stop. */
static bool stop_in(const struct trc_import_progress *progress, void *user)
{
	unsigned *left = user;

	(void)progress;
	return *left > 0 && --*left == 0;
}

static void stop_each(const char *from)
{
	unsigned left = 1;

	for (unsigned n = 1; left == 0 || n == 1; n++) {
		struct trc_import_options opts = { .on_progress = stop_in,
						   .user = &left };
		char *directory = make_directory();
		struct kb_diag diag = { 0 };
		char out[256];
		int status;

		left = n;
		snprintf(out, sizeof(out), "%s/out.trc", directory);
		status = trc_import_file(from, out, &opts, NULL, &diag);
		assert_int_equal(status, left == 0 ? KB_E_STOPPED : 0);
		assert_int_equal(remove_directory(directory), left != 0);
	}
}

static void test_trc_failures__stopped(void **state)
{
	(void)state;
	stop_each(TRC_TEST_RECORDINGS "seed-example.ftrace");
	stop_each(TRC_TEST_DATA "malloc-bench.pb.gz");
	stop_each(TRC_TEST_DATA "forms/record6.dat.zst");
}

/* The copy that a child reads does not fit the disk, at once or at its end. */
static void test_trc_failures__no_room_for_a_copy(void **state)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = RLIM_INFINITY };
	static char recording[64 * 1024] = "PERFILE2";
	const size_t sizes[] = { 100, sizeof(recording) };
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("trace", 0);
		struct kb_diag diag = { 0 };
		int status;

		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		status = trc_import_memory(recording, sizes[i], "text", fd,
					   NULL, NULL, &diag);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		close(fd);
		assert_int_equal(status, KB_E_IO);
		assert_says(&diag, "cannot be copied to a temporary file: File "
				   "too large");
	}
	signal(SIGXFSZ, SIG_DFL);
}

#ifdef TRC_HAS_TRACECMD
/* What is read by a process of its own, by its name or copied. */
static void test_trc_failures__child(void **state)
{
	const char *plain = TRC_TEST_DATA "trace-cmd-v7.dat";
	const char *packed = TRC_TEST_DATA "forms/record6.dat.zst";
	struct attempt a;

	(void)state;
	/* The complaint, the pipe and the process; a copy, where there is no
	 * file to open. */
	assert_int_equal(
		fail_each(plain, KB_FAULT_START, EMFILE, strerror(EMFILE)), 3);
	assert_int_equal(
		fail_each(packed, KB_FAULT_START, EMFILE, strerror(EMFILE)), 4);
	fail_each(packed, KB_FAULT_READ, EIO, strerror(EIO));
	fail_each(packed, KB_FAULT_MEMORY, ENOMEM, "memory");
	interrupt_each(packed, KB_FAULT_READ | KB_FAULT_WAIT);
	/* It may have stopped in the middle. */
	a = import_file(packed, KB_FAULT_WAIT, 1, ECHILD);
	assert_int_equal(a.status, KB_E_IO);
	assert_says(&a.diag, "nobody says how libtracecmd ended");
	/* Ended before its end: by what failed here, while it still wrote. */
	a = import_file(plain, KB_FAULT_WRITE, 2, ENOSPC);
	assert_int_equal(a.status, KB_E_IO);
}
#endif

/* Reads a trace to its end, as a file or from memory. */
static int read_trace(const char *path, const struct blob *bytes,
		      struct kb_diag *diag)
{
	struct trc_reader *reader;
	struct trc_block block;
	int err = bytes ? trc_reader_open_memory(&reader, bytes->data,
						 bytes->size, path,
						 TRC_COLUMNS_ALL, diag)
			: trc_reader_open(&reader, path, TRC_COLUMNS_ALL, diag);

	if (err < 0)
		return err;
	while ((err = trc_reader_next(reader, &block, diag)) == 0)
		;
	trc_reader_close(reader);
	return err;
}

/* Returns how many calls there are. */
static unsigned read_failing(const char *path, const struct blob *bytes,
			     unsigned kinds, int error, int status)
{
	for (unsigned n = 1;; n++) {
		struct kb_diag diag = { 0 };
		int err;

		kb_fault_begin(kinds, n, error);
		err = read_trace(path, bytes, &diag);
		if (!kb_fault_end()) {
			assert_int_equal(err, KB_END);
			return n - 1;
		}
		if (err != status)
			fail_msg("kinds 0x%x, call %u: %d, \"%s\"", kinds, n,
				 err, diag.text);
		if (err == KB_E_IO)
			assert_says(&diag, strerror(error));
		if (err == KB_E_NOMEM)
			assert_says(&diag, "memory");
	}
}

static void test_trc_failures__read(void **state)
{
	const char *path = TRC_TEST_TRACES "boot.trc";
	struct blob bytes = read_whole(path);

	(void)state;
	assert_true(read_failing(path, NULL, KB_FAULT_MEMORY, ENOMEM,
				 KB_E_NOMEM) > 10);
	assert_true(read_failing(path, &bytes, KB_FAULT_MEMORY, ENOMEM,
				 KB_E_NOMEM) > 10);
	assert_int_equal(
		read_failing(path, NULL, KB_FAULT_OPEN, EMFILE, KB_E_IO), 1);
	assert_int_equal(read_failing(path, NULL, KB_FAULT_STAT, EIO, KB_E_IO),
			 1);
	assert_true(read_failing(path, NULL, KB_FAULT_READ, EIO, KB_E_IO) > 9);
	assert_true(read_failing(path, NULL, KB_FAULT_READ, EINTR, KB_END) > 9);
	free(bytes.data);
}

/* Going back to the first event. */
static void test_trc_failures__rewind(void **state)
{
	struct trc_reader *reader;
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(trc_reader_open(&reader,
					 TRC_TEST_TRACES "seed-example.trc",
					 TRC_COLUMNS_ALL, &diag),
			 0);
	kb_fault_begin(KB_FAULT_SEEK, 1, ESPIPE);
	assert_int_equal(trc_reader_rewind(reader, &diag), KB_E_IO);
	assert_true(kb_fault_end());
	assert_says(&diag, "cannot go back: Illegal seek");
	trc_reader_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_failures__import_without_memory),
		cmocka_unit_test(test_trc_failures__tables_cannot_grow),
		cmocka_unit_test(test_trc_failures__pending_events_cannot_grow),
		cmocka_unit_test(
			test_trc_failures__implied_free_without_memory),
		cmocka_unit_test(test_trc_failures__each_column_without_memory),
		cmocka_unit_test(test_trc_failures__unpack_without_memory),
		cmocka_unit_test(test_trc_failures__import_file),
		cmocka_unit_test(test_trc_failures__temporary_name_is_taken),
		cmocka_unit_test(test_trc_failures__interrupted),
		cmocka_unit_test(test_trc_failures__stopped),
		cmocka_unit_test(test_trc_failures__no_room_for_a_copy),
#ifdef TRC_HAS_TRACECMD
		cmocka_unit_test(test_trc_failures__child),
#endif
		cmocka_unit_test(test_trc_failures__read),
		cmocka_unit_test(test_trc_failures__rewind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
