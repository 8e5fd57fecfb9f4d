/*
 * Bytes to one importer, KB_FUZZ_FORMAT: it ends with an error that says what is
 * wrong, or with a trace that the reader takes for whole and whose counts are
 * those that the import reported.
 */
#include "fuzz_support.h"
#include "trc_import.h"
#include "trc_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Imports the bytes and looks at what came out; returns the status. */
static int import(const uint8_t *data, size_t size, bool lenient)
{
	const struct trc_import_options opts = {
		.format = KB_FUZZ_FORMAT,
		.takes_caches = true,
		.takes_pages = true,
		.lenient = lenient,
	};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct kb_diag diag = { 0 };
	struct trc_counts counts;
	int err;

	fuzz_require(fd >= 0);
	err = trc_import_memory(data, size, "fuzz", fd, &opts, &counts, &diag);
	fuzz_require(err <= 0 && (err == 0) == (diag.text[0] == 0));
	fuzz_require(err != 0 || lenient || counts.bad_lines == 0);
	if (err == 0)
		check_trace(fd, &counts);
	close(fd);
	return err;
}

/* Leniency matters only where strictness fails. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (import(data, size, false) != 0)
		import(data, size, true);
	return 0;
}
