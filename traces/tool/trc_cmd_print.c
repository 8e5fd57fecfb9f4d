/* trc print: a trace's events as text. */
#include "trc_cmd.h"

#include "trc_cli.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
static const char help_text[] =
"usage: trc print [--limit N] FILE\n"
"\n"
"Prints the events of a trace, one a line, in columns separated by tabs:\n"
"\n"
"   1  number of the event, from 0\n"
"   2  time: ns, or ticks if the recorder's clock was a bare counter\n"
"   3  cpu\n"
"   4  task: comm-pid\n"
"   5  alloc, free, or free-implied (proved by the next use of its address)\n"
"   6  slot: the object's number while it lives\n"
"   7  bytes asked for; - for frees\n"
"   8  bytes granted; - for frees\n"
"   9  call site, and its [module] if it has one; - where not known\n"
"\n"
"Control characters in names are printed as '?'. These columns stay as they\n"
"are; new ones would come behind them.\n"
"\n"
"options:\n"
"  --limit N   stop after N events\n"
"  --help, -h  show this text\n"
"\n"
"examples:\n"
"  trc print --limit 20 boot.trc\n"
"  trc print boot.trc | awk -F'\\t' '$5 == \"alloc\" { n[$9] += $7 }\n"
"      END { for (s in n) print n[s], s }' | sort -rn | head\n";
/* clang-format on */

enum { OPT_LIMIT };

static const struct cli_option options[] = {
	[OPT_LIMIT] = { "limit", "N" },
	{ NULL, NULL },
};

static void print_task(const struct trc_reader *reader, uint32_t task)
{
	int32_t pid = 0;
	const char *comm = trc_reader_task(reader, task, &pid);

	if (!comm) {
		putchar('-');
		return;
	}
	cli_put_text(comm);
	printf("-%" PRId32, pid);
}

static void print_site(const struct trc_reader *reader, uint32_t site)
{
	const char *module = "";
	const char *text = trc_reader_site(reader, site, &module);

	cli_put_site(text, module);
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
	putchar('\n');
}

/* Prints up to `limit` events; stops early if nobody reads them. */
static int print_file(const char *path, uint64_t limit)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	int status = CLI_GOOD;
	int err = trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag);

	while (err == 0 && limit > 0 && !ferror(stdout) && !cli_signal()) {
		err = trc_reader_next(reader, &block, &diag);
		if (err != 0)
			break;
		for (uint32_t i = 0; i < block.count && limit > 0; i++, limit--)
			print_event(reader, &block, i);
	}
	if (cli_signal())
		status = 128 + cli_signal();
	else
		status = cli_flush();
	if (err < 0)
		status = cli_error("%s", diag.text);
	trc_reader_close(reader);
	return status;
}

int trc_cmd_print(int argc, char **argv)
{
	struct cli cli = { argc, argv, options, 0, 0, NULL };
	const char *path = NULL;
	uint64_t limit = UINT64_MAX;
	int option;

	while ((option = cli_next(&cli)) != CLI_END) {
		if (option == CLI_BAD || option == CLI_HELP)
			return cli_leave(option, help_text);
		if (option == OPT_LIMIT) {
			if (cli_number("limit", cli.value, &limit))
				return CLI_FAILED;
		} else if (path) {
			return cli_error("%s: one file too many; print takes "
					 "one",
					 cli.value);
		} else {
			path = cli.value;
		}
	}
	if (!path)
		return cli_error("no FILE given; see trc print --help");
	return print_file(path, limit);
}
