#include "sandbox_filter.h"

#include "kb_bits.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By name, for not every architecture has all of them. */
static const char *const allowed[] = {
	"access",
	"arch_prctl",
	"brk",
	"clock_getres",
	"clock_getres_time64",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"close",
	"dup",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"ftruncate",
	"ftruncate64",
	"futex",
	"futex_time64",
	"get_mempolicy",
	"get_robust_list",
	"get_thread_area",
	"getcpu",
	"getcwd",
	"getegid",
	"getegid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getpid",
	"getppid",
	"getrandom",
	"getrlimit",
	"getrusage",
	"gettid",
	"gettimeofday",
	"getuid",
	"getuid32",
	"lseek",
	"_llseek",
	"lstat",
	"lstat64",
	"madvise",
	"mbind",
	"membarrier",
	"memfd_create",
	"mincore",
	"mlock",
	"mlock2",
	"mmap",
	"mmap2",
	"mprotect",
	"mremap",
	"munlock",
	"munmap",
	"nanosleep",
	"newfstatat",
	"pkey_alloc",
	"pkey_free",
	"pkey_mprotect",
	"poll",
	"ppoll",
	"ppoll_time64",
	"pread64",
	"read",
	"readlink",
	"readlinkat",
	"readv",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_getaffinity",
	"sched_setaffinity",
	"sched_yield",
	"set_mempolicy",
	"set_robust_list",
	"set_thread_area",
	"set_tid_address",
	"sigaltstack",
	"sigreturn",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statx",
	"sysinfo",
	"time",
	"times",
	"ugetrlimit",
	"uname",
	"write",
	"writev",
};

/* What qemu-user does besides; whatever it executes stays under the filter. */
static const char *const emulators[] = {
	"execve",
	"getdents64",
	"getpgrp",
	"getpgid",
	"getsid",
	"pipe2",
	"rt_sigpending",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"setrlimit",
	"rt_tgsigqueueinfo",
	"sched_getparam",
	"sched_getscheduler",
};

/* What the C library tries first and does without. */
static const char *const absent[] = { "clone3", "io_uring_setup", "openat2" };

/* Calls that open a file, and which argument has the flags. */
static const struct {
	const char *name;
	unsigned flags;
} openers[] = { { "open", 1 }, { "openat", 2 } };

/* Those that make a file, or may write to one. */
#define OPEN_WRITES \
	(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) | O_APPEND)

/* What fcntl may do: not have signals sent. */
static const int fcntls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,    F_SETFD,
			      F_GETFL, F_ADD_SEALS,	F_GET_SEALS };

/* Adds a rule; one for a call that the architecture does not have is none. */
static int add(scmp_filter_ctx ctx, uint32_t action, const char *name,
	       unsigned count, const struct scmp_arg_cmp *args)
{
	const int number = seccomp_syscall_resolve_name(name);
	int err;

	if (number == __NR_SCMP_ERROR)
		return 0;
	err = seccomp_rule_add_array(ctx, action, number, count, args);
	/* A pseudo call of another architecture. */
	return err == -EDOM || err == -EOPNOTSUPP ? 0 : err;
}

static int add_one(scmp_filter_ctx ctx, const char *name,
		   struct scmp_arg_cmp arg)
{
	return add(ctx, SCMP_ACT_ALLOW, name, 1, &arg);
}

/* Calls that are allowed for some arguments alone. */
static int add_some(scmp_filter_ctx ctx, pid_t pid)
{
	const struct scmp_arg_cmp limits[] = {
		SCMP_A0(SCMP_CMP_EQ, 0, 0),
		SCMP_A2(SCMP_CMP_EQ, 0, 0),
	};
	int err = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(openers) && !err; i++)
		err = add_one(ctx, openers[i].name,
			      SCMP_CMP(openers[i].flags, SCMP_CMP_MASKED_EQ,
				       OPEN_WRITES, 0));
	for (size_t i = 0; i < KB_ARRAY_LEN(fcntls) && !err; i++) {
		const struct scmp_arg_cmp is =
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i], 0);

		err = add_one(ctx, "fcntl", is);
		if (!err)
			err = add_one(ctx, "fcntl64", is);
	}
	if (!err)
		err = add_one(ctx, "clone",
			      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
				      CLONE_THREAD));
	if (!err)
		err = add_one(ctx, "tgkill",
			      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)pid, 0));
	if (!err)
		err = add(ctx, SCMP_ACT_ALLOW, "prlimit64", 2, limits);
	if (!err)
		err = add_one(ctx, "prctl",
			      SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	if (!err)
		err = add_one(ctx, "prctl",
			      SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA, 0));
	return err;
}

