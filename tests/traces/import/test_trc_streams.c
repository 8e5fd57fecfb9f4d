/*
 * A recording gives the same trace, or the same error, whether its bytes are in
 * memory, in a file, or come in pieces through a pipe or a FIFO: every format,
 * whole and cut off, strictly and leniently.
 */
#include "trc_test.h"

#include "trc_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORPUS KB_SOURCE_DIR "/tests/fuzz/corpus/trc-"

/* Bytes written at once: never a line, some lines, nearly a page. */
static const size_t chunks[] = { 1, 7, 4095 };

#define CHUNK_COUNT (sizeof(chunks) / sizeof(chunks[0]))

/* Every format that an import can be told; trace.dat and perf.data are read by
 * libraries and programs, from a file of their own. */
static const char *const formats[] = {
	"android",   "console",	 "csapp",	 "csv",	   "ftrace",
	"heaptrack", "kheap",	 "lttng",	 "mtrace", "perf",
	"trace-cmd", "valgrind", "malloc-bench",
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

/* What became of an import. */
struct outcome {
	int status;
	struct kb_diag diag;
	struct blob trace;
};

/* Bytes on their way into a pipe, `chunk` at a time. */
struct feed {
	/* The pipe's end, or a FIFO to be opened if `fifo` is not NULL. */
	int fd;
	const char *fifo;

	const struct blob *bytes;
	size_t chunk;
};

/* An importer that has seen enough closes its end: that is no failure here. */
static void *feed_all(void *arg)
{
	const struct feed *feed = arg;
	int fd = feed->fifo ? open(feed->fifo, O_WRONLY) : feed->fd;
	size_t done = 0;

	while (fd >= 0 && done < feed->bytes->size) {
		size_t left = feed->bytes->size - done;
		ssize_t n = write(fd, feed->bytes->data + done,
				  left < feed->chunk ? left : feed->chunk);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static struct blob read_trace(int fd)
{
	struct blob blob = { 0 };
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	blob.size = (size_t)st.st_size;
	blob.data = malloc(blob.size + 1);
	assert_non_null(blob.data);
	assert_int_equal(pread(fd, blob.data, blob.size, 0), blob.size);
	return blob;
}

/* Imports what is called `path`; its bytes are `memory` if that is not NULL. */
static struct outcome import(const char *path, const struct blob *memory,
			     const struct trc_import_options *opts)
{
	struct outcome outcome = { 0 };
	int fd = memfd_create("trace", 0);

	assert_true(fd >= 0);
	outcome.status =
		memory ? trc_import_memory(memory->data, memory->size, path, fd,
					   opts, NULL, &outcome.diag)
		       : trc_import_fd(path, fd, opts, NULL, &outcome.diag);
	if (outcome.status == 0)
		outcome.trace = read_trace(fd);
	close(fd);
	return outcome;
}

/* Imports `path` in another way than from memory, and compares. */
static void check_same(const char *path, const struct blob *bytes,
		       const struct trc_import_options *opts, const char *way)
{
	struct outcome got = import(path, NULL, opts);
	struct outcome want = import(path, bytes, opts);

	if (got.status != want.status ||
	    strcmp(got.diag.text, want.diag.text) != 0)
		fail_msg("%s, %zu bytes, %s: status %d (%s), from memory %d "
			 "(%s)",
			 opts->format, bytes->size, way, got.status,
			 got.diag.text, want.status, want.diag.text);
	if (got.trace.size != want.trace.size ||
	    (got.trace.size > 0 &&
	     memcmp(got.trace.data, want.trace.data, got.trace.size) != 0))
		fail_msg("%s, %zu bytes, %s: another trace than from memory",
			 opts->format, bytes->size, way);
	free(got.trace.data);
	free(want.trace.data);
}

static void check_file(const char *directory, const struct blob *bytes,
		       const struct trc_import_options *opts)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/file", directory);
	write_whole(path, bytes->data, bytes->size);
	check_same(path, bytes, opts, "from a file");
}

static void check_fed(struct feed *feed, const char *path,
		      const struct trc_import_options *opts)
{
	pthread_t thread;
	char way[64];

	snprintf(way, sizeof(way), "from a %s, %zu at a time",
		 feed->fifo ? "FIFO" : "pipe", feed->chunk);
	assert_int_equal(pthread_create(&thread, NULL, feed_all, feed), 0);
	check_same(path, feed->bytes, opts, way);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void check_pipe(const struct blob *bytes, size_t chunk,
		       const struct trc_import_options *opts)
{
	struct feed feed = { .bytes = bytes, .chunk = chunk };
	char path[64];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	feed.fd = ends[1];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	/* Opened here already, the pipe takes what is written after the
	 * importer has left, as far as there is room. */
	fcntl(ends[1], F_SETPIPE_SZ, (int)bytes->size + 1);
	check_fed(&feed, path, opts);
	close(ends[0]);
}

static void check_fifo(const char *directory, const struct blob *bytes,
		       size_t chunk, const struct trc_import_options *opts)
{
	struct feed feed = { .bytes = bytes, .chunk = chunk };
	char path[256];

	snprintf(path, sizeof(path), "%s/fifo", directory);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	feed.fifo = path;
	check_fed(&feed, path, opts);
}

/* Every way, for these bytes, strictly and leniently. */
static void check_every_way(const char *directory, const struct blob *bytes,
			    const char *format)
{
	struct trc_import_options opts = {
		.format = format,
		.takes_caches = true,
		.takes_pages = true,
	};

	for (int lenient = 0; lenient < 2; lenient++) {
		opts.lenient = lenient;
		check_file(directory, bytes, &opts);
		for (size_t i = 0; i < CHUNK_COUNT; i++) {
			check_pipe(bytes, chunks[i], &opts);
			check_fifo(directory, bytes, chunks[i], &opts);
		}
	}
}

/* The bytes as they are, without the last one, which is mostly a newline, and
 * cut in the middle of the last line and further up. */
static void check_cuts(const char *directory, const struct blob *bytes,
		       const char *format)
{
	const size_t cuts[] = { 0, 1, 2, 9, bytes->size / 2 };

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct blob part = { .data = bytes->data };

		if (cuts[i] > bytes->size)
			continue;
		part.size = bytes->size - cuts[i];
		check_every_way(directory, &part, format);
	}
}

/* Calls `check` with each file of a folder of the corpus. */
static void each_of_corpus(const char *name,
			   void (*check)(const char *directory,
					 const struct blob *bytes,
					 const char *name))
{
	char *directory = make_directory();
	const struct dirent *entry;
	char folder[512];
	int count = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), CORPUS "%s", name);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[800];
		struct blob bytes;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bytes = read_whole(path);
		/* The reader of memory keeps no NUL after it. */
		check(directory, &bytes, name);
		free(bytes.data);
		count++;
	}
	closedir(dir);
	assert_true(count > 0);
	remove_directory(directory);
}

