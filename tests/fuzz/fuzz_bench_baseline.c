/*
 * Bytes as a baseline that bench gate compares with, and bench bless takes kinds
 * and cells from: it ends with an exit status that there is, and what bless writes
 * is read by gate as equal.
 *
 * The trace and what it counts are made up here (__wrap_).
 */
#include "bench_commands.h"
#include "kb_out.h"
#include "bench_run.h"
#include "bench_trace.h"
#include "bench_trace_open.h"
#include "fuzz_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int __wrap_bench_trace_open(struct bench_trace *trace, const char *given,
			    bool (*stop)(void), struct kb_diag *diag);
int __wrap_bench_run(struct bench_run *run, struct kb_diag *diag);
int __wrap_kb_out_open(struct kb_out *out, const char *path,
		       struct kb_diag *diag);
int __wrap_kb_out_make_folder(const char *path, struct kb_diag *diag);

/* What bless has written last. */
static char *written;
static size_t written_size;

int __wrap_bench_trace_open(struct bench_trace *trace, const char *given,
			    bool (*stop)(void), struct kb_diag *diag)
{
	(void)stop;
	(void)diag;
	memset(trace, 0, sizeof(*trace));
	trace->given = given;
	trace->fd = -1;
	strcpy(trace->file, "t.trc");
	strcpy(trace->name, "t");
	memset(trace->sha256, '9', sizeof(trace->sha256) - 1);
	trace->counts.events = 5;
	return 0;
}

static void count(struct bench_cell *cell)
{
	static const struct replay_counters counters = {
		.count = 4,
		.item = { { "events", 5 },
			  { "nodes_visited", 7 },
			  { "remove_nodes_visited", 0 },
			  { "pages_peak", 3 } },
	};

	/* It is large, and gate reads only what is set here. */
	cell->count = malloc(sizeof(*cell->count));
	fuzz_require(cell->count != NULL);
	cell->count->counters = counters;
	cell->count->has_digest = true;
	cell->count->digest = 0xb893cb0d9a93d156;
}

int __wrap_bench_run(struct bench_run *run, struct kb_diag *diag)
{
	(void)diag;
	for (size_t i = 0; i < run->count; i++)
		count(&run->cells[i]);
	return 0;
}

/* The baseline is kept; the list of changes is not looked at. */
int __wrap_kb_out_open(struct kb_out *out, const char *path,
		       struct kb_diag *diag)
{
	(void)diag;
	memset(out, 0, sizeof(*out));
	out->stream = strstr(path, "CHANGES")
			      ? fopen("/dev/null", "we")
			      : open_memstream(&written, &written_size);
	fuzz_require(out->stream != NULL);
	return 0;
}

int __wrap_kb_out_make_folder(const char *path, struct kb_diag *diag)
{
	(void)path;
	(void)diag;
	return 0;
}

/* The baseline's file; its folder has what the commands look for. */
static int open_folder(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	fd = fuzz_file_new();
	fuzz_folder_link("t.counters", fd);
	fuzz_folder_link_path("CHANGES", "/dev/null");
	return fd;
}

static int gate(const char *folder)
{
	char *argv[] = { (char *)"gate",       (char *)"--trace",
			 (char *)"t",	       (char *)"--alloc",
			 (char *)"null,kheap", (char *)"--baseline",
			 (char *)folder,       NULL };

	return bench_gate_command.main(7, argv);
}

static int bless(const char *folder)
{
	char *argv[] = { (char *)"bless",      (char *)"--trace",
			 (char *)"t",	       (char *)"--alloc",
			 (char *)"null,kheap", (char *)"--baseline",
			 (char *)folder,       (char *)"--reason",
			 (char *)"why",	       NULL };

	return bench_bless_command.main(9, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int fd = open_folder();
	int status;

	fuzz_file_fill(fd, data, size);
	fuzz_hush();
	status = gate(fuzz_folder());
	fuzz_require(status == 0 || status == 1 || status == 4);
	fuzz_require(bless(fuzz_folder()) == 0);
	fuzz_file_fill(fd, written, written_size);
	fuzz_require(gate(fuzz_folder()) == 0);
	fuzz_speak();
	free(written);
	return 0;
}
