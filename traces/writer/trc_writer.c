#include "trc_writer.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "trc_array.h"
#include "trc_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

/* Initial room for events and classes, a power of two. It doubles up to the
 * format's limits, so that a short trace costs little: a fuzzer imports
 * thousands of times per second. */
#define ROOM_MIN 256

/* Bytes of all the arrays of struct pending, per event, and a few after them. */
#define PENDING_SIZE(room) ((size_t)(room)*45 + 16)

/* The common fields of a class's events. */
struct class
{
	uint64_t size;
	uint64_t granted;
	uint32_t site;
	uint8_t kind;
};

/* Bytes that grow. */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t room;
};

/* The events of the current block, one array per field. */
struct pending {
	uint32_t events;
	uint32_t frees;
	uint32_t far_count;
	uint32_t new_tasks;
	uint32_t new_sites;

	/* Where the classes that this block brings start in the table. */
	uint32_t first_class;
	bool starts_classes;

	/* Elements of each array below; events < room between calls. */
	uint32_t room;

	/* What holds the arrays. Owned. */
	uint8_t *memory;

	uint64_t *time_ns;
	uint32_t *age;
	uint32_t *far_slot;
	uint32_t *task;
	uint32_t *task_pid;
	uint16_t *class_id;
	uint16_t *cpu;
	uint8_t *context;

	/* One column's numbers, and its bytes before they are compressed. */
	uint64_t *numbers;
	uint8_t *raw;

	struct bytes site_strings;
	struct bytes task_strings;
};

struct trc_writer {
	int fd;
	char *name;
	int level;

	/* NULL until a column needs it. */
	ZSTD_CCtx *zstd;

	/* The header; its counts are filled in at the end. */
	uint8_t header[TRC_HEADER_MAX];
	uint32_t header_size;

	/* Bytes of the file written, including the space for the header. */
	uint64_t offset;

	uint64_t events;
	uint32_t site_count;
	uint32_t task_count;
	uint64_t string_bytes;

	/* Sites that classes have used so far, including the unknown one. */
	uint32_t next_site;

	/* Objects allocated, and the number of the one in each slot. */
	uint64_t objects;
	uint64_t *slot_object;
	uint64_t slot_room;

	struct class *classes;
	uint32_t class_count;
	uint32_t class_room;

	/* For each site, the number of the class of its last alloc and of its
	 * last free, which mostly are those of its next; as uint16_t. */
	struct bytes recent;

	/* Number + 1 of the class in each bucket; 0 is empty. There are twice
	 * as many as class_room. */
	uint32_t *class_buckets;

	struct pending pending;

	/* Entries of the index, as they will be written. */
	struct bytes index;

	/* The block being assembled: directory, then the columns' bytes. */
	uint8_t directory[TRC_BLOCK_COLUMNS_MAX * TRC_COLUMN_ENTRY_SIZE];
	uint32_t columns;
	struct bytes data;

	/* The block as it will be written. */
	struct bytes block;

	/* The task last seen on each cpu of the block, as u32. */
	struct bytes last_task;
};

static int no_memory(const struct trc_writer *w, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "%s: out of memory", w->name);
}

static bool reserve(struct bytes *bytes, size_t more)
{
	size_t room = bytes->room ? bytes->room : 4096;
	uint8_t *data;

	if (bytes->size + more <= bytes->room)
		return true;
	while (room < bytes->size + more)
		room *= 2;
	data = realloc(bytes->data, room);
	if (!data)
		return false;
	bytes->data = data;
	bytes->room = room;
	return true;
}

static bool append(struct bytes *bytes, const void *data, size_t size)
{
	if (!reserve(bytes, size))
		return false;
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
	return true;
}

/* The next `size` bytes of the memory at `*at`. */
static void *carve(uint8_t **at, size_t size)
{
	void *piece = *at;

	*at += size;
	return piece;
}

