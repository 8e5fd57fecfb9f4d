/*
 * Both programs, on streams as other programs leave them: terminals, and
 * pipes that do not wait. And what names do to a terminal.
 */
#include "cli.h"
#include "kb_wait.h"
#include "trc_reader.h"
#include "trc_writer.h"

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define RECORDING                                                      \
	"# tracer: nop\n"                                              \
	"  init-1 [000] ..... 1.000001: kmalloc: call_site=f+0x1/0x2 " \
	"ptr=00000000f0000000 bytes_req=8 bytes_alloc=8 gfp_flags=GFP\n"

/* Starts a command with this standard input, which it waits on. */
static pid_t start_on(int in, int out, const char *command)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(in, STDIN_FILENO);
		if (out >= 0)
			dup2(out, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
		       0 ||
	       info.si_pid != 0;
}

static int status_of(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* On a terminal ^D is typed once. The program must not read again. */
static void end_by_one_key(const char *command)
{
	int control, terminal;
	struct termios raw;
	pid_t pid;

	assert_int_equal(openpty(&control, &terminal, NULL, NULL, NULL), 0);
	tcgetattr(terminal, &raw);
	raw.c_lflag &= (tcflag_t)~ECHO;
	tcsetattr(terminal, TCSANOW, &raw);
	pid = start_on(terminal, -1, command);
	close(terminal);
	assert_int_equal(write(control, RECORDING, strlen(RECORDING)),
			 strlen(RECORDING));
	assert_int_equal(write(control, "\004", 1), 1);
	assert_int_equal(status_of(pid), 0);
	close(control);
}

static void test_trc_hostile__one_end_of_file_is_enough(void **state)
{
	(void)state;
	end_by_one_key("exec $TRC import --quiet - t.trc");
	assert_true(cli_exists("t.trc"));
	if (CLI_IS_EMULATED)
		return;
	end_by_one_key("exec $BENCH --trace - --alloc null --pass count --out "
		       "none >said");
}

/* Feeds a command through a pipe that does not wait, and that is empty at first;
 * the other end waits until the command does. */
static void feed(const char *command, const char *file)
{
	static char bytes[1 << 15];
	int ends[2];
	FILE *f = fopen(file, "rb");
	size_t size;
	pid_t pid;

	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	pid = start_on(ends[0], -1, command);
	while (!kb_waits_for_input(pid, ends[1]) && !has_ended(pid))
		sched_yield();
	assert_int_equal(write(ends[1], bytes, size), size);
	close(ends[1]);
	close(ends[0]);
	assert_int_equal(status_of(pid), 0);
}

static void test_trc_hostile__a_pipe_that_does_not_wait(void **state)
{
	struct cli *c = *state;

	signal(SIGPIPE, SIG_IGN);
	cli_sh(c, "cp $TRACES/seed-example.trc t; printf '\\n\\nq' >keys;"
		  "cp $TRACES/recordings/seed-example.ftrace f");
	feed("exec $TRC import --quiet - t.trc", "f");
	if (CLI_IS_EMULATED)
		return;
	feed("exec $BENCH --trace - --alloc null --pass count --out none >said",
	     "f");
	feed("exec $BENCH --trace - --alloc null --pass count --out none >said",
	     "t");
	feed("exec $BENCH show --step --at 1 --trace t >said", "keys");
	cli_sh(c, "grep -c '^Enter' said");
	assert_string_equal(c->out, "3\n");
}

/* More than fits into the pipe, to a reader that comes late. */
static void test_trc_hostile__output_that_does_not_wait(void **state)
{
	struct cli *c = *state;
	static char bytes[1 << 16];
	int ends[2], unread = 0, before;
	size_t size = 0;
	ssize_t n;
	pid_t pid;

	cli_sh(c, "$TRC print $TRACES/boot.trc | wc -c");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	pid = start_on(STDIN_FILENO, ends[1],
		       "exec $TRC print $TRACES/boot.trc");
	close(ends[1]);
	/* Until it is full, or nobody writes any more. */
	do {
		before = unread;
		assert_int_equal(ioctl(ends[0], FIONREAD, &unread), 0);
	} while (unread < (1 << 16) - 4096 &&
		 !(unread == before && has_ended(pid)));
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		size += (size_t)n;
	close(ends[0]);
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(size, strtoul(c->out, NULL, 10));
}

/* A trace whose names are none that an importer makes. */
static void write_odd(const char *path, const char *site, const char *comm)
{
	struct trc_counts counts = { .events = 2,
				     .allocs = 1,
				     .objects = 1,
				     .frees = 1,
				     .live_max = 1 };
	const struct trc_writer_totals totals = { .counts = &counts,
						  .clock = TRC_CLOCK_NS };
	struct trc_writer_options options = { .name = path, .level = 3 };
	struct trc_event event = {
		.kind = TRC_ALLOC, .size = 8, .size_granted = 8, .time_ns = 1
	};
	struct kb_diag diag = { 0 };
	struct trc_writer *w;

	options.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(options.fd >= 0);
	assert_int_equal(trc_writer_open(&w, &options, &diag), 0);
	assert_int_equal(trc_writer_site(w, site, "mod", &event.site, &diag),
			 0);
	assert_int_equal(trc_writer_task(w, comm, 1, &event.task, &diag), 0);
	assert_int_equal(trc_writer_add(w, &event, &diag), 0);
	event = (struct trc_event){ .kind = TRC_FREE,
				    .time_ns = 2,
				    .site = event.site,
				    .task = event.task };
	assert_int_equal(trc_writer_add(w, &event, &diag), 0);
	assert_int_equal(trc_writer_finish(w, &totals, &diag), 0);
	trc_writer_free(w);
	close(options.fd);
}

/* What verify calls whole, every command takes, and keeps its names. */
static void test_trc_hostile__whole_traces_can_be_edited(void **state)
{
	static char longest[1024];
	const char *const sites[] = { "main.c:12", "f",	   "",
				      "0xAB",	   "+0x1", "f+0x1/0x2 [m]",
				      "\xff\x01",  longest };
	struct cli *c = *state;

	memset(longest, 'x', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
		write_odd("odd.trc", sites[i], i % 2 ? longest : "a b");
		cli_sh(c, "set -e; exec 2>&1; $TRC verify odd.trc;"
			  "$TRC cut odd.trc a.trc; $TRC filter odd.trc b.trc;"
			  "$TRC merge odd.trc odd.trc c.trc;"
			  "$TRC anonymize odd.trc d.trc;"
			  "$TRC gen --like odd.trc --events 9 e.trc;"
			  "$TRC verify --quiet ?.trc;"
			  "$TRC print odd.trc >o; $TRC print a.trc >a;"
			  "$TRC print b.trc >b; cmp o a; cmp o b");
		cli_expect(c, 0);
	}
}

/* The names of a hostile trace, on a terminal and in a spreadsheet. */
static void test_trc_hostile__names_do_nothing_to_a_terminal(void **state)
{
	static const char *const commands[] = {
		"$TRC print odd.trc",
		"$TRC convert --to csv odd.trc -",
		"$TRC convert --to ftrace odd.trc -",
		"$TRC stat odd.trc",
		"$BENCH sites --trace odd.trc",
		"$BENCH show --trace odd.trc",
		"$TRC verify \"$(printf 'no\\233file')\"",
		"$BENCH --alloc \"$(printf 'a\\302\\2331m')\"",
		"$BENCH \"--$(printf 'a\\302\\2331m')\"",
	};
	struct cli *c = *state;

	write_odd("odd.trc",
		  "a\x9b"
		  "1mb\xc2\x9b"
		  "2m\033]0;T\007",
		  "\xc2\x90x");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		cli_on_terminal(c, 80, "NO_COLOR=1 %s", commands[i]);
		assert_null(strstr(c->out, "\x9b"));
		assert_null(strstr(c->out, "\xc2\x90"));
		assert_null(strstr(c->out, "\033]"));
	}
}

static void test_trc_hostile__csv_has_no_formulas(void **state)
{
	struct cli *c = *state;

	write_odd("odd.trc", "=1+0x1", "@SUM(A1)");
	cli_sh(c, "$TRC convert --to csv odd.trc t.csv && cut -d, -f3 t.csv &&"
		  "cut -d, -f9 t.csv");
	assert_string_equal(c->out, "comm\n'@SUM(A1)\n'@SUM(A1)\n"
				    "site\n'=1+0x1\n'=1+0x1\n");
	cli_sh(c, "$TRC import --quiet t.csv b.trc && $TRC print odd.trc >a &&"
		  "$TRC print b.trc >b && cmp a b");
	cli_expect(c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_trc_hostile__one_end_of_file_is_enough),
		cli_test(test_trc_hostile__a_pipe_that_does_not_wait),
		cli_test(test_trc_hostile__output_that_does_not_wait),
		cli_test(test_trc_hostile__whole_traces_can_be_edited),
		cli_test(test_trc_hostile__names_do_nothing_to_a_terminal),
		cli_test(test_trc_hostile__csv_has_no_formulas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
