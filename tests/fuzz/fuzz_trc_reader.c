/*
 * Bytes to the reader of .trc files: it ends with an error that says what is
 * wrong or at the end, twice the same; and no block breaks its promise that
 * frees are of live slots and allocs of free ones.
 */
#include "fuzz_support.h"
#include "trc_reader.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Slots whose state is watched. */
#define SLOTS 65536

static void check_block(const struct trc_block *block, uint8_t *is_live)
{
	fuzz_require(block->count >= 1);
	for (uint32_t i = 0; i < block->count; i++) {
		uint32_t slot = block->slot[i];

		if (slot >= SLOTS)
			continue;
		fuzz_require(is_live[slot] == (block->kind[i] != TRC_ALLOC));
		is_live[slot] = block->kind[i] == TRC_ALLOC;
	}
}

/* Reads to the end or an error, which it returns. */
static int read_all(struct trc_reader *reader, uint64_t *events)
{
	struct kb_diag diag = { 0 };
	uint8_t *is_live = calloc(SLOTS, 1);
	struct trc_block block;
	int err;

	fuzz_require(is_live != NULL);
	*events = 0;
	while ((err = trc_reader_next(reader, &block, &diag)) == 0) {
		check_block(&block, is_live);
		*events += block.count;
	}
	fuzz_require(err == KB_END || diag.text[0] != 0);
	free(is_live);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int columns = 0; columns < 2; columns++) {
		struct kb_diag diag = { 0 };
		struct trc_reader *reader;
		uint64_t first;
		uint64_t again;
		int err = trc_reader_open_memory(&reader, data, size, "fuzz",
						 (enum trc_columns)columns,
						 &diag);

		if (err < 0) {
			fuzz_require(diag.text[0] != 0 && reader == NULL);
			continue;
		}
		err = read_all(reader, &first);
		fuzz_require(trc_reader_rewind(reader, &diag) == 0);
		fuzz_require(read_all(reader, &again) == err && again == first);
		trc_reader_close(reader);
	}
	return 0;
}