/* Doubles the room of the arrays of events; keeps their content. */
static bool grow_pending(struct pending *p)
{
	const struct pending old = *p;
	uint32_t room = old.room ? old.room * 2 : ROOM_MIN;
	uint8_t *at = malloc(PENDING_SIZE(room));

	if (!at)
		return false;
	p->memory = at;
	p->room = room;
	p->time_ns = carve(&at, room * sizeof(*p->time_ns));
	p->numbers = carve(&at, room * sizeof(*p->numbers));
	p->age = carve(&at, room * sizeof(*p->age));
	p->far_slot = carve(&at, room * sizeof(*p->far_slot));
	p->task = carve(&at, room * sizeof(*p->task));
	p->task_pid = carve(&at, room * sizeof(*p->task_pid));
	p->class_id = carve(&at, room * sizeof(*p->class_id));
	p->cpu = carve(&at, room * sizeof(*p->cpu));
	p->context = carve(&at, room * sizeof(*p->context));
	p->raw = carve(&at, (size_t)room * 8 + 16);
	kb_assert(at == p->memory + PENDING_SIZE(room));
	if (!old.memory)
		return true;
	memcpy(p->time_ns, old.time_ns, old.room * sizeof(*p->time_ns));
	memcpy(p->age, old.age, old.room * sizeof(*p->age));
	memcpy(p->far_slot, old.far_slot, old.room * sizeof(*p->far_slot));
	memcpy(p->task, old.task, old.room * sizeof(*p->task));
	memcpy(p->task_pid, old.task_pid, old.room * sizeof(*p->task_pid));
	memcpy(p->class_id, old.class_id, old.room * sizeof(*p->class_id));
	memcpy(p->cpu, old.cpu, old.room * sizeof(*p->cpu));
	memcpy(p->context, old.context, old.room * sizeof(*p->context));
	free(old.memory);
	return true;
}

static bool is_class(const struct class *class, const struct class *wanted)
{
	return class->site == wanted->site && class->kind == wanted->kind &&
	       class->size == wanted->size && class->granted == wanted->granted;
}

/* The bucket of a class, or the empty one where it would go. */
static uint32_t *class_bucket(const struct trc_writer *w,
			      const struct class *wanted)
{
	const uint32_t mask = 2 * w->class_room - 1;
	uint64_t key = wanted->size * UINT64_C(0x9e3779b97f4a7c15) ^
		       wanted->granted ^ (uint64_t)wanted->site << 32 ^
		       (uint64_t)wanted->kind << 60;
	uint32_t i = (uint32_t)kb_mix64(key) & mask;

	for (; w->class_buckets[i]; i = (i + 1) & mask) {
		if (is_class(&w->classes[w->class_buckets[i] - 1], wanted))
			break;
	}
	return &w->class_buckets[i];
}

/* Doubles the room of the class table. */
static bool grow_classes(struct trc_writer *w)
{
	uint32_t room = w->class_room ? w->class_room * 2 : ROOM_MIN;
	uint32_t *buckets = calloc(2 * (size_t)room, sizeof(*buckets));
	struct class *classes = realloc(w->classes, room * sizeof(*w->classes));

	if (classes)
		w->classes = classes;
	if (!buckets || !classes) {
		free(buckets);
		return false;
	}
	free(w->class_buckets);
	w->class_buckets = buckets;
	w->class_room = room;
	for (uint32_t i = 0; i < w->class_count; i++)
		*class_bucket(w, &w->classes[i]) = i + 1;
	return true;
}

