#include "trc_reader.h"

#include "kb_bits.h"
#include "trc_decode.h"
#include "trc_format.h"
#include "trc_input.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Index entries read at a time. */
#define INDEX_STEP 1024

struct trc_reader {
	struct trc_input in;
	struct trc_decoder *decoder;
	struct trc_info info;

	/* The strings that info points to. */
	char kernel_release[TRC_ORIGIN_MAX + 1];
	char source_format[TRC_ORIGIN_MAX + 1];
	char source_name[TRC_ORIGIN_MAX + 1];
	char source_hash[TRC_ORIGIN_MAX + 1];

	/* Where the first block starts: the size of the header, bytes. */
	uint32_t header_size;

	/* Blocks and events read so far. */
	uint64_t blocks;
	uint64_t events;

	/* What the index's checksum must be for the blocks so far. */
	uint64_t index_hash;

	/* KB_END or an error once reading is over; then `diag` says why. */
	int done;
	struct kb_diag diag;
};

static int cut_off(struct trc_reader *r, const char *where,
		   struct kb_diag *diag)
{
	return kb_fail_at(diag, KB_E_CORRUPT, r->in.name, r->in.offset,
			  "the file ends here, in its %s: it was cut off; "
			  "copy or import it again",
			  where);
}

static int damaged(struct trc_reader *r, uint64_t offset, const char *what,
		   struct kb_diag *diag)
{
	return kb_fail_at(diag, KB_E_CORRUPT, r->in.name, offset,
			  "%s: the file is damaged; copy or import it again",
			  what);
}

static int take(struct trc_reader *r, size_t want, const char *where,
		const uint8_t **data, struct kb_diag *diag)
{
	size_t got;
	int err = trc_input_take(&r->in, want, data, &got, diag);

	if (err == 0 && got < want)
		err = cut_off(r, where, diag);
	return err;
}

static bool checksum_fits(const uint8_t *data, size_t size)
{
	return XXH64(data, size, 0) == trc_get64(data + size);
}

/* Reads the first 16 bytes: enough to know whether and how to go on. */
static int read_preamble(struct trc_reader *r, uint8_t *header,
			 struct kb_diag *diag)
{
	const char *name = r->in.name;
	const uint8_t *data;
	size_t got;
	int err = trc_input_take(&r->in, 16, &data, &got, diag);

	if (err < 0)
		return err;
	if (got == 0)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: is empty, not a .trc file", name);
	if (memcmp(data, TRC_MAGIC, kb_min(got, TRC_MAGIC_SIZE)) != 0)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: is not a .trc file; if it is a recorder's "
			       "text, convert it: trc import IN OUT.trc",
			       name);
	if (got < 16)
		return cut_off(r, "header", diag);
	r->info.version = trc_get32(data + 8);
	r->header_size = trc_get32(data + 12);
	if (r->info.version != TRC_VERSION)
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "%s: is of .trc version %" PRIu32
			       "; this build reads version %d",
			       name, r->info.version, TRC_VERSION);
	if (r->header_size > TRC_HEADER_MAX ||
	    r->header_size < TRC_HEADER_FIXED + TRC_CHECKSUM_SIZE)
		return damaged(r, 12, "the header has an impossible size",
			       diag);
	memcpy(header, data, 16);
	return 0;
}

/* Takes as many as there are; the rest is 0. */
static void read_counts(struct trc_counts *counts, const uint8_t *p,
			uint32_t count)
{
	uint32_t i = 0;

#define X(name, help)                                                \
	counts->name = i < count ? trc_get64(p + (size_t)i * 8) : 0; \
	i++;
	TRC_COUNTS(X)
#undef X
}

/* Extracts a string of the header; NULL if it is not inside. */
static const uint8_t *read_string(const uint8_t *p, const uint8_t *end,
				  char *out)
{
	size_t size;

	if (!p || end - p < 2)
		return NULL;
	size = trc_get16(p);
	p += 2;
	if (size > TRC_ORIGIN_MAX || size > (size_t)(end - p) ||
	    memchr(p, 0, size))
		return NULL;
	memcpy(out, p, size);
	out[size] = 0;
	return p + size;
}

