/* trc cut, filter, merge and anonymize: a .trc made of others. */
#include "trc_cmd.h"

#include "trc_cli.h"
#include "trc_edit.h"
#include "trc_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events between two looks at the clock for the progress line. */
#define PROGRESS_EVENTS 8192

/* Files that one merge takes. */
#define INPUTS_MAX 256

/* clang-format off */
static const char cut_help[] =
"usage: trc cut [OPTION...] IN.trc OUT.trc\n"
"\n"
"Keeps the events from one place of a trace to another. Frees of objects that\n"
"were allocated before are dropped and counted in unmatched_frees.\n"
"\n"
"options:\n"
"  --from N        the first event to keep, from 0\n"
"  --to N          the event to stop before\n"
"  --from-time T   keep events at T and later: ns, or ticks, as trc print shows\n"
"  --to-time T     keep events before T\n"
"  --level N       zstd level, 1 to 19; default 3\n"
"  --quiet         no progress\n"
"  --help, -h      show this text\n"
"\n"
"examples:\n"
"  trc cut --to 1000 boot.trc first.trc\n"
"  trc cut --from-time 2000000000 --to-time 3000000000 boot.trc second.trc\n";

static const char filter_help[] =
"usage: trc filter [OPTION...] IN.trc OUT.trc\n"
"\n"
"Keeps the objects whose allocation fits every option given, with their frees.\n"
"\n"
"options:\n"
"  --min-size N    at least N bytes asked for\n"
"  --max-size N    at most N bytes asked for\n"
"  --site SYM      allocated by SYM: a symbol, symbol+0xoff or 0xaddress\n"
"  --cpu N         allocated on this cpu\n"
"  --comm NAME     allocated by a task of this name\n"
"  --invert        keep the others instead\n"
"  --level N       zstd level, 1 to 19; default 3\n"
"  --quiet         no progress\n"
"  --help, -h      show this text\n"
"\n"
"examples:\n"
"  trc filter --min-size 4097 boot.trc large.trc\n"
"  trc filter --comm systemd --cpu 1 debian-boot.trc systemd.trc\n";

static const char merge_help[] =
"usage: trc merge [OPTION...] IN.trc IN.trc... OUT.trc\n"
"\n"
"Merges traces by time; where times are equal, the file named first comes first.\n"
"Their objects stay apart, their counts are added. All must have the same clock.\n"
"\n"
"options:\n"
"  --level N       zstd level, 1 to 19; default 3\n"
"  --quiet         no progress\n"
"  --help, -h      show this text\n"
"\n"
"example:\n"
"  trc merge cpu0.trc cpu1.trc all.trc\n";

static const char anonymize_help[] =
"usage: trc anonymize [OPTION...] IN.trc OUT.trc\n"
"\n"
"Replaces names by numbers, in the order in which they occur: symbols and\n"
"addresses by f1, f2, ..., modules by m1, m2, ..., tasks by t1, t2, ... and their\n"
"pids by the same number. Offsets behind symbols stay, unless --no-offsets. The\n"
"kernel's release, the recording's name and its hash are left out. Sizes, times\n"
"and cpus stay.\n"
"\n"
"options:\n"
"  --keep-tasks    leave the tasks as they are\n"
"  --no-offsets    all places of one function become one call site\n"
"  --level N       zstd level, 1 to 19; default 3\n"
"  --quiet         no progress\n"
"  --help, -h      show this text\n"
"\n"
"example:\n"
"  trc anonymize product.trc shareable.trc\n";
/* clang-format on */

/* The options of all the commands; each one's own are numbered on from there. */
enum { OPT_LEVEL, OPT_QUIET, OPT_OWN };

#define OPTIONS_OF_ALL \
	[OPT_LEVEL] = { "level", "N" }, [OPT_QUIET] = { "quiet", NULL }

/* What any of the commands is asked for. */
struct request {
	const char *inputs[INPUTS_MAX];
	unsigned input_count;
	const char *output;

	int level;
	bool quiet;

	/* cut */
	uint64_t from;
	uint64_t to;
	uint64_t from_time;
	uint64_t to_time;

	/* filter; a cpu above UINT16_MAX is any */
	uint64_t min_size;
	uint64_t max_size;
	const char *site;
	const char *comm;
	uint64_t cpu;
	bool invert;