static int write_at(struct trc_writer *w, uint64_t offset, const uint8_t *data,
		    size_t size, struct kb_diag *diag)
{
	while (size > 0) {
		ssize_t n = pwrite(w->fd, data, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_fail(diag, KB_E_IO, "%s: cannot write: %s",
				       w->name, strerror(errno));
		data += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int write_on(struct trc_writer *w, const uint8_t *data, size_t size,
		    struct kb_diag *diag)
{
	int err = write_at(w, w->offset, data, size, diag);

	if (err == 0)
		w->offset += size;
	return err;
}

static void put_string(struct trc_writer *w, const char *s)
{
	size_t size = s ? strnlen(s, TRC_ORIGIN_MAX) : 0;

	trc_put16(w->header + w->header_size, (uint32_t)size);
	if (size > 0)
		memcpy(w->header + w->header_size + 2, s, size);
	w->header_size += 2 + (uint32_t)size;
}

/* Lays out the header; hash, counts and clock are filled in at the end. */
static void prepare_header(struct trc_writer *w,
			   const struct trc_writer_options *opts)
{
	memcpy(w->header, TRC_MAGIC, TRC_MAGIC_SIZE);
	trc_put32(w->header + 8, TRC_VERSION);
	trc_put64(w->header + 16, 0);
	trc_put32(w->header + 28, TRC_COUNT_COUNT);
	w->header_size = TRC_HEADER_FIXED + 8 * TRC_COUNT_COUNT;
	put_string(w, opts->kernel_release);
	put_string(w, opts->source_format);
	put_string(w, opts->source_name);
	put_string(w, "0123456789abcdef");
	w->header_size += TRC_CHECKSUM_SIZE;
	trc_put32(w->header + 12, w->header_size);
}

/* What a site has in `recent` at first: any number will do. */
static const uint16_t no_classes[2];

int trc_writer_open(struct trc_writer **out,
		    const struct trc_writer_options *opts, struct kb_diag *diag)
{
	struct trc_writer *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (!w)
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       opts->name);
	w->fd = opts->fd;
	w->level = opts->level;
	w->name = strdup(opts->name);
	if (!w->name || !grow_pending(&w->pending) || !grow_classes(w) ||
	    !append(&w->recent, no_classes, sizeof(no_classes))) {
		trc_writer_free(w);
		return kb_fail(diag, KB_E_NOMEM, "%s: out of memory",
			       opts->name);
	}
	w->next_site = 1;
	w->pending.starts_classes = true;
	prepare_header(w, opts);
	w->offset = w->header_size;
	*out = w;
	return 0;
}

static int table_full(const struct trc_writer *w, const char *what,
		      uint32_t limit, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_RANGE,
		       "%s: more than %" PRIu32 " different %s, or %" PRIu64
		       " bytes of names, do not fit a .trc; import a shorter "
		       "recording",
		       w->name, limit, what, TRC_STRINGS_FILE_MAX);
}

int trc_writer_site(struct trc_writer *writer, const char *text,
		    const char *module, uint32_t *id, struct kb_diag *diag)
{
	struct bytes *strings = &writer->pending.site_strings;
	size_t text_size = strlen(text) + 1;
	size_t module_size = strlen(module) + 1;

	kb_assert(text_size <= TRC_STRING_SIZE_MAX);
	kb_assert(module_size <= TRC_STRING_SIZE_MAX);
	writer->string_bytes += text_size + module_size;
	if (writer->site_count >= TRC_SITES_MAX ||
	    writer->string_bytes > TRC_STRINGS_FILE_MAX)
		return table_full(writer, "call sites", TRC_SITES_MAX, diag);
	if (!append(strings, text, text_size) ||
	    !append(strings, module, module_size))
		return no_memory(writer, diag);
	if (!append(&writer->recent, no_classes, sizeof(no_classes)))
		return no_memory(writer, diag);
	writer->pending.new_sites++;
	*id = ++writer->site_count;
	return 0;
}

int trc_writer_task(struct trc_writer *writer, const char *comm, int32_t pid,
		    uint32_t *id, struct kb_diag *diag)
{
	struct pending *p = &writer->pending;
	size_t size = strlen(comm) + 1;

	kb_assert(size <= TRC_STRING_SIZE_MAX);
	writer->string_bytes += size;
	/* No test has 2^22 tasks. */
	if (writer->task_count >= TRC_TASKS_MAX ||
	    writer->string_bytes > TRC_STRINGS_FILE_MAX)
		return table_full(writer, "tasks", TRC_TASKS_MAX, diag);
	if (!append(&p->task_strings, comm, size))
		return no_memory(writer, diag);
	p->task_pid[p->new_tasks++] = trc_zigzag32(pid);
	*id = ++writer->task_count;
	return 0;
}

static bool all_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

/* Adds a column to the block, compressed if that makes it smaller. */
static int put_bytes(struct trc_writer *w, enum trc_column_id id,
		     const uint8_t *raw, size_t size, struct kb_diag *diag)
{
	uint8_t *entry =
		w->directory + (size_t)w->columns * TRC_COLUMN_ENTRY_SIZE;
	size_t bound = ZSTD_compressBound(size);
	enum trc_coding coding = TRC_CODING_ZSTD;
	uint8_t *to;
	size_t stored;

	if (size == 0)
		return 0;
	if (!w->zstd)
		w->zstd = ZSTD_createCCtx();
	if (!w->zstd || !reserve(&w->data, bound))
		return no_memory(w, diag);
	to = w->data.data + w->data.size;
	stored = ZSTD_compressCCtx(w->zstd, to, bound, raw, size, w->level);
	/* zstd's own memory ran out, which no test reaches; the buffer is large
	 * enough. */
	if (ZSTD_isError(stored))
		return no_memory(w, diag);
	kb_written(to, stored);
	if (stored >= size) {
		coding = TRC_CODING_RAW;
		stored = size;
		memcpy(to, raw, size);
	}
	trc_put16(entry, id);
	trc_put16(entry + 2, coding);
	trc_put32(entry + 4, (uint32_t)size);
	trc_put32(entry + 8, (uint32_t)stored);
	w->columns++;
	w->data.size += stored;
	return 0;
}

/* Adds a column of numbers; a column of only zeros is omitted. */
static int put_column(struct trc_writer *w, enum trc_column_id id,
		      const uint8_t *raw, size_t size, struct kb_diag *diag)
{
	return all_zero(raw, size) ? 0 : put_bytes(w, id, raw, size, diag);
}

/* Adds w->pending.numbers as byte planes, the lowest first, as many as needed. */
static int put_planes(struct trc_writer *w, enum trc_column_id id,
		      uint32_t count, struct kb_diag *diag)
{
	uint64_t all = 0;
	uint32_t planes;

	for (uint32_t i = 0; i < count; i++)
		all |= w->pending.numbers[i];
	planes = all ? kb_log2(all) / 8 + 1 : 0;
	for (uint32_t k = 0; k < planes; k++)
		for (uint32_t i = 0; i < count; i++)
			w->pending.raw[(size_t)k * count + i] =
				(uint8_t)(w->pending.numbers[i] >> (8 * k));
	return put_column(w, id, w->pending.raw, (size_t)planes * count, diag);
}

static int put_planes32(struct trc_writer *w, enum trc_column_id id,
			const uint32_t *numbers, uint32_t count,
			struct kb_diag *diag)
{
	for (uint32_t i = 0; i < count; i++)
		w->pending.numbers[i] = numbers[i];
	return put_planes(w, id, count, diag);
}

/* The columns of a replay, ids 1 to 5. */
static int put_replay_columns(struct trc_writer *w, struct kb_diag *diag)
{
	struct pending *p = &w->pending;
	uint32_t new_classes = w->class_count - p->first_class;
	uint32_t sizes = 0;
	int err;

	for (uint32_t i = 0; i < p->events; i++)
		trc_put16(w->pending.raw + 2 * (size_t)i, p->class_id[i]);
	err = put_column(w, TRC_COL_CLASS, w->pending.raw,
			 2 * (size_t)p->events, diag);
	if (err == 0)
		err = put_planes32(w, TRC_COL_AGE, p->age, p->frees, diag);
	if (err == 0)
		err = put_planes32(w, TRC_COL_FAR_SLOT, p->far_slot,
				   p->far_count, diag);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < new_classes; i++)
		w->pending.raw[i] = w->classes[p->first_class + i].kind;
	err = put_column(w, TRC_COL_CLASS_KIND, w->pending.raw, new_classes,
			 diag);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < new_classes; i++)
		if (w->classes[p->first_class + i].kind == TRC_ALLOC)
			w->pending.numbers[sizes++] =
				w->classes[p->first_class + i].size;
	return put_planes(w, TRC_COL_CLASS_SIZE, sizes, diag);
}

