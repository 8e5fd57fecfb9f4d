/* trc stat: what a trace's allocations are like. */
#include "trc_cmd.h"

#include "kb_bits.h"
#include "trc_cli.h"
#include "trc_json.h"
#include "trc_walk.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Powers of two: [0], [1], [2, 3], [4, 7] … */
#define BUCKETS 65

/* Points of the live curve. */
#define CURVE_POINTS 32

/* Cpus counted apart; those above count as the last. */
#define CPUS	    1024

#define TOP_DEFAULT 10

/* clang-format off */
static const char help_text[] =
"usage: trc stat [--top N] [--json] FILE\n"
"\n"
"Shows what a trace's allocations are like: sizes and lifetimes by powers of two\n"
"(lifetimes are counted in allocs that came after, and in time), the call sites\n"
"that allocate most, the objects and bytes live along the trace, each cpu's share,\n"
"and how many objects were freed on another cpu than the one that allocated them.\n"
"\n"
"options:\n"
"  --top N     call sites to show; default 10\n"
"  --json      one JSON object with the members file, events, sizes, lifetimes,\n"
"              lifetimes_ns or lifetimes_ticks (arrays of {from, objects}),\n"
"              never_freed, sites (site, module, allocs, bytes, live_at_end),\n"
"              live (event, objects, bytes), cpus (cpu, events, frees_remote),\n"
"              frees, frees_remote\n"
"  --help, -h  show this text\n"
"\n"
"examples:\n"
"  trc stat boot.trc\n"
"  trc stat --json --top 100 boot.trc | jq -r '.sites[] | [.allocs, .site] | @tsv'\n";
/* clang-format on */

enum { OPT_TOP, OPT_JSON };

static const struct cli_option options[] = {
	[OPT_TOP] = { "top", "N" },
	[OPT_JSON] = { "json", NULL },
	{ NULL, NULL },
};

struct site_stat {
	/* 0 is for what has no call site. */
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

/* The record of a call site; NULL without memory. */
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

static void add_alloc(struct stat_job *job, struct site_stat *site)
{
	const struct trc_event *event = &job->walk.event;

	job->objects[event->slot] = (struct object){
		.born = ++job->allocs,
		.time_ns = event->time_ns,
		.size = event->size,
		.site = event->site,
		.cpu = event->cpu,
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

	job->lives_ns[bucket_of(died_ns - object->time_ns)]++;
	job->lives[bucket_of(job->allocs - object->born)]++;
	job->live--;
	job->live_bytes -= object->size;
	job->sites[object->site].live--;
	/* Where an implied free happened, nobody knows. */
	if (event->kind == TRC_FREE && event->cpu != object->cpu) {
		job->remote++;
		job->cpu_remote[kb_min(event->cpu, CPUS - 1)]++;
	}
}

static int add_event(struct stat_job *job, struct kb_diag *diag)
{
	const struct trc_event *event = &job->walk.event;
	uint64_t events = job->walk.info->counts.events;
	uint64_t step = events / CURVE_POINTS + 1;

	job->cpu_events[kb_min(event->cpu, CPUS - 1)]++;
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
	printf("%s\n", title);
	for (unsigned i = 0; i < BUCKETS; i++)
		if (counts[i])
			printf("  from %12" PRIu64 " %12" PRIu64 "  %5.1f %%\n",
			       bucket_from(i), counts[i],
			       100.0 * (double)counts[i] / (double)total);
}

static void print_sites(const struct stat_job *job)
{
	puts("call sites: allocs, bytes, live at the end");
	for (uint32_t i = 0; i < job->site_room && i < job->top; i++) {
		const struct site_stat *site = &job->sites[i];
		const char *module;
		const char *name = site_name(job, site->site, &module);

		if (site->allocs == 0)
			break;
		printf("  %12" PRIu64 " %14" PRIu64 " %10" PRIu64 "  ",
		       site->allocs, site->bytes, site->live);
		cli_put_site(name, module);
		putchar('\n');
	}
}

static bool is_in_ticks(const struct stat_job *job)
{
	return job->walk.info->clock == TRC_CLOCK_TICKS;
}

static void print_text(const struct stat_job *job)
{
	const struct trc_counts *counts = &job->walk.info->counts;
	uint64_t peak = 1;

	cli_put_text(job->path);
	printf(": %" PRIu64 " events\n", counts->events);
	print_buckets("sizes, bytes: objects", job->sizes, counts->allocs);
	print_buckets("lifetimes, allocs: objects", job->lives, counts->allocs);
	print_buckets(is_in_ticks(job) ? "lifetimes, ticks: objects"
				       : "lifetimes, ns: objects",
		      job->lives_ns, counts->allocs);
	printf("  never freed       %12" PRIu64 "\n", counts->live_at_end);
	print_sites(job);
	puts("live along the trace: event, objects, bytes");
	for (unsigned i = 0; i < job->points; i++)
		peak = kb_max(peak, job->curve[i].objects);
	for (unsigned i = 0; i < job->points; i++)
		printf("  %12" PRIu64 " %10" PRIu64 " %14" PRIu64 "  %.*s\n",
		       job->curve[i].event, job->curve[i].objects,
		       job->curve[i].bytes,
		       (int)(job->curve[i].objects * 30 / peak),
		       "##############################");
	puts("cpus: events, frees of objects of another cpu");
	for (unsigned i = 0; i < CPUS; i++)
		if (job->cpu_events[i])
			printf("  %5u %12" PRIu64 "  %5.1f %% %12" PRIu64 "\n",
			       i, job->cpu_events[i],
			       100.0 * (double)job->cpu_events[i] /
				       (double)counts->events,
			       job->cpu_remote[i]);
	printf("frees on another cpu: %" PRIu64 " of %" PRIu64 "\n",
	       job->remote, counts->frees - counts->implied_frees);
}

static json_t *json_buckets(const uint64_t *counts)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < BUCKETS; i++)
		if (counts[i])
			trc_json_append(
				&array,
				json_pack("{s:o, s:o}", "from",
					  trc_json_count(bucket_from(i)),
					  "objects",
					  trc_json_count(counts[i])));
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
		trc_json_append(&array,
				json_pack("{s:o, s:o, s:o, s:o, s:o}", "site",
					  trc_json_text(name), "module",
					  trc_json_text(module), "allocs",
					  trc_json_count(site->allocs), "bytes",
					  trc_json_count(site->bytes),
					  "live_at_end",
					  trc_json_count(site->live)));
	}
	return array;
}

