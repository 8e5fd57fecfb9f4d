/* trc print: a trace's events as text. */
#include "trc_commands.h"

#include "kb_escape.h"
#include "kb_stdio.h"
#include "kb_terminal.h"
#include "trc_cli.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <stdio.h>

static void print_task(const struct trc_reader *reader, uint32_t task)
{
	int32_t pid = 0;
	const char *comm = trc_reader_task(reader, task, &pid);

	if (!comm) {
		putchar('-');
		return;
	}
	kb_escape_line(stdout, comm);
	printf("-%" PRId32, pid);
}

static void print_site(const struct trc_reader *reader, uint32_t site)
{
	const char *module = "";
	const char *text = trc_reader_site(reader, site, &module);

	cli_put_site(text, module);
}

static void print_context(uint8_t context)
{
	fputs(context ? trc_reader_context(context) : "-", stdout);
}

static void print_event(const struct trc_reader *reader,
			const struct trc_block *block, uint32_t i)
{
	static const char *const kinds[] = {
		[TRC_ALLOC] = "alloc",
		[TRC_FREE] = "free",
		[TRC_FREE_IMPLIED] = "free-implied",
	};

	printf("%" PRIu64 "\t%" PRIu64 "\t%u\t", block->first_event + i,
	       block->time_ns[i], block->cpu[i]);
	print_task(reader, block->task[i]);
	printf("\t%s\t%" PRIu32 "\t", kinds[block->kind[i]], block->slot[i]);
	if (block->kind[i] == TRC_ALLOC)
		printf("%" PRIu64 "\t%" PRIu64 "\t", block->size[i],
		       block->size_granted[i]);
	else
		fputs("-\t-\t", stdout);
	print_site(reader, block->site[i]);
	putchar('\t');
	print_context(block->context[i]);
	putchar('\n');
}

/* From this many columns on, a terminal's line has all of an event. */
#define COLUMNS_WIDE 120

/* The head of the columns on a terminal. */
static void print_head(size_t columns)
{
	printf("%7s %13s %3s %-7s %6s %8s  ", "event",
	       columns < COLUMNS_WIDE ? "time" : "time, ns", "cpu", "kind",
	       "slot", "bytes");
	if (columns >= COLUMNS_WIDE)
		printf("%8s  %-20s  %-7s  ", "granted", "task", "context");
	printf("site\n");
}

/* A task as comm-pid, in 20 columns. */
static void print_padded_task(const struct trc_reader *reader, uint32_t task)
{
	char text[128], clean[128];
	int32_t pid = 0;
	const char *comm = trc_reader_task(reader, task, &pid);
	size_t columns;

	if (comm)
		snprintf(text, sizeof(text), "%s-%" PRId32, comm, pid);
	columns = kb_escape_fit(
		stdout,
		comm ? kb_escape_clean(clean, sizeof(clean), text) : "-", 20);
	printf("%*s  ", (int)(20 - columns), "");
}

/* An event in a line of the terminal. */
static void print_line(const struct trc_reader *reader,
		       const struct trc_block *block, uint32_t i,
		       size_t columns)
{
	static const char *const kinds[] = {
		[TRC_ALLOC] = "alloc",
		[TRC_FREE] = "free",
		[TRC_FREE_IMPLIED] = "implied",
	};
	const bool is_alloc = block->kind[i] == TRC_ALLOC;
	const uint8_t context = block->context[i];
	const char *module = "";
	const char *site = trc_reader_site(reader, block->site[i], &module);
	char size[24] = "-", granted[24] = "-";
	size_t used;

	if (is_alloc) {
		snprintf(size, sizeof(size), "%" PRIu64, block->size[i]);
		snprintf(granted, sizeof(granted), "%" PRIu64,
			 block->size_granted[i]);
	}
	used = (size_t)printf(
		"%7" PRIu64 " %13" PRIu64 " %3u %-7s %6" PRIu32 " %8s  ",
		block->first_event + i, block->time_ns[i], block->cpu[i],
		kinds[block->kind[i]], block->slot[i], size);
	if (columns >= COLUMNS_WIDE) {
		used += (size_t)printf("%8s  ", granted) + 22;
		print_padded_task(reader, block->task[i]);
		used += (size_t)printf(
			"%-7s  ", context ? trc_reader_context(context) : "-");
	}
	cli_fit_site(site, module, columns > used ? columns - used : 1);
	putchar('\n');
}

/* Prints up to `limit` events; stops early if the reader of the pipe has
 * gone. */
static int print_file(const char *path, uint64_t limit)
{
	/* 0: not for a person. */
	const size_t columns = kb_terminal_columns(0);
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	int status = KB_EXIT_GOOD;
	int err = trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag);

	while (err == 0 && limit > 0 && !ferror(stdout) && !kb_signal) {
		err = trc_reader_next(reader, &block, &diag);
		if (err != 0)
			break;
		if (columns && block.first_event == 0)
			print_head(columns);
		for (uint32_t i = 0; i < block.count && limit > 0; i++, limit--)
			if (columns)
				print_line(reader, &block, i, columns);
			else
				print_event(reader, &block, i);
	}
	if (kb_signal)
		status = kb_exit_of(KB_E_STOPPED);
	else
		status = kb_stdio_finish("trc");
	if (err < 0)
		status = kb_complain_diag("trc", &diag);
	trc_reader_close(reader);
	return status;
}

struct request {
	const char *path;
	uint64_t limit;
};

static int print_main(int argc, char **argv)
{
	struct request r = { .limit = UINT64_MAX };
	int status;

	if (kb_options_go(&trc_command_print, &r, argc, argv, &status))
		status = print_file(r.path, r.limit);
	return status;
}

static const struct kb_option options[] = {
	{ .name = "limit",
	  .value = "N",
	  .help = "stop after N events",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  .offset = offsetof(struct request, limit) },
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "FILE", 1, 1, offsetof(struct request, path), KB_FILES_IN },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_print = {
	.program = "trc",
	.name = "print",
	.summary = "print a trace's events as text, one per line",
	.about = "Prints the events of a trace, one per line, in columns "
		 "separated by tabs. Control characters in names are printed "
		 "as '?'. These columns do not change; new ones will follow "
		 "them. On a terminal the columns are aligned and fit the "
		 "window: one of less than 120 columns gets neither the bytes "
		 "granted nor task nor context.",
	.options = options,
	.operands = operands,
	.notes = "Columns:\n"
		 "  1  number of the event, from 0\n"
		 "  2  time: ns, or ticks if the recorder's clock was a bare "
		 "counter\n"
		 "  3  cpu\n"
		 "  4  task: comm-pid\n"
		 "  5  alloc, free, or free-implied (proved by the next use "
		 "of its address)\n"
		 "  6  slot: the object's number while it lives\n"
		 "  7  bytes requested; - for frees\n"
		 "  8  bytes granted; - for frees\n"
		 "  9  call site, and its [module] if it has one; - if not "
		 "known\n"
		 " 10  context: task, softirq, hardirq or nmi; - if not known",
	.examples = "trc print --limit 20 boot.trc\n"
		    "trc print boot.trc | awk -F'\\t' '$5 == \"alloc\" { "
		    "n[$9] += $7 }\n"
		    "    END { for (s in n) print n[s], s }' | sort -rn | head",
	.exits = CLI_EXITS,
	.main = print_main,
};
