/* trc info: where a trace comes from, and its counts. */
#include "trc_cmd.h"

#include "trc_cli.h"
#include "trc_json.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

/* clang-format off */
static const char help_text[] =
"usage: trc info [--json] FILE...\n"
"\n"
"Reads each trace from end to end, so that a damaged one is found out, and\n"
"shows where it comes from and all its counts with what they mean.\n"
"\n"
"options:\n"
"  --json      one JSON object a file, one a line, with the members file,\n"
"              version, clock (ns or ticks), origin {kernel_release,\n"
"              source_format, source_name, source_hash}, counts {events, ...},\n"
"              bytes and blocks\n"
"  --help, -h  show this text\n"
"\n"
"examples:\n"
"  trc info boot.trc\n"
"  trc info --json *.trc | jq -r '[.file, .counts.events] | @tsv'\n";
/* clang-format on */

enum { OPT_JSON };

static const struct cli_option options[] = {
	[OPT_JSON] = { "json", NULL },
	{ NULL, NULL },
};

/* What there is to say of one file. */
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
	cli_put_text(*value ? value : "(not recorded)");
	putchar('\n');
}

static void print_count(const char *name, uint64_t count, const char *help)
{
	printf("  %-16s %12" PRIu64 "  %s\n", name, count, help);
}

static void print_text(const struct report *report)
{
	const struct trc_info *info = report->info;

	cli_put_text(report->path);
	printf(": .trc version %" PRIu32 "\n", info->version);
	print_field("kernel_release", info->kernel_release);
	print_field("source_format", info->source_format);
	print_field("source_name", info->source_name);
	print_field("source_hash", info->source_hash);
	print_field("clock", clock_name(info->clock));
	printf("  %-16s %12" PRIu64, "bytes", report->bytes);
	if (info->counts.events)
		printf("  %.2f an event",
		       (double)report->bytes / (double)info->counts.events);
	printf("\n  %-16s %12" PRIu64 "\n", "blocks", report->blocks);
#define X(name, help) print_count(#name, info->counts.name, help);
	TRC_COUNTS(X)
#undef X
}

static json_t *json_counts(const struct trc_counts *counts)
{
	json_t *object = json_object();

#define X(name, help) \
	trc_json_set(&object, #name, trc_json_count(counts->name));
	TRC_COUNTS(X)
#undef X
	return object;
}

static int print_json(const struct report *report)
{
	const struct trc_info *info = report->info;

	return trc_json_print(json_pack(
		"{s:o, s:I, s:s, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o}",
		"file", trc_json_text(report->path), "version",
		(json_int_t)info->version, "clock", clock_name(info->clock),
		"origin", "kernel_release", trc_json_text(info->kernel_release),
		"source_format", trc_json_text(info->source_format),
		"source_name", trc_json_text(info->source_name), "source_hash",
		trc_json_text(info->source_hash), "counts",
		json_counts(&info->counts), "bytes",
		trc_json_count(report->bytes), "blocks",
		trc_json_count(report->blocks)));
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
		if (cli_signal())
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
	int status = CLI_GOOD;
	int err = trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag);

	if (err == 0)
		err = verify(reader, &report.blocks, &diag);
	if (err == KB_E_STOPPED) {
		status = 128 + cli_signal();
		goto out;
	}
	if (err < 0) {
		status = cli_error("%s", diag.text);
		goto out;
	}
	report.info = trc_reader_info(reader);
	report.bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (as_json)
		status = print_json(&report);
	else
		print_text(&report);
out:
	trc_reader_close(reader);
	return status;
}

int trc_cmd_info(int argc, char **argv)
{
	static const struct cli_files files = { "info", help_text, options,
						OPT_JSON, describe };

	return cli_each_file(argc, argv, &files);
}