/* A class's other fields: ids 16 and 17. */
static int put_class_details(struct trc_writer *w, struct kb_diag *diag)
{
	uint32_t first = w->pending.first_class;
	uint32_t count = 0;
	int err;

	for (uint32_t i = first; i < w->class_count; i++)
		if (w->classes[i].kind == TRC_ALLOC)
			w->pending.numbers[count++] = w->classes[i].granted;
	err = put_planes(w, TRC_COL_CLASS_GRANTED, count, diag);
	if (err < 0)
		return err;
	for (uint32_t i = first; i < w->class_count; i++) {
		uint32_t back = w->next_site - w->classes[i].site;

		kb_assert(w->classes[i].site <= w->next_site);
		w->pending.numbers[i - first] = back;
		w->next_site += back == 0;
	}
	return put_planes(w, TRC_COL_CLASS_SITE, w->class_count - first, diag);
}

/* The largest of our units of time that divides every step of the block:
 * recorders that print microseconds leave three zeros. */
static uint32_t find_time_unit(const struct pending *p)
{
	static const uint32_t units[] = { 1000000, 1000 };

	for (size_t u = 0; u < KB_ARRAY_LEN(units); u++) {
		uint32_t i = 1;

		while (i < p->events &&
		       p->time_ns[i] % units[u] == p->time_ns[0] % units[u])
			i++;
		if (i >= p->events)
			return units[u];
	}
	return 1;
}

