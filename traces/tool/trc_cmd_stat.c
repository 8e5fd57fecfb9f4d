/* trc stat: statistics of a trace's allocations. */
#include "trc_commands.h"

#include "kb_bits.h"
#include "kb_digits.h"
#include "kb_escape.h"
#include "kb_stdio.h"
#include "trc_cli.h"
#include "kb_json.h"
#include "kb_terminal.h"
#include "trc_walk.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Powers of two: [0], [1], [2, 3], [4, 7] … */
#define BUCKETS 65

/* Points of the live curve. */
#define CURVE_POINTS 32

/* Cpus are numbered below this. */
#define CPUS	    65536

#define TOP_DEFAULT 10

struct site_stat {
	/* 0 is for events without a call site. */
	uint32_t site;
	uint64_t allocs;
	uint64_t bytes;
	uint64_t live;
};

struct object {
	uint64_t born;
	uint64_t time_ns;
	uint64_t size;
	uint32_t site;
	uint16_t cpu;

	/* Events on the longest path to its alloc, that included. */
	uint64_t path;
};

struct point {
	uint64_t event;
	uint64_t objects;
	uint64_t bytes;
};

struct stat_job {
	struct trc_walk walk;
	const char *path;
	uint64_t top;

	/* By slot. */
	struct object *objects;

	/* By id. */
	struct site_stat *sites;
	uint32_t site_room;

	uint64_t sizes[BUCKETS];
	uint64_t lives[BUCKETS];
	uint64_t lives_ns[BUCKETS];
	struct point curve[CURVE_POINTS + 1];
	unsigned points;

	uint64_t cpu_events[CPUS];
	uint64_t cpu_remote[CPUS];
	uint64_t remote;

	/* Of all frees, as a replay on several CPUs has them: an implied one on the
	 * cpu that it is stamped with. */
	uint64_t cross;

	/* Events on the longest path to each cpu's last event, and to any: an event
	 * comes after the one before on its cpu, a free after its alloc. */
	uint64_t cpu_path[CPUS];
	uint64_t longest;

	/* Events with the stamp of the event before, and with an earlier one. */
	uint64_t equal_stamps;
	uint64_t steps_back;
	uint64_t last_ns;

	uint64_t allocs;
	uint64_t live;
	uint64_t live_bytes;
};

static unsigned bucket_of(uint64_t value)
{
	return value ? kb_log2(value) + 1 : 0;
}

/* The least value of a bucket. */
static uint64_t bucket_from(unsigned bucket)
{
	return bucket ? UINT64_C(1) << (bucket - 1) : 0;
}

/* The record of a call site; NULL if out of memory. */
static struct site_stat *site_of(struct stat_job *job, uint32_t site)
{
	if (site >= job->site_room) {
		uint32_t room = job->site_room ? job->site_room : 256;
		struct site_stat *grown;

		while (room <= site)
			room *= 2;
		grown = realloc(job->sites, room * sizeof(*grown));
		if (!grown)
			return NULL;
		for (uint32_t i = job->site_room; i < room; i++)
			grown[i] = (struct site_stat){ .site = i };
		job->sites = grown;
		job->site_room = room;
	}
	return &job->sites[site];
}

/* Goes on along the longest path to the event, which an object may make longer:
 * `other` events, 0 for none. */
static uint64_t add_to_path(struct stat_job *job, uint64_t other)
{
	uint64_t *path = &job->cpu_path[job->walk.event.cpu];

	*path = kb_max(*path, other) + 1;
	job->longest = kb_max(job->longest, *path);
	return *path;
}

static void add_stamp(struct stat_job *job)
{
	const uint64_t now = job->walk.event.time_ns;

	if (job->walk.number > 0) {
		job->equal_stamps += now == job->last_ns;
		job->steps_back += now < job->last_ns;
	}
	job->last_ns = now;
}

static void add_alloc(struct stat_job *job, struct site_stat *site)
{
	const struct trc_event *event = &job->walk.event;

	job->objects[event->slot] = (struct object){
		.born = ++job->allocs,
		.time_ns = event->time_ns,
		.size = event->size,
		.site = event->site,
		.cpu = event->cpu,
		.path = add_to_path(job, 0),
	};
	job->sizes[bucket_of(event->size)]++;
	job->live++;
	job->live_bytes += event->size;
	site->allocs++;
	site->bytes += event->size;
	site->live++;
}

