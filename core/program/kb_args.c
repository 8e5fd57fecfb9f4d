#include "kb_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What takes this word: the option of that name, or the next place for a word
 * that is none. NULL if nothing does. */
static const struct kb_arg *find(const struct kb_arg *args, size_t count,
				 const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (args[i].name ? strcmp(args[i].name, word) == 0
				 : word[0] != '-' && !*args[i].value)
			return &args[i];
	}
	return NULL;
}

/* Takes one word, and its value. Returns how many words these are, 0 if the
 * table has none such, or <0. */
static int take(const struct kb_arg *args, size_t count, char **word,
		struct kb_diag *diag)
{
	const struct kb_arg *arg = find(args, count, word[0]);

	if (!arg)
		return 0;
	if (!arg->value) {
		*arg->is_on = true;
		return 1;
	}
	if (!arg->name) {
		*arg->value = word[0];
		return 1;
	}
	if (!word[1])
		return kb_fail(diag, KB_E_ARG, "%s needs a value", word[0]);
	*arg->value = word[1];
	return 2;
}

/* Words that an option which is not ours has. */
static int words_of(char **word)
{
	return strchr(word[0], '=') || !word[1] ? 1 : 2;
}

int kb_args_take(const struct kb_arg *args, size_t count, int argc, char **argv,
		 struct kb_diag *diag)
{
	int kept = 1;

	for (int i = 1; i < argc;) {
		int taken = take(args, count, &argv[i], diag);

		if (taken < 0)
			return taken;
		if (taken == 0 && strncmp(argv[i], "--", 2) != 0)
			return kb_fail(diag, KB_E_ARG,
				       "%s does not know what to do with "
				       "'%s'; see 'bench %s --help'",
				       argv[0], argv[i], argv[0]);
		if (taken == 0) {
			taken = words_of(&argv[i]);
			memmove(&argv[kept], &argv[i],
				(size_t)taken * sizeof(*argv));
			kept += taken;
		}
		i += taken;
	}
	argv[kept] = NULL;
	return kept;
}

int kb_args_parse(const struct kb_arg *args, size_t count, int argc,
		  char **argv, struct kb_diag *diag)
{
	for (int i = 1; i < argc;) {
		int taken = take(args, count, &argv[i], diag);

		if (taken < 0)
			return taken;
		if (taken == 0)
			return kb_fail(diag, KB_E_ARG,
				       "%s does not know '%s'; see 'bench %s "
				       "--help'",
				       argv[0], argv[i], argv[0]);
		i += taken;
	}
	return 0;
}

int kb_args_number(const char *option, const char *text, uint64_t low,
		   uint64_t high, uint64_t *out, struct kb_diag *diag)
{
	const int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, base);
	if (errno || end == text || *end || *text < '0' || *text > '9' ||
	    *out < low || *out > high)
		return kb_fail(diag, KB_E_ARG,
			       "%s takes a whole number from %llu to %llu, got "
			       "'%s'",
			       option, (unsigned long long)low,
			       (unsigned long long)high, text);
	return 0;
}