/* Checks that the counts agree with each other and with the file's size. */
static int check_counts(struct trc_reader *r, struct kb_diag *diag)
{
	const struct trc_counts *c = &r->info.counts;
	uint64_t blocks = r->in.size / TRC_BLOCK_BYTES_MIN;

	if (c->allocs > c->events || c->frees != c->events - c->allocs ||
	    c->objects != c->allocs || c->frees > c->allocs ||
	    c->implied_frees > c->frees ||
	    c->live_at_end != c->allocs - c->frees || c->live_max > c->allocs ||
	    c->live_max < c->live_at_end)
		return damaged(r, TRC_HEADER_FIXED,
			       "the header's counts contradict each other",
			       diag);
	if (c->live_max > TRC_LIVE_MAX)
		return kb_fail_at(diag, KB_E_RANGE, r->in.name,
				  TRC_HEADER_FIXED,
				  "the header says that %" PRIu64
				  " objects live at once; the format's limit "
				  "is %" PRIu64,
				  c->live_max, TRC_LIVE_MAX);
	if (r->in.size > 0 && c->events / TRC_BLOCK_EVENTS_MAX > blocks)
		return damaged(r, TRC_HEADER_FIXED,
			       "the header promises more events than the file "
			       "can hold",
			       diag);
	return 0;
}

static int parse_header(struct trc_reader *r, const uint8_t *header,
			struct kb_diag *diag)
{
	const uint8_t *end = header + r->header_size - TRC_CHECKSUM_SIZE;
	const uint8_t *p = header + TRC_HEADER_FIXED;
	uint64_t features = trc_get64(header + 16);
	uint32_t counts = trc_get32(header + 28);

	if (features & ~TRC_FEATURES_KNOWN)
		return kb_fail_at(diag, KB_E_UNSUPPORTED, r->in.name, 16,
				  "needs features (%#" PRIx64
				  ") that this build does not have; read it "
				  "with a newer one",
				  features & ~TRC_FEATURES_KNOWN);
	r->info.clock = trc_get32(header + 24);
	if (r->info.clock > TRC_CLOCK_TICKS)
		return damaged(r, 24, "the header names an unknown clock",
			       diag);
	if (counts < TRC_COUNT_COUNT_MIN || counts > (size_t)(end - p) / 8)
		return damaged(r, 28, "the header lacks counts", diag);
	read_counts(&r->info.counts, p, counts);
	p += (size_t)counts * 8;
	p = read_string(p, end, r->kernel_release);
	p = read_string(p, end, r->source_format);
	p = read_string(p, end, r->source_name);
	p = read_string(p, end, r->source_hash);
	if (!p)
		return damaged(r, TRC_HEADER_FIXED,
			       "the header's strings are damaged", diag);
	r->info.kernel_release = r->kernel_release;
	r->info.source_format = r->source_format;
	r->info.source_name = r->source_name;
	r->info.source_hash = r->source_hash;
	return check_counts(r, diag);
}

static int read_header(struct trc_reader *r, struct kb_diag *diag)
{
	uint8_t header[TRC_HEADER_MAX];
	const uint8_t *rest;
	int err = read_preamble(r, header, diag);

	if (err < 0)
		return err;
	err = take(r, r->header_size - 16, "header", &rest, diag);
	if (err < 0)
		return err;
	memcpy(header + 16, rest, r->header_size - 16);
	if (!checksum_fits(header, r->header_size - TRC_CHECKSUM_SIZE))
		return damaged(r, 0, "the header's checksum is wrong", diag);
	return parse_header(r, header, diag);
}

/* Puts the reader before its first block. */
static void start(struct trc_reader *r)
{
	r->blocks = 0;
	r->events = 0;
	r->done = 0;
	kb_diag_init(&r->diag);
	r->index_hash = 0;
}

