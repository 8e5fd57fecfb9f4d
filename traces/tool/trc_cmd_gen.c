/* trc gen: synthetic traces, from stated distributions or another trace's. */
#include "trc_commands.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "trc_cli.h"
#include "trc_edit.h"
#include "trc_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events between two checks of the clock for the progress line. */
#define PROGRESS_EVENTS 65536

/* The largest size and lifetime that a distribution gives. */
#define DRAW_MAX (UINT64_C(1) << 40)

enum shape { FIXED, UNIFORM, LOG, EXP, PARETO };

struct distribution {
	enum shape shape;
	double a;
	double b;
};

struct request {
	uint64_t events;
	uint64_t live_max;
	uint64_t gap;
	uint64_t cpus;
	uint64_t seed;
	struct distribution size;
	struct distribution life;
	const char *like;
	const char *output;
	int level;
	bool quiet;
};

/* A live object, due to be freed. */
struct due {
	/* Number of the alloc before which it is freed. */
	uint64_t at;
	uint64_t pointer;
};

/* A generator in progress. */
struct gen {
	const struct request *request;
	struct trc_edit edit;
	struct trc_fit fit;
	struct kb_rng rng;

	/* Binary heap of the live objects; the next one due is on top. */
	struct due *due;
	uint64_t count;
	uint64_t room;

	uint64_t allocs;
	uint64_t events;
	uint64_t now;
	uint64_t pointer;
	uint32_t site;
	uint32_t task;
};

/* A number above 0 and up to 1. */
static double draw_unit(struct kb_rng *rng)
{
	return (double)((kb_rng_next(rng) >> 11) + 1) * 0x1p-53;
}

static uint64_t draw(const struct distribution *d, struct kb_rng *rng)
{
	double u = draw_unit(rng);
	double v = d->a;

	switch (d->shape) {
	case FIXED:
		break;
	case UNIFORM:
		v = d->a + floor((d->b - d->a + 1) * (1 - u));
		break;
	case LOG:
		v = d->a * pow(d->b / d->a, u);
		break;
	case EXP:
		v = -d->a * log(u);
		break;
	case PARETO:
		v = d->a * pow(u, -1 / d->b);
		break;
	}
	if (!(v >= 0))
		return 0;
	return v < (double)DRAW_MAX ? (uint64_t)v : DRAW_MAX;
}

/* Reads "A" or "A,B", by how many are wanted. */
static bool read_numbers(const char *text, int wanted, struct distribution *d)
{
	char *end;

	d->b = 0;
	d->a = strtod(text, &end);
	if (end != text && wanted == 2 && *end == ',') {
		text = end + 1;
		d->b = strtod(text, &end);
		wanted--;
	}
	return end != text && wanted == 1 && *end == '\0';
}

static int take_distribution(void *field, const struct kb_option *option,
			     const char *text, struct kb_diag *diag)
{
	struct distribution *d = field;
	static const struct {
		const char *name;
		enum shape shape;
		int numbers;
	} shapes[] = {
		{ "fixed:", FIXED, 1 },	  { "uniform:", UNIFORM, 2 },
		{ "log:", LOG, 2 },	  { "exp:", EXP, 1 },
		{ "pareto:", PARETO, 2 },
	};

	for (size_t i = 0; i < KB_ARRAY_LEN(shapes); i++) {
		size_t size = strlen(shapes[i].name);

		if (strncmp(text, shapes[i].name, size) != 0)
			continue;
		d->shape = shapes[i].shape;
		if (!read_numbers(text + size, shapes[i].numbers, d) ||
		    !(d->a >= 0) || !(d->a <= (double)DRAW_MAX))
			break;
		if (shapes[i].numbers == 2 &&
		    (!(d->b > 0) || !(d->b <= (double)DRAW_MAX) ||
		     (d->shape != PARETO && d->b < d->a)))
			break;
		if ((d->shape == LOG || d->shape == PARETO) && !(d->a > 0))
			break;
		return 0;
	}
	return kb_fail(diag, KB_E_ARG,
		       "--%s takes fixed:N, uniform:A,B, log:A,B, exp:MEAN or "
		       "pareto:MIN,ALPHA with numbers that make sense, got "
		       "'%s'",
		       option->name, text);
}

