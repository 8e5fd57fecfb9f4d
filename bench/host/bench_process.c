#include "bench_process.h"

#include "kb_bits.h"
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

/* Between fork and exec: only calls that are safe there. */
static void become(const char *exe, const char *name,
		   const struct bench_shared *shared)
{
	char *const argv[] = { (char *)name, NULL };
	/* Moves them away from the numbers that they will get. */
	const int memory =
		fcntl(shared->fd, F_DUPFD_CLOEXEC, BENCH_PROCESS_FILE_FD + 1);
	const int file = shared->file_fd < 0
				 ? -1
				 : fcntl(shared->file_fd, F_DUPFD_CLOEXEC,
					 BENCH_PROCESS_FILE_FD + 1);

	/* Inherited across exec: a Ctrl-C that arrives before the child's own
	 * main must not look like a crash of its allocator. */
	signal(SIGINT, SIG_IGN);

	if (shared->output_fd >= 0)
		shut_streams(shared->output_fd);
	if (hand_on(memory, BENCH_PROCESS_SHARED_FD) &&
	    (shared->file_fd < 0 || hand_on(file, BENCH_PROCESS_FILE_FD)))
		execv(exe, argv);
	_exit(127);
}

pid_t bench_process_spawn(const char *exe, const char *name,
			  const struct bench_shared *shared)
{
	pid_t child =
		shared->space ? sandbox_space_fork(shared->space) : fork();

	if (child == 0)
		become(exe, name, shared);
	return child;
}

int bench_process_reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
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