/* Divides by one of our units: by a constant each, which is faster. */
static uint64_t in_units(uint64_t ns, uint32_t unit)
{
	switch (unit) {
	case 1:
		return ns;
	case 1000:
		return ns / 1000;
	default:
		return ns / 1000000;
	}
}

/* Appends the low `bits` of v to the bits in `to`, `at` of them so far. */
static void put_bits(uint8_t *to, uint64_t at, uint64_t v, unsigned bits)
{
	for (unsigned done = 0; done < bits;) {
		unsigned shift = (unsigned)((at + done) % 8);
		uint8_t *byte = to + (at + done) / 8;

		*byte = (uint8_t)((shift ? *byte : 0) | (v >> done) << shift);
		done += 8 - shift;
	}
}

/* Times as steps from event to event: ids 18 and 19. */
static int put_times(struct trc_writer *w, uint32_t unit, struct kb_diag *diag)
{
	struct pending *p = &w->pending;
	uint8_t *codes = (uint8_t *)w->pending.numbers;
	uint64_t at = 0;
	int err;

	for (uint32_t i = 0; i < p->events; i++) {
		uint64_t before = p->time_ns[i ? i - 1 : 0];
		uint64_t now = p->time_ns[i];
		uint64_t step = in_units(
			now < before ? before - now : now - before, unit);
		unsigned bits = 0;

		codes[i] = (uint8_t)step;
		if (step >= TRC_TIME_LINEAR) {
			bits = kb_log2(step);
			codes[i] = (uint8_t)(TRC_TIME_CODE_BIAS + bits);
			put_bits(w->pending.raw, at,
				 step & ~(UINT64_C(1) << bits), bits);
		}
		if (now < before)
			codes[i] |= TRC_TIME_NEGATIVE;
		at += bits;
	}
	err = put_column(w, TRC_COL_TIME_CODE, codes, p->events, diag);
	if (err == 0)
		err = put_column(w, TRC_COL_TIME_EXTRA, w->pending.raw,
				 kb_div_up(at, 8), diag);
	return err;
}

/* Adds a column of one bit per event, for the `count` events whose bit in
 * `flags` is set, and a column of their numbers. */
static int put_changes(struct trc_writer *w, enum trc_column_id flags_id,
		       const uint8_t *flags, uint32_t count,
		       struct kb_diag *diag)
{
	int err = put_column(w, flags_id, flags,
			     kb_div_up(w->pending.events, 8), diag);

	if (err == 0)
		err = put_planes(w, flags_id + 1, count, diag);
	return err;
}