/* Reads the header of an input just opened. */
static int open_reader(struct trc_reader **out, struct trc_reader *r,
		       enum trc_columns columns, struct kb_diag *diag)
{
	int err = read_header(r, diag);

	if (err < 0)
		goto out;
	r->decoder = trc_decoder_new(columns, r->info.counts.live_max);
	if (!r->decoder) {
		err = kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			      r->in.name);
		goto out;
	}
	start(r);
	*out = r;
out:
	if (err < 0)
		trc_reader_close(r);
	return err;
}

int trc_reader_open(struct trc_reader **out, const char *path,
		    enum trc_columns columns, struct kb_diag *diag)
{
	struct trc_reader *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (!r)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", path);
	err = trc_input_open(&r->in, path, diag);
	if (err < 0) {
		free(r);
		return err;
	}
	return open_reader(out, r, columns, diag);
}

int trc_reader_open_fd(struct trc_reader **out, int fd, const char *name,
		       enum trc_columns columns, struct kb_diag *diag)
{
	struct trc_reader *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (!r)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	err = trc_input_open_fd(&r->in, fd, name, diag);
	if (err < 0) {
		free(r);
		return err;
	}
	return open_reader(out, r, columns, diag);
}

int trc_reader_open_memory(struct trc_reader **out, const void *data,
			   size_t size, const char *name,
			   enum trc_columns columns, struct kb_diag *diag)
{
	struct trc_reader *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (!r)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", name);
	err = trc_input_open_memory(&r->in, data, size, name, diag);
	if (err < 0) {
		free(r);
		return err;
	}
	return open_reader(out, r, columns, diag);
}

const struct trc_info *trc_reader_info(const struct trc_reader *reader)
{
	return &reader->info;
}

static int bad_block(const struct trc_reader *r,
		     const struct trc_raw_block *raw, const char *what,
		     struct kb_diag *diag)
{
	return kb_fail_at(diag, KB_E_CORRUPT, r->in.name, raw->offset,
			  "block %" PRIu64 ": %s: the file is damaged; copy "
			  "or import it again",
			  raw->number, what);
}

/* Parses the fixed part of a block and checks each of its numbers. */
static int parse_block_header(struct trc_reader *r, const uint8_t *p,
			      struct trc_raw_block *raw, struct kb_diag *diag)
{
	struct trc_block_header *hdr = &raw->header;

	if (!checksum_fits(p, TRC_BLOCK_HEADER_SIZE - TRC_CHECKSUM_SIZE))
		return bad_block(r, raw, "its header's checksum is wrong",
				 diag);
	hdr->bytes = trc_get32(p + 4);
	hdr->first_event = trc_get64(p + 8);
	hdr->events = trc_get32(p + 16);
	hdr->columns = trc_get16(p + 20);
	hdr->flags = trc_get16(p + 22);
	hdr->time_base = trc_get64(p + 24);
	hdr->time_unit = trc_get32(p + 32);
	hdr->new_classes = trc_get32(p + 36);
	hdr->new_sites = trc_get32(p + 40);
	hdr->new_tasks = trc_get32(p + 44);
	if (hdr->bytes < TRC_BLOCK_BYTES_MIN ||
	    hdr->bytes > TRC_BLOCK_BYTES_MAX)
		return bad_block(r, raw, "it has an impossible size", diag);
	if (hdr->events < 1 || hdr->events > TRC_BLOCK_EVENTS_MAX)
		return bad_block(r, raw, "it has too many events or none",
				 diag);
	if (hdr->first_event != r->events)
		return bad_block(r, raw, "it does not follow the one before",
				 diag);
	if (hdr->flags & ~TRC_BLOCK_NEW_CLASSES)
		return bad_block(r, raw, "it has unknown flags", diag);
	if (hdr->time_unit < 1 || hdr->time_unit > TRC_TIME_UNIT_MAX)
		return bad_block(r, raw, "it has an impossible unit of time",
				 diag);
	if (hdr->new_classes > hdr->events || hdr->new_tasks > hdr->events ||
	    hdr->new_sites > hdr->new_classes)
		return bad_block(r, raw, "it brings too many table entries",
				 diag);
	return 0;
}

