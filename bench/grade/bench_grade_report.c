#include "bench_grade_report.h"

#include "kb_escape.h"
#include "kb_json.h"

#include <jansson.h>
#include <string.h>

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static const json_t *tests_of(const json_t *record)
{
	return json_object_get(record, "tests");
}

/* --- Text --- */

static void write_test(FILE *out, const json_t *test)
{
	const char *output = kb_json_string_of(test, "output");
	const char *status = kb_json_string_of(test, "status");

	fprintf(out, "  %6.10g of %-6.10g %-10s %s%s\n",
		number_of(test, "score"), number_of(test, "max_score"), status,
		kb_json_string_of(test, "name"),
		strcmp(kb_json_string_of(test, "visibility"), "hidden") == 0
			? " (hidden)"
			: "");
	if (output[0] && strcmp(status, "passed") != 0)
		fprintf(out, "                   %s\n", output);
}

static void write_record(FILE *out, const json_t *record)
{
	const json_t *test;
	size_t i;

	fprintf(out, "%s: %.10g of %.10g, %s\n",
		kb_json_string_of(record, "submission"),
		number_of(record, "score"), number_of(record, "max_score"),
		kb_json_string_of(record, "status"));
	json_array_foreach(tests_of(record), i, test)
		write_test(out, test);
	fprintf(out, "\n");
}

void grade_report_text(FILE *out, const struct grade_class *course)
{
	for (size_t i = 0; i < course->count; i++)
		write_record(out, course->record[i]);
	fprintf(out, "Rubric: %s. Toolchain: %s\n", course->rubric.name,
		course->toolchain);
}

/* --- CSV --- */

static bool is_graded_check(const struct grade_class *course, size_t i)
{
	return course->rubric.check[i].is_visible || !course->visible_only;
}

static void write_line(FILE *out, const struct grade_class *course,
		       const json_t *record)
{
	const json_t *tests = tests_of(record);
	size_t at = 0;

	kb_escape_csv(out, kb_json_string_of(record, "submission"));
	fputc(',', out);
	kb_escape_csv(out, kb_json_string_of(record, "status"));
	fprintf(out, ",%.10g,%.10g", number_of(record, "score"),
		number_of(record, "max_score"));
	for (size_t i = 0; i < course->rubric.checks; i++)
		if (is_graded_check(course, i))
			fprintf(out, ",%.10g",
				number_of(json_array_get(tests, at++),
					  "score"));
	fputc(',', out);
	kb_escape_csv(out, kb_json_string_of(record, "message"));
	fputc('\n', out);
}

void grade_report_csv(FILE *out, const struct grade_class *course)
{
	fputs("submission,status,score,max_score", out);
	for (size_t i = 0; i < course->rubric.checks; i++)
		if (is_graded_check(course, i)) {
			fputc(',', out);
			kb_escape_csv(out, course->rubric.check[i].name);
		}
	fputs(",message\n", out);
	for (size_t i = 0; i < course->count; i++)
		write_line(out, course, course->record[i]);
}

/* --- Gradescope --- */

static json_t *make_test(const json_t *test)
{
	const char *status = kb_json_string_of(test, "status");
	const bool passed = strcmp(status, "passed") == 0;
	json_t *made = json_object();
	static const char *const kept[] = { "name", "score", "max_score" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		json_object_set(made, kept[i], json_object_get(test, kept[i]));
	json_object_set_new(made, "status",
			    json_string(passed ? "passed" : "failed"));
	json_object_set(made, "output", json_object_get(test, "output"));
	json_object_set(made, "visibility",
			json_object_get(test, "visibility"));
	return made;
}

/* The score, and what the visible counters are: less is better. */
static json_t *make_leaderboard(const json_t *record)
{
	json_t *board = json_array();
	const json_t *test;
	size_t i;

	json_array_append_new(board,
			      json_pack("{s:s, s:f}", "name", "score", "value",
					number_of(record, "score")));
	json_array_foreach(tests_of(record), i, test) {
		json_t *value = json_object_get(test, "value");

		if (value && strcmp(kb_json_string_of(test, "visibility"),
				    "visible") == 0)
			json_array_append_new(
				board,
				json_pack("{s:O, s:O, s:s}", "name",
					  json_object_get(test, "name"),
					  "value", value, "order", "asc"));
	}
	return board;
}

int grade_report_gradescope(const struct grade_class *course,
			    struct kb_diag *diag)
{
	const json_t *record = course->record[0];
	json_t *tests = json_array(), *document;
	const json_t *test;
	char output[1024];
	size_t i;
	int err;

	json_array_foreach(tests_of(record), i, test)
		json_array_append_new(tests, make_test(test));
	snprintf(output, sizeof(output), "%s. %s. Toolchain: %s",
		 course->rubric.name, kb_json_string_of(record, "status"),
		 course->toolchain);
	document = json_pack("{s:f, s:o, s:s, s:s, s:o, s:o}", "score",
			     number_of(record, "score"), "output",
			     kb_json_text(output), "visibility", "visible",
			     "stdout_visibility", "hidden", "tests", tests,
			     "leaderboard", make_leaderboard(record));
	err = kb_json_write(NULL, "-", document, 0, diag);
	json_decref(document);
	return err;
}

/* --- Autolab --- */

int grade_report_autolab(FILE *out, const struct grade_class *course,
			 struct kb_diag *diag)
{
	const json_t *record = course->record[0];
	json_t *scores = json_object(), *document;
	const json_t *test;
	size_t i;
	int err;

	grade_report_text(out, course);
	json_array_foreach(tests_of(record), i, test)
		json_object_set(scores, kb_json_string_of(test, "name"),
				json_object_get(test, "score"));
	fflush(out);
	document = json_pack("{s:o}", "scores", scores);
	err = kb_json_print(document, diag);
	json_decref(document);
	return err;
}
