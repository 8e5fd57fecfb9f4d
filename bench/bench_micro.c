#include "bench_gbench.h"

#include "gbench_shim.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "trc_import.h"
#include "trc_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* Live clusters that the lookups are measured against. The window's default
 * holds the last of them. */
static const int64_t live_counts[] = { 16, 256, 4096, 16384 };

/* Largest text that an import benchmark holds in memory, bytes. */
#define TEXT_MAX ((size_t)1 << 31)

/* A recording's text in memory, or a .trc's bytes. */
struct input {
	const char *name;
	void *data;
	size_t size;
	int out_fd;
};

static int read_whole(const char *path, void **data, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	*data = NULL;
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (size_t)st.st_size <= TEXT_MAX)
		*data = malloc((size_t)st.st_size + 1);
	if (*data)
		n = read(fd, *data, (size_t)st.st_size);
	close(fd);
	*size = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -1;
}

/* Replaces zstd data by what it holds; other data stays. */
static int unpack(struct input *in)
{
	unsigned long long size = ZSTD_getFrameContentSize(in->data, in->size);
	void *text;
	size_t n;

	if (size == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size > TEXT_MAX)
		return -1;
	text = malloc((size_t)size + 1);
	if (!text)
		return -1;
	n = ZSTD_decompress(text, (size_t)size, in->data, in->size);
	free(in->data);
	in->data = text;
	in->size = ZSTD_isError(n) ? 0 : n;
	return ZSTD_isError(n) ? -1 : 0;
}

static void import_body(struct gb_state *state, void *user)
{
	const struct input *in = user;
	int64_t n = gb_iters(state);
	struct trc_counts counts;
	struct kb_diag diag;

	memset(&counts, 0, sizeof(counts));
	kb_diag_init(&diag);
	while (gb_next_batch(state, n)) {
		for (int64_t i = 0; i < n && diag.status == 0; i++) {
			if (ftruncate(in->out_fd, 0) != 0 ||
			    lseek(in->out_fd, 0, SEEK_SET) != 0)
				kb_fail(&diag, KB_E_IO, "%s", strerror(errno));
			else
				trc_import_memory(in->data, in->size, in->name,
						  in->out_fd, NULL, &counts,
						  &diag);
		}
	}
	if (diag.status < 0) {
		gb_skip(state, diag.text);
		return;
	}
	gb_bytes(state, n * (int64_t)in->size);
	gb_counter(state, "events", (double)counts.events);
}

static int decode_all(struct trc_reader *reader, uint64_t *events,
		      struct kb_diag *diag)
{
	struct trc_block block;
	int err;

	while ((err = trc_reader_next(reader, &block, diag)) == 0) {
		gb_do_not_optimize(block.slot[block.count - 1]);
		*events += block.count;
	}
	return err < 0 ? err : trc_reader_rewind(reader, diag);
}

static void decode_body(struct gb_state *state, void *user)
{
	const struct input *in = user;
	int64_t n = gb_iters(state);
	struct trc_reader *reader;
	struct kb_diag diag;
	uint64_t events = 0;

	kb_diag_init(&diag);
	if (trc_reader_open_memory(&reader, in->data, in->size, in->name,
				   TRC_COLUMNS_REPLAY, &diag) < 0) {
		gb_skip(state, diag.text);
		return;
	}
	while (gb_next_batch(state, n))
		for (int64_t i = 0; i < n; i++)
			decode_all(reader, &events, &diag);
	trc_reader_close(reader);
	if (diag.status < 0)
		gb_skip(state, diag.text);
	gb_items(state, (int64_t)events);
}

/* A heap with live clusters in it, and their addresses in random order. */
struct population {
	struct alloc alloc;
	uint64_t *handle;
	size_t count;
};

static void shuffle(uint64_t *values, size_t count, uint64_t seed)
{
	struct kb_rng rng = kb_rng_init(seed);

	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)kb_rng_below(&rng, i);
		uint64_t t = values[i - 1];

		values[i - 1] = values[j];
		values[j] = t;
	}
}

