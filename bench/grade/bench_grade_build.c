#include "bench_grade_build.h"

#include "bench_grade_unpack.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_exit.h"
#include "kb_signal.h"
#include "sandbox_space.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT	 "build-plugin-fos-tree"
#define HOST	 "fos_host.o"
#define TREE	 "tree"
#define SAID	 65536
#define LOOK_MS	 50
#define FILE_MAX (UINT64_C(256) << 20)

/* Beside this program, or where it is installed: its folder. */
static bool own_folder(char path[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n < 0)
		return false;
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return true;
}

int grade_build_find(char *script, size_t size, struct kb_diag *diag)
{
	char self[PATH_MAX];

	if (own_folder(self)) {
		snprintf(script, size,
			 "%s/../" KB_DATADIR "/kheap-replay/scripts/" SCRIPT,
			 self);
		if (access(script, R_OK) == 0)
			return 0;
	}
	snprintf(script, size, KB_SOURCE_DIR "/scripts/" SCRIPT);
	if (access(script, R_OK) == 0)
		return 0;
	return kb_fail(diag, KB_E_ENVIRONMENT,
		       "there is no script " SCRIPT
		       ", which builds trees; install kheap-replay again");
}

/* bench's own part of each plugin; false if this bench has none. */
static bool find_host(char host[PATH_MAX])
{
	static const char *const places[] = {
		"/" HOST,
		"/../" KB_LIBDIR "/kheap-replay/" HOST,
	};
	char self[PATH_MAX];

	if (!own_folder(self))
		return false;
	for (size_t i = 0; i < KB_ARRAY_LEN(places); i++)
		if (snprintf(host, PATH_MAX, "%s%s", self, places[i]) <
			    PATH_MAX &&
		    access(host, R_OK) == 0)
			return true;
	return false;
}

int grade_build_toolchain(char *text, size_t size, struct kb_diag *diag)
{
	char host[PATH_MAX], line[256] = "";
	FILE *in;

	if (!find_host(host))
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "this bench has no worker for 32-bit code; "
			       "install gcc-multilib, then build bench again");
	in = popen("${CC:-cc} --version 2>/dev/null", "re");
	if (in) {
		if (!fgets(line, sizeof(line), in))
			line[0] = '\0';
		pclose(in);
	}
	line[strcspn(line, "\n")] = '\0';
	if (!line[0])
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "there is no C compiler; install gcc and "
			       "gcc-multilib, or set CC");
	kb_escape_clean(text, size, line);
	return 0;
}

/* An environment that does not depend on who grades. */
static void set_environment(const char *folder)
{
	const char *path = getenv("PATH");
	const char *cc = getenv("CC");
	char *keep_path = path ? strdup(path) : NULL;
	char *keep_cc = cc ? strdup(cc) : NULL;

	clearenv();
	setenv("PATH", keep_path ? keep_path : "/usr/bin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	setenv("HOME", folder, 1);
	setenv("TMPDIR", folder, 1);
	if (keep_cc)
		setenv("CC", keep_cc, 1);
}

/* In the child; never returns. */
static void be_builder(const struct grade_build *b, const char *host, int said)
{
	const struct sandbox_limits limits = {
		.memory = b->memory_mb << 20,
		.file = FILE_MAX,
		.files = 256,
	};
	const char *tree = b->submission;
	struct kb_diag diag;
	struct stat st;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir(b->folder) != 0 || dup2(said, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0 || !freopen("/dev/null", "r", stdin))
		_exit(KB_EXIT_ENVIRONMENT);
	sandbox_space_limit(&limits);
	kb_diag_init(&diag);
	if (stat(tree, &st) == 0 && S_ISREG(st.st_mode)) {
		if (grade_unpack(tree, TREE, &diag) < 0) {
			dprintf(STDERR_FILENO, "%s\n", diag.text);
			_exit(KB_EXIT_USAGE);
		}
		tree = TREE;
	}
	set_environment(b->folder);
	execlp("bash", "bash", b->script, "--tree", tree, "-o", GRADE_PLUGIN,
	       "--count", "--host", host, (char *)NULL);
	_exit(KB_EXIT_ENVIRONMENT);
}

/* The first line that it has said, without the script's name. */
static void take_line(struct grade_build *b, int said)
{
	static const char name[] = SCRIPT ": ";
	char text[1024] = "", plain[1100];
	const char *line = text, *path;

	if (pread(said, text, sizeof(text) - 1, 0) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(line, name, sizeof(name) - 1) == 0)
		line += sizeof(name) - 1;
	path = strstr(line, b->submission);
	if (path)
		snprintf(plain, sizeof(plain), "%.*sthe submission%s",
			 (int)(path - line), line,
			 path + strlen(b->submission));
	else
		snprintf(plain, sizeof(plain), "%s", line);
	kb_escape_clean(b->message, sizeof(b->message), plain);
}

/* Waits for its end, at most as long as allowed. Its wait status, or -1. */
static int wait_for(struct sandbox_space *space, const struct grade_build *b)
{
	const uint64_t looks = b->seconds * 1000 / LOOK_MS;
	int status = 0;

	for (uint64_t i = 0; i < looks && !kb_signal; i++) {
		if (waitpid(space->child, &status, WNOHANG) == space->child)
			return status;
		poll(NULL, 0, LOOK_MS);
	}
	kill(space->child, SIGKILL);
	waitpid(space->child, &status, 0);
	return -1;
}

static void judge(struct grade_build *b, int status, int said)
{
	take_line(b, said);
	b->built = GRADE_BUILD_REFUSED;
	if (status == -1)
		b->built = GRADE_BUILD_LATE;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		b->built = GRADE_BUILT;
	if (b->built == GRADE_BUILD_LATE)
		snprintf(b->message, sizeof(b->message),
			 "its build took more than %u s", (unsigned)b->seconds);
	else if (!b->message[0])
		snprintf(b->message, sizeof(b->message),
			 b->built == GRADE_BUILT ? "it builds"
						 : "its build failed");
}

int grade_build_run(struct grade_build *b, struct kb_diag *diag)
{
	struct sandbox_space space = { .writable = b->folder };
	const int said = sandbox_space_file(SAID);
	char host[PATH_MAX];
	int status;

	if (said < 0 || !find_host(host))
		return kb_fail(diag, KB_E_IO, "cannot build: %s",
			       strerror(errno));
	if (sandbox_space_fork(&space) == 0)
		be_builder(b, host, said);
	if (space.child < 0) {
		close(said);
		return kb_fail(diag, KB_E_IO, "cannot start a process: %s",
			       strerror(errno));
	}
	status = wait_for(&space, b);
	sandbox_space_end(&space);
	judge(b, status, said);
	close(said);
	if (kb_signal)
		return KB_E_STOPPED;
	if (status != -1 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == KB_EXIT_ENVIRONMENT)
		return kb_fail(diag, KB_E_ENVIRONMENT, "%s", b->message);
	return 0;
}
