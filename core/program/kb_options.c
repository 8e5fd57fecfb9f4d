#include "kb_options.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_suggest.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for an option of the table: this plus its index; and
 * for --help and -h. */
#define OPTION_FIRST 256
#define OPTION_HELP  (OPTION_FIRST + KB_OPTIONS_MAX)

/* Room for "bench show". */
#define PATH_SIZE 64

/* A command line being parsed. */
struct parse {
	const struct kb_command *command;
	char *target;
	int argc;
	char **argv;
	struct kb_diag *diag;

	/* The command as a person types it. */
	char path[PATH_SIZE];

	/* The table in getopt_long's form. */
	struct option names[KB_OPTIONS_MAX + 2];
	char letters[2 * KB_OPTIONS_MAX + 8];
	size_t count;

	/* Which options were given, by index. */
	bool is_used[KB_OPTIONS_MAX];

	struct kb_words operands;
};

void kb_words_release(struct kb_words *words)
{
	free(words->word);
	*words = (struct kb_words){ NULL, 0 };
}

/* Makes room for all words of a line at once, so that a table grows only
 * once. */
static int add_word(struct parse *p, struct kb_words *words, const char *word)
{
	if (!words->word)
		words->word = calloc((size_t)p->argc + 1, sizeof(*words->word));
	if (!words->word)
		return kb_fail(p->diag, KB_E_NOMEM, "out of memory");
	words->word[words->count++] = word;
	return 0;
}

int kb_options_number(const char *name, const char *text, uint64_t low,
		      uint64_t high, uint64_t *out, struct kb_diag *diag)
{
	const int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, base);
	if (!errno && end != text && !*end && *text >= '0' && *text <= '9' &&
	    *out >= low && *out <= high)
		return 0;
	if (high < UINT64_MAX - 1)
		return kb_fail(diag, KB_E_ARG,
			       "--%s takes a whole number from %llu to %llu, "
			       "got '%s'",
			       name, (unsigned long long)low,
			       (unsigned long long)high, text);
	return kb_fail(diag, KB_E_ARG,
		       "--%s takes a whole number of at least %llu, got '%s'",
		       name, (unsigned long long)low, text);
}

/* Reports the error and where to read more. */
static int refuse(struct parse *p, const char *what, const char *name)
{
	return kb_fail(p->diag, KB_E_ARG, "%s '%s'; see '%s --help'", what,
		       name, p->path);
}

/* The option of that name, `size` characters long; NULL if there is none. */
static const struct kb_option *find(const struct parse *p, const char *name,
				    size_t size)
{
	for (const struct kb_option *o = p->command->options; o->name; o++)
		if (o->kind != KB_OPTION_FOREIGN && strlen(o->name) == size &&
		    memcmp(o->name, name, size) == 0)
			return o;
	return NULL;
}

/* The option for another library that has this prefix; NULL if there is
 * none. */
static const struct kb_option *find_foreign(const struct parse *p,
					    const char *name)
{
	for (const struct kb_option *o = p->command->options; o->name; o++)
		if (o->kind == KB_OPTION_FOREIGN &&
		    strncmp(o->name, name, strlen(o->name)) == 0)
			return o;
	return NULL;
}

static int unknown_option(struct parse *p, const char *name, size_t size)
{
	char *word = strndup(name, size);
	struct kb_suggest near = KB_SUGGEST_INIT(word ? word : "");
	const char *best;
	int err;

	if (!word)
		return kb_fail(p->diag, KB_E_NOMEM, "out of memory");
	kb_suggest_offer(&near, "help");
	for (const struct kb_option *o = p->command->options; o->name; o++)
		if (o->kind != KB_OPTION_FOREIGN)
			kb_suggest_offer(&near, o->name);
	best = size > 0 ? kb_suggest_best(&near) : NULL;
	if (best)
		err = kb_fail(p->diag, KB_E_ARG,
			      "unknown option '--%s'; did you mean '--%s'? "
			      "See '%s --help'",
			      word, best, p->path);
	else
		err = kb_fail(p->diag, KB_E_ARG,
			      "unknown option '--%s'; see '%s --help'", word,
			      p->path);
	free(word);
	return err;
}

/* Looks at the next long option before getopt_long can accept an abbreviation.
 * Returns 0 if it is for getopt_long, 1 if it is another library's and was
 * kept, or <0. */