	/* anonymize */
	bool keeps_tasks;
	bool drops_offsets;
};

/* An editing command. */
struct editor {
	const char *help;
	const struct cli_option *options;

	/* Takes an option of its own. Returns CLI_GOOD or, after a complaint,
	 * CLI_FAILED. NULL where it has none. */
	int (*take)(struct request *request, int option, const char *value);

	unsigned inputs_min;
	unsigned inputs_max;
	int (*run)(const struct request *request, struct trc_edit *edit,
		   struct cli_progress *line, struct kb_diag *diag);
};

static int take_option(struct request *r, const struct editor *editor,
		       int option, const char *value)
{
	switch (option) {
	case OPT_LEVEL:
		return cli_level(value, &r->level);
	case OPT_QUIET:
		r->quiet = true;
		return CLI_GOOD;
	default:
		return editor->take(r, option, value);
	}
}

/* Reads the command line; the last operand is the output. Returns CLI_END,
 * CLI_HELP or CLI_BAD. */
static int read_request(struct request *r, struct cli *cli,
			const struct editor *editor)
{
	int option;

	while ((option = cli_next(cli)) != CLI_END) {
		if (option == CLI_HELP || option == CLI_BAD)
			return option;
		if (option != CLI_OPERAND) {
			if (take_option(r, editor, option, cli->value))
				return CLI_BAD;
			continue;
		}
		if (r->output) {
			if (r->input_count == editor->inputs_max) {
				cli_error("%s: one operand too many; see "
					  "--help",
					  cli->value);
				return CLI_BAD;
			}
			r->inputs[r->input_count++] = r->output;
		}
		r->output = cli->value;
	}
	if (r->output && r->input_count >= editor->inputs_min)
		return CLI_END;
	cli_error("wanted are IN.trc%s and OUT.trc; see --help",
		  editor->inputs_min > 1 ? " IN.trc..." : "");
	return CLI_BAD;
}

static int run_editor(int argc, char **argv, const struct editor *editor)
{
	struct cli cli = { argc, argv, editor->options, 0, 0, NULL };
	struct request request = {
		.to = UINT64_MAX,
		.to_time = UINT64_MAX,
		.max_size = UINT64_MAX,
		.cpu = UINT64_MAX,
	};
	struct trc_edit edit = TRC_EDIT_INIT;
	struct cli_progress line;
	struct kb_diag diag = { 0 };
	int option;
	int err;

	option = read_request(&request, &cli, editor);
	if (option != CLI_END)
		return cli_leave(option, editor->help);
	cli_progress_begin(&line, request.quiet);
	err = editor->run(&request, &edit, &line, &diag);
	trc_edit_release(&edit);
	cli_progress_end(&line);
	return err < 0 ? cli_fail(&diag, request.output) : CLI_GOOD;
}

/* Opens the one input and the output. */
static int open_both(const struct request *r, struct trc_walk *walk,
		     struct trc_edit *edit, bool is_named, struct kb_diag *diag)
{
	int err = trc_walk_open(walk, r->inputs[0], diag);

	if (err == 0)
		err = trc_edit_open(edit, r->output,
				    is_named ? walk->info : NULL, r->level,
				    diag);
	if (err == 0)
		err = trc_output_check_input(&edit->output, r->inputs[0], diag);
	return err;
}

static bool is_in_cut(const struct request *r, const struct trc_walk *walk)
{
	return walk->number >= r->from && walk->number < r->to &&
	       walk->event.time_ns >= r->from_time &&
	       walk->event.time_ns < r->to_time;
}

static int run_cut(const struct request *r, struct trc_edit *edit,
		   struct cli_progress *line, struct kb_diag *diag)
{
	struct trc_walk walk;
	int err = open_both(r, &walk, edit, true, diag);

	/* To the end even so: what is damaged there should be known. */
	while (err == 0) {
		err = trc_walk_next(&walk, diag);
		if (err == 0 && is_in_cut(r, &walk))
			err = trc_edit_add(edit, &walk, 0, diag);
		trc_walk_show(&walk, line);
	}
	if (err == KB_END) {
		edit->rules.counts.lost_events = walk.info->counts.lost_events;
		err = trc_edit_finish(edit, walk.info, walk.info->clock, diag);
	}
	trc_walk_release(&walk);
	return err;
}

