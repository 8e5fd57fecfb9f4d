/*
 * Bytes to one importer, KB_FUZZ_FORMAT: it ends with an error that says what is
 * wrong, or with a trace that the reader takes for whole and whose counts are
 * those that the import reported; the same from memory, a file and a pipe.
 */
#include "fuzz_support.h"
#include "trc_import.h"
#include "trc_reader.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a pipe holds, so that it can be filled before it is read. */
#define SIZE_MAX_PIPE (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the trace in `fd` to its end. */
static void check_trace(int fd, const struct trc_counts *counts)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	uint64_t events = 0;
	struct stat st;
	void *map;
	int err;

	fuzz_require(fstat(fd, &st) == 0 && st.st_size > 0);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	fuzz_require(map != MAP_FAILED);
	err = trc_reader_open_memory(&reader, map, (size_t)st.st_size, "fuzz",
				     TRC_COLUMNS_ALL, &diag);
	fuzz_require(err == 0);
	while ((err = trc_reader_next(reader, &block, &diag)) == 0)
		events += block.count;
	fuzz_require(err == KB_END && events == counts->events);
	trc_reader_close(reader);
	munmap(map, (size_t)st.st_size);
}

/* The same bytes, in a file and in a pipe that is full of them. */
enum way { WAY_MEMORY, WAY_FILE, WAY_PIPE };

/* Puts the bytes where their way leads from; returns its descriptor. */
static int lay_down(const uint8_t *data, size_t size, enum way way)
{
	int ends[2];

	if (way == WAY_FILE) {
		ends[0] = memfd_create("input", MFD_CLOEXEC);
		ends[1] = dup(ends[0]);
	} else {
		fuzz_require(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
		fcntl(ends[1], F_SETPIPE_SZ, SIZE_MAX_PIPE);
	}
	fuzz_require(write(ends[1], data, size) == (ssize_t)size);
	close(ends[1]);
	return ends[0];
}

/* Imports the bytes as they come by `way`. */
static int import_by(const uint8_t *data, size_t size, enum way way, int fd,
		     const struct trc_import_options *opts,
		     struct trc_counts *counts, struct kb_diag *diag)
{
	char path[64];
	int input;
	int err;

	if (way == WAY_MEMORY)
		return trc_import_memory(data, size, "fuzz", fd, opts, counts,
					 diag);
	input = lay_down(data, size, way);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", input);
	err = trc_import_fd(path, fd, opts, counts, diag);
	close(input);
	return err;
}

/* Imports the bytes and looks at what came out; returns the status. */
static int import(const uint8_t *data, size_t size, bool lenient, enum way way,
		  struct trc_counts *counts)
{
	const struct trc_import_options opts = {
		.format = KB_FUZZ_FORMAT,
		.takes_caches = true,
		.takes_pages = true,
		.lenient = lenient,
	};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct kb_diag diag = { 0 };
	int err;

	fuzz_require(fd >= 0);
	memset(counts, 0, sizeof(*counts));
	err = import_by(data, size, way, fd, &opts, counts, &diag);
	fuzz_require(err <= 0 && (err == 0) == (diag.text[0] == 0));
	fuzz_require(err != 0 || lenient || counts->bad_lines == 0);
	if (err == 0)
		check_trace(fd, counts);
	close(fd);
	return err;
}

/* Imports by every way: the outcome is the same. */
static int import_by_all(const uint8_t *data, size_t size, bool lenient)
{
	struct trc_counts counts;
	int err = import(data, size, lenient, WAY_MEMORY, &counts);

	for (enum way way = WAY_FILE; way <= WAY_PIPE; way++) {
		struct trc_counts other;

		if (way == WAY_PIPE && size > SIZE_MAX_PIPE)
			continue;
		fuzz_require(import(data, size, lenient, way, &other) == err);
		fuzz_require(memcmp(&other, &counts, sizeof(counts)) == 0);
	}
	return err;
}

/* Leniency matters only where strictness fails. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (import_by_all(data, size, false) != 0)
		import_by_all(data, size, true);
	return 0;
}