static void add_free(struct stat_job *job)
{
	const struct trc_event *event = &job->walk.event;
	const struct object *object = &job->objects[event->slot];
	/* Clocks of two cpus may differ a little. */
	const uint64_t died_ns = kb_max(event->time_ns, object->time_ns);

	add_to_path(job, object->path);
	job->cross += event->cpu != object->cpu;
	job->lives_ns[bucket_of(died_ns - object->time_ns)]++;
	job->lives[bucket_of(job->allocs - object->born)]++;
	job->live--;
	job->live_bytes -= object->size;
	job->sites[object->site].live--;
	/* Where an implied free happened is unknown. */
	if (event->kind == TRC_FREE && event->cpu != object->cpu) {
		job->remote++;
		job->cpu_remote[event->cpu]++;
	}
}

static int add_event(struct stat_job *job, struct kb_diag *diag)
{
	const struct trc_event *event = &job->walk.event;
	uint64_t events = job->walk.info->counts.events;
	uint64_t step = events / CURVE_POINTS + 1;

	add_stamp(job);
	job->cpu_events[event->cpu]++;
	if (event->kind == TRC_ALLOC) {
		struct site_stat *site = site_of(job, event->site);

		if (!site)
			return kb_fail(diag, KB_E_NOMEM, "out of memory");
		add_alloc(job, site);
	} else {
		add_free(job);
	}
	if ((job->walk.number + 1) % step == 0 ||
	    job->walk.number + 1 == events)
		job->curve[job->points++] =
			(struct point){ job->walk.number, job->live,
					job->live_bytes };
	return 0;
}

static int compare_sites(const void *a, const void *b)
{
	const struct site_stat *x = a;
	const struct site_stat *y = b;

	if (x->allocs != y->allocs)
		return x->allocs < y->allocs ? 1 : -1;
	return x->site < y->site ? -1 : x->site > y->site;
}

static const char *site_name(const struct stat_job *job, uint32_t site,
			     const char **module)
{
	const char *text = trc_reader_site(job->walk.reader, site, module);

	if (text)
		return text;
	*module = "";
	return "-";
}

static void print_buckets(const char *title, const uint64_t *counts,
			  uint64_t total)
{
	char from[KB_DIGITS_SIZE];
	char count[KB_DIGITS_SIZE];

	printf("%s\n", title);
	for (unsigned i = 0; i < BUCKETS; i++)
		if (counts[i])
			printf("  from %14s %14s  %5.1f%%\n",
			       kb_digits(from, bucket_from(i)),
			       kb_digits(count, counts[i]),
			       100.0 * (double)counts[i] / (double)total);
}

/* Where a call site begins in its line. */
#define SITE_AT 51

static void print_sites(const struct stat_job *job)
{
	const size_t columns = kb_terminal_columns(SIZE_MAX);
	char digits[3][KB_DIGITS_SIZE];

	puts("call sites: allocs, bytes, live at the end");
	for (uint32_t i = 0; i < job->site_room && i < job->top; i++) {
		const struct site_stat *site = &job->sites[i];
		const char *module;
		const char *name = site_name(job, site->site, &module);

		if (site->allocs == 0)
			break;
		printf("  %14s %18s %13s  ", kb_digits(digits[0], site->allocs),
		       kb_digits(digits[1], site->bytes),
		       kb_digits(digits[2], site->live));
		cli_fit_site(name, module,
			     columns > SITE_AT ? columns - SITE_AT : 1);
		putchar('\n');
	}
}

static bool is_in_ticks(const struct stat_job *job)
{
	return job->walk.info->clock == TRC_CLOCK_TICKS;
}

/* Work over critical path, each event a unit of work. */
static double parallelism(const struct stat_job *job)
{
	return job->longest ? (double)job->walk.info->counts.events /
				      (double)job->longest
			    : 0;
}

static void print_parallel(const struct stat_job *job)
{
	const struct trc_counts *counts = &job->walk.info->counts;
	char digits[3][KB_DIGITS_SIZE];

	printf("cross-cpu frees: %s of %s, %.1f%%, implied ones included\n",
	       kb_digits(digits[0], job->cross),
	       kb_digits(digits[1], counts->frees),
	       counts->frees
		       ? 100.0 * (double)job->cross / (double)counts->frees
		       : 0.0);
	printf("parallelism: %.2f, all events over the longest path, %s\n",
	       parallelism(job), kb_digits(digits[0], job->longest));
	printf("stamps: %s events have that of the event before, %s an "
	       "earlier one\n",
	       kb_digits(digits[0], job->equal_stamps),
	       kb_digits(digits[1], job->steps_back));
}

