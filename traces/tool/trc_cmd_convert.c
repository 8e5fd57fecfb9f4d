/* trc convert: a .trc as ftrace text or CSV. */
#include "trc_commands.h"

#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_stdio.h"
#include "trc_cli.h"
#include "kb_out.h"
#include "trc_walk.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

/* Room for a name on a terminal. */
#define NAME_SIZE 1100

/* A text being written, and the state that determines the next line. */
struct text {
	FILE *out;

	/* For each cpu, the slot + 1 of its last event if that was an alloc; 0
	 * after a free, and if nothing was written. */
	uint32_t last_alloc[UINT16_MAX + 1];

	/* The highest cpu so far. */
	uint16_t cpu_max;
};

struct converter {
	const char *name;

	/* Write what precedes the events, and one event. */
	void (*begin)(const struct trc_info *info, FILE *out);
	void (*event)(const struct trc_walk *walk, struct text *text);
};

static void ftrace_begin(const struct trc_info *info, FILE *out)
{
	uint64_t lost = info->counts.lost_events;

	fprintf(out,
		"# tracer: nop\n#\n"
		"# entries-in-buffer/entries-written: %" PRIu64 "/%" PRIu64
		"   #P:1\n#\n",
		info->counts.events, info->counts.events + lost);
}

static void put_site(const struct trc_walk *walk, FILE *out)
{
	fputs("call_site=", out);
	if (!walk->site) {
		fputs("0x0", out);
		return;
	}
	kb_escape_data(out, walk->site);
	if (strchr(walk->site, '+'))
		fputs("/0x0", out);
	if (*walk->module) {
		fputs(" [", out);
		kb_escape_data(out, walk->module);
		putc(']', out);
	}
}

/* What precedes the call site. */
static void put_start(const struct trc_walk *walk, unsigned cpu,
		      const char *name, FILE *out)
{
	static const char flags[TRC_CONTEXT_END] = {
		[TRC_CONTEXT_TASK] = '.',
		[TRC_CONTEXT_SOFTIRQ] = 's',
		[TRC_CONTEXT_HARDIRQ] = 'h',
		[TRC_CONTEXT_NMI] = 'z',
	};
	const struct trc_event *event = &walk->event;

	for (size_t size = walk->comm ? strlen(walk->comm) : 0; size < 16;
	     size++)
		putc(' ', out);
	kb_escape_data(out, walk->comm ? walk->comm : "");
	fprintf(out, "-%-7" PRId32 " [%03u]", walk->pid, cpu);
	if (event->context)
		fprintf(out, " ..%c..", flags[event->context]);
	if (walk->info->clock == TRC_CLOCK_NS)
		fprintf(out, " %5" PRIu64 ".%09" PRIu64 ": ",
			event->time_ns / NS_PER_S, event->time_ns % NS_PER_S);
	else
		fprintf(out, " %12" PRIu64 ": ", event->time_ns);
	fprintf(out, "%s: ", name);
	put_site(walk, out);
}

/* Reusing a pointer implies that it was freed, unless the reader would take the
 * two allocs for one (import rule 2): a free of NULL separates them. */
static void keep_apart(const struct trc_walk *walk, struct text *text)
{
	for (uint32_t cpu = 0; cpu <= text->cpu_max; cpu++) {
		if (text->last_alloc[cpu] != walk->event.slot + 1)
			continue;
		put_start(walk, cpu, "kfree", text->out);
		fprintf(text->out, " ptr=%016x\n", 0);
		text->last_alloc[cpu] = 0;
	}
}

static void ftrace_event(const struct trc_walk *walk, struct text *text)
{
	const struct trc_event *event = &walk->event;
	bool is_alloc = event->kind == TRC_ALLOC;

	if (event->kind == TRC_FREE_IMPLIED) {
		keep_apart(walk, text);
		return;
	}
	put_start(walk, event->cpu, is_alloc ? "kmalloc" : "kfree", text->out);
	fprintf(text->out, " ptr=%016" PRIx64,
		UINT64_C(0xffff800000000000) + (uint64_t)event->slot * 64);
	if (is_alloc)
		fprintf(text->out,
			" bytes_req=%" PRIu64 " bytes_alloc=%" PRIu64
			" gfp_flags= node=-1 accounted=false",
			event->size, event->size_granted);
	putc('\n', text->out);
	text->last_alloc[event->cpu] = is_alloc ? event->slot + 1 : 0;
	if (event->cpu > text->cpu_max)
		text->cpu_max = event->cpu;
}

static void csv_begin(const struct trc_info *info, FILE *out)
{
	fprintf(out,
		"%s,cpu,comm,pid,kind,slot,size,granted,site,module,"
		"context\n",
		info->clock == TRC_CLOCK_NS ? "time_ns" : "time_ticks");
}

static void csv_event(const struct trc_walk *walk, struct text *text)
{
	static const char *const kinds[] = {
		[TRC_ALLOC] = "alloc",
		[TRC_FREE] = "free",
		[TRC_FREE_IMPLIED] = "free-implied",
	};
	const struct trc_event *event = &walk->event;
	FILE *out = text->out;

	fprintf(out, "%" PRIu64 ",%u,", event->time_ns, event->cpu);
	if (walk->comm) {
		kb_escape_csv(out, walk->comm);
		fprintf(out, ",%" PRId32, walk->pid);
	} else {
		putc(',', out);
	}
	fprintf(out, ",%s,%" PRIu32 ",", kinds[event->kind], event->slot);
	if (event->kind == TRC_ALLOC)
		fprintf(out, "%" PRIu64 ",%" PRIu64 ",", event->size,
			event->size_granted);
	else
		fputs(",,", out);
	kb_escape_csv(out, walk->site ? walk->site : "");
	putc(',', out);
	kb_escape_csv(out, walk->module);
	fprintf(out, ",%s\n", trc_reader_context(event->context));
}

