/* The trc program, as a person runs it: exit statuses, messages, pipes. */
#include "kb_wait.h"
#include "trc_test.h"

#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED_TRC TRC_TEST_TRACES "seed-example.trc"
#define SEED	 TRC_TEST_RECORDINGS "seed-example.ftrace"

/* Where the tests of one run find the program and put their files. */
struct setting {
	const char *trc;
	char *directory;
};

/* What a command did. */
struct outcome {
	int status;
	struct blob out;
};

/* Runs a shell command line in the test's directory, where $TRC is the
 * program; its standard output and error come together. */
static struct outcome run(const struct setting *set, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct outcome run(const struct setting *set, const char *fmt, ...)
{
	struct outcome o = { 0 };
	char command[4096];
	char line[4096];
	va_list args;
	FILE *pipe;
	int used;

	used = snprintf(command, sizeof(command), "exec 2>&1; cd %s; TRC=%s; ",
			set->directory, set->trc);
	va_start(args, fmt);
	vsnprintf(command + used, sizeof(command) - (size_t)used, fmt, args);
	va_end(args);
	blob_printf(&o.out, "%s", "");
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line) / 4, pipe))
		blob_printf(&o.out, "%s", line);
	o.status = pclose(pipe);
	assert_true(WIFEXITED(o.status));
	o.status = WEXITSTATUS(o.status);
	return o;
}

static void expect(struct outcome o, int status, const char *says)
{
	if (o.status != status || !strstr(o.out.data, says))
		fail_msg("status %d, not %d, or no \"%s\" in: %s", o.status,
			 status, says, o.out.data);
	free(o.out.data);
}

/* As expect, of an error: one line that begins with "trc: ". */
static void expect_error(struct outcome o, const char *says)
{
	const char *newline = strchr(o.out.data, '\n');

	assert_memory_equal(o.out.data, "trc: ", 5);
	assert_non_null(newline);
	assert_int_equal(newline[1], 0);
	expect(o, 2, says);
}

static void test_trc_tool__help_and_version(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "$TRC --help"), 0, "trc COMMAND [ARGUMENT]...");
	expect(run(set, "$TRC -h"), 0, "Examples:");
	expect(run(set, "$TRC import --help"), 0, "--exclude-site SYM");
	expect(run(set, "$TRC info --help"), 0, "--json");
	expect(run(set, "$TRC print x --help"), 0, "--limit N");
	expect(run(set, "$TRC --version"), 0, ".trc format version 1");
	expect_error(run(set, "$TRC"), "see 'trc --help'");
	expect_error(run(set, "$TRC --help > /dev/full"), "No space left");
}

/* A terminal of 80 columns folds no line. */
static void test_trc_tool__help_fits_80_columns(void **state)
{
	expect(run(*state, "for i in '' import info stat print verify cut "
			   "filter merge convert anonymize gen minimize; do "
			   "$TRC $i --help || exit 3; done | "
			   "LC_ALL=C.UTF-8 grep -nE '.{81}'"),
	       1, "");
}

static void test_trc_tool__misspellings_get_a_suggestion(void **state)
{
	const struct setting *set = *state;

	expect_error(run(set, "$TRC imprt a b"), "did you mean 'import'?");
	expect_error(run(set, "$TRC inof a"), "did you mean 'info'?");
	expect_error(run(set, "$TRC xyzzy"),
		     "unknown command 'xyzzy'; see 'trc --help'");
	expect_error(run(set, "$TRC import --lenint a b"),
		     "did you mean '--lenient'?");
	expect_error(run(set, "$TRC info --jsno a"), "did you mean '--json'?");
	expect_error(run(set, "$TRC print --xyzzy a"),
		     "unknown option '--xyzzy'");
	expect_error(run(set, "$TRC print -l 5 a"), "unknown option '-l'");
	/* Indexes that only other commands use are no options of this one. */
	expect_error(run(set, "$TRC filter \"--$(printf '\\001')\" a b"),
		     "unknown option '--?'; see 'trc filter --help'");
	expect_error(run(set, "$TRC filter --x a b"),
		     "unknown option '--x'; see 'trc filter --help'");
	expect_error(run(set, "$TRC filter --== a b"),
		     "unknown option '--'; see 'trc filter --help'");
}