static int check_name(struct parse *p, const char *word)
{
	const char *name = word + 2;
	size_t size = strcspn(name, "=");
	const struct kb_option *foreign = find_foreign(p, name);
	int err;

	if (find(p, name, size) || (size == 4 && memcmp(name, "help", 4) == 0))
		return 0;
	if (!foreign)
		return unknown_option(p, name, size);
	p->is_used[foreign - p->command->options] = true;
	err = add_word(p,
		       (struct kb_words *)(void *)(p->target + foreign->offset),
		       word);
	return err < 0 ? err : 1;
}

/* An output's file; standard output has one name. */
static const char *output_name(enum kb_files_use use, const char *word)
{
	static const char *const names[] = { "/dev/stdout", "/dev/fd/1",
					     "/proc/self/fd/1" };

	for (size_t i = 0; use == KB_FILES_OUT && i < KB_ARRAY_LEN(names); i++)
		if (strcmp(names[i], word) == 0)
			return "-";
	return word;
}

static int store(struct parse *p, const struct kb_option *option,
		 const char *value)
{
	void *field = p->target + option->offset;
	uint64_t number = 0;
	int err;

	switch (option->kind) {
	case KB_OPTION_SWITCH:
		*(bool *)field = true;
		return 0;
	case KB_OPTION_TEXT:
		*(const char **)field = output_name(option->file, value);
		return 0;
	case KB_OPTION_NUMBER:
		return kb_options_number(option->name, value, option->low,
					 option->high, field, p->diag);
	case KB_OPTION_NUMBER32:
		err = kb_options_number(option->name, value, option->low,
					option->high, &number, p->diag);
		if (err == 0)
			*(uint32_t *)field = (uint32_t)number;
		return err;
	case KB_OPTION_CALL:
		return option->take(field, option, value, p->diag);
	default:
		return add_word(p, field, value);
	}
}

static int take(struct parse *p, size_t index, const char *value)
{
	const struct kb_option *option = &p->command->options[index];

	if (option->is_single && p->is_used[index])
		return kb_fail(p->diag, KB_E_ARG,
			       "option '--%s' is given twice; see '%s --help'",
			       option->name, p->path);
	p->is_used[index] = true;
	return store(p, option, value);
}

/* An option that lacks its value. */
static int no_value(struct parse *p, int id)
{
	const struct kb_option *option;

	if (id >= OPTION_FIRST) {
		option = &p->command->options[id - OPTION_FIRST];
	} else {
		option = p->command->options;
		while (option->letter != id)
			option++;
	}
	return kb_fail(p->diag, KB_E_ARG,
		       "option '--%s' needs a value: --%s %s; see '%s --help'",
		       option->name, option->name, option->value, p->path);
}

/* A switch with a value, or an unknown letter: `id` is optopt. */
static int refuse_option(struct parse *p, int id)
{
	char letter[3] = { '-', (char)id, '\0' };

	if (id < OPTION_FIRST)
		return refuse(p, "unknown option", letter);
	return kb_fail(p->diag, KB_E_ARG,
		       "option '--%s' takes no value; see '%s --help'",
		       id == OPTION_HELP
			       ? "help"
			       : p->command->options[id - OPTION_FIRST].name,
		       p->path);
}

