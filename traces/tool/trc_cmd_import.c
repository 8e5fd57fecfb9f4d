/* trc import: a recording as a .trc. */
#include "trc_commands.h"

#include "kb_bits.h"
#include "kb_digits.h"
#include "kb_escape.h"
#include "kb_stdio.h"
#include "kb_terminal.h"
#include "trc_cli.h"
#include "trc_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The parsed command line. */
struct request {
	struct trc_import_options import;
	struct kb_words exclude;
	const char *in;
	const char *out;
	bool allow_empty;
	bool quiet;
};

static bool on_progress(const struct trc_import_progress *progress, void *user)
{
	if (kb_signal)
		return true;
	kb_progress_events(user, progress->bytes_in, progress->bytes_total,
			   progress->events);
	return false;
}

/* A trace, and how its import went. */
struct summary {
	const char *path;
	const struct trc_counts *counts;
};

/* One line: what was made, and every count of something dropped or
 * inferred. */
static void write_summary(FILE *f, const void *user)
{
	const struct summary *summary = user;
	const struct trc_counts *counts = summary->counts;
	struct stat st;
	char digits[2][KB_DIGITS_SIZE];
	uint64_t bytes =
		stat(summary->path, &st) == 0 ? (uint64_t)st.st_size : 0;
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
		{ "dropped_fields", counts->dropped_fields },
	};

	kb_escape_line(f, summary->path);
	fprintf(f, ": %s events, %s bytes",
		kb_digits(digits[0], counts->events),
		kb_digits(digits[1], bytes));
	if (counts->events)
		fprintf(f, " (%.2f bytes per event)",
			(double)bytes / (double)counts->events);
	for (size_t i = 0; i < KB_ARRAY_LEN(notes); i++)
		if (notes[i].count)
			fprintf(f, ", %s %s", notes[i].name,
				kb_digits(digits[0], notes[i].count));
	fputc('\n', f);
}

static int run(struct request *request)
{
	struct kb_progress line;
	struct kb_diag diag = { 0 };
	struct trc_counts counts;
	const struct summary summary = { request->out, &counts };
	int err;

	kb_progress_begin(&line);
	if (request->quiet)
		kb_progress_hush(&line);
	request->import.on_progress = on_progress;
	request->import.user = &line;
	err = trc_import_file(request->in, request->out, &request->import,
			      &counts, &diag);
	kb_progress_end(&line);
	if (err < 0)
		return cli_fail(&diag, request->out);
	if (!request->quiet)
		kb_terminal_print(stdout, kb_terminal_columns(0), write_summary,
				  &summary);
	return kb_stdio_finish("trc");
}

static int check(void *target, struct kb_diag *diag)
{
	struct request *r = target;

	for (size_t i = 0; i < r->exclude.count; i++)
		if (!*r->exclude.word[i])
			return kb_fail(diag, KB_E_ARG,
				       "--exclude-site names no symbol; see "
				       "'trc import --help'");
	r->import.refuse_empty = !r->allow_empty;
	r->import.refuse_useless = true;
	r->import.exclude_sites = r->exclude.word;
	r->import.exclude_site_count = r->exclude.count;
	return 0;
}

static int import_main(int argc, char **argv)
{
	struct request r = { .quiet = false };
	int status;

	if (kb_options_go(&trc_command_import, &r, argc, argv, &status))
		status = run(&r);
	kb_words_release(&r.exclude);
	return status;
}

#define AT(member) .offset = offsetof(struct request, member)

