#include "sandbox_space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> cannot both be included on Debian 12. */
int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data);
#define MOUNT_BIND    4096ul
#define MOUNT_REC     16384ul
#define MOUNT_PRIVATE (1ul << 18)

#define SPACES                                                       \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | \
	 CLONE_NEWIPC)

/* What the process that makes the namespaces reports. */
struct report {
	pid_t keeper;
	pid_t child;
	int error;
};

/* How often what a child left is looked for. */
#define SWEEPS 64

void sandbox_space_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static bool write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const size_t length = strlen(text);
	const bool done = fd >= 0 && write(fd, text, length) == (ssize_t)length;

	if (fd >= 0)
		close(fd);
	return done;
}

/* The user and group stay what they are. */
static bool map_ids(unsigned uid, unsigned gid)
{
	char text[64];

	write_text("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	if (!write_text("/proc/self/uid_map", text))
		return false;
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", text);
}

static bool set_attributes(const char *path, unsigned flags, uint64_t set,
			   uint64_t clear)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr,
		       sizeof(attr)) == 0;
}

static bool shut_files(const char *writable)
{
	char *cwd = NULL;
	bool done;

	if (mount(NULL, "/", NULL, MOUNT_REC | MOUNT_PRIVATE, NULL) != 0)
		return false;
	if (writable && mount(writable, writable, NULL, MOUNT_BIND, NULL) != 0)
		return false;
	if (!set_attributes("/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0))
		return false;
	if (!writable)
		return true;
	/* The working folder may now be in that mount. */
	cwd = getcwd(NULL, 0);
	done = set_attributes(writable, 0, 0, MOUNT_ATTR_RDONLY) &&
	       (!cwd || chdir(cwd) == 0);
	free(cwd);
	return done;
}

/* As fork, but the parent is that of this process. */
static pid_t fork_sibling(void)
{
	const unsigned long flags = CLONE_PARENT | SIGCHLD;

#ifdef __s390x__
	return (pid_t)syscall(SYS_clone, 0ul, flags, 0ul, 0ul, 0ul);
#else
	return (pid_t)syscall(SYS_clone, flags, 0ul, 0ul, 0ul, 0ul);
#endif
}

/* The first process: reaps what the others leave, and ends with its parent, which is in
 * another namespace and has the process descriptor `parent`. */
static void keep(int parent)
{
	struct pollfd ended = { .fd = parent, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&ended, 1, 0) != 0)
		_exit(1);
	syscall(SYS_close_range, 0u, ~0u, 0u);
	for (;;) {
		while (waitpid(-1, NULL, 0) > 0) {
		}
		pause();
	}
}

static void tell(int fd, const struct report *report)
{
	if (write(fd, report, sizeof(*report)) != (ssize_t)sizeof(*report))
		_exit(1);
}

/* The process between, forked by `parent`: makes the namespaces and, in them, the keeper
 * and the child. Returns in the child alone. */
static void make_spaces(const struct sandbox_space *space, int fd, pid_t parent)
{
	const unsigned uid = geteuid(), gid = getegid();
	const int parent_fd = (int)syscall(SYS_pidfd_open, parent, 0u);
	struct report report = { 0 };

	/* Its number may be another's by now. */
	if (getppid() != parent)
		_exit(1);
	if (unshare(SPACES) != 0 || !map_ids(uid, gid) ||
	    !shut_files(space->writable)) {
		report.error = errno;
		tell(fd, &report);
		_exit(0);
	}
	report.keeper = fork_sibling();
	if (report.keeper == 0)
		keep(parent_fd);
	report.child = fork_sibling();
	if (report.child == 0) {
		setsid();
		close(fd);
		close(parent_fd);
		return;
	}
	report.error = report.child < 0 ? errno : 0;
	tell(fd, &report);
	_exit(0);
}

/* Waits for the process between. */
static void hear(int fd, pid_t between, struct report *report)
{
	ssize_t n;

	while ((n = read(fd, report, sizeof(*report))) < 0 && errno == EINTR) {
	}
	if (n != (ssize_t)sizeof(*report))
		*report = (struct report){ .error = ECHILD };
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR) {
	}
}

/* As sandbox_space_fork, with namespaces; -1 with errno if the kernel gives none. */
static pid_t fork_apart(struct sandbox_space *space)
{
	const pid_t self = getpid();
	struct report report;
	int fds[2];
	pid_t between;

	space->keeper = 0;
	space->child = 0;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	between = fork();
	if (between == 0) {
		close(fds[0]);
		make_spaces(space, fds[1], self);
		return 0;
	}
	close(fds[1]);
	if (between > 0)
		hear(fds[0], between, &report);
	close(fds[0]);
	if (between < 0)
		return -1;
	space->keeper = report.keeper > 0 ? report.keeper : 0;
	if (report.error || report.child <= 0) {
		sandbox_space_end(space);
		errno = report.error;
		return -1;
	}
	space->child = report.child;
	return space->child;
}

pid_t sandbox_space_fork(struct sandbox_space *space)
{
	pid_t child = fork_apart(space);

	if (child >= 0)
		return child;
	child = fork();
	if (child == 0)
		setsid();
	space->child = child;
	return child;
}

int sandbox_space_check(struct kb_diag *diag)
{
	struct sandbox_space space = { 0 };
	const pid_t child = fork_apart(&space);
	const int error = errno;

	if (child == 0)
		_exit(0);
	if (child < 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "the kernel gives no namespaces of their own: "
			       "%s",
			       strerror(error));
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
	sandbox_space_end(&space);
	return 0;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
}

/* The children of this process that nobody waits for any more: what foreign code
 * left. False if there is none. */
static bool end_strays(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	bool found = false;
	int child;

	if (!list)
		return false;
	while (fscanf(list, "%d", &child) == 1) {
		end_child(child);
		found = true;
	}
	fclose(list);
	return found;
}

void sandbox_space_end(struct sandbox_space *space)
{
	if (space->keeper > 0)
		end_child(space->keeper);
	else
		for (int i = 0; i < SWEEPS && end_strays(); i++) {
		}
	space->keeper = 0;
	space->child = 0;
}

static void limit(int resource, uint64_t most)
{
	struct rlimit is;

	if (getrlimit((__rlimit_resource_t)resource, &is) != 0)
		return;
	if (is.rlim_max > most)
		is.rlim_max = most;
	if (is.rlim_cur > is.rlim_max)
		is.rlim_cur = is.rlim_max;
	setrlimit((__rlimit_resource_t)resource, &is);
}

void sandbox_space_limit(const struct sandbox_limits *limits)
{
	limit(RLIMIT_CORE, 0);
	if (limits->memory)
		limit(RLIMIT_DATA, limits->memory);
	if (limits->file)
		limit(RLIMIT_FSIZE, limits->file);
	if (limits->files)
		limit(RLIMIT_NOFILE, limits->files);
	if (limits->seconds)
		limit(RLIMIT_CPU, limits->seconds);
}

int sandbox_space_file(uint64_t size)
{
	const int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, (off_t)size) != 0 ||
	     fcntl(fd, F_ADD_SEALS,
		   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}