/* Notes which entry the index must have for the current block. */
static void expect_in_index(struct trc_reader *r,
			    const struct trc_raw_block *raw)
{
	uint8_t entry[TRC_INDEX_ENTRY_SIZE];

	trc_put64(entry, raw->offset);
	trc_put64(entry + 8, raw->header.first_event);
	r->index_hash = XXH64(entry, sizeof(entry), r->index_hash);
}

/* Reads the rest of a block whose tag has been seen. */
static int read_block(struct trc_reader *r, uint64_t offset, const uint8_t *tag,
		      struct trc_block *block, struct kb_diag *diag)
{
	struct trc_raw_block raw = {
		.name = r->in.name,
		.offset = offset,
		.number = r->blocks,
	};
	uint8_t fixed[TRC_BLOCK_HEADER_SIZE];
	const uint8_t *data;
	int err;

	memcpy(fixed, tag, 4);
	err = take(r, sizeof(fixed) - 4, "blocks", &data, diag);
	if (err < 0)
		return err;
	memcpy(fixed + 4, data, sizeof(fixed) - 4);
	err = parse_block_header(r, fixed, &raw, diag);
	if (err < 0)
		return err;
	err = take(r, raw.header.bytes - sizeof(fixed), "blocks", &data, diag);
	if (err < 0)
		return err;
	raw.body = data;
	raw.size = raw.header.bytes - TRC_BLOCK_BYTES_MIN;
	if (XXH64(raw.body, raw.size, trc_get64(fixed + 48)) !=
	    trc_get64(raw.body + raw.size))
		return bad_block(r, &raw, "its checksum is wrong", diag);
	err = trc_decoder_block(r->decoder, &raw, block, diag);
	if (err < 0)
		return err;
	expect_in_index(r, &raw);
	r->blocks++;
	r->events += raw.header.events;
	return 0;
}

/* Reads the index after its tag; its entries must be those of the blocks. */
static int read_index(struct trc_reader *r, uint64_t offset,
		      struct kb_diag *diag)
{
	const uint8_t *data;
	uint64_t hash = 0;
	uint64_t left;
	int err;

	err = take(r, TRC_INDEX_HEADER_SIZE - 4, "index", &data, diag);
	if (err < 0)
		return err;
	left = trc_get64(data + 4);
	if (trc_get32(data) != 0 || left != r->blocks)
		return damaged(r, offset, "the index lists other blocks", diag);
	while (left > 0) {
		size_t step = (size_t)kb_min(left, INDEX_STEP);

		err = take(r, step * TRC_INDEX_ENTRY_SIZE, "index", &data,
			   diag);
		if (err < 0)
			return err;
		for (size_t i = 0; i < step; i++)
			hash = XXH64(data + i * TRC_INDEX_ENTRY_SIZE,
				     TRC_INDEX_ENTRY_SIZE, hash);
		left -= step;
	}
	err = take(r, TRC_CHECKSUM_SIZE, "index", &data, diag);
	if (err < 0)
		return err;
	if (trc_get64(data) != hash)
		return damaged(r, offset, "the index's checksum is wrong",
			       diag);
	if (hash != r->index_hash)
		return damaged(r, offset, "the index lists other blocks", diag);
	return 0;
}

/* Reads the end record and checks that nothing follows. */
static int read_end(struct trc_reader *r, uint64_t index_offset,
		    struct kb_diag *diag)
{
	uint64_t offset = r->in.offset;
	const uint8_t *data;
	size_t got;
	int err = take(r, TRC_END_SIZE, "end record", &data, diag);