/* Whether `site` is the symbol, the symbol with its offset, or the address. */
static bool matches_site(const char *wanted, const char *site)
{
	size_t size = strlen(wanted);

	return site && strncmp(site, wanted, size) == 0 &&
	       (site[size] == 0 || site[size] == '+');
}

static bool is_chosen(const struct request *r, const struct trc_walk *walk)
{
	const struct trc_event *event = &walk->event;
	bool fits = event->size >= r->min_size && event->size <= r->max_size;

	if (r->site)
		fits &= matches_site(r->site, walk->site);
	if (r->comm)
		fits &= walk->comm && strcmp(r->comm, walk->comm) == 0;
	if (r->cpu != UINT64_MAX)
		fits &= event->cpu == r->cpu;
	return fits != r->invert;
}

static int run_filter(const struct request *r, struct trc_edit *edit,
		      struct cli_progress *line, struct kb_diag *diag)
{
	struct trc_walk walk;
	bool *is_kept = NULL;
	int err = open_both(r, &walk, edit, true, diag);

	/* The header may promise anything, but not more than objects can be:
	 * a slot is used by an alloc first. */
	if (err == 0) {
		is_kept = calloc(walk.info->counts.live_max + 1,
				 sizeof(*is_kept));
		if (!is_kept)
			err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	while (err == 0) {
		bool *kept;

		err = trc_walk_next(&walk, diag);
		if (err != 0)
			break;
		kept = &is_kept[walk.event.slot];
		/* Without the array there is an error and no walk. */
		/* NOLINTBEGIN(clang-analyzer-core.NullDereference) */
		if (walk.event.kind == TRC_ALLOC)
			*kept = is_chosen(r, &walk);
		if (*kept)
			err = trc_edit_add(edit, &walk, 0, diag);
		/* NOLINTEND(clang-analyzer-core.NullDereference) */
		trc_walk_show(&walk, line);
	}
	if (err == KB_END) {
		edit->rules.counts.lost_events = walk.info->counts.lost_events;
		err = trc_edit_finish(edit, walk.info, walk.info->clock, diag);
	}
	free(is_kept);
	trc_walk_release(&walk);
	return err;
}

/* The inputs of a merge, each at its next event. */
struct merge {
	struct trc_walk walks[INPUTS_MAX];
	bool is_at_end[INPUTS_MAX];
	unsigned count;
	uint64_t events;
};

static int merge_step(struct merge *merge, unsigned i, struct kb_diag *diag)
{
	int err = trc_walk_next(&merge->walks[i], diag);

	merge->is_at_end[i] = err == KB_END;
	return err < 0 ? err : 0;
}

static int merge_open(struct merge *merge, const struct request *r,
		      struct kb_diag *diag)
{
	for (unsigned i = 0; i < r->input_count; i++) {
		struct trc_walk *walk = &merge->walks[i];
		int err = trc_walk_open(walk, r->inputs[i], diag);

		merge->count++;
		if (err < 0)
			return err;
		if (walk->info->clock != merge->walks[0].info->clock)
			return kb_fail(diag, KB_E_ARG,
				       "%s: its clock is not that of %s, so "
				       "their times cannot be compared",
				       r->inputs[i], r->inputs[0]);
		merge->events += walk->info->counts.events;
		err = merge_step(merge, i, diag);
		if (err < 0)
			return err;
	}
	return 0;
}

/* The input whose event is next, or NULL at the end. */
static struct trc_walk *merge_pick(struct merge *merge, unsigned *index)
{
	struct trc_walk *best = NULL;

	for (unsigned i = 0; i < merge->count; i++) {
		struct trc_walk *walk = &merge->walks[i];

		if (merge->is_at_end[i] ||
		    (best && walk->event.time_ns >= best->event.time_ns))
			continue;
		best = walk;
		*index = i;
	}
	return best;
}

static int merge_all(struct merge *merge, struct trc_edit *edit,
		     struct cli_progress *line, struct kb_diag *diag)
{
	const struct trc_walk *walk;
	unsigned last = 0;
	unsigned i = 0;
	uint64_t done = 0;
	int err = 0;

