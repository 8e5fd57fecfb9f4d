/*
 * corpus: the recordings that the project keeps, and whether they are whole.
 */
#include "bench_commands.h"
#include "bench_corpus.h"
#include "bench_format.h"
#include "kb_json.h"
#include "kb_signal.h"
#include "kb_escape.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define PROGRAM "bench corpus"

/* Where the corpus is, seen from the project's folder. */
#define FOLDER "traces/corpus"

struct corpus_options {
	const char *folder;
	bool update;
	bool json;
};

static int complain(const struct kb_diag *diag)
{
	return kb_complain_diag(PROGRAM, diag);
}

#define AT(member) .offset = offsetof(struct corpus_options, member)

static const struct kb_operand operands[] = {
	{ .name = "DIR",
	  .min = 0,
	  .max = 1,
	  AT(folder),
	  .file = KB_FILES_NONE },
	{ .name = NULL },
};

static json_int_t number_of(const struct bench_corpus_entry *e,
			    const char *name)
{
	return json_integer_value(json_object_get(e->card, name));
}

static void print_count(const struct bench_corpus_entry *e, const char *name,
			int width)
{
	char text[BENCH_TEXT_SIZE];

	printf("  %*s", width,
	       bench_format_count(text, (uint64_t)number_of(e, name)));
}

/* Where the load's name begins in a line, and the least of it that is shown. */
#define LOAD_AT	 58
#define LOAD_MIN 12

static void print_list(const struct bench_corpus *c)
{
	char events[BENCH_TEXT_SIZE], bytes[BENCH_TEXT_SIZE];
	/* What the figures leave to the load's name. */
	const size_t columns = kb_terminal_columns(0);
	const size_t room = columns == 0		   ? SIZE_MAX
			    : columns > LOAD_AT + LOAD_MIN ? columns - LOAD_AT
							   : LOAD_MIN;

	printf("%-20s  %8s  %8s  %4s  %8s  %s\n", "recording", "events",
	       "live max", "lost", "size", "load");
	for (size_t i = 0; i < c->count; i++) {
		const struct bench_corpus_entry *e = &c->entry[i];

		printf("%-20s", e->name);
		print_count(e, "events", 8);
		print_count(e, "live_max", 8);
		print_count(e, "lost", 4);
		printf("  %8s  ",
		       bench_format_bytes(bytes,
					  (double)number_of(e, "bytes")));
		kb_escape_fit(stdout, kb_json_string_of(e->card, "load"), room);
		printf("\n");
	}
	printf("%zu recordings: %s events, %s\n", c->count,
	       bench_format_count(events, c->events),
	       bench_format_bytes(bytes, (double)c->bytes));
}

/* Of verifying, each card has a member `wrong`: what is, or null. */
static int print_json(const struct bench_corpus *c, bool verified,
		      struct kb_diag *diag)
{
	json_t *array = json_array();
	json_t *document;
	int err;

	for (size_t i = 0; i < c->count; i++) {
		const struct bench_corpus_entry *e = &c->entry[i];
		json_t *object = json_pack("{s:s}", "name", e->name);

		json_object_update(object, e->card);
		if (verified)
			json_object_set_new(object, "wrong",
					    e->found.status
						    ? json_string(e->found.text)
						    : json_null());
		json_array_append_new(array, object);
	}
	document = json_pack("{s:o, s:o, s:o}", "recordings", array, "events",
			     kb_json_count(c->events), "bytes",
			     kb_json_count(c->bytes));
	err = kb_json_write(NULL, "-", document, 0, diag);
	json_decref(document);
	return err;
}

/* --- list --- */

static const struct kb_option list_options[] = {
	{ .name = "json",
	  .help = "the cards as one JSON object, with the commands that record "
		  "again",
	  .kind = KB_OPTION_SWITCH,
	  AT(json) },
	{ .name = NULL },
};

static int list_main(int argc, char **argv);

static const struct kb_command list_command = {
	.program = PROGRAM,
	.name = "list",
	.summary = "list the recordings",
	.about = "Reads the cards in DIR (default " FOLDER "). Each recording "
		 "NAME.trc has one, NAME.json: kernel, machine, command, "
		 "events, lost events, most live objects, and why it is there.",
	.options = list_options,
	.operands = operands,
	.examples = "bench corpus list",
	.exits = "0 listed\n"
		 "2 usage, a card that is missing or damaged",
	.main = list_main,
};