static void print_text(const struct stat_job *job)
{
	const struct trc_counts *counts = &job->walk.info->counts;
	char digits[3][KB_DIGITS_SIZE];
	uint64_t peak = 1;

	kb_escape_line(stdout, job->path);
	printf(": %s events\n", kb_digits(digits[0], counts->events));
	print_buckets("sizes in bytes: objects, share", job->sizes,
		      counts->allocs);
	print_buckets("lifetimes in allocs: objects, share", job->lives,
		      counts->allocs);
	print_buckets(is_in_ticks(job) ? "lifetimes in ticks: objects, share"
				       : "lifetimes in ns: objects, share",
		      job->lives_ns, counts->allocs);
	printf("  never freed         %14s\n",
	       kb_digits(digits[0], counts->live_at_end));
	print_sites(job);
	puts("live set over the trace: event, objects, bytes");
	for (unsigned i = 0; i < job->points; i++)
		peak = kb_max(peak, job->curve[i].objects);
	for (unsigned i = 0; i < job->points; i++)
		printf("  %14s %13s %18s  %.*s\n",
		       kb_digits(digits[0], job->curve[i].event),
		       kb_digits(digits[1], job->curve[i].objects),
		       kb_digits(digits[2], job->curve[i].bytes),
		       (int)(job->curve[i].objects * 28 / peak),
		       "############################");
	puts("cpus: events, share, frees of another cpu's objects");
	for (unsigned i = 0; i < CPUS; i++)
		if (job->cpu_events[i])
			printf("  %5u %14s  %5.1f%% %14s\n", i,
			       kb_digits(digits[0], job->cpu_events[i]),
			       100.0 * (double)job->cpu_events[i] /
				       (double)counts->events,
			       kb_digits(digits[1], job->cpu_remote[i]));
	printf("frees on another cpu: %s of %s\n",
	       kb_digits(digits[0], job->remote),
	       kb_digits(digits[1], counts->frees - counts->implied_frees));
	print_parallel(job);
}

static json_t *json_buckets(const uint64_t *counts)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < BUCKETS; i++)
		if (counts[i])
			json_array_append_new(
				array,
				json_pack("{s:o, s:o}", "from",
					  kb_json_count(bucket_from(i)),
					  "objects", kb_json_count(counts[i])));
	return array;
}

static json_t *json_sites(const struct stat_job *job)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < job->site_room && i < job->top; i++) {
		const struct site_stat *site = &job->sites[i];
		const char *module;
		const char *name = site_name(job, site->site, &module);

		if (site->allocs == 0)
			break;
		json_array_append_new(
			array,
			json_pack("{s:o, s:o, s:o, s:o, s:o}", "site",
				  kb_json_text(name), "module",
				  kb_json_text(module), "allocs",
				  kb_json_count(site->allocs), "bytes",
				  kb_json_count(site->bytes), "live_at_end",
				  kb_json_count(site->live)));
	}
	return array;
}

static json_t *json_curve(const struct stat_job *job)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < job->points; i++)
		json_array_append_new(
			array,
			json_pack("{s:o, s:o, s:o}", "event",
				  kb_json_count(job->curve[i].event), "objects",
				  kb_json_count(job->curve[i].objects), "bytes",
				  kb_json_count(job->curve[i].bytes)));
	return array;
}

static json_t *json_cpus(const struct stat_job *job)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < CPUS; i++)
		if (job->cpu_events[i])
			json_array_append_new(
				array,
				json_pack("{s:i, s:o, s:o}", "cpu", (int)i,
					  "events",
					  kb_json_count(job->cpu_events[i]),
					  "frees_remote",
					  kb_json_count(job->cpu_remote[i])));
	return array;
}

