/* Command lines: what is understood, and each error's exact words. */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

struct target {
	const char *text;
	const char *once;
	bool is_on;
	uint64_t number;
	uint32_t small;
	uint64_t any;
	int called;
	struct kb_words list;
	struct kb_words foreign;
	const char *in;
	struct kb_words more;
	const char *out;
	struct kb_words rest;
};

static int take_called(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	if (strcmp(value, "bad") == 0)
		return kb_fail(diag, KB_E_ARG, "--%s is bad", option->name);
	*(int *)field = (int)strlen(value);
	return 0;
}

#define AT(member) .offset = offsetof(struct target, member)

static const struct kb_option options[] = {
	{ .name = "text",
	  .value = "T",
	  .letter = 't',
	  .kind = KB_OPTION_TEXT,
	  AT(text),
	  .help = "a text" },
	{ .name = "once",
	  .value = "T",
	  .kind = KB_OPTION_TEXT,
	  .is_single = true,
	  AT(once),
	  .help = "a text" },
	{ .name = "switch",
	  .letter = 's',
	  .kind = KB_OPTION_SWITCH,
	  AT(is_on),
	  .help = "a switch",
	  .heading = "More options" },
	{ .name = "number",
	  .value = "N",
	  .low = 1,
	  .high = 10,
	  .kind = KB_OPTION_NUMBER,
	  AT(number),
	  .help = "a number" },
	{ .name = "small",
	  .value = "N",
	  .high = UINT32_MAX,
	  .kind = KB_OPTION_NUMBER32,
	  AT(small),
	  .help = "a number" },
	{ .name = "any",
	  .value = "N",
	  .low = 2,
	  .high = UINT64_MAX,
	  .kind = KB_OPTION_NUMBER,
	  AT(any),
	  .help = "a number" },
	{ .name = "called",
	  .value = "X",
	  .kind = KB_OPTION_CALL,
	  .take = take_called,
	  AT(called),
	  .help = "a call" },
	{ .name = "list",
	  .value = "L",
	  .kind = KB_OPTION_WORDS,
	  AT(list),
	  .help = "a list whose name is so long that it has a line to itself "
		  "or at least several lines of text" },
	{ .name = "other_",
	  .kind = KB_OPTION_FOREIGN,
	  AT(foreign),
	  .help = "another library's" },
	{ .name = NULL },
};

static const struct kb_command plain = {
	.program = "prog",
	.options = options,
};

static const struct kb_command show = {
	.program = "prog",
	.name = "show",
	.options = options,
	.stray = "text",
};