/* The emulated process's own settings as it begins. */
static const int settings[] = { PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS,
				PR_GET_NO_NEW_PRIVS, PR_GET_DUMPABLE };

static int add_emulator(scmp_filter_ctx ctx)
{
	int err = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(emulators) && !err; i++)
		err = add(ctx, SCMP_ACT_ALLOW, emulators[i], 0, NULL);
	for (size_t i = 0; i < KB_ARRAY_LEN(settings) && !err; i++)
		err = add_one(
			ctx, "prctl",
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)settings[i], 0));
	if (!err)
		err = add_one(ctx, "personality", SCMP_A0(SCMP_CMP_EQ, 0, 0));
	return err;
}

static int add_all(scmp_filter_ctx ctx, enum sandbox_code code, pid_t pid)
{
	int err = code == SANDBOX_EMULATOR ? add_emulator(ctx) : 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(allowed) && !err; i++)
		err = add(ctx, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (size_t i = 0; i < KB_ARRAY_LEN(absent) && !err; i++)
		err = add(ctx, SCMP_ACT_ERRNO(ENOSYS), absent[i], 0, NULL);
	return err ? err : add_some(ctx, pid);
}

static int add_closed(scmp_filter_ctx ctx)
{
	int err = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(openers) && !err; i++)
		err = add(ctx, SCMP_ACT_ERRNO(EACCES), openers[i].name, 0,
			  NULL);
	return err;
}

static int choose_code(scmp_filter_ctx ctx, enum sandbox_code code)
{
	int err;

	if (code != SANDBOX_X86 || seccomp_arch_native() == SCMP_ARCH_X86)
		return 0;
	err = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
	return err ? err : seccomp_arch_add(ctx, SCMP_ARCH_X86);
}

static int export(scmp_filter_ctx ctx, struct sandbox_filter *out)
{
	const int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t bytes = -1;

	static_assert(sizeof(struct sandbox_step) == sizeof(struct sock_filter),
		      "a step is handed on as it is");
	if (fd < 0)
		return -errno;
	if (seccomp_export_bpf(ctx, fd) == 0)
		bytes = pread(fd, out->step, sizeof(out->step), 0);
	close(fd);
	if (bytes <= 0 || (size_t)bytes == sizeof(out->step))
		return -E2BIG;
	out->count = (uint32_t)((size_t)bytes / sizeof(*out->step));
	return 0;
}

static int make(struct sandbox_filter *out, enum sandbox_code code, pid_t pid,
		bool is_closed, struct kb_diag *diag)
{
	scmp_filter_ctx ctx =
		seccomp_init(is_closed ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);
	int err;

	if (!ctx)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = choose_code(ctx, code);
	if (!err)
		err = is_closed ? add_closed(ctx) : add_all(ctx, code, pid);
	if (!err)
		err = export(ctx, out);
	seccomp_release(ctx);
	if (err)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "cannot make the filter of system calls: %s",
			       strerror(-err));
	return 0;
}

int sandbox_filter_make(struct sandbox_filter *out, enum sandbox_code code,
			pid_t pid, struct kb_diag *diag)
{
	return make(out, code, pid, false, diag);
}

int sandbox_filter_make_closed(struct sandbox_filter *out,
			       enum sandbox_code code, struct kb_diag *diag)
{
	return make(out, code, 0, true, diag);
}

int sandbox_filter_enter(const struct sandbox_filter *filter,
			 struct kb_diag *diag)
{
	const struct sock_fprog program = {
		.len = (unsigned short)filter->count,
		.filter = (struct sock_filter *)filter->step,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "the kernel filters no system calls: %s",
			       strerror(errno));
	return 0;
}

void sandbox_filter_name(enum sandbox_code code, int number, char *name,
			 size_t size)
{
	char *found = seccomp_syscall_resolve_num_arch(
		code == SANDBOX_X86 ? SCMP_ARCH_X86 : seccomp_arch_native(),
		number);

	if (found)
		snprintf(name, size, "%s", found);
	else
		snprintf(name, size, "system call %d", number);
	free(found);
}