	while (err == 0 && (walk = merge_pick(merge, &i))) {
		if (i != last)
			trc_edit_forget(edit);
		last = i;
		err = trc_edit_add(edit, walk, i, diag);
		if (++done % PROGRESS_EVENTS == 0)
			cli_progress_show(line, done, merge->events, done);
		if (err == 0)
			err = merge_step(merge, i, diag);
	}
	return err;
}

static int run_merge(const struct request *r, struct trc_edit *edit,
		     struct cli_progress *line, struct kb_diag *diag)
{
	struct merge *merge = calloc(1, sizeof(*merge));
	int err;

	if (!merge)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = merge_open(merge, r, diag);
	if (err == 0)
		err = trc_edit_open(edit, r->output, NULL, r->level, diag);
	for (unsigned i = 0; i < r->input_count && err == 0; i++)
		err = trc_output_check_input(&edit->output, r->inputs[i], diag);
	if (err == 0)
		err = merge_all(merge, edit, line, diag);
	for (unsigned i = 0; i < merge->count && err == 0; i++)
		trc_edit_carry(edit, &merge->walks[i].info->counts);
	if (err == 0)
		/* merge_open has read the first event of each walk. */
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		err = trc_edit_finish(edit, NULL, merge->walks[0].info->clock,
				      diag);
	for (unsigned i = 0; i < merge->count; i++)
		trc_walk_release(&merge->walks[i]);
	free(merge);
	return err;
}

/* The number of a name in a table, from 1. */
static int number_of(struct trc_intern *table, const char *name, size_t size,
		     uint32_t *number, struct kb_diag *diag)
{
	bool is_new;
	int err = trc_intern(table, name, size, number, &is_new);

	if (err < 0)
		return kb_fail(diag, err, "too many names, or out of memory");
	*number += 1;
	return 0;
}

/* The names met so far, of each kind. */
struct aliases {
	struct trc_intern functions;
	struct trc_intern modules;
	struct trc_intern tasks;
};

/* What the event at hand is called instead. */
struct alias {
	char site[64];
	char module[32];
	char comm[32];
};

static int alias_site(const struct request *r, struct aliases *aliases,
		      struct trc_walk *walk, struct alias *alias,
		      struct kb_diag *diag)
{
	const char *plus = strchr(walk->site, '+');
	size_t size = plus ? (size_t)(plus - walk->site) : strlen(walk->site);
	uint32_t number;
	int err =
		number_of(&aliases->functions, walk->site, size, &number, diag);

	if (err < 0)
		return err;
	snprintf(alias->site, sizeof(alias->site), "f%" PRIu32 "%.24s", number,
		 plus && !r->drops_offsets ? plus : "+0x0");
	walk->site = alias->site;
	if (!*walk->module)
		return 0;
	err = number_of(&aliases->modules, walk->module, strlen(walk->module),
			&number, diag);
	if (err < 0)
		return err;
	snprintf(alias->module, sizeof(alias->module), "m%" PRIu32, number);
	walk->module = alias->module;
	return 0;
}

static int alias_task(struct aliases *aliases, struct trc_walk *walk,
		      struct alias *alias, struct kb_diag *diag)
{
	char key[1100];
	int size = snprintf(key, sizeof(key), "%s-%" PRId32, walk->comm,
			    walk->pid);
	uint32_t number;
	int err = number_of(&aliases->tasks, key, (size_t)size, &number, diag);

	if (err < 0)
		return err;
	snprintf(alias->comm, sizeof(alias->comm), "t%" PRIu32, number);
	walk->comm = alias->comm;
	walk->pid = (int32_t)number;
	return 0;
}

/* Names the event at hand anew, with the names kept in `alias`. */
static int rename_event(const struct request *r, struct aliases *aliases,
			struct trc_walk *walk, struct alias *alias,
			struct kb_diag *diag)
{
	int err = 0;

	if (walk->site)
		err = alias_site(r, aliases, walk, alias, diag);
	if (err == 0 && walk->comm && !r->keeps_tasks)
		err = alias_task(aliases, walk, alias, diag);
	return err;
}

static int run_anonymize(const struct request *r, struct trc_edit *edit,
			 struct cli_progress *line, struct kb_diag *diag)
{
	struct aliases aliases = { .functions = { .count = 0 } };
	struct trc_walk walk;
	struct alias alias;
	int err = open_both(r, &walk, edit, false, diag);