static int print_json(const struct stat_job *job, struct kb_diag *diag)
{
	const struct trc_counts *counts = &job->walk.info->counts;
	json_t *object = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o}",
		"file", kb_json_text(job->path), "events",
		kb_json_count(counts->events), "sizes",
		json_buckets(job->sizes), "lifetimes", json_buckets(job->lives),
		is_in_ticks(job) ? "lifetimes_ticks" : "lifetimes_ns",
		json_buckets(job->lives_ns), "never_freed",
		kb_json_count(counts->live_at_end), "sites", json_sites(job),
		"live", json_curve(job), "cpus", json_cpus(job), "frees",
		kb_json_count(counts->frees), "frees_remote",
		kb_json_count(job->remote), "cross_cpu_frees",
		kb_json_count(job->cross), "critical_path_events",
		kb_json_count(job->longest), "parallelism",
		json_real(parallelism(job)), "equal_stamps",
		kb_json_count(job->equal_stamps), "clock_steps_back",
		kb_json_count(job->steps_back));
	int err = kb_json_print(object, diag);

	json_decref(object);
	return err;
}

/* Reads the trace to its end. */
static int collect(struct stat_job *job, struct kb_diag *diag)
{
	struct kb_progress line;
	int err = trc_walk_open(&job->walk, job->path, diag);

	if (err < 0)
		return err;
	job->objects = calloc(job->walk.info->counts.live_max + 1,
			      sizeof(*job->objects));
	if (!job->objects || !site_of(job, 0))
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	kb_progress_begin(&line);

	while ((err = trc_walk_next(&job->walk, diag)) == 0) {
		err = add_event(job, diag);
		if (err < 0)
			break;
		trc_walk_show(&job->walk, &line);
	}
	kb_progress_end(&line);
	return err == KB_END ? 0 : err;
}

static int describe(struct stat_job *job, bool as_json)
{
	struct kb_diag diag = { 0 };
	int err = collect(job, &diag);
	int status;

	if (err == 0) {
		qsort(job->sites, job->site_room, sizeof(*job->sites),
		      compare_sites);
		if (as_json)
			err = print_json(job, &diag);
		else
			print_text(job);
	}
	status = err < 0 ? cli_fail(&diag, NULL) : kb_stdio_finish("trc");
	free(job->objects);
	free(job->sites);
	trc_walk_release(&job->walk);
	return status;
}

struct request {
	const char *path;
	uint64_t top;
	bool as_json;
};

static int stat_main(int argc, char **argv)
{
	struct request r = { .top = TOP_DEFAULT };
	struct stat_job *job;
	int status;

	if (!kb_options_go(&trc_command_stat, &r, argc, argv, &status))
		return status;
	job = calloc(1, sizeof(*job));
	if (!job) {
		kb_complain("trc", "out of memory");
		return KB_EXIT_USAGE;
	}
	job->path = r.path;
	job->top = r.top;
	status = describe(job, r.as_json);
	free(job);
	return status;
}

static const struct kb_option options[] = {
	{ .name = "top",
	  .value = "N",
	  .help = "call sites to show (default 10)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  .offset = offsetof(struct request, top) },
	{ .name = "json",
	  .help = "one JSON object with the members file, events, sizes, "
		  "lifetimes, lifetimes_ns or lifetimes_ticks (arrays of "
		  "{from, objects}), never_freed, sites (site, module, "
		  "allocs, bytes, live_at_end), live (event, objects, bytes), "
		  "cpus (cpu, events, frees_remote), frees, frees_remote "
		  "(implied ones apart), cross_cpu_frees (all), "
		  "critical_path_events, parallelism, equal_stamps, "
		  "clock_steps_back",
	  .kind = KB_OPTION_SWITCH,
	  .offset = offsetof(struct request, as_json) },
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "FILE", 1, 1, offsetof(struct request, path), KB_FILES_IN },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_stat = {
	.program = "trc",
	.name = "stat",
	.summary = "show sizes, lifetimes, call sites, cpus and the live set",
	.about = "Shows what a trace's allocations are like: sizes and "
		 "lifetimes by powers of two, the call sites that allocate "
		 "most, the live set over the trace in objects and bytes, each "
		 "cpu's share of the events, and the objects that were freed "
		 "on a different cpu than the one that allocated them. "
		 "Parallelism is the number of events over the longest path "
		 "of them: each comes after the one before on its cpu, and a "
		 "free after its alloc. "
		 "Lifetimes are counted in later allocs, and in time.",
	.options = options,
	.operands = operands,
	.examples = "trc stat boot.trc\n"
		    "trc stat --json --top 100 boot.trc | jq -r '.sites[] | "
		    "[.allocs, .site]'",
	.exits = CLI_EXITS,
	.main = stat_main,
};
