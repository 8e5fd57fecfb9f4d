/*
 * A long recording gives the same trace, or the same error, whatever the number
 * of threads and whether its lines are read the fast way or the plain one; and
 * no thread is left waiting where another has ended.
 */
#include "trc_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#define BOOT	 TRC_TEST_RECORDINGS "linux-6.1-initramfs-boot.ftrace.zst"
#define BOOT_612 TRC_TEST_RECORDINGS "linux-6.12-initramfs-boot.ftrace.zst"
#define DEBIAN	 TRC_TEST_RECORDINGS "linux-6.1-debian-boot.ftrace.zst"

/* What a recording unpacks to, with a NUL that does not count. */
static struct blob text_of(const char *path)
{
	struct blob packed = read_whole(path);
	struct blob text = { 0 };

	text.size = (size_t)ZSTD_getFrameContentSize(packed.data, packed.size);
	text.data = malloc(text.size + 1);
	assert_non_null(text.data);
	assert_int_equal(
		ZSTD_decompress(text.data, text.size, packed.data, packed.size),
		text.size);
	text.data[text.size] = 0;
	free(packed.data);
	return text;
}

/* Imports bytes from a file without a name, to another. */
static struct imported import_file(const struct blob *bytes,
				   const struct trc_import_options *opts)
{
	struct imported imported = { 0 };
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	char path[64];

	assert_true(write(in, bytes->data, bytes->size) ==
		    (ssize_t)bytes->size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", in);
	imported.status = trc_import_fd(path, out, opts, &imported.counts,
					&imported.diag);
	close(in);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	if (imported.status == 0)
		imported.file = read_whole(path);
	close(out);
	return imported;
}

/* The names of the input differ; everything else is the same. */
static void assert_same(const struct imported *a, const struct imported *b)
{
	assert_int_equal(a->status, b->status);
	assert_memory_equal(&a->counts, &b->counts, sizeof(a->counts));
	assert_int_equal(a->file.size, b->file.size);
	if (a->file.size > 0)
		assert_memory_equal(a->file.data, b->file.data, a->file.size);
}

/* Imports with every number of threads, fast and plain; the outcome is that of
 * one thread that reads plainly, which is returned. */
static struct imported import_every_way(const struct blob *bytes, bool lenient)
{
	struct trc_import_options opts = {
		.threads = 1,
		.is_plain = true,
		.lenient = lenient,
	};
	struct imported first = import_file(bytes, &opts);

	for (unsigned i = 1; i < 2 * TRC_THREADS_MAX; i++) {
		struct imported other;

		opts.threads = i / 2 + 1;
		opts.is_plain = i % 2 == 0;
		other = import_file(bytes, &opts);
		assert_same(&first, &other);
		/* The error's text begins with the file's name. */
		if (first.status < 0)
			assert_string_equal(strchr(first.diag.text, ':'),
					    strchr(other.diag.text, ':'));
		imported_release(&other);
	}
	return first;
}

static void check_every_way(const struct blob *bytes, uint64_t events)
{
	struct imported imported = import_every_way(bytes, false);

	assert_int_equal(imported.status, 0);
	assert_int_equal(imported.counts.events, events);
	imported_release(&imported);
}

static void test_trc_threads__same_trace(void **state)
{
	struct blob packed = read_whole(BOOT);
	struct blob text = text_of(BOOT);
	struct blob gz = blob_gzip(&text);
	struct blob text_612 = text_of(BOOT_612);

	(void)state;
	check_every_way(&packed, 31619);
	check_every_way(&text, 31619);
	check_every_way(&gz, 31619);
	check_every_way(&text_612, 36964);
	free(packed.data);
	free(text.data);
	free(gz.data);
	free(text_612.data);
}

/* Wherever in a line a piece ends. */
static void test_trc_threads__pieces_end_anywhere(void **state)
{
	const struct trc_import_options plain = { .is_plain = true };
	struct blob text = text_of(BOOT);

	(void)state;
	for (size_t shift = 1; shift < 1000; shift += 37) {
		struct blob shifted = { 0 };
		struct imported a;
		struct imported b;

		shifted.size = shift + 400000;
		shifted.data = malloc(shifted.size);
		assert_non_null(shifted.data);
		memset(shifted.data, '#', shift);
		shifted.data[shift - 1] = '\n';
		memcpy(shifted.data + shift, text.data, 400000);
		a = import_bytes(shifted.data, shifted.size, &plain);
		b = import_bytes(shifted.data, shifted.size, NULL);
		assert_same(&a, &b);
		assert_string_equal(a.diag.text, b.diag.text);
		imported_release(&a);
		imported_release(&b);
		free(shifted.data);
	}
	free(text.data);
}

/* The text with its byte in the middle of line `number` replaced. */
static void damage(struct blob *text, unsigned number)
{
	char *p = text->data;

	for (unsigned i = 1; i < number; i++)
		p = strchr(p, '\n') + 1;
	memcpy(strstr(p, " ptr=") + 5, "zz", 2);
}

static void test_trc_threads__same_error(void **state)
{
	struct blob text = text_of(BOOT);
	struct blob packed;
	struct imported imported;

	(void)state;
	damage(&text, 40000);
	packed = blob_zstd(&text);
	imported = import_every_way(&text, false);
	assert_int_equal(imported.status, KB_E_FORMAT);
	assert_says(&imported.diag, ":40000: the pointer is not a number");
	imported_release(&imported);
	imported = import_every_way(&packed, true);
	assert_int_equal(imported.status, 0);
	assert_int_equal(imported.counts.bad_lines, 1);
	imported_release(&imported);
	packed.size -= 1000;
	imported = import_every_way(&packed, true);
	assert_int_equal(imported.status, KB_E_CORRUPT);
	imported_release(&imported);
	free(text.data);
	free(packed.data);
}

/* The rules' thread cannot write its first block; the others end. */
static void test_trc_threads__output_fails(void **state)
{
	struct blob text = text_of(DEBIAN);
	char path[] = "/tmp/kheap-replay-in-XXXXXX";
	int in = mkstemp(path);

	(void)state;
	assert_true(write(in, text.data, text.size) == (ssize_t)text.size);
	close(in);
	for (unsigned threads = 1; threads <= TRC_THREADS_MAX; threads++) {
		const struct trc_import_options opts = { .threads = threads };
		int out = open("/dev/null", O_RDONLY | O_CLOEXEC);
		struct kb_diag diag = { 0 };

		assert_int_equal(trc_import_fd(path, out, &opts, NULL, &diag),
				 KB_E_IO);
		assert_says(&diag, "output: cannot write: ");
		close(out);
	}
	unlink(path);
	free(text.data);
}

/* A pipe that is filled, and then stays open and gives nothing. */
struct silence {
	const struct blob *bytes;
	int fd;
	pthread_t importer;

	/* Ask the importer to stop, again and again until it has. */
	bool is_to_stop;
	atomic_bool has_ended;
};

static volatile sig_atomic_t is_asked;

static void ask(int number)
{
	is_asked = number;
}

static bool on_progress(const struct trc_import_progress *progress, void *user)
{
	(void)progress;
	(void)user;
	return is_asked != 0;
}

static void *feed(void *arg)
{
	struct silence *silence = arg;
	size_t done = 0;

	while (done < silence->bytes->size) {
		ssize_t n = write(silence->fd, silence->bytes->data + done,
				  silence->bytes->size - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	while (silence->is_to_stop && !silence->has_ended) {
		pthread_kill(silence->importer, SIGUSR1);
		sched_yield();
	}
	return NULL;
}

/* Imports from such a pipe; returns the status. */
static int import_silence(const struct blob *bytes, unsigned threads,
			  bool is_to_stop, struct kb_diag *diag)
{
	const struct trc_import_options opts = {
		.threads = threads,
		.on_progress = on_progress,
	};
	struct silence silence = {
		.bytes = bytes,
		.importer = pthread_self(),
		.is_to_stop = is_to_stop,
	};
	int out = memfd_create("out", MFD_CLOEXEC);
	pthread_t feeder;
	int ends[2];
	int err;

	is_asked = 0;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	silence.fd = ends[1];
	assert_int_equal(pthread_create(&feeder, NULL, feed, &silence), 0);
	err = trc_import_stream(ends[0], "pipe", out, &opts, NULL, diag);
	silence.has_ended = true;
	close(ends[0]);
	pthread_join(feeder, NULL);
	close(ends[1]);
	close(out);
	return err;
}

static void test_trc_threads__silent_pipe(void **state)
{
	struct sigaction action = { .sa_handler = ask };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct blob whole = text_of(BOOT);
	struct blob bad = text_of(BOOT);

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	damage(&bad, 40000);
	for (unsigned threads = 1; threads <= TRC_THREADS_MAX; threads++) {
		struct kb_diag diag = { 0 };

		assert_int_equal(import_silence(&bad, threads, false, &diag),
				 KB_E_FORMAT);
		memset(&diag, 0, sizeof(diag));
		assert_int_equal(import_silence(&whole, threads, true, &diag),
				 KB_E_STOPPED);
	}
	free(whole.data);
	free(bad.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_threads__same_trace),
		cmocka_unit_test(test_trc_threads__pieces_end_anywhere),
		cmocka_unit_test(test_trc_threads__same_error),
		cmocka_unit_test(test_trc_threads__output_fails),
		cmocka_unit_test(test_trc_threads__silent_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