/* Adds an object to those due. */
static int due_push(struct gen *gen, struct due due)
{
	uint64_t i = gen->count;

	if (gen->count == gen->room) {
		uint64_t room = gen->room ? gen->room * 2 : 4096;
		struct due *grown = realloc(gen->due, room * sizeof(*grown));

		if (!grown)
			return KB_E_NOMEM;
		gen->due = grown;
		gen->room = room;
	}
	gen->count++;
	for (; i > 0 && gen->due[(i - 1) / 2].at > due.at; i = (i - 1) / 2)
		gen->due[i] = gen->due[(i - 1) / 2];
	gen->due[i] = due;
	return 0;
}

/* Removes the one due first. */
static struct due due_pop(struct gen *gen)
{
	struct due first = gen->due[0];
	struct due last = gen->due[--gen->count];
	uint64_t i = 0;

	for (;;) {
		uint64_t child = 2 * i + 1;

		if (child + 1 < gen->count &&
		    gen->due[child + 1].at < gen->due[child].at)
			child++;
		if (child >= gen->count || gen->due[child].at >= last.at)
			break;
		gen->due[i] = gen->due[child];
		i = child;
	}
	gen->due[i] = last;
	return first;
}

/* Draws what every event needs: time and cpu. */
static void draw_place(struct gen *gen, struct trc_record *record)
{
	const struct request *r = gen->request;
	double gap = r->like ? gen->fit.gap : (double)r->gap;

	gen->now += (uint64_t)(-gap * log(draw_unit(&gen->rng)));
	record->time_ns = gen->now;
	record->task = gen->task;
	record->cpu = r->like ? trc_fit_cpu(&gen->fit, kb_rng_next(&gen->rng))
			      : (uint16_t)(kb_rng_next(&gen->rng) % r->cpus);
}

static int gen_free(struct gen *gen, struct kb_diag *diag)
{
	struct trc_record record = { .pointer = due_pop(gen).pointer,
				     .site = gen->site };

	draw_place(gen, &record);
	gen->events++;
	return trc_edit_record(&gen->edit, &record, TRC_FREE, diag);
}