/* Changes of cpu or task: ids 20 to 23. */
static int put_cpus_and_tasks(struct trc_writer *w, struct kb_diag *diag)
{
	struct pending *p = &w->pending;
	uint8_t flags[TRC_BLOCK_EVENTS_MAX / 8] = { 0 };
	uint32_t highest = 0;
	uint32_t count = 0;
	uint32_t cpu = 0;
	uint32_t *last_task;
	int err;

	for (uint32_t i = 0; i < p->events; i++) {
		if (p->cpu[i] == cpu)
			continue;
		cpu = p->cpu[i];
		highest = cpu > highest ? cpu : highest;
		flags[i / 8] |= (uint8_t)(1u << (i % 8));
		w->pending.numbers[count++] = cpu;
	}
	err = put_changes(w, TRC_COL_CPU_CHANGED, flags, count, diag);
	if (err < 0)
		return err;
	if (!reserve(&w->last_task, (highest + 1) * sizeof(*last_task)))
		return no_memory(w, diag);
	last_task = (void *)w->last_task.data;
	memset(last_task, 0, (highest + 1) * sizeof(*last_task));
	memset(flags, 0, sizeof(flags));
	count = 0;
	for (uint32_t i = 0; i < p->events; i++) {
		uint32_t *last = &last_task[p->cpu[i]];

		if (p->task[i] == *last)
			continue;
		*last = p->task[i];
		flags[i / 8] |= (uint8_t)(1u << (i % 8));
		w->pending.numbers[count++] = *last;
	}
	return put_changes(w, TRC_COL_TASK_CHANGED, flags, count, diag);
}

/* The names that the block brings: ids 24 to 26. */
static int put_strings(struct trc_writer *w, struct kb_diag *diag)
{
	struct pending *p = &w->pending;
	int err = put_bytes(w, TRC_COL_SITE_STRINGS, p->site_strings.data,
			    p->site_strings.size, diag);

	if (err == 0)
		err = put_bytes(w, TRC_COL_TASK_STRINGS, p->task_strings.data,
				p->task_strings.size, diag);
	if (err == 0)
		err = put_planes32(w, TRC_COL_TASK_PID, p->task_pid,
				   p->new_tasks, diag);
	return err;
}

/* Writes header, directory, columns and checksum of the block at hand. */
static int write_block(struct trc_writer *w, uint32_t unit,
		       struct kb_diag *diag)
{
	struct pending *p = &w->pending;
	size_t directory_size = (size_t)w->columns * TRC_COLUMN_ENTRY_SIZE;
	size_t size = TRC_BLOCK_BYTES_MIN + directory_size + w->data.size;
	uint8_t *block;
	uint8_t *body;

	if (!reserve(&w->block, size))
		return no_memory(w, diag);
	block = w->block.data;
	body = block + TRC_BLOCK_HEADER_SIZE;
	trc_put32(block, TRC_TAG_BLOCK);
	trc_put32(block + 4, (uint32_t)size);
	trc_put64(block + 8, w->events - p->events);
	trc_put32(block + 16, p->events);
	trc_put16(block + 20, w->columns);
	trc_put16(block + 22, p->starts_classes ? TRC_BLOCK_NEW_CLASSES : 0);
	trc_put64(block + 24, p->time_ns[0]);
	trc_put32(block + 32, unit);
	trc_put32(block + 36, w->class_count - p->first_class);
	trc_put32(block + 40, p->new_sites);
	trc_put32(block + 44, p->new_tasks);
	trc_put64(block + 48, XXH64(block, 48, 0));
	memcpy(body, w->directory, directory_size);
	memcpy(body + directory_size, w->data.data, w->data.size);
	size -= TRC_CHECKSUM_SIZE;
	trc_put64(block + size, XXH64(body, size - TRC_BLOCK_HEADER_SIZE,
				      trc_get64(block + 48)));
	return write_on(w, block, size + TRC_CHECKSUM_SIZE, diag);
}

