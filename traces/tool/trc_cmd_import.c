/* trc import: a recording as a .trc. */
#include "trc_cmd.h"

#include "kb_bits.h"
#include "trc_cli.h"
#include "trc_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* clang-format off */
static const char help_text[] =
"usage: trc import [OPTION...] IN OUT.trc\n"
"\n"
"Turns a recording of allocations and frees into a trace. IN may be plain, zstd\n"
"or gzip; - is standard input. What it is, its first bytes tell. OUT.trc appears\n"
"only when it is whole; a failed import leaves nothing.\n"
"\n"
"formats:\n"
"  ftrace        text of /sys/kernel/tracing/trace or trace_pipe\n"
"  trace-cmd     text of trace-cmd report\n"
"  trace.dat     trace-cmd's file, versions 6 and 7\n"
"  perf          text of perf script, with or without call chains\n"
"  perf.data     perf's file; needs perf\n"
"  lttng         LTTng's kernel events as babeltrace2 prints them\n"
"  console       a kernel's console log: tp_printk, ftrace_dump\n"
"  kheap         what traces/emit/kheap_trace.h writes, for kernels of your own\n"
"  csapp         .rep traces of the CS:APP malloc lab\n"
"  mtrace        glibc's mtrace(3)\n"
"  valgrind      valgrind --trace-malloc=yes\n"
"  malloc-bench  malloc-bench's protobuf, mostly gzip\n"
"  heaptrack     heaptrack --raw\n"
"  android       Android's memory_replay text\n"
"  csv           what trc convert --to csv writes\n"
"\n"
"options:\n"
"  --format NAME          take IN for this format, whatever it looks like\n"
"  --caches               kmem_cache_alloc and kmem_cache_free are allocs and\n"
"                         frees too, not other_events\n"
"  --pages                so are mm_page_alloc and mm_page_free\n"
"  --lenient              skip and count unreadable lines (bad_lines) instead\n"
"                         of failing at the first\n"
"  --keep-recorder        keep the allocations of the trace recorder itself\n"
"                         (__rb_allocate_pages, rb_allocate_cpu_buffer)\n"
"  --exclude-site SYM     leave out what SYM allocates, a symbol or\n"
"                         symbol+0xoff; may be given several times\n"
"  --level N              zstd level, 1 to 19; default 3. 19 makes the file a\n"
"                         tenth smaller and takes about three times as long\n"
"  --kernel-release STR   record which kernel it was (uname -r)\n"
"  --quiet                no summary, no progress\n"
"  --help, -h             show this text\n"
"\n"
"It prints one line of what it made and of what it dropped and why: each count\n"
"is explained by trc info. traces/FORMAT.md states the rules.\n"
"\n"
"examples:\n"
"  trc import linux-6.1-debian-boot.ftrace.zst debian-boot.trc\n"
"  cat /sys/kernel/tracing/trace | trc import --kernel-release $(uname -r) - my.trc\n"
"  trace-cmd report | trc import - out.trc\n"
"  trc import --level 19 --exclude-site krealloc trace.txt archive.trc\n"
"\n"
"record on a running kernel, as root:\n"
"  cd /sys/kernel/tracing\n"
"  echo 65536 > buffer_size_kb\n"
"  echo 1 > events/kmem/kmalloc/enable; echo 1 > events/kmem/kfree/enable\n"
"  sleep 60\n"
"  echo 0 > tracing_on; cat trace > /tmp/trace.txt\n";
/* clang-format on */

enum {
	OPT_FORMAT,
	OPT_CACHES,
	OPT_PAGES,
	OPT_LENIENT,
	OPT_KEEP_RECORDER,
	OPT_EXCLUDE_SITE,
	OPT_LEVEL,
	OPT_KERNEL_RELEASE,
	OPT_QUIET
};

static const struct cli_option options[] = {
	[OPT_FORMAT] = { "format", "NAME" },
	[OPT_CACHES] = { "caches", NULL },
	[OPT_PAGES] = { "pages", NULL },
	[OPT_LENIENT] = { "lenient", NULL },
	[OPT_KEEP_RECORDER] = { "keep-recorder", NULL },
	[OPT_EXCLUDE_SITE] = { "exclude-site", "SYM" },
	[OPT_LEVEL] = { "level", "N" },
	[OPT_KERNEL_RELEASE] = { "kernel-release", "STR" },
	[OPT_QUIET] = { "quiet", NULL },
	{ NULL, NULL },
};

/* The command line, read. */
struct request {
	struct trc_import_options import;
	bool quiet;

