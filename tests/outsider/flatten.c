/*
 * Writes the operations of a trace as the flat file that outsider.c reads.
 *
 * Usage: flatten TRACE FILE
 */
#include "trc_reader.h"

#include <stdio.h>

static int write_events(struct trc_reader *reader, FILE *out, uint64_t *head,
			struct kb_diag *diag)
{
	struct trc_block block;
	int err;

	while ((err = trc_reader_next(reader, &block, diag)) == 0) {
		for (uint32_t i = 0; i < block.count; i++) {
			const uint32_t is_free = block.kind[i] != TRC_ALLOC;
			const uint32_t op[2] = { block.slot[i] << 1 | is_free,
						 (uint32_t)block.size[i] };

			fwrite(op, sizeof(op), 1, out);
			if (block.slot[i] >= head[1])
				head[1] = (uint64_t)block.slot[i] + 1;
		}
		head[0] += block.count;
	}
	return err;
}

int main(int argc, char **argv)
{
	uint64_t head[2] = { 0, 0 };
	struct trc_reader *reader;
	struct kb_diag diag = { 0 };
	FILE *out = argc == 3 ? fopen(argv[2], "wb") : NULL;

	if (!out) {
		fprintf(stderr, "usage: flatten TRACE FILE\n");
		return 2;
	}
	if (trc_reader_open(&reader, argv[1], TRC_COLUMNS_REPLAY, &diag) < 0) {
		fprintf(stderr, "%s\n", diag.text);
		return 2;
	}
	fwrite(head, sizeof(head), 1, out);
	if (write_events(reader, out, head, &diag) < 0) {
		fprintf(stderr, "%s\n", diag.text);
		return 2;
	}
	trc_reader_close(reader);
	rewind(out);
	fwrite(head, sizeof(head), 1, out);
	return fclose(out) == 0 ? 0 : 2;
}