static void test_trc_tool__wrong_usage(void **state)
{
	const struct setting *set = *state;

	expect_error(run(set, "$TRC import"), "missing operand 'IN'");
	expect_error(run(set, "$TRC import a"), "missing operand 'OUT.trc'");
	expect_error(run(set, "$TRC import a b c"),
		     "'c' is one operand too many; see 'trc import --help'");
	expect_error(run(set, "$TRC import --level a b"), "from 1 to 19");
	expect_error(run(set, "$TRC import --level 20 a b"), "from 1 to 19");
	expect_error(run(set, "$TRC import a b --level"),
		     "needs a value: --level N");
	expect_error(run(set, "$TRC import --quiet=1 a b"), "takes no value");
	expect_error(run(set, "$TRC import --exclude-site= a b"), "no symbol");
	expect_error(run(set, "$TRC info"), "missing operand 'FILE'");
	expect_error(run(set, "$TRC print"), "missing operand 'FILE'");
	expect_error(run(set, "$TRC print a b"), "'b' is one operand too many");
	expect_error(run(set, "$TRC print --limit -1 a"),
		     "--limit takes a whole number of at least 0, got '-1'");
	expect_error(run(set, "$TRC print --limit 1x a"), "got '1x'");
}

static void test_trc_tool__import_says_what_it_made(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "$TRC import " SEED " out.trc; rm out.trc"), 0,
	       "out.trc: 5 events, ");
	expect(run(set, "$TRC import --quiet " SEED " out.trc | wc -c; "
			"rm out.trc"),
	       0, "0\n");
	expect(run(set, "$TRC import " TRC_TEST_DATA "ftrace-overrun.txt.zst "
			"out.trc; rm out.trc"),
	       0, ", lost_events 890");
}

static void test_trc_tool__import_options(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "$TRC import --allow-empty --exclude-site "
			"kmalloc_example " SEED
			" o.trc && $TRC info o.trc; rm o.trc"),
	       0, "excluded_allocs               3");
	expect(run(set, "$TRC import --kernel-release=6.1.0-x --level 1 " SEED
			" o.trc && $TRC info o.trc; rm o.trc"),
	       0, "kernel_release   6.1.0-x\n");
	expect(run(set, "(cat " SEED "; echo rubbish) > in; $TRC import "
			"--lenient in o.trc && $TRC info o.trc; rm in o.trc"),
	       0, "bad_lines                     1");
	expect(run(set, "cp " SEED " ./-in; $TRC import --quiet -- -in o.trc; "
			"S=$?; rm ./-in o.trc; exit $S"),
	       0, "");
}

static void test_trc_tool__an_empty_import_is_an_error(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "printf '# tracer: nop\\n' > in; "
			"$TRC import in o.trc; S=$?; rm -f in; ls; exit $S"),
	       2, "read as ftrace, it holds no allocation");
	expect(run(set, "printf '# tracer: nop\\n' > in; "
			"$TRC import --allow-empty in o.trc; S=$?; "
			"rm in o.trc; exit $S"),
	       0, "o.trc: 0 events");
}

/* A log of two boots: the second allocates what the first did. */
#define BOOT(bytes)                                                      \
	"[    0.5] kmalloc: call_site=f+0x1 ptr=0x1000 bytes_req=" bytes \
	" bytes_alloc=16 gfp_flags=x\\n"                                 \
	"[    0.9] kfree: call_site=f+0x1 ptr=0x1000\\n"
#define IMPORT_BOOT(n)                                                         \
	"printf '" BOOT("11") BOOT("12") "' > in; $TRC import --boot " n       \
					 " in o.trc; S=$?; $TRC print o.trc; " \
					 "rm -f in o.trc; exit $S"

static void test_trc_tool__import_takes_one_boot_of_several(void **state)
{
	const struct setting *set = *state;

	expect(run(set, IMPORT_BOOT("1")), 0, "\t11\t");
	expect(run(set, IMPORT_BOOT("2")), 0, "\t12\t");
	expect(run(set, IMPORT_BOOT("3")), 2, "there is no boot 3; it holds 2");
}

#define PROCESSES                                                           \
	"(echo '--7-- malloc(5) = 0x100'; echo '--8-- malloc(6) = 0x100') " \
	"> in; $TRC import --pid "

static void test_trc_tool__import_takes_one_process_of_several(void **state)
{
	const struct setting *set = *state;

	expect(run(set, PROCESSES "7 in o.trc; $TRC print o.trc; rm in o.trc"),
	       0, "\t5\t");
	expect(run(set, PROCESSES "8 in o.trc; $TRC print o.trc; rm in o.trc"),
	       0, "\t6\t");
}