	if (err < 0)
		return err;
	if (!checksum_fits(data, TRC_END_SIZE - TRC_CHECKSUM_SIZE))
		return damaged(r, offset, "the end record's checksum is wrong",
			       diag);
	if (trc_get32(data) != TRC_TAG_END ||
	    trc_get64(data + 8) != index_offset ||
	    trc_get64(data + 16) != r->events)
		return damaged(r, offset, "the end record is wrong", diag);
	err = trc_input_take(&r->in, 1, &data, &got, diag);
	if (err == 0 && got > 0)
		err = damaged(r, offset + TRC_END_SIZE,
			      "something follows the end record", diag);
	return err;
}

/* Compares the header's counts with those of the blocks. */
static int check_totals(struct trc_reader *r, struct kb_diag *diag)
{
	const struct trc_counts *said = &r->info.counts;
	struct trc_counts held;

	trc_decoder_counts(r->decoder, &held);
	/* The others follow from these, by check_counts. */
	if (said->events == held.events && said->allocs == held.allocs &&
	    said->implied_frees == held.implied_frees &&
	    said->live_max == held.live_max)
		return 0;
	return damaged(r, TRC_HEADER_FIXED,
		       "the header's counts are not those of the blocks", diag);
}

/* Reads the next section; KB_END once everything is read and correct. */
static int read_section(struct trc_reader *r, struct trc_block *block,
			struct kb_diag *diag)
{
	uint64_t offset = r->in.offset;
	const uint8_t *data;
	uint8_t tag[4];
	int err = take(r, sizeof(tag), "blocks", &data, diag);

	if (err < 0)
		return err;
	memcpy(tag, data, sizeof(tag));
	if (trc_get32(tag) == TRC_TAG_BLOCK)
		return read_block(r, offset, tag, block, diag);
	if (trc_get32(tag) != TRC_TAG_INDEX)
		return damaged(r, offset, "there is no block here", diag);
	err = read_index(r, offset, diag);
	if (err == 0)
		err = read_end(r, offset, diag);
	if (err == 0)
		err = check_totals(r, diag);
	return err < 0 ? err : KB_END;
}

int trc_reader_next(struct trc_reader *reader, struct trc_block *block,
		    struct kb_diag *diag)
{
	int err;

	if (reader->done) {
		if (diag && reader->done < 0)
			*diag = reader->diag;
		return reader->done;
	}
	err = read_section(reader, block, &reader->diag);
	reader->done = err;
	if (diag && err < 0)
		*diag = reader->diag;
	return err;
}

int trc_reader_rewind(struct trc_reader *reader, struct kb_diag *diag)
{
	const uint8_t *data;
	int err = trc_input_rewind(&reader->in, diag);

	if (err < 0)
		return err;
	start(reader);
	trc_decoder_rewind(reader->decoder);
	return take(reader, reader->header_size, "header", &data, diag);
}

const char *trc_reader_site(const struct trc_reader *reader, uint32_t site,
			    const char **module)
{
	const struct trc_strings *strings =
		trc_decoder_strings(reader->decoder);

	if (site == TRC_STRING_NONE || site > strings->site_count)
		return NULL;
	if (module)
		*module = strings->sites[site - 1].module;
	return strings->sites[site - 1].text;
}

const char *trc_reader_task(const struct trc_reader *reader, uint32_t task,
			    int32_t *pid)
{
	const struct trc_strings *strings =
		trc_decoder_strings(reader->decoder);

	if (task == TRC_STRING_NONE || task > strings->task_count)
		return NULL;
	if (pid)
		*pid = strings->tasks[task - 1].pid;
	return strings->tasks[task - 1].comm;
}

const char *trc_reader_context(enum trc_context context)
{
	static const char *const names[TRC_CONTEXT_END] = {
		[TRC_CONTEXT_NONE] = "",
		[TRC_CONTEXT_TASK] = "task",
		[TRC_CONTEXT_SOFTIRQ] = "softirq",
		[TRC_CONTEXT_HARDIRQ] = "hardirq",
		[TRC_CONTEXT_NMI] = "nmi",
	};

	return names[context];
}

void trc_reader_close(struct trc_reader *reader)
{
	if (!reader)
		return;
	trc_decoder_free(reader->decoder);
	trc_input_release(&reader->in);
	free(reader);
}
