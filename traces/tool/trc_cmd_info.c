/* trc info: where a trace comes from, and its counts. */
#include "trc_commands.h"

#include "kb_digits.h"
#include "kb_escape.h"
#include "trc_cli.h"
#include "kb_json.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

/* What to report about one file. */
struct report {
	const char *path;
	const struct trc_info *info;
	uint64_t bytes;
	uint64_t blocks;
};

static const char *clock_name(uint32_t clock)
{
	return clock == TRC_CLOCK_TICKS ? "ticks" : "ns";
}

static void print_field(const char *name, const char *value)
{
	printf("  %-16s ", name);
	kb_escape_line(stdout, *value ? value : "(not recorded)");
	putchar('\n');
}

static void print_count(const char *name, uint64_t count, const char *help)
{
	char digits[KB_DIGITS_SIZE];

	printf("  %-16s %14s  %s\n", name, kb_digits(digits, count), help);
}

static void print_text(const struct report *report)
{
	const struct trc_info *info = report->info;
	char digits[KB_DIGITS_SIZE];

	kb_escape_line(stdout, report->path);
	printf(": .trc version %" PRIu32 "\n", info->version);
	print_field("kernel_release", info->kernel_release);
	print_field("source_format", info->source_format);
	print_field("source_name", info->source_name);
	print_field("source_hash", info->source_hash);
	print_field("clock", clock_name(info->clock));
	printf("  %-16s %14s", "bytes", kb_digits(digits, report->bytes));
	if (info->counts.events)
		printf("  %.2f bytes per event",
		       (double)report->bytes / (double)info->counts.events);
	printf("\n  %-16s %14s\n", "blocks", kb_digits(digits, report->blocks));
#define X(name, help) print_count(#name, info->counts.name, help);
	TRC_COUNTS(X)
#undef X
}

static json_t *json_counts(const struct trc_counts *counts)
{
	json_t *object = json_object();

#define X(name, help) \
	json_object_set_new(object, #name, kb_json_count(counts->name));
	TRC_COUNTS(X)
#undef X
	return object;
}

static int print_json(const struct report *report, struct kb_diag *diag)
{
	const struct trc_info *info = report->info;
	json_t *object = json_pack(
		"{s:o, s:I, s:s, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o}",
		"file", kb_json_text(report->path), "version",
		(json_int_t)info->version, "clock", clock_name(info->clock),
		"origin", "kernel_release", kb_json_text(info->kernel_release),
		"source_format", kb_json_text(info->source_format),
		"source_name", kb_json_text(info->source_name), "source_hash",
		kb_json_text(info->source_hash), "counts",
		json_counts(&info->counts), "bytes",
		kb_json_count(report->bytes), "blocks",
		kb_json_count(report->blocks));
	int err = kb_json_print(object, diag);

	json_decref(object);
	return err;
}

/* Reads a trace to its end; counts its blocks. */
static int verify(struct trc_reader *reader, uint64_t *blocks,
		  struct kb_diag *diag)
{
	struct trc_block block;
	int err;

	*blocks = 0;
	while ((err = trc_reader_next(reader, &block, diag)) == 0) {
		++*blocks;
		if (kb_signal)
			return KB_E_STOPPED;
	}
	return err == KB_END ? 0 : err;
}

static int describe(const char *path, bool as_json)
{
	struct report report = { .path = path };
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct stat st;
	int err = trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag);

	if (err == 0)
		err = verify(reader, &report.blocks, &diag);
	if (err == 0) {
		report.info = trc_reader_info(reader);
		report.bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
		if (as_json)
			err = print_json(&report, &diag);
		else
			print_text(&report);
	}
	trc_reader_close(reader);
	return err < 0 ? cli_fail(&diag, NULL) : KB_EXIT_GOOD;
}

static int info_main(int argc, char **argv)
{
	return cli_each_file(&trc_command_info, argc, argv, describe);
}

static const struct kb_option options[] = {
	{ .name = "json",
	  .help = "one JSON object per file, one per line, with the members "
		  "file, version, clock (ns or ticks), origin "
		  "{kernel_release, source_format, source_name, source_hash}, "
		  "counts {events, ...}, bytes and blocks",
	  .kind = KB_OPTION_SWITCH,
	  .offset = offsetof(struct cli_files, flag) },
	{ .name = NULL },
};

const struct kb_command trc_command_info = {
	.program = "trc",
	.name = "info",
	.summary = "verify traces and show their counts and origin",
	.about = "Reads each trace from end to end and reports damage. Shows "
		 "where the trace comes from, and each of its counts with its "
		 "meaning.",
	.options = options,
	.operands = cli_files_operands,
	.examples = "trc info boot.trc\n"
		    "trc info --json *.trc | jq -r '[.file, .counts.events] | "
		    "@tsv'",
	.exits = CLI_EXITS,
	.main = info_main,
};
