/*
 * import_malloc_bench: malloc-bench's tracefile.proto, a protobuf message
 *
 *   Tracefile { repeated TraceLine lines = 1; max_simultaneous_allocs = 2 }
 *   TraceLine { oneof { malloc = 1, free = 2, realloc = 3, calloc = 4 } }
 *   malloc  { result_id = 1, input_size = 2, alignment = 3 }
 *   free    { input_id = 1, … }
 *   realloc { result_id = 1, input_id = 2, size = 3 }
 *   calloc  { result_id = 1, nmemb = 2, size = 3 }
 *
 * read as a stream, one TraceLine at a time. All fields are optional in the
 * sense of proto3: one that was set is written, even if it is 0
 * (proto/tracefile.proto of malloc-bench).
 */
#include "trc_scan.h"
#include "trc_user.h"

/* Longest TraceLine; a handful of numbers takes far less. */
#define TRACE_LINE_MAX 1024

/* Protobuf's wire types. */
enum wire { WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_BYTES = 2, WIRE_I32 = 5 };

struct bench {
	struct trc_user user;

	/* The current piece, and the offset of its end in the recording. */
	struct trc_scan piece;
	uint64_t piece_end;
};

/* A field of a message: a number, or bytes within the message. */
struct field {
	uint64_t number;
	enum wire wire;
	uint64_t value;
	struct trc_scan bytes;
};

static int damaged(struct bench *bench, const char *reason)
{
	return kb_fail_at(bench->user.text.diag, KB_E_CORRUPT,
			  bench->user.text.job->name,
			  bench->piece_end - trc_scan_left(&bench->piece),
			  "%s; the file is damaged or cut off", reason);
}

/* Makes sure that there is a byte to read. Returns 0, KB_END, or an error. */
static int have_byte(struct bench *bench)
{
	struct trc_job *job = bench->user.text.job;
	const char *data;
	size_t size;
	int err;

	while (bench->piece.p == bench->piece.end) {
		if (job->is_stopped && job->is_stopped(job->user))
			return kb_fail(bench->user.text.diag, KB_E_STOPPED,
				       "stopped");
		err = trc_source_next(job->source, &data, &size,
				      bench->user.text.diag);
		if (err != 0)
			return err;
		bench->piece.p = data;
		bench->piece.end = data + size;
		bench->piece_end += size;
	}
	return 0;
}

/* Reads a varint from the stream. Returns 0; KB_END before its first byte; or
 * an error. */
static int next_varint(struct bench *bench, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		int err = have_byte(bench);
		unsigned char byte;

		if (err == KB_END && shift > 0)
			return damaged(bench, "a number is cut off");
		if (err != 0)
			return err;
		byte = (unsigned char)*bench->piece.p++;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return 0;
	}
	return damaged(bench, "a number has more than ten bytes");
}

