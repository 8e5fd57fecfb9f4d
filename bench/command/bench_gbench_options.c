#include "bench_gbench_options.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "--benchmark_"

enum kind { TEXT, SWITCH, NUMBER, WORD };

/* The options of libbenchmark 1.7 to 1.9. */
static const struct option {
	const char *name;
	enum kind kind;

	/* Of no use for a replay, whose runs are made already. */
	bool micro_only;

	/* WORD: the values, with commas around each. */
	const char *values;
} options[] = {
	{ "list_tests", SWITCH, false, NULL },
	{ "filter", TEXT, false, NULL },
	{ "min_time", NUMBER, true, NULL },
	{ "min_warmup_time", NUMBER, true, NULL },
	{ "repetitions", NUMBER, true, NULL },
	{ "enable_random_interleaving", SWITCH, true, NULL },
	{ "report_aggregates_only", SWITCH, false, NULL },
	{ "display_aggregates_only", SWITCH, false, NULL },
	{ "format", WORD, false, ",console,json,csv," },
	{ "out", TEXT, false, NULL },
	{ "out_format", WORD, false, ",console,json,csv," },
	{ "color", SWITCH, false, ",auto," },
	{ "counters_tabular", SWITCH, false, NULL },
	{ "context", TEXT, false, NULL },
	{ "time_unit", WORD, false, ",ns,us,ms,s," },
};

static const char *name_of(const struct kb_words *words, size_t i)
{
	return words->word[i] + strlen(PREFIX);
}

const char *bench_gbench_options_value(const struct kb_words *words,
				       const char *name)
{
	const size_t length = strlen(name);
	const char *value = NULL;

	for (size_t i = 0; i < words->count; i++) {
		const char *own = name_of(words, i);

		if (strncmp(own, name, length) == 0 && own[length] == '=')
			value = own + length + 1;
	}
	return value;
}

/* Whether a list with commas around each word has this one. */
static bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = list; length && (at = strstr(at, word)); at++)
		if (at[-1] == ',' && at[length] == ',')
			return true;
	return false;
}

/* A number, maybe with the unit that newer versions want of a time. */
static bool is_number(const char *value)
{
	char *end;
	const double number = strtod(value, &end);

	return end != value && number >= 0 &&
	       (strcmp(end, "") == 0 || strcmp(end, "s") == 0 ||
		strcmp(end, "x") == 0);
}

static bool fits(const struct option *o, const char *value)
{
	switch (o->kind) {
	case SWITCH:
		return !value ||
		       has_word(",true,false,yes,no,on,off,1,0,", value) ||
		       (o->values && has_word(o->values, value));
	case NUMBER:
		return value && is_number(value);
	case WORD:
		return value && has_word(o->values, value);
	default:
		return value && *value;
	}
}

static const char *wanted(const struct option *o)
{
	static const char *const words[] = {
		[TEXT] = "a text",
		[SWITCH] = "true or false",
		[NUMBER] = "a number",
		[WORD] = "ns, us, ms or s",
	};

	return o->kind == WORD && has_word(o->values, "csv")
		       ? "console, json or csv"
		       : words[o->kind];
}

static int check_value(const struct option *o, const char *word, bool micro,
		       struct kb_diag *diag)
{
	const char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : NULL;

	if (!fits(o, value))
		return kb_fail(diag, KB_E_ARG, PREFIX "%s takes %s, got '%s'",
			       o->name, wanted(o), value ? value : "");
	if (o->micro_only && !micro)
		return kb_fail(diag, KB_E_ARG,
			       PREFIX "%s has no effect on a replay, whose "
				      "runs are its repetitions; it is for "
				      "--micro",
			       o->name);
	return 0;
}

static int check_word(const char *word, bool micro, struct kb_diag *diag)
{
	const char *name = word + strlen(PREFIX);
	const size_t length = strcspn(name, "=");

	for (size_t i = 0; i < KB_ARRAY_LEN(options); i++)
		if (strlen(options[i].name) == length &&
		    strncmp(options[i].name, name, length) == 0)
			return check_value(&options[i], word, micro, diag);
	return kb_fail(diag, KB_E_ARG,
		       "unknown option '%s': Google Benchmark has none of that "
		       "name",
		       word);
}

int bench_gbench_options_check(const struct kb_words *words, bool micro,
			       bool stdout_taken, struct kb_diag *diag)
{
	const char *out = bench_gbench_options_value(words, "out");
	int err = 0;

	for (size_t i = 0; i < words->count && err == 0; i++)
		err = check_word(words->word[i], micro, diag);
	if (err < 0)
		return err;
	if (out && strcmp(out, "-") == 0)
		return kb_fail(diag, KB_E_ARG,
			       PREFIX "out takes a file; " PREFIX
				      "format=json writes to standard output");
	if (!out && bench_gbench_options_value(words, "out_format"))
		return kb_fail(diag, KB_E_ARG,
			       PREFIX "out_format has no effect without " PREFIX
				      "out=FILE");
	if (stdout_taken && bench_gbench_options_value(words, "format"))
		return kb_fail(diag, KB_E_ARG,
			       "two outputs would go to standard output; name "
			       "a file for one of them, such as " PREFIX
			       "out=FILE");
	return 0;
}