static const struct converter converters[] = {
	{ "ftrace", ftrace_begin, ftrace_event },
	{ "csv", csv_begin, csv_event },
};

static int take_to(void *field, const struct kb_option *option,
		   const char *value, struct kb_diag *diag)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(converters); i++) {
		if (strcmp(converters[i].name, value) != 0)
			continue;
		*(const struct converter **)field = &converters[i];
		return 0;
	}
	return kb_fail(diag, KB_E_ARG, "--%s takes ftrace or csv, got '%s'",
		       option->name, value);
}

/* Names as a terminal may show them. */
struct shown {
	char site[NAME_SIZE];
	char module[NAME_SIZE];
	char comm[NAME_SIZE];
};

static void clean_names(struct trc_walk *walk, struct shown *shown)
{
	if (walk->site)
		walk->site =
			kb_escape_clean(shown->site, NAME_SIZE, walk->site);
	if (walk->comm)
		walk->comm =
			kb_escape_clean(shown->comm, NAME_SIZE, walk->comm);
	walk->module = kb_escape_clean(shown->module, NAME_SIZE, walk->module);
}

static int write_all(struct trc_walk *walk, const struct converter *to,
		     FILE *out, struct kb_progress *line, struct kb_diag *diag)
{
	const bool is_shown = isatty(fileno(out));
	struct text *text = calloc(1, sizeof(*text));
	struct shown shown;
	int err;

	if (!text)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	text->out = out;
	to->begin(walk->info, out);
	while ((err = trc_walk_next(walk, diag)) == 0 && !ferror(out)) {
		if (is_shown)
			clean_names(walk, &shown);
		to->event(walk, text);
		trc_walk_show(walk, line);
	}
	free(text);
	return err < 0 ? err : 0;
}

static int convert_to_stdout(struct trc_walk *walk, const struct converter *to,
			     struct kb_progress *line)
{
	struct kb_diag diag = { 0 };
	int err = write_all(walk, to, stdout, line, &diag);
	int status = kb_stdio_finish("trc");

	return err < 0 ? cli_fail(&diag, NULL) : status;
}

static int convert_to_file(struct trc_walk *walk, const struct converter *to,
			   const char *path, struct kb_progress *line)
{
	struct kb_diag diag = { 0 };
	struct kb_out output;
	int err = kb_out_open(&output, path, &diag);

	if (err == 0)
		err = write_all(walk, to, output.stream, line, &diag);
	if (err == 0)
		err = kb_out_commit(&output, &diag);
	kb_out_release(&output);
	return err < 0 ? cli_fail(&diag, path) : KB_EXIT_GOOD;
}

static int convert(const char *in, const char *out, const struct converter *to,
		   bool quiet)
{
	struct kb_progress line;
	struct kb_diag diag = { 0 };
	struct trc_walk walk;
	int status;

	kb_progress_begin(&line);
	if (quiet)
		kb_progress_hush(&line);
	if (trc_walk_open(&walk, in, &diag) < 0)
		status = cli_fail(&diag, out);
	else if (strcmp(out, "-") == 0)
		status = convert_to_stdout(&walk, to, &line);
	else
		status = convert_to_file(&walk, to, out, &line);
	trc_walk_release(&walk);
	kb_progress_end(&line);
	return status;
}

struct request {
	const char *in;
	const char *out;
	const struct converter *to;
	bool quiet;
};

static int convert_main(int argc, char **argv)
{
	struct request r = { .quiet = false };
	int status;

	if (kb_options_go(&trc_command_convert, &r, argc, argv, &status))
		status = convert(r.in, r.out, r.to, r.quiet);
	return status;
}

static const struct kb_option options[] = {
	{ .name = "to",
	  .value = "FORMAT",
	  .help = "ftrace or csv",
	  .is_required = true,
	  .kind = KB_OPTION_CALL,
	  .take = take_to,
	  .offset = offsetof(struct request, to) },
	CLI_OPTION_QUIET(offsetof(struct request, quiet), "no progress"),
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "IN.trc", 1, 1, offsetof(struct request, in), KB_FILES_IN },
	{ "OUT", 1, 1, offsetof(struct request, out), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_convert = {
	.program = "trc",
	.name = "convert",
	.summary = "write a trace as ftrace text or CSV",
	.about = "Writes a trace as text for other tools. trc import reads it "
		 "back with every column unchanged. If OUT is -, the text goes "
		 "to standard output.\n\n"
		 "Neither format holds the header's counts of what the "
		 "importer dropped. If the trace was imported with "
		 "--keep-recorder, give that option again when you import the "
		 "ftrace text.",
	.options = options,
	.operands = operands,
	.notes = "Formats:\n"
		 "  ftrace  the text of /sys/kernel/tracing/trace. An object's "
		 "slot determines\n"
		 "          its pointer. Implied frees are not written: "
		 "reusing the pointer\n"
		 "          implies them. If two allocs would look like one, a "
		 "kfree of NULL\n"
		 "          separates them\n"
		 "  csv     a header line, then one line per event: time, cpu, "
		 "comm, pid, kind,\n"
		 "          slot, size, granted, site, module, context; "
		 "traces/FORMAT.md\n"
		 "          specifies it",
	.examples = "trc convert --to csv boot.trc boot.csv\n"
		    "trc convert --to ftrace boot.trc - | zstd > "
		    "boot.ftrace.zst",
	.exits = CLI_EXITS_OUT,
	.main = convert_main,
};