	/* Symbols to exclude; room for one a word of the command line. */
	const char **exclude;

	/* IN and OUT. */
	const char *operands[2];
	int operand_count;
};

static bool on_progress(const struct trc_import_progress *progress, void *user)
{
	if (cli_signal())
		return true;
	cli_progress_show(user, progress->bytes_in, progress->bytes_total,
			  progress->events);
	return false;
}

static int take_option(struct request *request, int option, const char *value)
{
	struct trc_import_options *import = &request->import;

	switch (option) {
	case OPT_FORMAT:
		import->format = value;
		break;
	case OPT_CACHES:
		import->takes_caches = true;
		break;
	case OPT_PAGES:
		import->takes_pages = true;
		break;
	case OPT_LENIENT:
		import->lenient = true;
		break;
	case OPT_KEEP_RECORDER:
		import->keep_recorder = true;
		break;
	case OPT_EXCLUDE_SITE:
		if (!*value)
			return cli_error("--exclude-site names no symbol");
		request->exclude[import->exclude_site_count++] = value;
		break;
	case OPT_LEVEL:
		return cli_level(value, &import->level);
	case OPT_KERNEL_RELEASE:
		import->kernel_release = value;
		break;
	default:
		request->quiet = true;
	}
	return CLI_GOOD;
}

/* Reads the command line. Returns CLI_END, CLI_HELP or CLI_BAD. */
static int read_request(struct request *request, struct cli *cli)
{
	for (;;) {
		int option = cli_next(cli);

		if (option == CLI_HELP || option == CLI_BAD)
			return option;
		if (option == CLI_END)
			break;
		if (option != CLI_OPERAND) {
			if (take_option(request, option, cli->value))
				return CLI_BAD;
			continue;
		}
		if (request->operand_count == 2) {
			cli_error("%s: one operand too many; wanted are IN and "
				  "OUT.trc",
				  cli->value);
			return CLI_BAD;
		}
		request->operands[request->operand_count++] = cli->value;
	}
	if (request->operand_count < 2) {
		cli_error("wanted are IN and OUT.trc; see trc import --help");
		return CLI_BAD;
	}
	request->import.exclude_sites = request->exclude;
	return CLI_END;
}

/* One line: what was made, and every count of something dropped or guessed. */
static void print_summary(const char *path, const struct trc_counts *counts)
{
	struct stat st;
	uint64_t bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
	const struct {
		const char *name;
		uint64_t count;
	} notes[] = {
		{ "implied_frees", counts->implied_frees },
		{ "null_frees", counts->null_frees },
		{ "null_allocs", counts->null_allocs },
		{ "unmatched_frees", counts->unmatched_frees },
		{ "excluded_allocs", counts->excluded_allocs },
		{ "excluded_frees", counts->excluded_frees },
		{ "lost_events", counts->lost_events },
		{ "other_events", counts->other_events },
		{ "bad_lines", counts->bad_lines },
		{ "duplicate_allocs", counts->duplicate_allocs },
	};

	cli_put_text(path);
	printf(": %" PRIu64 " events, %" PRIu64 " bytes", counts->events,
	       bytes);
	if (counts->events)
		printf(" (%.2f an event)",
		       (double)bytes / (double)counts->events);
	for (size_t i = 0; i < KB_ARRAY_LEN(notes); i++)
		if (notes[i].count)
			printf(", %s %" PRIu64, notes[i].name, notes[i].count);
	putchar('\n');
}

static int run(struct request *request)
{
	struct cli_progress line;
	struct kb_diag diag = { 0 };
	struct trc_counts counts;
	int err;

	cli_progress_begin(&line, request->quiet);
	request->import.on_progress = on_progress;
	request->import.user = &line;
	err = trc_import_file(request->operands[0], request->operands[1],
			      &request->import, &counts, &diag);
	cli_progress_end(&line);
	if (err < 0)
		return cli_fail(&diag, request->operands[1]);
	if (!request->quiet)
		print_summary(request->operands[1], &counts);
	return cli_flush();
}

int trc_cmd_import(int argc, char **argv)
{
	struct cli cli = { argc, argv, options, 0, 0, NULL };
	struct request request = { 0 };
	int option;
	int status;

	request.exclude = calloc((size_t)argc + 1, sizeof(*request.exclude));
	if (!request.exclude)
		return cli_error("out of memory");
	option = read_request(&request, &cli);
	status = option == CLI_END ? run(&request)
				   : cli_leave(option, help_text);
	free(request.exclude);
	return status;
}