static void test_trc_tool__import_reads_pipes(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "cat " SEED " | $TRC import - a.trc && "
			"$TRC info a.trc"),
	       0, "source_name      -\n");
	expect(run(set, "zstd -qc " SEED " | $TRC import - b.trc && "
			"$TRC print a.trc > a; $TRC print b.trc | cmp - a && "
			"echo same; rm a a.trc b.trc"),
	       0, "same\n");
	expect_error(run(set, "$TRC import - a.trc < /dev/null"),
		     "standard input: is empty");
}

static void test_trc_tool__errors_name_file_and_line(void **state)
{
	const struct setting *set = *state;

	expect_error(run(set, "printf '# tracer: nop\\nx\\n' > in; "
			      "$TRC import in out.trc; S=$?; rm in; exit $S"),
		     "trc: in:2: ");
	expect_error(run(set, "$TRC import /nonexistent out.trc"),
		     "trc: /nonexistent: cannot open: No such file");
	expect_error(run(set, "$TRC info " SEED), "trc import IN OUT.trc");
	expect_error(run(set, "head -c 300 " SEED_TRC " > cut.trc; "
			      "$TRC info cut.trc; S=$?; rm cut.trc; exit $S"),
		     "byte 300: the file ends here");
	expect_error(run(set, "$TRC print --limit 1 /nonexistent"),
		     "No such file");
	/* A name cannot drive the terminal. */
	expect_error(run(set, "$TRC info \"$(printf 'a\\033[31m')\""),
		     "a?[31m");
}

static void
test_trc_tool__one_damaged_file_fails_all_but_shows_others(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "$TRC info " SEED " " SEED_TRC), 2,
	       "events                        5");
}

static void test_trc_tool__print(void **state)
{
	const struct setting *set = *state;

	expect(run(set, "$TRC print " SEED_TRC), 0,
	       "0\t1000\t0\tinit-1\talloc\t0\t8192\t8192\tkmalloc_example+"
	       "0x10\ttask\n"
	       "1\t2000\t0\tinit-1\talloc\t1\t4096\t4096\tkmalloc_example+"
	       "0x24\ttask\n"
	       "2\t3000\t0\tinit-1\talloc\t2\t4096\t4096\tkmalloc_example+"
	       "0x38\ttask\n"
	       "3\t4000\t0\tinit-1\tfree\t0\t-\t-\tkfree_example+0x10\ttask\n"
	       "4\t5000\t0\tinit-1\tfree\t1\t-\t-\tkfree_example+0x1c\ttask\n");
	expect(run(set, "$TRC print --limit 2 " SEED_TRC " | wc -l"), 0, "2\n");
	expect(run(set, "$TRC print --limit=0 " SEED_TRC " | wc -l"), 0, "0\n");
	expect(run(set, "$TRC print " TRC_TEST_TRACES "debian-boot.trc | "
			"grep -c free-implied"),
	       0, "1627\n");
}

static void test_trc_tool__print_stops_quietly_with_its_reader(void **state)
{
	const struct setting *set = *state;
	struct outcome o = run(set, "($TRC print " TRC_TEST_TRACES
				    "debian-boot.trc; echo $? > status) | "
				    "head -1; cat status; rm status");

	assert_memory_equal(o.out.data, "0\t2779778000\t", 13);
	expect(o, 0, "tracepoint_add_func+0xf7\ttask\n0\n");
	expect_error(run(set, "$TRC print " SEED_TRC " > /dev/full"),
		     "No space left");
	expect_error(run(set, "$TRC info " SEED_TRC " > /dev/full"),
		     "No space left");
}

static json_t *info_json(const struct setting *set, const char *path)
{
	struct outcome o = run(set, "$TRC info --json %s", path);
	json_error_t error;
	json_t *info = json_loads(o.out.data, JSON_REJECT_DUPLICATES, &error);

	assert_int_equal(o.status, 0);
	if (!info)
		fail_msg("%s: %s", error.text, o.out.data);
	free(o.out.data);
	return info;
}

static void check_count(const json_t *info, const char *name, json_int_t want)
{
	const json_t *counts = json_object_get(info, "counts");
	const json_t *count = json_object_get(counts, name);

	if (!json_is_integer(count) || json_integer_value(count) != want)
		fail_msg("%s is %lld, not %lld", name,
			 (long long)json_integer_value(count), (long long)want);
}