	while (err == 0) {
		err = trc_walk_next(&walk, diag);
		if (err == 0)
			err = rename_event(r, &aliases, &walk, &alias, diag);
		if (err == 0)
			err = trc_edit_add(edit, &walk, 0, diag);
		trc_walk_show(&walk, line);
	}
	if (err == KB_END) {
		trc_edit_carry(edit, &walk.info->counts);
		err = trc_edit_finish(edit, NULL, walk.info->clock, diag);
	}
	trc_intern_release(&aliases.functions);
	trc_intern_release(&aliases.modules);
	trc_intern_release(&aliases.tasks);
	trc_walk_release(&walk);
	return err;
}

enum { CUT_FROM = OPT_OWN, CUT_TO, CUT_FROM_TIME, CUT_TO_TIME };

static int take_cut(struct request *r, int option, const char *value)
{
	switch (option) {
	case CUT_FROM:
		return cli_number("from", value, &r->from);
	case CUT_TO:
		return cli_number("to", value, &r->to);
	case CUT_FROM_TIME:
		return cli_number("from-time", value, &r->from_time);
	default:
		return cli_number("to-time", value, &r->to_time);
	}
}

int trc_cmd_cut(int argc, char **argv)
{
	static const struct cli_option options[] = {
		OPTIONS_OF_ALL,
		[CUT_FROM] = { "from", "N" },
		[CUT_TO] = { "to", "N" },
		[CUT_FROM_TIME] = { "from-time", "T" },
		[CUT_TO_TIME] = { "to-time", "T" },
		{ NULL, NULL },
	};
	static const struct editor editor = { cut_help, options, take_cut,
					      1,	1,	 run_cut };

	return run_editor(argc, argv, &editor);
}

enum {
	FILTER_MIN_SIZE = OPT_OWN,
	FILTER_MAX_SIZE,
	FILTER_SITE,
	FILTER_CPU,
	FILTER_COMM,
	FILTER_INVERT
};

static int take_filter(struct request *r, int option, const char *value)
{
	switch (option) {
	case FILTER_MIN_SIZE:
		return cli_number("min-size", value, &r->min_size);
	case FILTER_MAX_SIZE:
		return cli_number("max-size", value, &r->max_size);
	case FILTER_SITE:
		r->site = value;
		return CLI_GOOD;
	case FILTER_CPU:
		return cli_number("cpu", value, &r->cpu);
	case FILTER_COMM:
		r->comm = value;
		return CLI_GOOD;
	default:
		r->invert = true;
		return CLI_GOOD;
	}
}

int trc_cmd_filter(int argc, char **argv)
{
	static const struct cli_option options[] = {
		OPTIONS_OF_ALL,
		[FILTER_MIN_SIZE] = { "min-size", "N" },
		[FILTER_MAX_SIZE] = { "max-size", "N" },
		[FILTER_SITE] = { "site", "SYM" },
		[FILTER_CPU] = { "cpu", "N" },
		[FILTER_COMM] = { "comm", "NAME" },
		[FILTER_INVERT] = { "invert", NULL },
		{ NULL, NULL },
	};
	static const struct editor editor = {
		filter_help, options, take_filter, 1, 1, run_filter
	};

	return run_editor(argc, argv, &editor);
}

int trc_cmd_merge(int argc, char **argv)
{
	static const struct cli_option options[] = {
		OPTIONS_OF_ALL,
		{ NULL, NULL },
	};
	static const struct editor editor = {
		merge_help, options, NULL, 2, INPUTS_MAX, run_merge
	};

	return run_editor(argc, argv, &editor);
}

enum { ANONYMIZE_KEEP_TASKS = OPT_OWN, ANONYMIZE_NO_OFFSETS };

static int take_anonymize(struct request *r, int option, const char *value)
{
	(void)value;
	if (option == ANONYMIZE_KEEP_TASKS)
		r->keeps_tasks = true;
	else
		r->drops_offsets = true;
	return CLI_GOOD;
}

int trc_cmd_anonymize(int argc, char **argv)
{
	static const struct cli_option options[] = {
		OPTIONS_OF_ALL,
		[ANONYMIZE_KEEP_TASKS] = { "keep-tasks", NULL },
		[ANONYMIZE_NO_OFFSETS] = { "no-offsets", NULL },
		{ NULL, NULL },
	};
	static const struct editor editor = {
		anonymize_help, options, take_anonymize, 1, 1, run_anonymize,
	};

	return run_editor(argc, argv, &editor);
}
