#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_SIZE 4096

/* Between two looks at a condition, ms. */
#define LOOK_MS 2

int cli_setup(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct cli *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	snprintf(c->folder, sizeof(c->folder), "%.40s/kb-cli-XXXXXX",
		 parent && *parent ? parent : "/tmp");
	assert_non_null(mkdtemp(c->folder));
	assert_int_equal(chdir(c->folder), 0);
	setenv("BENCH", KB_BENCH, 1);
	setenv("FAKE_TIME_BENCH", KB_FAKE_TIME_BENCH, 1);
	setenv("TRC", KB_TRC, 1);
	setenv("TRACES", KB_SOURCE_DIR "/traces", 1);
	/* A person's own settings are not part of a test. */
	unsetenv("NO_COLOR");
	unsetenv("COLUMNS");
	setenv("TERM", "xterm", 1);
	setenv("LC_ALL", "C", 1);
	setenv("LSAN_OPTIONS",
	       "print_suppressions=0:suppressions=" KB_SOURCE_DIR
	       "/tests/support/leaks.supp",
	       1);
	*state = c;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void forget(struct cli *c)
{
	free(c->out);
	free(c->err);
	json_decref(c->json);
	c->out = c->err = NULL;
	c->json = NULL;
	c->out_size = 0;
}

int cli_teardown(void **state)
{
	struct cli *c = *state;

	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	forget(c);
	assert_int_equal(chdir("/"), 0);
	nftw(c->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(c);
	return 0;
}

static void format_command(char *command, const char *format, va_list args)
{
	int n = vsnprintf(command, COMMAND_SIZE, format, args);

	assert_in_range(n, 1, COMMAND_SIZE - 1);
}

static int unnamed_file(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static char *read_all(int fd, size_t *size)
{
	struct stat st;
	char *text;

	assert_int_equal(fstat(fd, &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)st.st_size, 0), st.st_size);
	text[st.st_size] = '\0';
	*size = (size_t)st.st_size;
	close(fd);
	return text;
}

static void set_status(struct cli *c, int status)
{
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					: WEXITSTATUS(status);
}

static void start(struct cli *c, const char *command)
{
	forget(c);
	c->out_fd = unnamed_file();
	c->err_fd = unnamed_file();
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid > 0)
		return;
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) >= 0 &&
	    dup2(c->out_fd, STDOUT_FILENO) >= 0 &&
	    dup2(c->err_fd, STDERR_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void cli_wait(struct cli *c)
{
	size_t err_size;
	int status;

	while (waitpid(c->pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	c->pid = 0;
	set_status(c, status);
	c->out = read_all(c->out_fd, &c->out_size);
	c->err = read_all(c->err_fd, &err_size);
}

void cli_sh(struct cli *c, const char *format, ...)
{
	char command[COMMAND_SIZE];
	va_list args;

	va_start(args, format);
	format_command(command, format, args);
	va_end(args);
	start(c, command);
	cli_wait(c);
}

void cli_start(struct cli *c, const char *format, ...)
{
	char command[COMMAND_SIZE] = "exec ";
	va_list args;

	va_start(args, format);
	vsnprintf(command + 5, sizeof(command) - 5, format, args);
	va_end(args);
	start(c, command);
}

/* Reads a terminal's output; a closed terminal reads as an error. */
static void drain(struct cli *c, int fd)
{
	char piece[4096];
	ssize_t n;

	c->out = calloc(1, 1);
	c->err = calloc(1, 1);
	while ((n = read(fd, piece, sizeof(piece))) > 0 ||
	       (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		c->out = realloc(c->out, c->out_size + (size_t)n + 1);
		assert_non_null(c->out);
		memcpy(c->out + c->out_size, piece, (size_t)n);
		c->out_size += (size_t)n;
		c->out[c->out_size] = '\0';
	}
	close(fd);
}

void cli_on_terminal(struct cli *c, unsigned short columns, const char *format,
		     ...)
{
	struct winsize size = { .ws_row = 50, .ws_col = columns };
	char command[COMMAND_SIZE];
	int fd, status;
	va_list args;
	pid_t child;

	va_start(args, format);
	format_command(command, format, args);
	va_end(args);
	forget(c);
	child = forkpty(&fd, NULL, NULL, &size);
	assert_true(child >= 0);
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	drain(c, fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	set_status(c, status);
}

void cli_link_plugins(struct cli *c)
{
	cli_sh(c, "ln -s '%s'/*.so .", KB_PLUGINS);
	cli_expect(c, 0);
}

bool cli_has_child(const struct cli *c)
{
	char path[64];
	FILE *f;
	bool any;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children",
		 (long)c->pid, (long)c->pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	any = fgetc(f) != EOF;
	fclose(f);
	return any;
}

void cli_until(struct cli *c, bool (*condition)(const struct cli *c))
{
	while (!condition(c)) {
		siginfo_t ended = { 0 };

		assert_int_equal(waitid(P_PID, (id_t)c->pid, &ended,
					WEXITED | WNOHANG | WNOWAIT),
				 0);
		if (ended.si_pid != 0) {
			cli_wait(c);
			print_error("it ended first, status %d: %s%s",
				    c->status, c->out, c->err);
			fail();
		}
		poll(NULL, 0, LOOK_MS);
	}
}

void cli_expect_at(const struct cli *c, int status, const char *file, int line)
{
	if (c->status == status)
		return;
	print_error("status %d, expected %d\nstdout: %.2000s\n"
		    "stderr: %.4000s\n",
		    c->status, status, c->out, c->err);
	_fail(file, line);
}

void cli_holds_at(const char *text, const char *words, const char *file,
		  int line)
{
	if (strstr(text, words))
		return;
	print_error("'%s' is not in: %.4000s\n", words, text);
	_fail(file, line);
}

void cli_refused_at(const struct cli *c, int status, const char *const *words,
		    const char *file, int line)
{
	const char *end = strchr(c->err, '\n');

	cli_expect_at(c, status, file, line);
	if (strncmp(c->err, "bench: ", 7) != 0 || !end || end[1]) {
		print_error("not one line of bench's: %.4000s\n", c->err);
		_fail(file, line);
	}
	for (; *words; words++)
		cli_holds_at(c->err, *words, file, line);
	if (c->out_size > 0) {
		print_error("also on stdout: %.2000s\n", c->out);
		_fail(file, line);
	}
}

json_t *cli_json(struct cli *c)
{
	json_error_t error;

	json_decref(c->json);
	c->json =
		json_loadb(c->out, c->out_size, JSON_REJECT_DUPLICATES, &error);
	if (!c->json) {
		print_error("line %d: %s, in: %.2000s\n", error.line,
			    error.text, c->out);
		fail();
	}
	return c->json;
}

json_t *cli_json_file(struct cli *c, const char *path)
{
	json_error_t error;

	json_decref(c->json);
	c->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!c->json) {
		print_error("%s:%d: %s\n", path, error.line, error.text);
		fail();
	}
	return c->json;
}

json_t *cli_cell(const json_t *document, const char *trace,
		 const char *allocator)
{
	json_t *results = json_object_get(document, "results");
	json_t *cell;
	size_t i;

	json_array_foreach(results, i, cell) {
		const char *t =
			json_string_value(json_object_get(cell, "trace"));
		const char *a =
			json_string_value(json_object_get(cell, "allocator"));

		if (t && a && strcmp(t, trace) == 0 &&
		    strcmp(a, allocator) == 0)
			return cell;
	}
	print_error("no cell of %s and %s\n", trace, allocator);
	fail();
	return NULL;
}

json_int_t cli_counter(const json_t *cell, const char *name)
{
	const json_t *value =
		json_object_get(json_object_get(cell, "counters"), name);

	if (!json_is_integer(value)) {
		print_error("no counter '%s'\n", name);
		fail();
	}
	return json_integer_value(value);
}

bool cli_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int files_seen;

static int see_one(const char *path, const struct stat *st, int type,
		   struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)type;
	files_seen += ftw->level > 0;
	return 0;
}

int cli_files(void)
{
	files_seen = 0;
	assert_int_equal(nftw(".", see_one, 16, FTW_PHYS), 0);
	return files_seen;
}