static const struct kb_operand both[] = {
	{ "IN", 1, 1, offsetof(struct target, in), KB_FILES_NONE },
	{ "OUT", 1, 1, offsetof(struct target, out), KB_FILES_NONE },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

static const struct kb_command copy = {
	.program = "prog",
	.name = "copy",
	.options = options,
	.operands = both,
};

static const struct kb_command with_rest = {
	.program = "prog",
	.name = "with",
	.options = options,
	.operands = both,
	.rest = "COMMAND [ARGUMENT]...",
	.rest_offset = offsetof(struct target, rest),
};

static const struct kb_operand many[] = {
	{ "IN", 2, 4, offsetof(struct target, more), KB_FILES_NONE },
	{ "OUT", 1, 1, offsetof(struct target, out), KB_FILES_NONE },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

static const struct kb_command merge = {
	.program = "prog",
	.name = "merge",
	.options = options,
	.operands = many,
};

static const struct kb_operand perhaps[] = {
	{ "IN", 1, 1, offsetof(struct target, in), KB_FILES_NONE },
	{ "FIGURE", 0, 1, offsetof(struct target, out), KB_FILES_NONE },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

static const struct kb_command plot = {
	.program = "prog",
	.name = "plot",
	.options = options,
	.operands = perhaps,
};

static const struct kb_option needed[] = {
	{ .name = "trace",
	  .value = "FILE",
	  .kind = KB_OPTION_TEXT,
	  .is_required = true,
	  AT(text),
	  .help = "a trace" },
	{ .name = NULL },
};

static int check_on(void *target, struct kb_diag *diag)
{
	const struct target *t = target;

	return strcmp(t->text, "bad") ? 0 : kb_fail(diag, KB_E_ARG, "is bad");
}

static const struct kb_command needs = {
	.program = "prog",
	.name = "needs",
	.options = needed,
	.check = check_on,
};

static void release(struct target *t)
{
	kb_words_release(&t->list);
	kb_words_release(&t->foreign);
	kb_words_release(&t->more);
	kb_words_release(&t->rest);
}

/* Parses words separated by blanks; a '_' means an empty word. */
static int parse(const struct kb_command *command, struct target *t,
		 const char *line, struct kb_diag *diag)
{
	static char words[256];
	char *argv[WORDS_MAX + 1];
	char *save = NULL;
	int argc = 0;

	memset(t, 0, sizeof(*t));
	kb_diag_init(diag);
	snprintf(words, sizeof(words), "prog %s", line);
	for (char *word = strtok_r(words, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
	}
	argv[argc] = NULL;
	return kb_options_parse(command, t, argc, argv, diag);
}

static void good(const struct kb_command *command, struct target *t,
		 const char *line)
{
	struct kb_diag diag;

	if (parse(command, t, line, &diag) != 0)
		fail_msg("%s: %s", line, diag.text);
	assert_string_equal(diag.text, "");
}

static void test_kb_options__values_in_every_form(void **state)
{
	static const char *const lines[] = { "--text v", "--text=v",
					     "-t v",	 "-tv",
					     "-st v",	 "--text w --text v" };
	struct target t;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(lines); i++) {
		good(&plain, &t, lines[i]);
		assert_string_equal(t.text, "v");
	}
	good(&plain, &t, "--text=");
	assert_string_equal(t.text, "");
	good(&plain, &t, "--text --switch");
	assert_string_equal(t.text, "--switch");
	assert_false(t.is_on);
	good(&plain, &t, "--text=a=b -s -s");
	assert_string_equal(t.text, "a=b");
	assert_true(t.is_on);
	good(&plain, &t, "");
	assert_null(t.text);
}

static void test_kb_options__kinds(void **state)
{
	struct target t;

	(void)state;
	good(&plain, &t,
	     "--number 10 --small=0xffffffff --any 18446744073709551615 "
	     "--called abc --list a --list=b --other_x=1 --list c --other_");
	assert_int_equal(t.number, 10);
	assert_int_equal(t.small, UINT32_MAX);
	assert_int_equal(t.any, UINT64_MAX);
	assert_int_equal(t.called, 3);
	assert_int_equal(t.list.count, 3);
	assert_string_equal(t.list.word[0], "a");
	assert_string_equal(t.list.word[1], "b");
	assert_string_equal(t.list.word[2], "c");
	assert_int_equal(t.foreign.count, 2);
	assert_string_equal(t.foreign.word[0], "--other_x=1");
	release(&t);
}

/* Operands and options may come in any order; "-" is an operand; after "--" all
 * are. */
static void test_kb_options__operands(void **state)
{
	struct target t;

	(void)state;
	good(&copy, &t, "a --switch b --text c");
	assert_string_equal(t.in, "a");
	assert_string_equal(t.out, "b");
	good(&copy, &t, "- -- --text");
	assert_string_equal(t.in, "-");
	assert_string_equal(t.out, "--text");
	good(&merge, &t, "a b c d o");
	assert_int_equal(t.more.count, 4);
	assert_string_equal(t.more.word[3], "d");
	assert_string_equal(t.out, "o");
	release(&t);
	good(&merge, &t, "a b o");
	assert_int_equal(t.more.count, 2);
	assert_string_equal(t.out, "o");
	release(&t);
	good(&plot, &t, "r");
	assert_null(t.out);
	good(&plot, &t, "r f");
	assert_string_equal(t.out, "f");
	good(&with_rest, &t, "a b -s -- test --text {}");
	assert_string_equal(t.out, "b");
	assert_true(t.is_on);
	assert_int_equal(t.rest.count, 3);
	assert_string_equal(t.rest.word[1], "--text");
	release(&t);
}

static void test_kb_options__help_ends_the_line(void **state)
{
	static const char *const lines[] = { "-h", "--help", "a b c -h", "-sh",
					     "--help --bogus" };
	struct kb_diag diag;
	struct target t;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(lines); i++)
		assert_int_equal(parse(&copy, &t, lines[i], &diag),
				 KB_OPTIONS_HELP);
	/* The next line does not begin in the middle of the last one. */
	assert_int_equal(parse(&copy, &t, "-hx", &diag), KB_OPTIONS_HELP);
	good(&copy, &t, "a b");
	/* A value is no option. */
	good(&copy, &t, "a b --text --help");
}

/* Each error, word for word. */
static const struct {
	const struct kb_command *command;
	const char *line;
	const char *text;
} errors[] = {
	{ &plain, "--txet v",
	  "unknown option '--txet'; did you mean '--text'? See 'prog "
	  "--help'" },
	{ &show, "--bogus=v",
	  "unknown option '--bogus'; see 'prog show --help'" },
	{ &show, "--hepl",
	  "unknown option '--hepl'; did you mean '--help'? See 'prog "
	  "show --help'" },
	/* getopt_long would take these for --text and --number. */
	{ &show, "--tex v",
	  "unknown option '--tex'; did you mean '--text'? See 'prog "
	  "show --help'" },
	{ &show, "--num 1",
	  "unknown option '--num'; did you mean '--number'? See 'prog "
	  "show --help'" },
	{ &show, "--==", "unknown option '--'; see 'prog show --help'" },
	/* The beginning of another library's options is none. */
	{ &show, "--other",
	  "unknown option '--other'; see 'prog show --help'" },
	{ &show, "-x", "unknown option '-x'; see 'prog show --help'" },
	{ &show, "-sx", "unknown option '-x'; see 'prog show --help'" },
	{ &show, "--text",
	  "option '--text' needs a value: --text T; see 'prog show "
	  "--help'" },
	{ &show, "-t",
	  "option '--text' needs a value: --text T; see 'prog show "
	  "--help'" },
	{ &show, "--switch=1",
	  "option '--switch' takes no value; see 'prog show --help'" },
	{ &show, "--help=1",
	  "option '--help' takes no value; see 'prog show --help'" },
	{ &show, "--once a --once a",
	  "option '--once' is given twice; see 'prog show --help'" },
	{ &show, "--number 0",
	  "--number takes a whole number from 1 to 10, got '0'" },
	{ &show, "--number=11",
	  "--number takes a whole number from 1 to 10, got '11'" },
	{ &show, "--number +1",
	  "--number takes a whole number from 1 to 10, got '+1'" },
	{ &show, "--number 1k",
	  "--number takes a whole number from 1 to 10, got '1k'" },
	{ &show, "--number _",
	  "--number takes a whole number from 1 to 10, got ''" },
	{ &show, "--small 4294967296",
	  "--small takes a whole number from 0 to 4294967295, got "
	  "'4294967296'" },
	{ &show, "--any 1",
	  "--any takes a whole number of at least 2, got '1'" },
	{ &show, "--any 18446744073709551616",
	  "--any takes a whole number of at least 2, got "
	  "'18446744073709551616'" },
	{ &show, "--called bad", "--called is bad" },
	{ &show, "v",
	  "'v' is not an option; did you mean '--text v'? See 'prog "
	  "show --help'" },
	{ &plain, "v", "'v' is one operand too many; see 'prog --help'" },
	{ &copy, "a b c",
	  "'c' is one operand too many; see 'prog copy --help'" },
	{ &copy, "a b -- c",
	  "'c' is one operand too many; see 'prog copy --help'" },
	{ &copy, "", "missing operand 'IN'; see 'prog copy --help'" },
	{ &copy, "a", "missing operand 'OUT'; see 'prog copy --help'" },
	{ &merge, "a o", "missing operand 'OUT'; see 'prog merge --help'" },
	{ &merge, "a b c d e o",
	  "'o' is one operand too many; see 'prog merge --help'" },
	{ &with_rest, "a b c -- d",
	  "'c' is one operand too many; put -- before the command; "
	  "see 'prog with --help'" },
	{ &with_rest, "a b --",
	  "missing operand 'COMMAND [ARGUMENT]...'; see 'prog with "
	  "--help'" },
	{ &needs, "",
	  "prog needs needs --trace FILE; see 'prog needs --help'" },
	{ &needs, "--trace bad", "is bad" },
};

static void test_kb_options__errors(void **state)
{
	struct kb_diag diag;
	struct target t;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(errors); i++) {
		int err = parse(errors[i].command, &t, errors[i].line, &diag);

		if (err != KB_E_ARG || strcmp(diag.text, errors[i].text) != 0)
			fail_msg("%s: %d, \"%s\"", errors[i].line, err,
				 diag.text);
		release(&t);
	}
}

static void test_kb_options__no_memory(void **state)
{
	static const char line[] = "a b --other_x c --list=l d";
	struct kb_diag diag;
	struct target t;
	bool has_failed = true;
	unsigned n;

	(void)state;
	for (n = 1; has_failed; n++) {
		int err;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		err = parse(&merge, &t, line, &diag);
		has_failed = kb_fault_end();
		assert_int_equal(err, has_failed ? KB_E_NOMEM : 0);
		release(&t);
	}
	assert_true(n > 3);
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_int_equal(parse(&plain, &t, "--bogus", &diag), KB_E_NOMEM);
	assert_true(kb_fault_end());
}

static int run_plain(int argc, char **argv)
{
	(void)argv;
	return 10 + argc;
}

static int run_show(int argc, char **argv)
{
	assert_string_equal(argv[0], "show");
	return 20 + argc;
}

static const struct kb_command runs_show = { .program = "prog",
					     .name = "show",
					     .summary = "show it",
					     .main = run_show };

static const struct kb_command *const commands[] = { &runs_show, NULL };

static const struct kb_command program = {
	.program = "prog",
	.about = "One paragraph that is so long that no line of eighty columns "
		 "can hold it whole.\n"
		 "\n"
		 "  as it is",
	.options = options,
	.examples = "prog show",
	.exits = "0 good\n130 after SIGINT",
	.commands = commands,
	.main = run_plain,
};

static void test_kb_options__commands(void **state)
{
	char *words[] = { (char *)"prog", (char *)"show", (char *)"x", NULL };
	char *option[] = { (char *)"prog", (char *)"--text", NULL };
	char *wrong[] = { (char *)"prog", (char *)"shwo", NULL };

	(void)state;
	assert_int_equal(kb_options_run(&program, 3, words), 22);
	assert_int_equal(kb_options_run(&program, 2, option), 12);
	assert_int_equal(kb_options_run(&program, 1, option), 11);
	assert_int_equal(kb_options_run(&program, 2, wrong), 2);
}

static void test_kb_options__help(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	kb_options_help(out, &program);
	fclose(out);
	assert_string_equal(
		text,
		"usage: prog [OPTION]...\n"
		"       prog COMMAND [ARGUMENT]...\n"
		"\n"
		"One paragraph that is so long that no line of eighty columns "
		"can hold it whole.\n"
		"\n"
		"  as it is\n"
		"\n"
		"Commands:\n"
		"  show  show it\n"
		"\n"
		"'prog COMMAND --help' describes a command.\n"
		"\n"
		"Options:\n"
		"  -t, --text T  a text\n"
		"  --once T      a text\n"
		"\n"
		"More options:\n"
		"  -s, --switch  a switch\n"
		"  --number N    a number\n"
		"  --small N     a number\n"
		"  --any N       a number\n"
		"  --called X    a call\n"
		"  --list L      a list whose name is so long that it has a "
		"line to itself or at\n"
		"                least several lines of text\n"
		"  --other_*     another library's\n"
		"  -h, --help    show this text\n"
		"\n"
		"Examples:\n"
		"  prog show\n"
		"\n"
		"Exit status:\n"
		"  0    good\n"
		"  130  after SIGINT\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_options__values_in_every_form),
		cmocka_unit_test(test_kb_options__kinds),
		cmocka_unit_test(test_kb_options__operands),
		cmocka_unit_test(test_kb_options__help_ends_the_line),
		cmocka_unit_test(test_kb_options__errors),
		cmocka_unit_test(test_kb_options__no_memory),
		cmocka_unit_test(test_kb_options__commands),
		cmocka_unit_test(test_kb_options__help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