static const struct kb_option options[] = {
	{ .name = "format",
	  .value = "NAME",
	  .help = "read IN as this format instead of detecting it",
	  .kind = KB_OPTION_TEXT,
	  AT(import.format) },
	{ .name = "caches",
	  .help = "count kmem_cache_alloc and kmem_cache_free as allocs and "
		  "frees too, not as other_events",
	  .kind = KB_OPTION_SWITCH,
	  AT(import.takes_caches) },
	{ .name = "pages",
	  .help = "count mm_page_alloc and mm_page_free too",
	  .kind = KB_OPTION_SWITCH,
	  AT(import.takes_pages) },
	{ .name = "lenient",
	  .help = "skip and count unreadable lines (bad_lines) instead of "
		  "failing at the first",
	  .kind = KB_OPTION_SWITCH,
	  AT(import.lenient) },
	{ .name = "pid",
	  .value = "N",
	  .help = "import process N of a recording of several",
	  .kind = KB_OPTION_NUMBER,
	  .low = 1,
	  .high = INT32_MAX,
	  AT(import.pid) },
	{ .name = "boot",
	  .value = "N",
	  .help = "import boot N, from 1, of a log of several: where time goes "
		  "back, another one begins",
	  .kind = KB_OPTION_NUMBER,
	  .low = 1,
	  .high = UINT32_MAX,
	  AT(import.boot) },
	{ .name = "allow-empty",
	  .help = "take a recording without any allocation",
	  .kind = KB_OPTION_SWITCH,
	  AT(allow_empty) },
	{ .name = "keep-recorder",
	  .help = "keep the trace recorder's own allocations "
		  "(__rb_allocate_pages, rb_allocate_cpu_buffer)",
	  .kind = KB_OPTION_SWITCH,
	  AT(import.keep_recorder) },
	{ .name = "exclude-site",
	  .value = "SYM",
	  .help = "skip allocations by SYM, a symbol or symbol+0xoff; "
		  "repeatable",
	  .kind = KB_OPTION_WORDS,
	  AT(exclude) },
	{ .name = "level",
	  .value = "N",
	  .help = "zstd level, 1 to 19 (default 3). 19 makes the file a tenth "
		  "smaller and takes about three times as long",
	  .kind = KB_OPTION_NUMBER32,
	  .low = TRC_LEVEL_MIN,
	  .high = TRC_LEVEL_MAX,
	  AT(import.level) },
	{ .name = "threads",
	  .value = "N",
	  .help = "use N threads at most, 1 to 3 (default: one per CPU that "
		  "is allowed); the trace is the same",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = TRC_THREADS_MAX,
	  AT(import.threads) },
	{ .name = "kernel-release",
	  .value = "STR",
	  .help = "name the recorded kernel in the trace (its uname -r)",
	  .kind = KB_OPTION_TEXT,
	  AT(import.kernel_release) },
	CLI_OPTION_QUIET(offsetof(struct request, quiet),
			 "no summary, no progress"),
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "IN", 1, 1, offsetof(struct request, in), KB_FILES_IN },
	{ "OUT.trc", 1, 1, offsetof(struct request, out), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

static const char notes[] =
	"Formats:\n"
	"  ftrace        text of /sys/kernel/tracing/trace or trace_pipe\n"
	"  trace-cmd     text of trace-cmd report\n"
	"  trace.dat     trace-cmd's file, versions 6 and 7\n"
	"  perf          text of perf script, with or without call chains\n"
	"  perf.data     perf's file; needs perf\n"
	"  lttng         LTTng's kernel events as babeltrace2 prints them\n"
	"  console       a kernel's console log: tp_printk, ftrace_dump\n"
	"  kheap         what traces/emit/kheap_trace.h writes, for your own "
	"kernels\n"
	"  csapp         .rep traces of the CS:APP malloc lab\n"
	"  mtrace        glibc's mtrace(3)\n"
	"  valgrind      valgrind --trace-malloc=yes\n"
	"  malloc-bench  malloc-bench's protobuf, mostly gzip\n"
	"  heaptrack     heaptrack --raw\n"
	"  android       Android's memory_replay text\n"
	"  csv           what trc convert --to csv writes\n"
	"\n"
	"To record on a running kernel, as root:\n"
	"  cd /sys/kernel/tracing\n"
	"  echo 65536 > buffer_size_kb\n"
	"  echo 1 > events/kmem/kmalloc/enable; echo 1 > "
	"events/kmem/kfree/enable\n"
	"  sleep 60\n"
	"  echo 0 > tracing_on; cat trace > /tmp/trace.txt";

const struct kb_command trc_command_import = {
	.program = "trc",
	.name = "import",
	.summary = "turn a recording into a .trc",
	.about = "Turns a recording of allocations and frees into a trace. IN "
		 "may be plain, zstd, gzip, xz, bzip2, or a zip of one file; - "
		 "is "
		 "standard input. The format "
		 "is detected from the first bytes. OUT.trc appears only once "
		 "it is complete; a failed import leaves no file.\n\n"
		 "It prints one line: the trace's size, and a count of "
		 "everything that it dropped or inferred. trc info explains "
		 "each count; traces/FORMAT.md states the rules.",
	.options = options,
	.operands = operands,
	.notes = notes,
	.examples =
		"trc import linux-6.1-debian-boot.ftrace.zst debian-boot.trc\n"
		"ssh target cat /sys/kernel/tracing/trace | trc import - "
		"target.trc\n"
		"trc import --kernel-release $(uname -r) trace.txt my.trc\n"
		"trace-cmd report | trc import - out.trc\n"
		"trc import --level 19 --exclude-site krealloc trace.txt "
		"archive.trc",
	.exits = CLI_EXITS_OUT,
	.check = check,
	.main = import_main,
};
