/*
 * grade: what the submissions of a class get by a rubric.
 */
#include "bench_commands.h"
#include "bench_grade_class.h"
#include "bench_grade_report.h"
#include "kb_bits.h"
#include "kb_json.h"
#include "kb_signal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "results/grade"

enum grade_format { GRADE_TEXT, GRADE_GRADESCOPE, GRADE_AUTOLAB, GRADE_CSV };

static const char *const formats[] = { "text", "gradescope", "autolab", "csv" };

struct grade_options {
	const char *rubric;
	const char *out;
	struct kb_words submissions;
	enum grade_format format;
	uint32_t jobs;
	bool is_unsafe;
	bool visible;
};

static int take_format(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	(void)option;
	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++) {
		if (strcmp(value, formats[i]) != 0)
			continue;
		*(enum grade_format *)field = (enum grade_format)i;
		return 0;
	}
	return kb_fail(diag, KB_E_ARG,
		       "--format takes text, gradescope, autolab or csv, got "
		       "'%s'",
		       value);
}

static int check(void *target, struct kb_diag *diag)
{
	const struct grade_options *o = target;

	if (o->submissions.count > 1 &&
	    (o->format == GRADE_GRADESCOPE || o->format == GRADE_AUTOLAB))
		return kb_fail(diag, KB_E_ARG,
			       "--format %s is about one submission, got %zu; "
			       "use --format csv for a class",
			       formats[o->format], o->submissions.count);
	return 0;
}

static void tell(const char *text)
{
	kb_complain("bench", "note: %s", text);
}

static int report(const struct grade_options *o,
		  const struct grade_class *course, struct kb_diag *diag)
{
	switch (o->format) {
	case GRADE_GRADESCOPE:
		return grade_report_gradescope(course, diag);
	case GRADE_AUTOLAB:
		return grade_report_autolab(stdout, course, diag);
	case GRADE_CSV:
		grade_report_csv(stdout, course);
		return 0;
	case GRADE_TEXT:
		grade_report_text(stdout, course);
		return 0;
	}
	return 0;
}

static int grade(const struct grade_options *o)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct grade_class course = {
		.rubric_path = o->rubric,
		.submission = o->submissions.word,
		.count = o->submissions.count,
		.folder = o->out,
		.jobs = o->jobs	   ? o->jobs
			: cpus > 0 ? (unsigned)cpus
				   : 1,
		.is_unsafe = o->is_unsafe,
		.visible_only = o->visible,
		.wants_trace = o->format != GRADE_CSV,
		.note = tell,
	};
	struct kb_diag diag;
	int status = KB_EXIT_GOOD, err;

	kb_diag_init(&diag);
	kb_json_begin();
	kb_signal_catch();
	err = grade_class_run(&course, &diag);
	if (err == 0)
		err = report(o, &course, &diag);
	if (kb_signal)
		status = kb_exit_of(KB_E_STOPPED);
	else if (err < 0)
		status = kb_complain_diag("bench", &diag);
	else if (course.any_not_graded)
		status = KB_EXIT_UNDECIDED;
	grade_class_release(&course);
	return status;
}

static int grade_main(int argc, char **argv)
{
	struct grade_options o = { .out = FOLDER };
	int status;

	if (kb_options_go(&bench_grade_command, &o, argc, argv, &status))
		status = grade(&o);
	kb_words_release(&o.submissions);
	return status;
}

#define AT(member) .offset = offsetof(struct grade_options, member)

static const struct kb_option options[] = {
	{ .name = "rubric",
	  .value = "FILE",
	  .help = "the checks and their points, as JSON (docs/grading.md)",
	  .kind = KB_OPTION_TEXT,
	  .is_required = true,
	  .is_single = true,
	  .file = KB_FILES_IN,
	  AT(rubric) },
	{ .name = "format",
	  .value = "FORMAT",
	  .help = "text (default); gradescope or autolab, of one submission; "
		  "csv, a line a submission",
	  .kind = KB_OPTION_CALL,
	  .take = take_format,
	  AT(format) },
	{ .name = "jobs",
	  .letter = 'j',
	  .value = "N",
	  .help = "submissions at a time (default: the number of CPUs)",
	  .kind = KB_OPTION_NUMBER32,
	  .low = 1,
	  .high = 256,
	  AT(jobs) },
	{ .name = "visible",
	  .help = "only the checks that students may see",
	  .kind = KB_OPTION_SWITCH,
	  AT(visible) },
	{ .name = "unsafe",
	  .help = "also where the kernel gives submissions no namespaces of "
		  "their own",
	  .kind = KB_OPTION_SWITCH,
	  AT(is_unsafe) },
	{ .name = "out",
	  .value = "FOLDER",
	  .help = "keep records and failing traces here (default " FOLDER
		  "); what has a record already is not graded again",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT(out) },
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "SUBMISSION", 1, SIZE_MAX,
	  offsetof(struct grade_options, submissions), KB_FILES_NONE },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command bench_grade_command = {
	.program = "bench",
	.name = "grade",
	.summary = "grade the kernel heaps of a class by a rubric",
	.about = "Grades submissions, each the source tree of a FOS-family "
		 "kernel: a folder, or a zip or tar archive. Each is built "
		 "and replayed in a sandbox. Points come from exact counters, "
		 "never from a clock, so the same submission gets the same "
		 "score on every machine with the same compiler. A run that "
		 "was ended goes on where it was.",
	.options = options,
	.operands = operands,
	.examples = "bench grade --rubric bench/grade/rubric/fos-heap.json "
		    "--format csv submissions/*",
	.exits = "0 graded\n"
		 "2 usage, an unreadable rubric or trace\n"
		 "3 a submission is not graded: the clock ended it; run again\n"
		 "4 no compiler for 32-bit code, or no namespaces",
	.check = check,
	.main = grade_main,
};
