/*
 * smp: replays a trace on several CPUs: what the heap's lock costs.
 */
#include "bench_commands.h"
#include "bench_folder.h"
#include "bench_options.h"
#include "bench_plot.h"
#include "bench_smp_costs.h"
#include "bench_smp_report.h"
#include "bench_smp_run.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_signal.h"
#include "kb_terminal.h"
#include "smp_order.h"
#include "smp_sim.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCS_DEFAULT "kheap,kheap:lookup=pagemap,kheap-fast"

struct smp_options {
	const char *trace;
	const char *json;
	const char *costs;
	const char *out;
	struct alloc_spec *allocs;
	struct bench_smp_settings settings;
};

/* Calls `take` for each part of a comma-separated list. */
static int
take_list(void *field, const struct kb_option *option, const char *list,
	  int (*take)(struct bench_smp_settings *settings, const char *text,
		      size_t length, struct kb_diag *diag),
	  struct kb_diag *diag)
{
	int err = 0;

	(void)option;
	while (err == 0) {
		const size_t length = strcspn(list, ",");

		err = take(field, list, length, diag);
		if (list[length] == '\0')
			break;
		list += length + 1;
	}
	return err;
}

static int take_cpu_count(struct bench_smp_settings *settings, const char *text,
			  size_t length, struct kb_diag *diag)
{
	char number[24] = "";
	uint64_t cpus;
	int err;

	if (settings->cpus_count == BENCH_SMP_CPUS_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "--cpus takes at most %d numbers",
			       BENCH_SMP_CPUS_MAX);
	if (length < sizeof(number))
		memcpy(number, text, length);
	err = kb_options_number("cpus", number, 1, SMP_CPUS_MAX, &cpus, diag);
	if (err == 0)
		settings->cpus[settings->cpus_count++] = (uint32_t)cpus;
	return err;
}

static int take_speed(struct bench_smp_settings *settings, const char *text,
		      size_t length, struct kb_diag *diag)
{
	if (settings->speed_count == BENCH_SMP_SPEEDS_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "--speed takes at most %d speeds",
			       BENCH_SMP_SPEEDS_MAX);
	return smp_speed_parse(&settings->speed[settings->speed_count++], text,
			       length, "speed", diag);
}

static int take_cpus(void *field, const struct kb_option *option,
		     const char *value, struct kb_diag *diag)
{
	struct bench_smp_settings *settings = field;

	settings->cpus_count = 0;
	return take_list(field, option, value, take_cpu_count, diag);
}

static int take_speeds(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	struct bench_smp_settings *settings = field;

	settings->speed_count = 0;
	return take_list(field, option, value, take_speed, diag);
}

static int take_allocs(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	struct smp_options *o = field;

	(void)option;
	return bench_options_add_allocs(&o->allocs, &o->settings.alloc_count,
					value, diag);
}

static int take_lock(void *field, const struct kb_option *option,
		     const char *value, struct kb_diag *diag)
{
	(void)option;
	for (size_t i = 0; smp_threads_lock(i); i++) {
		if (strcmp(value, smp_threads_lock(i)) != 0)
			continue;
		*(const char **)field = smp_threads_lock(i);
		return 0;
	}
	return kb_fail(diag, KB_E_ARG,
		       "--lock takes ticket, mcs, tas or mutex, got '%s'",
		       value);
}

static int check(void *target, struct kb_diag *diag)
{
	static const uint32_t cpus[] = { 1, 2, 4, 8, 16, 32, 64 };
	struct smp_options *o = target;
	struct bench_smp_settings *s = &o->settings;

	if (o->out && strcmp(o->out, "none") == 0)
		o->out = NULL;
	if (!s->lock)
		s->lock = smp_threads_lock(0);
	if (s->threads && s->headroom)
		return kb_fail(diag, KB_E_ARG,
			       "--headroom is simulated; it does not go with "
			       "--threads");
	if (s->cpus_count == 0 && s->threads) {
		s->cpus[0] = 1;
		s->cpus[1] = 2;
		s->cpus_count = 2;
	} else if (s->cpus_count == 0) {
		memcpy(s->cpus, cpus, sizeof(cpus));
		s->cpus_count = sizeof(cpus) / sizeof(*cpus);
	}
	/* One that is zeroed is "max". */
	if (s->speed_count == 0)
		s->speed_count = 1;
	if (s->alloc_count > 0)
		return 0;
	return alloc_spec_parse_list(&o->allocs, &s->alloc_count,
				     ALLOCS_DEFAULT, diag);
}

/* --- One run ---------------------------------------------------------------------- */

/* What a run is made of. */
struct session {
	struct bench_trace trace;
	struct smp_program program;
	struct smp_costs *costs;
	struct bench_smp smp;
};