static void test_trc_streams__samples_cut_anywhere(void **state)
{
	char *directory = make_directory();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample;
		char path[512];

		snprintf(path, sizeof(path), CORPUS "%s/sample", formats[i]);
		sample = read_whole(path);
		check_cuts(directory, &sample, formats[i]);
		free(sample.data);
	}
	remove_directory(directory);
}

static void test_trc_streams__whole_corpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		each_of_corpus(formats[i], check_every_way);
}

static void test_trc_streams__compressed(void **state)
{
	char *directory = make_directory();

	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct blob sample;
		struct blob packed;
		char path[512];

		snprintf(path, sizeof(path), CORPUS "%s/sample", formats[i]);
		sample = read_whole(path);
		/* Without its newline: what is unpacked ends in a line. */
		sample.size--;
		packed = blob_zstd(&sample);
		check_every_way(directory, &packed, formats[i]);
		free(packed.data);
		packed = blob_gzip(&sample);
		check_every_way(directory, &packed, formats[i]);
		free(packed.data);
		free(sample.data);
	}
	remove_directory(directory);
}

/* Reads a .trc to its end; returns the status, and how many events it has. */
static int read_events(struct trc_reader *reader, uint64_t *events,
		       struct kb_diag *diag)
{
	struct trc_block block;
	int err;

	*events = 0;
	while ((err = trc_reader_next(reader, &block, diag)) == 0)
		*events += block.count;
	trc_reader_close(reader);
	return err;
}

/* The reader of .trc files, from memory and from a file. */
static void check_reader(const char *directory, const struct blob *bytes,
			 const char *name)
{
	struct kb_diag diags[2] = { 0 };
	struct trc_reader *reader;
	uint64_t events[2] = { 0 };
	int status[2];
	char path[256];

	(void)name;
	snprintf(path, sizeof(path), "%s/file", directory);
	write_whole(path, bytes->data, bytes->size);
	status[0] = trc_reader_open_memory(&reader, bytes->data, bytes->size,
					   path, TRC_COLUMNS_ALL, &diags[0]);
	if (status[0] == 0)
		status[0] = read_events(reader, &events[0], &diags[0]);
	status[1] = trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diags[1]);
	if (status[1] == 0)
		status[1] = read_events(reader, &events[1], &diags[1]);
	assert_int_equal(status[0], status[1]);
	assert_int_equal(events[0], events[1]);
	assert_string_equal(diags[0].text, diags[1].text);
}

static void test_trc_streams__reader(void **state)
{
	(void)state;
	each_of_corpus("reader", check_reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_streams__samples_cut_anywhere),
		cmocka_unit_test(test_trc_streams__whole_corpus),
		cmocka_unit_test(test_trc_streams__compressed),
		cmocka_unit_test(test_trc_streams__reader),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
