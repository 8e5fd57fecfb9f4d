#include "bench_metal_machine.h"

#include "bench_process.h"
#include "kb_bits.h"
#include "kb_parent.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a child exits with whose exec failed; QEMU never does. */
#define NO_PROGRAM 127

/* The descriptors of QEMU, and what each is. */
enum { FD_MEMORY = 3, FD_KERNEL, FD_REQUEST, FD_SERIAL, FD_END };

static_assert(FD_KERNEL == 4 && FD_REQUEST == 5 && FD_SERIAL == 6,
	      "make_command_line names them");

/* Arguments of QEMU, at most, and room for those that are made. */
#define ARGUMENTS_MAX 40
#define TEXT_SIZE     160

struct command_line {
	char *argv[ARGUMENTS_MAX];
	size_t count;
	char memory[TEXT_SIZE];
	char size[TEXT_SIZE];
};

static const char *const programs[] = { "qemu-system-i386",
					"qemu-system-x86_64" };

int bench_metal_file(const void *bytes, size_t size, struct kb_diag *diag)
{
	const int fd = memfd_create("kheap-replay", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < size) {
		const ssize_t n =
			write(fd, (const char *)bytes + done, size - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0 && done == size)
		return fd;
	kb_fail(diag, KB_E_IO, "cannot make a file without a name: %s",
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void add(struct command_line *line, const char *argument)
{
	/* Neither execvp nor QEMU changes them. */
	line->argv[line->count++] = (char *)argument;
	line->argv[line->count] = NULL;
}

static void add_two(struct command_line *line, const char *option,
		    const char *value)
{
	add(line, option);
	add(line, value);
}

/*
 * A machine with one processor, memory, a debug console and a way out, and nothing
 * else. TCG is QEMU's own processor, which needs no /dev/kvm; with -icount shift=0 the
 * time-stamp counter counts instructions.
 */
static void make_command_line(struct command_line *line, size_t memory,
			      bool has_serial)
{
	line->count = 0;
	snprintf(line->memory, sizeof(line->memory),
		 "memory-backend-file,id=memory,share=on,size=%zu,"
		 "mem-path=/dev/fd/%d",
		 memory, FD_MEMORY);
	snprintf(line->size, sizeof(line->size), "size=%zuM", memory >> 20);
	add(line, programs[0]);
	add(line, "-nodefaults");
	add(line, "-no-user-config");
	add(line, "-no-reboot");
	add_two(line, "-accel", "tcg");
	add_two(line, "-icount", "shift=0,sleep=off");
	add_two(line, "-cpu", "pentium");
	add_two(line, "-display", "none");
	add_two(line, "-object", line->memory);
	add_two(line, "-machine", "pc,memory-backend=memory");
	add_two(line, "-m", line->size);
	add_two(line, "-kernel", "/dev/fd/4");
	add_two(line, "-initrd", "/dev/fd/5");
	add_two(line, "-debugcon", "stdio");
	add_two(line, "-device", "isa-debug-exit,iobase=0xf4,iosize=4");
	if (has_serial)
		add_two(line, "-serial", "file:/dev/fd/6");
}

/* Between fork and exec: only calls that are safe there. `fds` are above FD_END. */
static void become_qemu(struct command_line *line, const int fds[FD_END],
			pid_t parent)
{
	kb_parent_follow(parent);
	for (int i = 0; i < FD_END; i++)
		if (fds[i] >= 0 && dup2(fds[i], i) != i)
			_exit(NO_PROGRAM);
	for (size_t i = 0; i < KB_ARRAY_LEN(programs); i++) {
		line->argv[0] = (char *)programs[i];
		execvp(programs[i], line->argv);
	}
	_exit(NO_PROGRAM);
}

/* A copy of a descriptor out of the way of the numbers that QEMU's are to have. */
static int away(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_END);
}

static int make_memory(struct bench_metal_machine *m, size_t size,
		       struct kb_diag *diag)
{
	void *memory;

	m->memory_fd = memfd_create("kheap-replay", MFD_CLOEXEC);
	if (m->memory_fd < 0 || ftruncate(m->memory_fd, (off_t)size) != 0)
		return kb_fail(diag, KB_E_IO, "cannot make shared memory: %s",
			       strerror(errno));
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, m->memory_fd, 0);
	if (memory == MAP_FAILED)
		return kb_fail(diag, KB_E_NOMEM,
			       "cannot map %zu MiB for the machine: %s",
			       size >> 20, strerror(errno));
	m->memory = memory;
	m->memory_size = size;
	return 0;
}

static int spawn(struct bench_metal_machine *m,
		 const struct bench_metal_setup *setup, int console,
		 struct kb_diag *diag)
{
	struct command_line line;
	int fds[FD_END] = {
		away(open("/dev/null", O_RDONLY | O_CLOEXEC)),
		away(console),
		away(m->said_fd),
		[FD_MEMORY] = away(m->memory_fd),
		[FD_KERNEL] = away(setup->kernel_fd),
		[FD_REQUEST] = away(setup->request_fd),
		[FD_SERIAL] = away(setup->serial_fd),
	};

	const pid_t self = getpid();

	make_command_line(&line, setup->memory_size, setup->serial_fd >= 0);
	m->pid = fork();
	if (m->pid == 0)
		become_qemu(&line, fds, self);
	for (int i = 0; i < FD_END; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (m->pid < 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "cannot start a process: %s", strerror(errno));
	return 0;
}

int bench_metal_machine_start(struct bench_metal_machine *m,
			      const struct bench_metal_setup *setup,
			      struct kb_diag *diag)
{
	int pipe_fd[2];
	int err;

	*m = (struct bench_metal_machine){ .pid = -1,
					   .console_fd = -1,
					   .memory_fd = -1 };
	m->said_fd = memfd_create("kheap-replay", MFD_CLOEXEC);
	err = make_memory(m, setup->memory_size, diag);
	if (err < 0)
		return err;
	if (m->said_fd < 0 || pipe2(pipe_fd, O_CLOEXEC) != 0)
		return kb_fail(diag, KB_E_IO, "cannot make a pipe: %s",
			       strerror(errno));
	m->console_fd = pipe_fd[0];
	err = spawn(m, setup, pipe_fd[1], diag);
	close(pipe_fd[1]);
	return err;
}

int bench_metal_machine_end(struct bench_metal_machine *m, bool is_killed)
{
	const pid_t pid = m->pid;

	m->pid = -1;
	if (is_killed)
		kill(pid, SIGKILL);
	return bench_process_reap(pid);
}

void bench_metal_machine_said(const struct bench_metal_machine *m,
			      char out[BENCH_METAL_SAID_SIZE])
{
	const ssize_t n = pread(m->said_fd, out, BENCH_METAL_SAID_SIZE - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
}

void bench_metal_machine_release(struct bench_metal_machine *m)
{
	if (m->pid > 0)
		bench_metal_machine_end(m, true);
	if (m->memory)
		munmap(m->memory, m->memory_size);
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	if (m->said_fd >= 0)
		close(m->said_fd);
	if (m->console_fd >= 0)
		close(m->console_fd);
}