/* Forgets the block just written and prepares the next one. */
static void start_block(struct trc_writer *w)
{
	struct pending *p = &w->pending;

	p->events = 0;
	p->frees = 0;
	p->far_count = 0;
	p->new_tasks = 0;
	p->new_sites = 0;
	p->site_strings.size = 0;
	p->task_strings.size = 0;
	p->starts_classes = w->class_count == TRC_CLASSES_MAX;
	if (p->starts_classes) {
		w->class_count = 0;
		memset(w->class_buckets, 0,
		       sizeof(*w->class_buckets) * w->class_room * 2);
	}
	p->first_class = w->class_count;
}

static int flush(struct trc_writer *w, struct kb_diag *diag)
{
	uint8_t entry[TRC_INDEX_ENTRY_SIZE];
	uint32_t unit = find_time_unit(&w->pending);
	int err;

	if (w->pending.events == 0)
		return 0;
	trc_put64(entry, w->offset);
	trc_put64(entry + 8, w->events - w->pending.events);
	if (!append(&w->index, entry, sizeof(entry)))
		return no_memory(w, diag);
	w->columns = 0;
	w->data.size = 0;
	err = put_replay_columns(w, diag);
	if (err == 0)
		err = put_class_details(w, diag);
	if (err == 0)
		err = put_times(w, unit, diag);
	if (err == 0)
		err = put_cpus_and_tasks(w, diag);
	if (err == 0)
		err = put_strings(w, diag);
	if (err == 0)
		err = put_column(w, TRC_COL_CONTEXT, w->pending.context,
				 w->pending.events, diag);
	if (err == 0)
		err = write_block(w, unit, diag);
	if (err == 0)
		start_block(w);
	return err;
}

/* The class of an event, a new one if necessary. There is room: trc_writer_add
 * makes sure of that. */
static uint16_t find_class(struct trc_writer *w, const struct trc_event *event)
{
	const struct class class = {
		.size = event->size,
		.granted = event->size_granted,
		.site = event->site,
		.kind = event->kind,
	};
	uint16_t *recent = (uint16_t *)(void *)w->recent.data +
			   2 * (size_t)event->site + (event->kind != TRC_ALLOC);
	uint32_t *bucket;

	if (kb_likely(*recent < w->class_count &&
		      is_class(&w->classes[*recent], &class)))
		return *recent;
	bucket = class_bucket(w, &class);
	if (!*bucket) {
		w->classes[w->class_count++] = class;
		*bucket = w->class_count;
	}
	*recent = (uint16_t)(*bucket - 1);
	return *recent;
}

static bool reserve_slot(struct trc_writer *w, uint32_t slot)
{
	uint64_t room = w->slot_room ? w->slot_room : ROOM_MIN;
	uint64_t *grown;

	if (slot < w->slot_room)
		return true;
	while (room <= slot)
		room *= 2;
	grown = trc_array_grow(w->slot_object, w->slot_room * sizeof(*grown),
			       room * sizeof(*grown));
	if (!grown)
		return false;
	w->slot_object = grown;
	w->slot_room = room;
	return true;
}

/* Whether the block may have no room for one more event. */
static bool is_full(const struct trc_writer *w)
{
	const struct pending *p = &w->pending;
	const size_t strings_max =
		TRC_STRINGS_BLOCK_MAX - 2 * TRC_STRING_SIZE_MAX;

	return p->events == TRC_BLOCK_EVENTS_MAX ||
	       w->class_count == TRC_CLASSES_MAX ||
	       p->site_strings.size > strings_max ||
	       p->task_strings.size > strings_max;
}

/* Makes sure that there is room for one more event, of a class of its own. */
static int make_room(struct trc_writer *w, struct kb_diag *diag)
{
	if (kb_unlikely(w->pending.events == w->pending.room) &&
	    !grow_pending(&w->pending))
		return no_memory(w, diag);
	if (kb_unlikely(w->class_count == w->class_room) && !grow_classes(w))
		return no_memory(w, diag);
	return 0;
}

int trc_writer_add(struct trc_writer *writer, const struct trc_event *event,
		   struct kb_diag *diag)
{
	struct pending *p = &writer->pending;
	uint32_t i = p->events;

