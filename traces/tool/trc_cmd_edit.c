/* trc cut, filter, merge and anonymize: a .trc made of others. */
#include "trc_commands.h"

#include "trc_cli.h"
#include "trc_edit.h"
#include "trc_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events between two checks of the clock for the progress line. */
#define PROGRESS_EVENTS 8192

/* Files that one merge takes. */
#define INPUTS_MAX 256

/* The command line of any of the commands. */
struct request {
	/* The input, or, of merge, the inputs. */
	const char *input;
	struct kb_words inputs;
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

/* What an editing command does. */
typedef int (*edit_fn)(const struct request *request, struct trc_edit *edit,
		       struct kb_progress *line, struct kb_diag *diag);

static int run_editor(const struct kb_command *command, int argc, char **argv,
		      edit_fn run)
{
	struct request request = {
		.to = UINT64_MAX,
		.to_time = UINT64_MAX,
		.max_size = UINT64_MAX,
		.cpu = UINT64_MAX,
	};
	struct trc_edit edit = TRC_EDIT_INIT;
	struct kb_progress line;
	struct kb_diag diag = { 0 };
	int status;

	if (kb_options_go(command, &request, argc, argv, &status)) {
		kb_progress_begin(&line);
		if (request.quiet)
			kb_progress_hush(&line);
		status = KB_EXIT_GOOD;
		if (run(&request, &edit, &line, &diag) < 0)
			status = KB_EXIT_USAGE;
		trc_edit_release(&edit);
		kb_progress_end(&line);
		if (status != KB_EXIT_GOOD)
			status = cli_fail(&diag, request.output);
	}
	kb_words_release(&request.inputs);
	return status;
}

/* Opens the one input and the output. */
static int open_both(const struct request *r, struct trc_walk *walk,
		     struct trc_edit *edit, bool is_named, struct kb_diag *diag)
{
	int err = trc_walk_open(walk, r->input, diag);

	if (err == 0)
		err = trc_edit_open(edit, r->output,
				    is_named ? walk->info : NULL, r->level,
				    diag);
	return err;
}

static bool is_in_cut(const struct request *r, const struct trc_walk *walk)
{
	return walk->number >= r->from && walk->number < r->to &&
	       walk->event.time_ns >= r->from_time &&
	       walk->event.time_ns < r->to_time;
}

static int run_cut(const struct request *r, struct trc_edit *edit,
		   struct kb_progress *line, struct kb_diag *diag)
{
	struct trc_walk walk;
	int err = open_both(r, &walk, edit, true, diag);

	/* Reads on to the end nevertheless, to report damage there. */
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
		      struct kb_progress *line, struct kb_diag *diag)
{
	struct trc_walk walk;
	bool *is_kept = NULL;
	int err = open_both(r, &walk, edit, true, diag);

	/* The header may claim anything, but every slot is first used by an
	 * alloc, so there are at most as many slots as objects. */
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

/* The inputs of a merge, each positioned at its next event. */
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
	for (size_t i = 0; i < r->inputs.count; i++) {
		struct trc_walk *walk = &merge->walks[i];
		int err = trc_walk_open(walk, r->inputs.word[i], diag);

		merge->count++;
		if (err < 0)
			return err;
		if (walk->info->clock != merge->walks[0].info->clock)
			return kb_fail(diag, KB_E_ARG,
				       "%s: its clock differs from that of %s, "
				       "so their times cannot be compared",
				       r->inputs.word[i], r->inputs.word[0]);
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
		     struct kb_progress *line, struct kb_diag *diag)
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
			kb_progress_events(line, done, merge->events, done);
		if (err == 0)
			err = merge_step(merge, i, diag);
	}
	return err;
}

static int run_merge(const struct request *r, struct trc_edit *edit,
		     struct kb_progress *line, struct kb_diag *diag)
{
	struct merge *merge = calloc(1, sizeof(*merge));
	int err;

	if (!merge)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = merge_open(merge, r, diag);
	if (err == 0)
		err = trc_edit_open(edit, r->output, NULL, r->level, diag);
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

/* The names seen so far, of each kind. */
struct aliases {
	struct trc_intern functions;
	struct trc_intern modules;
	struct trc_intern tasks;
};

/* The new names of the current event. */
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

/* Renames the current event; `alias` keeps the new names. */
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
			 struct kb_progress *line, struct kb_diag *diag)
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

#define AT(member) .offset = offsetof(struct request, member)

#define OPTIONS_OF_ALL                                            \
	CLI_OPTION_LEVEL(offsetof(struct request, level)),        \
		CLI_OPTION_QUIET(offsetof(struct request, quiet), \
				 "no progress")

