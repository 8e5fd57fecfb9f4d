#include "bench_micro.h"

#include "bench_gbench.h"
#include "bench_scaling.h"
#include "gbench_shim.h"
#include "trc_import.h"
#include "trc_reader.h"
#include "kb_complain.h"
#include "kb_exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* Largest text that an import benchmark holds in memory, bytes. */
#define TEXT_MAX ((size_t)1 << 31)

/* A recording's text in memory, or a .trc's bytes. */
struct input {
	const char *name;
	void *data;
	size_t size;

	/* What it was decompressed from, or NULL. */
	void *packed;
	size_t packed_size;
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

/* Decompresses zstd data; leaves other data as it is. */
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
	in->packed = in->data;
	in->packed_size = in->size;
	in->data = text;
	in->size = ZSTD_isError(n) ? 0 : n;
	return ZSTD_isError(n) ? -1 : 0;
}

/* Imports in one thread, whose time the library takes. */
static void import_as(struct gb_state *state, const struct input *in,
		      bool is_plain)
{
	const struct trc_import_options opts = {
		.is_plain = is_plain,
		.threads = 1,
	};
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
						  in->out_fd, &opts, &counts,
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

static void import_body(struct gb_state *state, void *user)
{
	import_as(state, user, false);
}

/* By the plain reader of lines, which the fast one is held against. */
static void import_plain_body(struct gb_state *state, void *user)
{
	import_as(state, user, true);
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

/*
 * The yardstick for imports: the minimum that can be done with a recording, the
 * work of zstd -d, grep -c kmalloc: and wc -l without reading and writing
 * files.
 */
static void unpack_limit(struct gb_state *state, void *user)
{
	const struct input *in = user;
	int64_t n = gb_iters(state);

	while (gb_next_batch(state, n))
		for (int64_t i = 0; i < n; i++)
			gb_do_not_optimize(ZSTD_decompress(in->data, in->size,
							   in->packed,
							   in->packed_size));
	gb_bytes(state, n * (int64_t)in->size);
}

static uint64_t count_matches(const char *p, const char *end)
{
	uint64_t matches = 0;

	while ((p = memmem(p, (size_t)(end - p), "kmalloc:", 8))) {
		matches++;
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			break;
	}
	return matches;
}

static void grep_limit(struct gb_state *state, void *user)
{
	const struct input *in = user;
	const char *text = in->data;
	int64_t n = gb_iters(state);

	while (gb_next_batch(state, n))
		for (int64_t i = 0; i < n; i++)
			gb_do_not_optimize(
				count_matches(text, text + in->size));
	gb_bytes(state, n * (int64_t)in->size);
}

static uint64_t count_lines(const char *p, const char *end)
{
	uint64_t lines = 0;

	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

static void lines_limit(struct gb_state *state, void *user)
{
	const struct input *in = user;
	const char *text = in->data;
	int64_t n = gb_iters(state);

	while (gb_next_batch(state, n))
		for (int64_t i = 0; i < n; i++)
			gb_do_not_optimize(count_lines(text, text + in->size));
	gb_bytes(state, n * (int64_t)in->size);
}

static void register_limits(struct input *in)
{
	char name[300];

	snprintf(name, sizeof(name), "limit:zstd -d/%.250s", in->name);
	if (in->packed)
		gb_register(name, unpack_limit, in);
	snprintf(name, sizeof(name), "limit:grep -c/%.250s", in->name);
	gb_register(name, grep_limit, in);
	snprintf(name, sizeof(name), "limit:wc -l/%.250s", in->name);
	gb_register(name, lines_limit, in);
}

static int register_trace(struct input *in, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[300];

	in->name = slash ? slash + 1 : path;
	in->out_fd = -1;
	if (read_whole(path, &in->data, &in->size) < 0 || unpack(in) < 0) {
		kb_complain("bench", "cannot read '%s' into memory: %s", path,
			    strerror(errno));
		return KB_EXIT_USAGE;
	}
	in->out_fd = memfd_create("kheap-replay-import", MFD_CLOEXEC);
	snprintf(name, sizeof(name), "import/%.250s", in->name);
	if (strstr(in->name, ".trc")) {
		snprintf(name, sizeof(name), "decode/%.250s", in->name);
		gb_register(name, decode_body, in);
	} else {
		gb_register(name, import_body, in);
		snprintf(name, sizeof(name), "import:plain/%.250s", in->name);
		gb_register(name, import_plain_body, in);
		register_limits(in);
	}
	return 0;
}

/* The library's default, half a second for each of hundreds, takes too long. A
 * later option by the user wins. */
static int with_defaults(const struct bench_micro_job *job, char ***out)
{
	static char min_time[] = "--benchmark_min_time=0.05";
	char **argv = calloc((size_t)job->argc + 2, sizeof(*argv));

	if (!argv)
		return -1;
	argv[0] = job->argv[0];
	argv[1] = min_time;
	for (int i = 1; i < job->argc; i++)
		argv[i + 1] = job->argv[i];
	*out = argv;
	return job->argc + 1;
}

static int run_registered(const struct bench_micro_job *job)
{
	char **argv = NULL;
	int argc = with_defaults(job, &argv);
	int err = argc < 0 ? 2 : bench_gbench_run(argc, argv, false, false);

	free(argv);
	return err;
}

int bench_micro(const struct bench_micro_job *job)
{
	struct input *inputs = calloc(job->trace_count + 1, sizeof(*inputs));
	struct bench_scaling *scaling = bench_scaling_register(job);
	int err = inputs && scaling ? 0 : 2;

	for (size_t i = 0; i < job->trace_count && err == 0; i++)
		err = register_trace(&inputs[i], job->traces[i]);
	if (err == 0)
		err = run_registered(job);
	if (err == 0)
		err = bench_scaling_report(scaling, job);
	gb_clear();
	bench_scaling_free(scaling);
	for (size_t i = 0; inputs && i < job->trace_count; i++) {
		if (inputs[i].data && inputs[i].out_fd >= 0)
			close(inputs[i].out_fd);
		free(inputs[i].packed);
		free(inputs[i].data);
	}
	free(inputs);
	return err;
}