static int gen_alloc(struct gen *gen, struct kb_diag *diag)
{
	const struct request *r = gen->request;
	struct trc_record record = { .site = gen->site };
	uint64_t life;

	draw_place(gen, &record);
	if (r->like) {
		const struct trc_fit_class *class =
			trc_fit_class(&gen->fit, kb_rng_next(&gen->rng));

		record.size = class->size;
		record.size_granted = class->size_granted;
		record.site = class->site;
		life = trc_fit_life(class, kb_rng_next(&gen->rng));
	} else {
		record.size = draw(&r->size, &gen->rng);
		record.size_granted = record.size;
		life = draw(&r->life, &gen->rng);
	}
	gen->allocs++;
	gen->events++;
	/* Pointers are never reused, so that no free is implied. */
	gen->pointer += 16;
	record.pointer = gen->pointer;
	if (due_push(gen, (struct due){ life > UINT64_MAX - gen->allocs
						? UINT64_MAX
						: gen->allocs + life,
					gen->pointer }) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return trc_edit_record(&gen->edit, &record, TRC_ALLOC, diag);
}

/* Whether an object must be freed before the next alloc. */
static bool is_due(const struct gen *gen)
{
	return gen->count > 0 && (gen->due[0].at <= gen->allocs ||
				  gen->count >= gen->request->live_max);
}

static int generate(struct gen *gen, struct kb_progress *line,
		    struct kb_diag *diag)
{
	const struct request *r = gen->request;
	int err = 0;

	while (err == 0 && gen->events < r->events) {
		err = is_due(gen) ? gen_free(gen, diag) : gen_alloc(gen, diag);
		if (gen->events % PROGRESS_EVENTS != 0)
			continue;
		kb_progress_events(line, gen->events, r->events, gen->events);
		if (kb_signal && err == 0)
			err = kb_fail(diag, KB_E_STOPPED, "stopped");
	}
	return err;
}

/* Opens the output and adds the names that all events share. */
static int prepare(struct gen *gen, struct kb_diag *diag)
{
	static const struct trc_info info = {
		.kernel_release = "",
		.source_format = "gen",
		.source_name = "",
		.source_hash = "",
	};
	const struct request *r = gen->request;
	struct trc_names *names = &gen->edit.names;
	int err = trc_edit_open(&gen->edit, r->output, &info, r->level, diag);

	if (err < 0)
		return err;
	if (trc_names_task(names, "gen", 3, 1, &gen->task) < 0 ||
	    trc_names_site(names, "trc_gen+0x0", 11, &gen->site) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return r->like ? trc_fit_read(&gen->fit, r->like, names, r->seed, diag)
		       : 0;
}

static int run(const struct request *request)
{
	struct gen gen = { .request = request,
			   .edit = TRC_EDIT_INIT,
			   .pointer = 4096 };
	struct kb_progress line;
	struct kb_diag diag = { 0 };
	int err;

	gen.rng = kb_rng_init(request->seed);
	kb_progress_begin(&line);
	if (request->quiet)
		kb_progress_hush(&line);
	err = prepare(&gen, &diag);
	if (err == 0)
		err = generate(&gen, &line, &diag);
	if (err == 0)
		err = trc_edit_finish(&gen.edit, NULL, TRC_CLOCK_NS, &diag);
	kb_progress_end(&line);
	trc_edit_release(&gen.edit);
	trc_fit_release(&gen.fit);
	free(gen.due);
	return err < 0 ? cli_fail(&diag, request->output) : KB_EXIT_GOOD;
}

static int gen_main(int argc, char **argv)
{
	struct request request = {
		.events = 100000,
		.live_max = 1000000,
		.gap = 1000,
		.cpus = 1,
		.seed = 1,
		.size = { LOG, 8, 4096 },
		.life = { EXP, 1000, 0 },
	};
	int status;

	if (kb_options_go(&trc_command_gen, &request, argc, argv, &status))
		status = run(&request);
	return status;
}

#define AT(member) .offset = offsetof(struct request, member)

static const struct kb_option options[] = {
	{ .name = "events",
	  .value = "N",
	  .help = "number of events, allocs and frees together (default "
		  "100,000)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(events) },
	{ .name = "size",
	  .value = "DIST",
	  .help = "bytes requested per alloc (default log:8,4096)",
	  .kind = KB_OPTION_CALL,
	  .take = take_distribution,
	  AT(size) },
	{ .name = "life",
	  .value = "DIST",
	  .help = "lifetime in allocs (default exp:1000)",
	  .kind = KB_OPTION_CALL,
	  .take = take_distribution,
	  AT(life) },
	{ .name = "live-max",
	  .value = "N",
	  .help = "cap live objects at N; when full, free the object due next "
		  "(default 1,000,000)",
	  .kind = KB_OPTION_NUMBER,
	  .low = 1,
	  .high = UINT64_MAX,
	  AT(live_max) },
	{ .name = "gap",
	  .value = "NS",
	  .help = "mean time between events (default 1,000)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(gap) },
	{ .name = "cpus",
	  .value = "N",
	  .help = "number of cpus, drawn uniformly (default 1)",
	  .kind = KB_OPTION_NUMBER,
	  .low = 1,
	  .high = UINT16_MAX + 1,
	  AT(cpus) },
	{ .name = "like",
	  .value = "FILE.trc",
	  .help = "imitate this trace instead: its classes (size, granted "
		  "size, call site) and their frequencies, each class's "
		  "lifetimes, the cpus' shares, and the mean time between "
		  "events",
	  .is_single = true,
	  .excludes = "size life gap cpus",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_IN,
	  AT(like) },
	{ .name = "seed",
	  .value = "N",
	  .help = "seed of the generator (default 1)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(seed) },
	CLI_OPTION_LEVEL(offsetof(struct request, level)),
	CLI_OPTION_QUIET(offsetof(struct request, quiet), "no progress"),
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "OUT.trc", 1, 1, offsetof(struct request, output), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_gen = {
	.program = "trc",
	.name = "gen",
	.summary = "make a synthetic trace",
	.about = "Makes a synthetic trace. The same options and seed give the "
		 "same bytes. Each alloc draws a size and a lifetime; after "
		 "that number of later allocs the object is freed. Times "
		 "between events are exponential.",
	.options = options,
	.operands = operands,
	.notes = "Distributions:\n"
		 "  fixed:N  uniform:A,B  log:A,B (uniform in the logarithm)  "
		 "exp:MEAN\n"
		 "  pareto:MIN,ALPHA",
	.examples =
		"trc gen --events 1000000 --size pareto:16,1.2 --life exp:5000 "
		"heavy.trc\n"
		"trc gen --like boot.trc --events 100000000 --seed 7 long.trc",
	.exits = CLI_EXITS_OUT,
	.main = gen_main,
};