static json_t *json_curve(const struct stat_job *job)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < job->points; i++)
		trc_json_append(&array,
				json_pack("{s:o, s:o, s:o}", "event",
					  trc_json_count(job->curve[i].event),
					  "objects",
					  trc_json_count(job->curve[i].objects),
					  "bytes",
					  trc_json_count(job->curve[i].bytes)));
	return array;
}

static json_t *json_cpus(const struct stat_job *job)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < CPUS; i++)
		if (job->cpu_events[i])
			trc_json_append(
				&array,
				json_pack("{s:i, s:o, s:o}", "cpu", (int)i,
					  "events",
					  trc_json_count(job->cpu_events[i]),
					  "frees_remote",
					  trc_json_count(job->cpu_remote[i])));
	return array;
}

static int print_json(const struct stat_job *job)
{
	const struct trc_counts *counts = &job->walk.info->counts;

	return trc_json_print(json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"file", trc_json_text(job->path), "events",
		trc_json_count(counts->events), "sizes",
		json_buckets(job->sizes), "lifetimes", json_buckets(job->lives),
		is_in_ticks(job) ? "lifetimes_ticks" : "lifetimes_ns",
		json_buckets(job->lives_ns), "never_freed",
		trc_json_count(counts->live_at_end), "sites", json_sites(job),
		"live", json_curve(job), "cpus", json_cpus(job), "frees",
		trc_json_count(counts->frees), "frees_remote",
		trc_json_count(job->remote)));
}

/* Reads the trace to its end. */
static int collect(struct stat_job *job, struct kb_diag *diag)
{
	struct cli_progress line;
	int err = trc_walk_open(&job->walk, job->path, diag);

	if (err < 0)
		return err;
	job->objects = calloc(job->walk.info->counts.live_max + 1,
			      sizeof(*job->objects));
	if (!job->objects || !site_of(job, 0))
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	cli_progress_begin(&line, false);
	while ((err = trc_walk_next(&job->walk, diag)) == 0) {
		err = add_event(job, diag);
		if (err < 0)
			break;
		trc_walk_show(&job->walk, &line);
	}
	cli_progress_end(&line);
	return err == KB_END ? 0 : err;
}

static int describe(struct stat_job *job, bool as_json)
{
	struct kb_diag diag = { 0 };
	int status;

	if (collect(job, &diag) < 0) {
		status = cli_fail(&diag, NULL);
	} else {
		qsort(job->sites, job->site_room, sizeof(*job->sites),
		      compare_sites);
		status = as_json ? print_json(job) : (print_text(job), 0);
		status = status ? status : cli_flush();
	}
	free(job->objects);
	free(job->sites);
	trc_walk_release(&job->walk);
	return status;
}

int trc_cmd_stat(int argc, char **argv)
{
	struct cli cli = { argc, argv, options, 0, 0, NULL };
	struct stat_job *job;
	const char *path = NULL;
	uint64_t top = TOP_DEFAULT;
	bool as_json = false;
	int status;
	int option;

	while ((option = cli_next(&cli)) != CLI_END) {
		if (option == CLI_BAD || option == CLI_HELP)
			return cli_leave(option, help_text);
		if (option == OPT_TOP) {
			if (cli_number("top", cli.value, &top))
				return CLI_FAILED;
		} else if (option == OPT_JSON) {
			as_json = true;
		} else if (path) {
			return cli_error("%s: one file too many; stat takes "
					 "one",
					 cli.value);
		} else {
			path = cli.value;
		}
	}
	if (!path)
		return cli_error("no FILE given; see trc stat --help");
	job = calloc(1, sizeof(*job));
	if (!job)
		return cli_error("out of memory");
	job->path = path;
	job->top = top;
	status = describe(job, as_json);
	free(job);
	return status;
}