/* Reads a varint within a message. */
static bool read_varint(struct trc_scan *c, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
		unsigned char byte = (unsigned char)*c->p++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool skip_bytes(struct trc_scan *c, uint64_t size)
{
	if (size > trc_scan_left(c))
		return false;
	c->p += size;
	return true;
}

/* Reads a field of a message. */
static bool read_field(struct trc_scan *c, struct field *field)
{
	uint64_t tag;

	if (!read_varint(c, &tag))
		return false;
	field->number = tag >> 3;
	field->wire = (enum wire)(tag & 7);
	field->value = 0;
	switch (field->wire) {
	case WIRE_VARINT:
		return read_varint(c, &field->value);
	case WIRE_I64:
		return skip_bytes(c, 8);
	case WIRE_I32:
		return skip_bytes(c, 4);
	case WIRE_BYTES:
		if (!read_varint(c, &field->value) ||
		    field->value > trc_scan_left(c))
			return false;
		field->bytes.p = c->p;
		field->bytes.end = c->p + field->value;
		c->p += field->value;
		return true;
	}
	return false;
}

/* The fields 1 to 3 of an operation, and which of them are present. */
struct numbers {
	uint64_t value[4];
	bool is_there[4];
};

static bool read_numbers(struct trc_scan c, struct numbers *numbers)
{
	memset(numbers, 0, sizeof(*numbers));
	while (c.p < c.end) {
		struct field field;

		if (!read_field(&c, &field))
			return false;
		if (field.number < 4 && field.wire == WIRE_VARINT) {
			numbers->value[field.number] = field.value;
			numbers->is_there[field.number] = true;
		}
	}
	return true;
}

/* The pointer for the id in field `i`. The fields are optional, so an absent
 * one is NULL, and 0 is an id like any other. */
static uint64_t pointer_of(const struct numbers *n, unsigned i)
{
	return n->is_there[i] ? TRC_USER_ID_POINTER(n->value[i]) : 0;
}

static int run_operation(struct bench *bench, uint64_t operation,
			 const struct numbers *n)
{
	struct trc_user *user = &bench->user;
	uint64_t size;

	if (n->value[1] >= TRC_USER_ID_MAX ||
	    (operation == 3 && n->value[2] >= TRC_USER_ID_MAX))
		return damaged(bench, "an id is absurd");
	switch (operation) {
	case 1:
		return trc_user_malloc(user, pointer_of(n, 1), n->value[2]);
	case 2:
		return trc_user_free(user, pointer_of(n, 1));
	case 3:
		return trc_user_realloc(user, pointer_of(n, 2),
					pointer_of(n, 1), n->value[3]);
	case 4:
		if (__builtin_mul_overflow(n->value[2], n->value[3], &size))
			return damaged(bench, "a size is absurd");
		return trc_user_malloc(user, pointer_of(n, 1), size);
	default:
		user->text.job->rules.counts.other_events++;
		return 0;
	}
}

/* A TraceLine. */
static int read_trace_line(struct bench *bench, struct trc_scan c)
{
	while (c.p < c.end) {
		struct field field;
		struct numbers numbers;
		int err;

		if (!read_field(&c, &field))
			return damaged(bench, "an operation is unreadable");
		if (field.wire != WIRE_BYTES)
			continue;
		if (!read_numbers(field.bytes, &numbers))
			return damaged(bench, "an operation is unreadable");
		err = run_operation(bench, field.number, &numbers);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Collects the bytes of a TraceLine and reads it. */
static int next_line(struct bench *bench)
{
	char line[TRACE_LINE_MAX];
	uint64_t size;
	uint64_t have = 0;
	int err = next_varint(bench, &size);

	if (err == KB_END)
		return damaged(bench, "the recording ends in an operation");
	if (err < 0)
		return err;
	if (size > sizeof(line))
		return damaged(bench, "an operation is longer than 1024 bytes");
	while (have < size) {
		size_t step;

		err = have_byte(bench);
		if (err == KB_END)
			return damaged(bench,
				       "the recording ends in an operation");
		if (err < 0)
			return err;
		step = kb_min(size - have, trc_scan_left(&bench->piece));
		memcpy(line + have, bench->piece.p, step);
		bench->piece.p += step;
		have += step;
	}
	return read_trace_line(bench, (struct trc_scan){ line, line + size });
}

/* A field of the Tracefile. */
static int next_field(struct bench *bench)
{
	uint64_t value;
	uint64_t tag;
	int err = next_varint(bench, &tag);

	if (err != 0)
		return err;
	if (tag == (1 << 3 | WIRE_BYTES))
		return next_line(bench);
	if ((tag & 7) != WIRE_VARINT || tag >> 3 == 0)
		return damaged(bench, "this is no field of a Tracefile");
	err = next_varint(bench, &value);
	return err == KB_END ? damaged(bench, "a number is missing") : err;
}

static int import_malloc_bench(struct trc_job *job, struct kb_diag *diag)
{
	struct bench bench = { .piece_end = 0 };
	int err;

	trc_user_init(&bench.user, job, diag);
	do
		err = next_field(&bench);
	while (err == 0);
	return err == KB_END ? 0 : err;
}

/* Two bytes say little: the whole first TraceLine must make sense. */
static bool is_malloc_bench(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };
	struct field line;
	struct field operation;
	struct numbers numbers;

	if (!read_field(&c, &line) || line.number != 1 ||
	    line.wire != WIRE_BYTES || line.value == 0 ||
	    line.value > TRACE_LINE_MAX)
		return false;
	c = line.bytes;
	return read_field(&c, &operation) && operation.wire == WIRE_BYTES &&
	       operation.number >= 1 && operation.number <= 4 && c.p == c.end &&
	       read_numbers(operation.bytes, &numbers);
}

static size_t detect_malloc_bench(const char *head, size_t size)
{
	return trc_scan_first(is_malloc_bench(head, size));
}

const struct trc_format trc_format_malloc_bench = {
	.name = "malloc-bench",
	.detect = detect_malloc_bench,
	.import = import_malloc_bench,
};