/* The operands of all but merge. */
static const struct kb_operand in_and_out[] = {
	{ "IN.trc", 1, 1, offsetof(struct request, input), KB_FILES_IN },
	{ "OUT.trc", 1, 1, offsetof(struct request, output), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

static int cut_main(int argc, char **argv)
{
	return run_editor(&trc_command_cut, argc, argv, run_cut);
}

static const struct kb_option cut_options[] = {
	{ .name = "from",
	  .value = "N",
	  .help = "first event to keep, counted from 0",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(from) },
	{ .name = "to",
	  .value = "N",
	  .help = "stop before event N",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(to) },
	{ .name = "from-time",
	  .value = "T",
	  .help = "keep events at T and later: ns, or ticks, as trc print "
		  "shows",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(from_time) },
	{ .name = "to-time",
	  .value = "T",
	  .help = "keep events before T",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(to_time) },
	OPTIONS_OF_ALL,
	{ .name = NULL },
};

const struct kb_command trc_command_cut = {
	.program = "trc",
	.name = "cut",
	.summary = "keep a range of events",
	.about = "Keeps a range of events, by number or by time. Frees of "
		 "objects that were allocated before the range are dropped and "
		 "counted in unmatched_frees.",
	.options = cut_options,
	.operands = in_and_out,
	.examples = "trc cut --to 1000 boot.trc first.trc\n"
		    "trc cut --from-time 2000000000 --to-time 3000000000 "
		    "boot.trc second.trc",
	.exits = CLI_EXITS_OUT,
	.main = cut_main,
};

static int filter_main(int argc, char **argv)
{
	return run_editor(&trc_command_filter, argc, argv, run_filter);
}

static const struct kb_option filter_options[] = {
	{ .name = "min-size",
	  .value = "N",
	  .help = "at least N bytes requested",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(min_size) },
	{ .name = "max-size",
	  .value = "N",
	  .help = "at most N bytes requested",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(max_size) },
	{ .name = "site",
	  .value = "SYM",
	  .help = "allocated by SYM: a symbol, symbol+0xoff or 0xaddress",
	  .kind = KB_OPTION_TEXT,
	  AT(site) },
	{ .name = "cpu",
	  .value = "N",
	  .help = "allocated on this cpu",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX,
	  AT(cpu) },
	{ .name = "comm",
	  .value = "NAME",
	  .help = "allocated by a task of this name",
	  .kind = KB_OPTION_TEXT,
	  AT(comm) },
	{ .name = "invert",
	  .help = "keep the other objects instead",
	  .kind = KB_OPTION_SWITCH,
	  AT(invert) },
	OPTIONS_OF_ALL,
	{ .name = NULL },
};

const struct kb_command trc_command_filter = {
	.program = "trc",
	.name = "filter",
	.summary = "keep objects by size, call site, cpu or task",
	.about = "Keeps the objects whose allocation meets every given "
		 "condition, and their frees.",
	.options = filter_options,
	.operands = in_and_out,
	.examples = "trc filter --min-size 4097 boot.trc large.trc\n"
		    "trc filter --comm systemd --cpu 1 debian-boot.trc "
		    "systemd.trc",
	.exits = CLI_EXITS_OUT,
	.main = filter_main,
};

static int merge_main(int argc, char **argv)
{
	return run_editor(&trc_command_merge, argc, argv, run_merge);
}

static const struct kb_option merge_options[] = {
	OPTIONS_OF_ALL,
	{ .name = NULL },
};

static const struct kb_operand merge_operands[] = {
	{ "IN.trc", 2, INPUTS_MAX, offsetof(struct request, inputs),
	  KB_FILES_IN },
	{ "OUT.trc", 1, 1, offsetof(struct request, output), KB_FILES_OUT },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command trc_command_merge = {
	.program = "trc",
	.name = "merge",
	.summary = "merge traces by time",
	.about = "Merges traces by time. Events with equal times keep the "
		 "order of the files. Objects of different traces stay "
		 "separate; counts are added up. All traces must have the same "
		 "clock.",
	.options = merge_options,
	.operands = merge_operands,
	.examples = "trc merge cpu0.trc cpu1.trc all.trc",
	.exits = CLI_EXITS_OUT,
	.main = merge_main,
};

static int anonymize_main(int argc, char **argv)
{
	return run_editor(&trc_command_anonymize, argc, argv, run_anonymize);
}

static const struct kb_option anonymize_options[] = {
	{ .name = "keep-tasks",
	  .help = "keep the tasks' names and pids",
	  .kind = KB_OPTION_SWITCH,
	  AT(keeps_tasks) },
	{ .name = "no-offsets",
	  .help = "drop offsets, so that each function is one call site",
	  .kind = KB_OPTION_SWITCH,
	  AT(drops_offsets) },
	OPTIONS_OF_ALL,
	{ .name = NULL },
};

const struct kb_command trc_command_anonymize = {
	.program = "trc",
	.name = "anonymize",
	.summary = "replace names with numbers",
	.about = "Replaces names with numbers, in the order in which they "
		 "occur: symbols and addresses become f1, f2, ..., modules m1, "
		 "m2, ..., tasks t1, t2, ..., and each task's pid its number. "
		 "Keeps sizes, times, cpus, and offsets after symbols (unless "
		 "--no-offsets is given). Drops the kernel's release, and the "
		 "recording's name and hash.",
	.options = anonymize_options,
	.operands = in_and_out,
	.examples = "trc anonymize product.trc shareable.trc",
	.exits = CLI_EXITS_OUT,
	.main = anonymize_main,
};