static void check_boot(const struct setting *set, const char *path,
		       const struct trc_counts *want)
{
	json_t *info = info_json(set, path);
	const json_t *origin = json_object_get(info, "origin");

	assert_string_equal(json_string_value(json_object_get(info, "file")),
			    path);
	assert_int_equal(json_integer_value(json_object_get(info, "version")),
			 1);
	assert_string_equal(json_string_value(json_object_get(info, "clock")),
			    "ns");
	assert_true(json_integer_value(json_object_get(info, "bytes")) > 30000);
	assert_true(json_integer_value(json_object_get(info, "blocks")) >= 1);
	assert_string_equal(
		json_string_value(json_object_get(origin, "source_format")),
		"ftrace");
#define X(name, help) check_count(info, #name, (json_int_t)want->name);
	TRC_COUNTS(X)
#undef X
	json_decref(info);
}

static void test_trc_tool__info_json_has_the_check_values(void **state)
{
	check_boot(*state, TRC_TEST_TRACES "boot.trc", &trc_test_boot);
	check_boot(*state, TRC_TEST_TRACES "debian-boot.trc",
		   &trc_test_debian_boot);
	check_boot(*state, TRC_TEST_TRACES "boot-6.12.trc",
		   &trc_test_boot_6_12);
}

static void test_trc_tool__info_json_is_one_line_a_file(void **state)
{
	expect(run(*state,
		   "$TRC info " SEED_TRC " --json " SEED_TRC " | wc -l"),
	       0, "2\n");
}

static void test_trc_tool__info_takes_names_that_are_not_utf8(void **state)
{
	expect(run(*state, "cp " SEED_TRC " \"$(printf 'a\\377')\"; "
			   "$TRC info --json a*; rm a*"),
	       0, "\"file\": \"a?\"");
}

/* Sends a signal to an import that waits for its input; gives its status. SIGINT
 * is ignored in a shell's background jobs, so this forks by itself. */
static int status_after_signal(const struct setting *set, int number)
{
	int status = 0;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[0], STDIN_FILENO);
		close(fds[1]);
		if (chdir(set->directory) == 0 &&
		    freopen("/dev/null", "w", stderr))
			execl(set->trc, "trc", "import", "-", "out.trc",
			      (char *)NULL);
		_exit(99);
	}
	close(fds[0]);
	assert_int_equal(write(fds[1], "# tracer: nop\n", 14), 14);
	while (!kb_waits_for_input(pid, fds[1])) {
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		sched_yield();
	}
	assert_int_equal(kill(pid, number), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[1]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* That no file is left behind is for the tear-down to see. */
static void test_trc_tool__signals_end_an_import_cleanly(void **state)
{
	assert_int_equal(status_after_signal(*state, SIGINT), 130);
	assert_int_equal(status_after_signal(*state, SIGTERM), 143);
}

static int set_up(void **state)
{
	struct setting *set = *state;

	set->directory = make_directory();
	return 0;
}

/* Whatever a test did, nothing is left behind. */
static int tear_down(void **state)
{
	struct setting *set = *state;

	assert_int_equal(remove_directory(set->directory), 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct setting set = { .trc = argc > 1 ? argv[1] : "trc" };
#define CASE(name)                                   \
	{                                            \
#name, name, set_up, tear_down, &set \
	}
	const struct CMUnitTest tests[] = {
		CASE(test_trc_tool__help_and_version),
		CASE(test_trc_tool__help_fits_80_columns),
		CASE(test_trc_tool__misspellings_get_a_suggestion),
		CASE(test_trc_tool__wrong_usage),
		CASE(test_trc_tool__import_says_what_it_made),
		CASE(test_trc_tool__import_options),
		CASE(test_trc_tool__an_empty_import_is_an_error),
		CASE(test_trc_tool__import_takes_one_boot_of_several),
		CASE(test_trc_tool__import_takes_one_process_of_several),
		CASE(test_trc_tool__import_reads_pipes),
		CASE(test_trc_tool__errors_name_file_and_line),
		CASE(test_trc_tool__one_damaged_file_fails_all_but_shows_others),
		CASE(test_trc_tool__print),
		CASE(test_trc_tool__print_stops_quietly_with_its_reader),
		CASE(test_trc_tool__info_json_has_the_check_values),
		CASE(test_trc_tool__info_json_is_one_line_a_file),
		CASE(test_trc_tool__info_takes_names_that_are_not_utf8),
		CASE(test_trc_tool__signals_end_an_import_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