static int read_costs(struct session *s, const struct smp_options *o,
		      struct kb_diag *diag)
{
	const size_t count = o->settings.alloc_count;
	int err = 0;

	s->costs = calloc(count, sizeof(*s->costs));
	if (!s->costs)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (size_t i = 0; i < count && err == 0; i++) {
		s->costs[i] = smp_costs_default;
		if (o->costs)
			err = bench_smp_costs_read(&s->costs[i], o->costs,
						   o->allocs[i].name, diag);
	}
	return err;
}

static int read_trace(struct session *s, const struct smp_options *o,
		      struct kb_diag *diag)
{
	struct trc_reader *reader = NULL;
	int err = bench_commands_open(&s->trace, o->trace, diag);

	if (err == 0)
		err = trc_reader_open_fd(&reader, s->trace.fd, s->trace.given,
					 TRC_COLUMNS_ALL, diag);
	if (err == 0)
		err = smp_program_read(&s->program, reader, diag);
	trc_reader_close(reader);
	return err;
}

static int prepare(struct session *s, const struct smp_options *o,
		   struct kb_diag *diag)
{
	int err = 0;

	if (o->json && strcmp(o->json, "-") != 0)
		err = kb_out_check_file(o->json, diag);
	if (err == 0 && o->out)
		err = kb_out_check_folder(o->out, diag);
	if (err == 0)
		err = read_costs(s, o, diag);
	return err < 0 ? err : read_trace(s, o, diag);
}

static void write_facts(FILE *out, const void *smp)
{
	bench_smp_facts(out, smp);
}

static void write_text_in(FILE *out, const struct bench_smp *smp,
			  size_t columns)
{
	bench_smp_table(out, smp, columns);
	fputc('\n', out);
	kb_terminal_print(out, columns, write_facts, smp);
}

/* For a file. */
static void write_text(FILE *out, const void *user)
{
	write_text_in(out, user, 0);
}

/* Without gnuplot there are no figures; that is said, and no error. */
static int draw(const char *folder, struct kb_diag *diag)
{
	const struct bench_plot_job job = { .folder = folder };
	struct kb_diag own;
	size_t drawn;
	int err;

	kb_diag_init(&own);
	err = bench_plot(&job, &drawn, &own);
	if (err == KB_E_ENVIRONMENT)
		kb_complain("bench", "%s", own.text);
	else if (err < 0)
		*diag = own;
	return err == KB_E_ENVIRONMENT ? 0 : err;
}

static int write_folder(const struct session *s, const char *folder,
			const json_t *document, struct kb_diag *diag)
{
	int err = kb_out_make_folder(folder, diag);

	if (err == 0)
		err = bench_folder_clear(folder, diag);
	if (err == 0)
		err = kb_json_write(folder, "smp.json", document, 0, diag);
	if (err == 0)
		err = kb_out_write(folder, "table.txt", write_text, &s->smp,
				   diag);
	if (err == 0)
		err = bench_smp_tsv(folder, &s->smp, diag);
	if (err == 0 && !s->smp.settings->threads)
		err = draw(folder, diag);
	return err;
}

static int report(const struct session *s, const struct smp_options *o,
		  struct kb_diag *diag)
{
	json_t *document = bench_smp_json(&s->smp);
	int err = 0;

	if (!o->json || strcmp(o->json, "-") != 0)
		write_text_in(stdout, &s->smp, kb_terminal_columns(0));
	if (o->json)
		err = kb_json_write(NULL, o->json, document, 0, diag);
	if (err == 0 && o->out)
		err = write_folder(s, o->out, document, diag);
	json_decref(document);
	return err;
}

static int run(struct session *s, struct smp_options *o, struct kb_diag *diag)
{
	struct kb_progress progress;
	struct kb_diag own;
	int err = prepare(s, o, diag), written;

	if (err < 0)
		return err;
	o->settings.allocs = o->allocs;
	s->smp = (struct bench_smp){
		.settings = &o->settings,
		.trace = &s->trace,
		.program = &s->program,
		.costs = s->costs,
	};
	kb_progress_begin(&progress);
	err = (o->settings.threads ? bench_smp_run_threads
				   : bench_smp_run)(&s->smp, &progress, diag);
	kb_progress_end(&progress);
	err = bench_trace_judge(&s->trace, err, diag);
	if (err < 0 &&
	    (err != KB_E_STOPPED || s->smp.count + s->smp.threaded_count == 0))
		return err;
	kb_diag_init(&own);
	written = report(s, o, err < 0 ? &own : diag);
	return err < 0 ? err : written;
}