static int populate(struct population *p, const struct alloc_spec *spec,
		    size_t count, struct kb_diag *diag)
{
	struct alloc_config config = { .spec = spec };
	int err = alloc_open(&p->alloc, &config, diag);

	p->count = count;
	p->handle = calloc(count, sizeof(*p->handle));
	if (err < 0)
		return err;
	if (!p->handle)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		p->handle[i] = p->alloc.vt->alloc(p->alloc.ctx, 1);
		if (!p->handle[i])
			return kb_fail(diag, KB_E_RANGE,
				       "the window is too small");
	}
	shuffle(p->handle, count, 1);
	return 0;
}

static void depopulate(struct population *p)
{
	free(p->handle);
	alloc_close(&p->alloc);
}

static void lookup_body(struct gb_state *state, void *user)
{
	const struct alloc_spec *spec = user;
	struct population p = { { NULL, NULL }, NULL, 0 };
	int64_t n = gb_iters(state);
	struct kb_diag diag;
	size_t at = 0;

	kb_diag_init(&diag);
	if (populate(&p, spec, (size_t)gb_arg_of(state), &diag) < 0) {
		gb_skip(state, diag.text);
		depopulate(&p);
		return;
	}
	while (gb_next_batch(state, n)) {
		for (int64_t i = 0; i < n; i++) {
			gb_do_not_optimize(
				p.alloc.vt->lookup(p.alloc.ctx, p.handle[at]));
			at = at + 1 < p.count ? at + 1 : 0;
		}
	}
	gb_items(state, n);
	depopulate(&p);
}

static bool has_lookup(const struct alloc_spec *spec)
{
	struct alloc_config config = { .spec = spec };
	struct alloc alloc;
	bool has;

	if (alloc_open(&alloc, &config, NULL) < 0)
		return false;
	has = alloc.vt->lookup != NULL;
	alloc_close(&alloc);
	return has;
}

static void register_lookups(struct alloc_spec *specs, size_t count)
{
	char name[ALLOC_NAME_SIZE + 16];

	for (size_t i = 0; i < count; i++) {
		struct gb_bench *bench;

		if (!has_lookup(&specs[i]))
			continue;
		snprintf(name, sizeof(name), "lookup/%s", specs[i].name);
		bench = gb_register(name, lookup_body, &specs[i]);
		for (size_t k = 0; k < KB_ARRAY_LEN(live_counts); k++)
			gb_arg(bench, live_counts[k]);
	}
}

static int register_trace(struct input *in, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[300];

	in->name = slash ? slash + 1 : path;
	if (read_whole(path, &in->data, &in->size) < 0 || unpack(in) < 0) {
		fprintf(stderr, "bench: cannot read '%s' into memory: %s\n",
			path, strerror(errno));
		return 2;
	}
	in->out_fd = memfd_create("kheap-replay-import", MFD_CLOEXEC);
	snprintf(name, sizeof(name), "import/%.250s", in->name);
	if (strstr(in->name, ".trc")) {
		snprintf(name, sizeof(name), "decode/%.250s", in->name);
		gb_register(name, decode_body, in);
	} else {
		gb_register(name, import_body, in);
	}
	return 0;
}

int bench_micro(const struct bench_options *opts)
{
	struct input *inputs = calloc(opts->trace_count + 1, sizeof(*inputs));
	struct alloc_spec *specs = opts->allocs;
	size_t count = opts->alloc_count;
	int err = inputs ? 0 : 2;

	register_lookups(specs, count);
	for (size_t i = 0; i < opts->trace_count && err == 0; i++)
		err = register_trace(&inputs[i], opts->traces[i]);
	if (err == 0)
		err = gb_run(opts->gbench_argc, opts->gbench_argv, false,
			     false);
	gb_clear();
	for (size_t i = 0; inputs && i < opts->trace_count; i++) {
		free(inputs[i].data);
		if (inputs[i].data)
			close(inputs[i].out_fd);
	}
	free(inputs);
	return err;
}