static int list_main(int argc, char **argv)
{
	struct corpus_options o = { .folder = FOLDER };
	struct bench_corpus corpus;
	struct kb_diag diag;
	int status, err;

	if (!kb_options_go(&list_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	err = bench_corpus_read(&corpus, o.folder, true, &diag);
	if (err == 0 && o.json)
		err = print_json(&corpus, false, &diag);
	else if (err == 0)
		print_list(&corpus);
	bench_corpus_release(&corpus);
	return err == 0 ? KB_EXIT_GOOD : complain(&diag);
}

/* --- verify --- */

static const struct kb_option verify_options[] = {
	{ .name = "update",
	  .help = "rewrite in the cards what the traces say: after a recording "
		  "was made again",
	  .kind = KB_OPTION_SWITCH,
	  AT(update) },
	{ .name = "json",
	  .help = "as of 'list', with a member 'wrong' each",
	  .kind = KB_OPTION_SWITCH,
	  AT(json) },
	{ .name = NULL },
};

static int verify_main(int argc, char **argv);

static const struct kb_command verify_command = {
	.program = PROGRAM,
	.name = "verify",
	.summary = "compare the recordings with their cards",
	.about = "Reads each trace in DIR (default " FOLDER ") to its end and "
		 "compares its kernel, counts, CPUs, size and SHA-256 with its "
		 "card. A recording may have 1 MB, all of them 12 MB, and none "
		 "is without a card.",
	.options = verify_options,
	.operands = operands,
	.examples = "bench corpus verify\n"
		    "bench corpus verify --update",
	.exits = "0 all is as the cards say\n"
		 "2 usage, a card that is missing or damaged\n"
		 "5 a recording is missing, damaged, or not what its card says",
	.main = verify_main,
};

static void print_found(const struct bench_corpus *c)
{
	size_t good = 0;
	char events[BENCH_TEXT_SIZE], bytes[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < c->count; i++) {
		const struct bench_corpus_entry *e = &c->entry[i];

		good += e->found.status == 0;
		if (e->found.status)
			kb_complain(PROGRAM, "%s", e->found.text);
	}
	printf("%zu of %zu recordings are as their cards say: %s events, %s\n",
	       good, c->count, bench_format_count(events, c->events),
	       bench_format_bytes(bytes, (double)c->bytes));
}

static int verify_main(int argc, char **argv)
{
	struct corpus_options o = { .folder = FOLDER };
	struct bench_corpus corpus;
	struct kb_diag diag, ignored = { 0 };
	int status, err;

	if (!kb_options_go(&verify_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	kb_signal_catch();
	err = bench_corpus_read(&corpus, o.folder, !o.update, &diag);
	if (err == 0) {
		err = bench_corpus_verify(&corpus, o.folder, o.update,
					  kb_signal_came, &diag);
		if (!o.json)
			print_found(&corpus);
		else if (print_json(&corpus, true, err ? &ignored : &diag) < 0)
			err = err ? err : diag.status;
	}
	bench_corpus_release(&corpus);
	return err == 0 ? KB_EXIT_GOOD : complain(&diag);
}

/* --- all --- */

static const struct kb_command *const commands[] = {
	&list_command,
	&verify_command,
	NULL,
};

static const struct kb_option no_options[] = { { .name = NULL } };

static const struct kb_command itself = {
	.program = PROGRAM,
	.about = "The corpus is a set of recordings of several kernels, loads "
		 "and numbers of CPUs, each with a card that says what it is "
		 "and how to record it again.",
	.options = no_options,
	.examples = "bench corpus list\n"
		    "bench corpus verify",
	.exits = "0 done\n"
		 "2 usage, a card that is missing or damaged\n"
		 "5 a recording is not what its card says",
	.commands = commands,
};

static int corpus_main(int argc, char **argv)
{
	return kb_options_group(&itself, argc, argv);
}

const struct kb_command bench_corpus_command = {
	.program = "bench",
	.name = "corpus",
	.summary = "the recordings that the project keeps",
	.options = no_options,
	.commands = commands,
	.main = corpus_main,
};