	p->class_id[i] = find_class(writer, event);
	p->time_ns[i] = event->time_ns;
	p->cpu[i] = event->cpu;
	p->task[i] = event->task;
	p->context[i] = event->context;
	if (event->kind == TRC_ALLOC) {
		if (!reserve_slot(writer, event->slot))
			return no_memory(writer, diag);
		writer->slot_object[event->slot] = writer->objects++;
	} else {
		uint64_t age =
			writer->objects - 1 - writer->slot_object[event->slot];

		if (age >= TRC_AGE_FAR) {
			age = TRC_AGE_FAR;
			p->far_slot[p->far_count++] = event->slot;
		}
		p->age[p->frees++] = (uint32_t)age;
	}
	p->events++;
	writer->events++;
	return is_full(writer) ? flush(writer, diag) : make_room(writer, diag);
}

static int write_index(struct trc_writer *w, struct kb_diag *diag)
{
	uint8_t fixed[TRC_INDEX_HEADER_SIZE] = { 0 };
	uint8_t checksum[TRC_CHECKSUM_SIZE];
	uint64_t hash = 0;
	int err;

	trc_put32(fixed, TRC_TAG_INDEX);
	trc_put64(fixed + 8, w->index.size / TRC_INDEX_ENTRY_SIZE);
	for (size_t i = 0; i < w->index.size; i += TRC_INDEX_ENTRY_SIZE)
		hash = XXH64(w->index.data + i, TRC_INDEX_ENTRY_SIZE, hash);
	trc_put64(checksum, hash);
	err = write_on(w, fixed, sizeof(fixed), diag);
	if (err == 0)
		err = write_on(w, w->index.data, w->index.size, diag);
	if (err == 0)
		err = write_on(w, checksum, sizeof(checksum), diag);
	return err;
}

static int write_end(struct trc_writer *w, uint64_t index_offset,
		     struct kb_diag *diag)
{
	uint8_t end[TRC_END_SIZE] = { 0 };

	trc_put32(end, TRC_TAG_END);
	trc_put64(end + 8, index_offset);
	trc_put64(end + 16, w->events);
	trc_put64(end + 24, XXH64(end, 24, 0));
	return write_on(w, end, sizeof(end), diag);
}

static int write_header(struct trc_writer *w,
			const struct trc_writer_totals *totals,
			struct kb_diag *diag)
{
	uint8_t *end = w->header + w->header_size - TRC_CHECKSUM_SIZE;
	uint8_t *p = w->header + TRC_HEADER_FIXED;
	static const char digits[] = "0123456789abcdef";

	trc_put32(w->header + 24, totals->clock);
#define X(name, help) trc_put64(p, totals->counts->name), p += 8;
	TRC_COUNTS(X)
#undef X
	for (unsigned i = 0; i < 16; i++)
		end[(int)i - 16] = (uint8_t)
			digits[totals->source_hash >> (60 - 4 * i) & 15];
	trc_put64(end, XXH64(w->header, (size_t)(end - w->header), 0));
	return write_at(w, 0, w->header, w->header_size, diag);
}

int trc_writer_finish(struct trc_writer *writer,
		      const struct trc_writer_totals *totals,
		      struct kb_diag *diag)
{
	uint64_t index_offset;
	int err = flush(writer, diag);

	if (err < 0)
		return err;
	index_offset = writer->offset;
	err = write_index(writer, diag);
	if (err == 0)
		err = write_end(writer, index_offset, diag);
	if (err == 0)
		err = write_header(writer, totals, diag);
	return err;
}

void trc_writer_free(struct trc_writer *writer)
{
	if (!writer)
		return;
	ZSTD_freeCCtx(writer->zstd);
	free(writer->name);
	trc_array_free(writer->slot_object,
		       writer->slot_room * sizeof(*writer->slot_object));
	free(writer->index.data);
	free(writer->data.data);
	free(writer->block.data);
	free(writer->pending.site_strings.data);
	free(writer->pending.task_strings.data);
	free(writer->pending.memory);
	free(writer->classes);
	free(writer->class_buckets);
	free(writer->recent.data);
	free(writer->last_task.data);
	free(writer);
}