static int smp_main(int argc, char **argv)
{
	struct session s = { .trace.fd = -1 };
	struct smp_options o;
	struct kb_diag diag;
	int status;
	int err;

	memset(&o, 0, sizeof(o));
	if (!kb_options_go(&bench_smp_command, &o, argc, argv, &status)) {
		free(o.allocs);
		return status;
	}
	kb_diag_init(&diag);
	kb_signal_catch();
	err = run(&s, &o, &diag);
	bench_smp_release(&s.smp);
	smp_program_release(&s.program);
	bench_trace_release(&s.trace);
	free(s.costs);
	free(o.allocs);
	return err == 0 ? KB_EXIT_GOOD : kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct smp_options, member)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct smp_options, trace)),
	{ .name = "alloc",
	  .value = "LIST",
	  .help = "allocators with a heap window, comma-separated; repeatable "
		  "(default: " ALLOCS_DEFAULT ")",
	  .kind = KB_OPTION_CALL,
	  .take = take_allocs },
	{ .name = "cpus",
	  .value = "LIST",
	  .help = "numbers of CPUs (default 1,2,4,8,16,32,64). Where the trace "
		  "has fewer, copies of it run side by side in one heap",
	  .kind = KB_OPTION_CALL,
	  .take = take_cpus,
	  AT(settings) },
	{ .name = "speed",
	  .value = "LIST",
	  .help = "how much faster than recorded the callers think: factors "
		  "with at most three places, or 'max', without a pause "
		  "(default)",
	  .kind = KB_OPTION_CALL,
	  .take = take_speeds,
	  AT(settings) },
	{ .name = "lock",
	  .value = "LOCK",
	  .help = "ticket (default), mcs; with --threads also tas, mutex. "
		  "kheap:lock=LOCK says it for one heap",
	  .kind = KB_OPTION_CALL,
	  .take = take_lock,
	  AT(settings.lock) },
	{ .name = "magazines",
	  .value = "M",
	  .help = "per-CPU caches of M clusters above the heap, two for each "
		  "row up to 16 pages, and a depot (default 0: none). "
		  "kheap:magazines=M says it for one heap",
	  .kind = KB_OPTION_NUMBER32,
	  .high = SMP_MAGAZINES_MAX,
	  AT(settings.magazines) },
	{ .name = "stagger",
	  .value = "NS",
	  .help = "start each copy NS after the one before (default 0: all at "
		  "once, the worst case)",
	  .kind = KB_OPTION_NUMBER,
	  .high = INT64_MAX,
	  AT(settings.stagger_ns) },
	{ .name = "costs",
	  .value = "FILE",
	  .help = "what operations cost, as JSON; or a results folder, whose "
		  "cost models are used",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_IN,
	  AT(costs) },
	{ .name = "heap-pages",
	  .value = "N",
	  .help = "pages of the simulated heap window, for each copy (default "
		  "32,766)",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = UINT32_MAX,
	  AT(settings.heap_pages) },
	{ .name = "heap-base",
	  .value = "VA",
	  .help = "first address of the window (default 0xF0000000); lowered "
		  "where the copies need more room",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = UINT32_MAX,
	  AT(settings.heap_base) },
	{ .name = "headroom",
	  .help = "also find the highest speed at which heap and lock lengthen "
		  "the replay by at most 10%; up to 81 runs each",
	  .kind = KB_OPTION_SWITCH,
	  AT(settings.headroom) },
	{ .name = "threads",
	  .help = "real threads, one pinned to each CPU, instead of the "
		  "simulation; also of glibc, jemalloc, mimalloc, tcmalloc "
		  "and null, which have locks of their own (default --cpus "
		  "1,2)",
	  .kind = KB_OPTION_SWITCH,
	  AT(settings.threads) },
	{ .name = "out",
	  .value = "DIR",
	  .heading = "Results",
	  .help = "write table.txt, smp.json, smp.tsv and two figures with "
		  "their data to DIR (default: none)",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT(out) },
	BENCH_OPTION_JSON_AT(offsetof(struct smp_options, json)),
	{ .name = NULL },
};

const struct kb_command bench_smp_command = {
	.program = "bench",
	.name = "smp",
	.summary = "what the heap's lock costs, on any number of CPUs",
	.about = "Replays a trace on several CPUs into one heap under one "
		 "lock, simulated: the real heap runs each operation when that "
		 "gets the lock, and the steps it counts are priced. Exact, "
		 "and the same on every machine.",
	.options = options,
	.stray = "trace",
	.examples = "bench smp --trace traces/debian-boot.trc --cpus 1,2,8\n"
		    "bench smp --trace traces/boot.trc --alloc kheap-fast "
		    "--speed 1,10,100 --headroom",
	.exits = "0 simulated\n"
		 "2 usage, unreadable or corrupt input\n"
		 "4 the machine cannot do what was asked\n"
		 "5 a wrong result\n"
		 "130 after SIGINT, with finished results shown\n"
		 "143 after SIGTERM, likewise",
	.check = check,
	.main = smp_main,
};
