#include "bench_process.h"

#include "kb_bits.h"
#include "kb_parent.h"
#include "kb_signal.h"
#include "sandbox_space.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *map(int fd, size_t size)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int bench_shared_new(struct bench_shared *shared, size_t size,
		     struct kb_diag *diag)
{
	shared->size = size;
	shared->memory = NULL;
	shared->file_fd = -1;
	shared->space = NULL;
	shared->output_fd = -1;
	shared->fd = sandbox_space_file(size);
	if (shared->fd >= 0)
		shared->memory = map(shared->fd, size);
	if (shared->memory)
		return 0;
	kb_fail(diag, KB_E_IO, "cannot make shared memory: %s",
		strerror(errno));
	bench_shared_release(shared);
	return KB_E_IO;
}

void bench_shared_release(struct bench_shared *shared)
{
	if (shared->memory)
		munmap(shared->memory, shared->size);
	if (shared->fd >= 0)
		close(shared->fd);
	shared->memory = NULL;
	shared->fd = -1;
}

void *bench_shared_attach(size_t size)
{
	struct stat st;

	if (fstat(BENCH_PROCESS_SHARED_FD, &st) != 0 ||
	    st.st_size < (off_t)size)
		return NULL;
	return map(BENCH_PROCESS_SHARED_FD, size);
}

/* Gives the open `fd` the number `as` in the program to be executed; `fd` is
 * none of those numbers. */
static bool hand_on(int fd, int as)
{
	return fd >= 0 && dup2(fd, as) == as;
}

/* Whoever is deaf and mute writes nowhere else. */
static void shut_streams(int output)
{
	const int nowhere = open("/dev/null", O_RDONLY);

	if (dup2(nowhere, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(127);
	if (nowhere > STDERR_FILENO)
		close(nowhere);
}

/* Above the numbers that the program to be executed expects. */
static int move_away(int fd)
{
	return fd < 0 ? -1
		      : fcntl(fd, F_DUPFD_CLOEXEC, BENCH_PROCESS_FILE_FD + 1);
}

/* Between fork and exec: only calls that are safe there. Tells `parent`, through
 * the pipe `told`, why it could not be done. */
static void become(const char *exe, const char *name,
		   const struct bench_shared *shared, pid_t parent, int told)
{
	char *const argv[] = { (char *)name, NULL };
	const int why = move_away(told);
	const int memory = move_away(shared->fd);
	const int file = move_away(shared->file_fd);

	/* Both are inherited across exec: what is sent to the whole group must not
	 * look like a crash of the child's allocator, and whatever is executed
	 * ends with its parent; in namespaces, with their keeper. */
	kb_signal_leave_to_parent();
	if (!shared->space)
		kb_parent_follow(parent);
	if (shared->output_fd >= 0)
		shut_streams(shared->output_fd);
	if (hand_on(memory, BENCH_PROCESS_SHARED_FD) &&
	    (shared->file_fd < 0 || hand_on(file, BENCH_PROCESS_FILE_FD)))
		execv(exe, argv);
	(void)!write(why, &errno, sizeof(errno));
	_exit(127);
}

/* The keeper of the namespaces has a copy of every file, so there is no pipe whose end
 * would tell that the program runs. */
static pid_t spawn_apart(const char *exe, const char *name,
			 const struct bench_shared *shared)
{
	const pid_t child = sandbox_space_fork(shared->space);

	if (child == 0)
		become(exe, name, shared, 0, -1);
	return child;
}

pid_t bench_process_spawn(const char *exe, const char *name,
			  const struct bench_shared *shared)
{
	const pid_t parent = getpid();
	int ends[2], why = 0;
	pid_t child;
	ssize_t n;

	if (shared->space)
		return spawn_apart(exe, name, shared);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0)
		become(exe, name, shared, parent, ends[1]);
	close(ends[1]);
	do {
		n = child < 0 ? 0 : read(ends[0], &why, sizeof(why));
	} while (n < 0 && errno == EINTR);
	close(ends[0]);
	if (n <= 0)
		return child;
	bench_process_reap(child);
	errno = why;
	return -1;
}

int bench_process_reap(pid_t child)
{
	struct rusage used;

	return bench_process_reap_used(child, &used);
}

int bench_process_reap_used(pid_t child, struct rusage *used)
{
	int status;

	while (wait4(child, &status, 0, used) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

bool bench_process_hit_limit(int status, const struct rusage *used)
{
	const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	const rlim_t seconds =
		(rlim_t)(used->ru_utime.tv_sec + used->ru_stime.tv_sec);
	struct rlimit limit;

	if ((number != SIGXCPU && number != SIGKILL) ||
	    getrlimit(RLIMIT_CPU, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return false;
	/* The kernel's own account is a little ahead of this one. */
	return seconds + 1 >= limit.rlim_cur;
}

int bench_process_pin(int cpu, struct kb_diag *diag)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "cannot run on CPU %d: %s; choose another with "
			       "--cpu",
			       cpu, strerror(errno));
	return 0;
}

int bench_process_can_pin(int cpu, struct kb_diag *diag)
{
	cpu_set_t before;
	int err;

	if (cpu < 0 || sched_getaffinity(0, sizeof(before), &before) != 0)
		return 0;
	err = bench_process_pin(cpu, diag);
	sched_setaffinity(0, sizeof(before), &before);
	return err;
}

void bench_process_limit_memory(void)
{
	struct rlimit limit;
	const long pages = sysconf(_SC_PHYS_PAGES);
	const rlim_t half = (rlim_t)pages / 2 * (rlim_t)sysconf(_SC_PAGESIZE);

	if (KB_ASAN || pages <= 0 || getrlimit(RLIMIT_DATA, &limit) != 0)
		return;
	if (limit.rlim_cur > half)
		limit.rlim_cur = half;
	setrlimit(RLIMIT_DATA, &limit);
}

void bench_process_follow_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}