/* Fills getopt_long's table. */
static void make_names(struct parse *p)
{
	const struct kb_option *options = p->command->options;
	char *letter = p->letters;
	size_t n = 0;

	/* Reports operands in place, and a missing value by a code of its
	 * own. */
	letter = stpcpy(letter, "-:h");
	for (size_t i = 0; options[i].name; i++) {
		kb_assert(i < KB_OPTIONS_MAX);
		if (options[i].kind == KB_OPTION_FOREIGN)
			continue;
		p->names[n++] =
			(struct option){ options[i].name,
					 options[i].value ? required_argument
							  : no_argument,
					 NULL, OPTION_FIRST + (int)i };
		if (!options[i].letter)
			continue;
		*letter++ = options[i].letter;
		if (options[i].value)
			*letter++ = ':';
	}
	*letter = '\0';
	p->names[n++] =
		(struct option){ "help", no_argument, NULL, OPTION_HELP };
	p->names[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* Handles what getopt_long returned. */
static int take_found(struct parse *p, int id)
{
	const struct kb_option *options = p->command->options;

	switch (id) {
	case 1:
		return add_word(p, &p->operands, optarg);
	case ':':
		return no_value(p, optopt);
	case '?':
		return refuse_option(p, optopt);
	case 'h':
	case OPTION_HELP:
		return KB_OPTIONS_HELP;
	default:
		break;
	}
	if (id >= OPTION_FIRST)
		return take(p, (size_t)id - OPTION_FIRST, optarg);
	for (size_t i = 0;; i++)
		if (options[i].letter == id)
			return take(p, i, optarg);
}

/* Makes getopt_long forget an earlier line, where it may have stopped inside a
 * word. */
static void restart(const struct parse *p)
{
	opterr = 0;
	optind = 0;
	getopt_long(1, p->argv, p->letters, p->names, NULL);
}

/* Reads the words up to "--" or the end. Returns as kb_options_parse. */
static int read_words(struct parse *p)
{
	int err = 0;

	restart(p);
	while (err == 0) {
		const char *word = optind < p->argc ? p->argv[optind] : "";
		int id;

		if (strncmp(word, "--", 2) == 0 && word[2]) {
			err = check_name(p, word);
			if (err > 0) {
				optind++;
				err = 0;
				continue;
			}
			if (err < 0)
				break;
		}
		id = getopt_long(p->argc, p->argv, p->letters, p->names, NULL);
		if (id == -1)
			break;
		err = take_found(p, id);
	}
	return err;
}

/* What follows "--": operands, or the command's rest. */
static int read_rest(struct parse *p)
{
	struct kb_words *words = &p->operands;
	int err = 0;

	if (p->command->rest)
		words = (struct kb_words *)(void *)(p->target +
						    p->command->rest_offset);
	for (int i = optind; i < p->argc && err == 0; i++)
		err = add_word(p, words, p->argv[i]);
	return err;
}

static int too_many(struct parse *p, const char *word)
{
	if (p->command->rest)
		return kb_fail(p->diag, KB_E_ARG,
			       "'%s' is one operand too many; put -- before "
			       "the command; see '%s --help'",
			       word, p->path);
	if (p->command->stray)
		return kb_fail(p->diag, KB_E_ARG,
			       "'%s' is not an option; did you mean '--%s "
			       "%s'? See '%s --help'",
			       word, p->command->stray, word, p->path);
	return kb_fail(p->diag, KB_E_ARG,
		       "'%s' is one operand too many; see '%s --help'", word,
		       p->path);
}

/* Assigns the words to the operands: to each its minimum, and the rest to the
 * first that takes more. */
static int place_operands(struct parse *p)
{
	const struct kb_operand *operand = p->command->operands;
	size_t needed = 0, at = 0;
	int err = 0;

	for (const struct kb_operand *o = operand; o && o->name; o++)
		needed += o->min;
	for (; operand && operand->name; operand++) {
		size_t left = p->operands.count - at;
		size_t extra = left > needed ? left - needed : 0;
		size_t count = kb_min(operand->min + extra, operand->max);

		if (operand->min > left)
			return refuse(p, "missing operand", operand->name);
		needed -= operand->min;
		for (size_t i = 0; i < count && err == 0; i++, at++) {
			void *field = p->target + operand->offset;

			if (operand->max == 1)
				*(const char **)field = output_name(
					operand->file, p->operands.word[at]);
			else
				err = add_word(p, field, p->operands.word[at]);
		}
		if (err < 0)
			return err;
	}
	return at < p->operands.count ? too_many(p, p->operands.word[at]) : 0;
}

/* Whether the option makes another one useless. */
static bool excludes(const struct kb_option *option, const char *name)
{
	const size_t length = strlen(name);
	const char *list = option->excludes;

	if (strcmp(list, "*") == 0)
		return strcmp(option->name, name) != 0;
	for (const char *at = list; (at = strstr(at, name)); at++)
		if ((at == list || at[-1] == ' ') &&
		    (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static int check_excluded(struct parse *p)
{
	const struct kb_option *options = p->command->options;

	for (size_t i = 0; options[i].name; i++)
		for (size_t k = 0; options[k].name; k++)
			if (p->is_used[i] && p->is_used[k] &&
			    options[i].excludes &&
			    excludes(&options[i], options[k].name))
				return kb_fail(p->diag, KB_E_ARG,
					       "--%s has no effect with --%s; "
					       "leave one out; see '%s "
					       "--help'",
					       options[k].name, options[i].name,
					       p->path);
	return 0;
}

static int check_required(struct parse *p)
{
	const struct kb_option *options = p->command->options;

	for (size_t i = 0; options[i].name; i++)
		if (options[i].is_required && !p->is_used[i])
			return kb_fail(p->diag, KB_E_ARG,
				       "%s needs --%s %s; see '%s --help'",
				       p->path, options[i].name,
				       options[i].value, p->path);
	return 0;
}

static int check_rest(struct parse *p)
{
	const struct kb_words *rest =
		(const void *)(p->target + p->command->rest_offset);

	if (p->command->rest && rest->count == 0)
		return refuse(p, "missing operand", p->command->rest);
	return 0;
}

static int add_words(struct kb_files *files, const struct kb_words *words,
		     enum kb_files_use use, struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < words->count && err == 0; i++)
		err = kb_files_add(files, words->word[i], use, diag);
	return err;
}

/* Adds the files that are stored at `offset`, many or one. */
static int add_files(const struct parse *p, struct kb_files *files,
		     size_t offset, bool many, enum kb_files_use use)
{
	const void *field = p->target + offset;

	if (use == KB_FILES_NONE)
		return 0;
	if (many)
		return add_words(files, field, use, p->diag);
	return kb_files_add(files, *(const char *const *)field, use, p->diag);
}

/* Looks at all files that the command is about. */
static int check_files(const struct parse *p)
{
	const struct kb_operand *operand = p->command->operands;
	struct kb_files files = { NULL, 0 };
	int err = 0;

	for (const struct kb_option *o = p->command->options; o->name && !err;
	     o++)
		err = add_files(p, &files, o->offset,
				o->kind == KB_OPTION_WORDS, o->file);
	for (; operand && operand->name && err == 0; operand++)
		err = add_files(p, &files, operand->offset, operand->max > 1,
				operand->file);
	if (err == 0 && p->command->files)
		err = p->command->files(p->target, &files, p->diag);
	if (err == 0)
		err = kb_files_check(&files, p->diag);
	if (p->command->keeps_files)
		*(struct kb_files *)(void *)(p->target +
					     p->command->files_offset) = files;
	else
		kb_files_release(&files);
	return err;
}

int kb_options_parse(const struct kb_command *command, void *target, int argc,
		     char **argv, struct kb_diag *diag)
{
	struct parse p = { .command = command,
			   .target = target,
			   .argc = argc,
			   .argv = argv,
			   .diag = diag };
	int err;

	snprintf(p.path, sizeof(p.path), "%s%s%s", command->program,
		 command->name ? " " : "", command->name ? command->name : "");
	make_names(&p);
	err = read_words(&p);
	if (err == 0)
		err = read_rest(&p);
	if (err == 0)
		err = check_excluded(&p);
	if (err == 0)
		err = check_required(&p);
	if (err == 0)
		err = place_operands(&p);
	if (err == 0)
		err = check_rest(&p);
	if (err == 0 && command->check)
		err = command->check(target, diag);
	if (err == 0)
		err = check_files(&p);
	kb_words_release(&p.operands);
	return err;
}

bool kb_options_go(const struct kb_command *command, void *target, int argc,
		   char **argv, int *status)
{
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = kb_options_parse(command, target, argc, argv, &diag);
	if (err == 0)
		return true;
	*status = KB_EXIT_GOOD;
	if (err == KB_OPTIONS_HELP)
		kb_options_help(stdout, command);
	else
		*status = kb_complain_diag(command->program, &diag);
	return false;
}

static int unknown_command(const struct kb_command *program, const char *word)
{
	struct kb_suggest near = KB_SUGGEST_INIT(word);
	const char *best;

	for (const struct kb_command *const *c = program->commands; *c; c++)
		kb_suggest_offer(&near, (*c)->name);
	best = kb_suggest_best(&near);
	if (program->stray && strpbrk(word, "./"))
		kb_complain(program->program,
			    "'%s' is not a command; did you mean '--%s %s'? "
			    "See '%s --help'",
			    word, program->stray, word, program->program);
	else if (best)
		kb_complain(program->program,
			    "unknown command '%s'; did you mean '%s'? See '%s "
			    "--help'",
			    word, best, program->program);
	else
		kb_complain(program->program,
			    "unknown command '%s'; see '%s --help'", word,
			    program->program);
	return KB_EXIT_USAGE;
}

int kb_options_run(const struct kb_command *program, int argc, char **argv)
{
	if (argc <= 1 || argv[1][0] == '-')
		return program->main(argc, argv);
	for (const struct kb_command *const *c = program->commands; *c; c++)
		if (strcmp((*c)->name, argv[1]) == 0)
			return (*c)->main(argc - 1, argv + 1);
	return unknown_command(program, argv[1]);
}

int kb_options_group(const struct kb_command *group, int argc, char **argv)
{
	char nothing;
	int status;

	if (argc > 1 && argv[1][0] != '-')
		return kb_options_run(group, argc, argv);
	if (!kb_options_go(group, &nothing, argc, argv, &status))
		return status;
	kb_complain(group->program, "name a command; see '%s --help'",
		    group->program);
	return KB_EXIT_USAGE;
}
