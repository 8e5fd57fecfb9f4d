#include "alloc_plugin32.h"

#include "alloc_plugin_line.h"
#include "allocator_plugin.h"
#include "kb_bits.h"
#include "kb_parent.h"
#include "kheap.h"
#include "plugin_channel.h"
#include "sandbox_filter.h"
#include "sandbox_space.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER "bench-worker32"

/* In the names of sources that a plugin has from here. */
#define HARNESS "plugin/fos/tree/"

/* What runs it where the kernel runs no 32-bit programs, and what the process's
 * status is if that is not there either. */
#define EMULATOR   "qemu-i386"
#define CANNOT_RUN 127

/* How long a worker that hangs may take to say where, ms. */
#define LAST_WORD_MS 1000

/* What the plugin's own files in memory may take, and how many. */
#define FILE_MOST  (UINT64_C(256) << 20)
#define FILES_MOST 32

/* Out of the way of the numbers that the worker is to have. */
#define FD_LOW 16

struct plugin32 {
	struct plugin_channel *channel;
	pid_t child;
	int request_fd;
	int answer_fd;

	/* Reads SIGUSR1: bench thinks that this process hangs. */
	int signal_fd;

	/* The call under way, for what the plugin does not say itself. */
	const char *call;
	bool has_address, has_size;
	uint32_t address, size;

	/* While the plugin is loaded: the worker has ended, and how. */
	bool opening, gone;
	int status;

	struct alloc_report report;
	struct alloc_vt vt;
	char name[ALLOC_NAME_SIZE];
	char path[PATH_MAX];
	uint64_t ticks;
	bool use_tsc;
	uint32_t heap_base, heap_pages;
};

bool alloc_plugin32_is(const char *path)
{
	Elf32_Ehdr header;
	FILE *file = fopen(path, "re");
	bool is;

	if (!file)
		return false;
	is = fread(&header, sizeof(header), 1, file) == 1 &&
	     memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	     header.e_ident[EI_CLASS] == ELFCLASS32 &&
	     header.e_machine == EM_386;
	fclose(file);
	return is;
}

/* --- What the worker says --- */

static void stop_child(struct plugin32 *p)
{
	if (p->child > 0) {
		kill(p->child, SIGKILL);
		waitpid(p->child, NULL, 0);
	}
	p->child = 0;
}

/* The library's texts are nobody's: each ends here. */
static void clean_fault(struct channel_fault *f)
{
	f->kind[sizeof(f->kind) - 1] = '\0';
	f->call[sizeof(f->call) - 1] = '\0';
	f->source[sizeof(f->source) - 1] = '\0';
	f->message[sizeof(f->message) - 1] = '\0';
}

static void name_call(const struct channel_fault *f, bool is_emulated,
		      char *text, size_t size)
{
	char name[CHANNEL_WORD_SIZE * 2];

	sandbox_filter_name(is_emulated ? SANDBOX_NATIVE : SANDBOX_X86,
			    (int)f->system_call, name, sizeof(name));
	snprintf(text, size, "calls %s(), which a plugin may not", name);
}

static const char *message_of(const struct channel_fault *f, bool is_emulated,
			      char *text, size_t size)
{
	if (f->message[0])
		return f->message;
	if (f->signal == SIGUSR1)
		snprintf(text, size, "it does not return");
	else if (f->signal == SIGSYS)
		name_call(f, is_emulated, text, size);
	else if (f->has_address)
		snprintf(text, size, "%s at address 0x%08" PRIX32,
			 strsignal((int)f->signal), f->address);
	else
		snprintf(text, size, "%s", strsignal((int)f->signal));
	return text;
}

/* The first line that is not the harness's own. */
static void find_line(const struct plugin32 *p, const struct channel_fault *f,
		      struct alloc_fault *fault)
{
	for (unsigned i = 0; i < CHANNEL_PCS && f->pc[i]; i++) {
		alloc_plugin_line(p->path, f->pc[i], fault->source,
				  sizeof(fault->source), &fault->line);
		if (fault->line && !strstr(fault->source, HARNESS))
			return;
		fault->line = 0;
		fault->source[0] = '\0';
	}
}

/* Ends this process by the fault, in the words of the one who found it. */
static void give_up(struct plugin32 *p, struct channel_fault *f)
{
	struct alloc_fault fault;
	char text[CHANNEL_TEXT_SIZE];

	/* From here on nobody else writes to it. */
	stop_child(p);
	clean_fault(f);
	fault = (struct alloc_fault){
		.judged = f->judged,
		.has_address = f->has_address || p->has_address,
		.address = f->has_address ? f->address : p->address,
		.has_size = p->has_size,
		.size = p->size,
		.line = f->line,
	};
	snprintf(fault.kind, sizeof(fault.kind), "%s", f->kind);
	snprintf(fault.call, sizeof(fault.call), "%s",
		 f->call[0] ? f->call : p->call);
	snprintf(fault.source, sizeof(fault.source), "%s", f->source);
	if (!fault.line)
		find_line(p, f, &fault);
	p->report.panic(p->report.user, p->name,
			message_of(f, p->channel->emulated, text, sizeof(text)),
			&fault);
	abort();
}

/* The worker has gone without a word. */
static void tell_end(struct plugin32 *p)
{
	struct channel_fault f = { .judged = 1 };
	int status = 0;

	waitpid(p->child, &status, 0);
	p->child = 0;
	if (p->opening) {
		p->gone = true;
		p->status = status;
		return;
	}
	snprintf(f.kind, sizeof(f.kind), "crash");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		snprintf(f.kind, sizeof(f.kind), "forbidden");
		snprintf(f.message, sizeof(f.message),
			 "makes a system call that a plugin may not");
	} else if (WIFSIGNALED(status))
		f.signal = (uint32_t)WTERMSIG(status);
	else
		snprintf(f.message, sizeof(f.message),
			 "ended its process with status %d",
			 WEXITSTATUS(status));
	give_up(p, &f);
}

/* Waits for an answer, at most `ms` if that is not -1. False if none came. */
static bool read_answer(struct plugin32 *p, int ms, char *what)
{
	struct pollfd fds[2] = {
		{ .fd = p->answer_fd, .events = POLLIN },
		{ .fd = p->signal_fd, .events = POLLIN },
	};

	for (;;) {
		const int n = poll(fds, ms < 0 ? 2 : 1, ms);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n > 0 && fds[1].revents))
			return false;
		*what = CHANNEL_DONE;
		if (read(p->answer_fd, what, 1) != 1)
			tell_end(p);
		return true;
	}
}

static void tell_hang(struct plugin32 *p)
{
	struct channel_fault f = { .judged = 1, .signal = SIGUSR1 };
	char what = 0;

	snprintf(f.kind, sizeof(f.kind), "hang");
	kill(p->child, SIGUSR1);
	while (read_answer(p, LAST_WORD_MS, &what) && what == CHANNEL_LOG) {
	}
	give_up(p, what == CHANNEL_FAULT ? &p->channel->fault : &f);
}

static void send_byte(struct plugin32 *p)
{
	const char go = 'R';

	/* An end is seen when the answer is read. */
	if (write(p->request_fd, &go, 1) != 1)
		return;
}

static void show_log(struct plugin32 *p)
{
	char line[CHANNEL_TEXT_SIZE];

	memcpy(line, p->channel->text, sizeof(line));
	line[sizeof(line) - 1] = '\0';
	if (p->report.log)
		p->report.log(p->report.user, p->name, line);
}

/* Has the worker do a request that is written, all but its kind. */
static void ask(struct plugin32 *p, enum channel_request request)
{
	char what;

	p->channel->request = request;
	send_byte(p);
	for (;;) {
		if (!read_answer(p, -1, &what))
			tell_hang(p);
		if (what == CHANNEL_DONE)
			return;
		if (what == CHANNEL_FAULT)
			give_up(p, &p->channel->fault);
		show_log(p);
		send_byte(p);
	}
}

/* --- The allocator --- */

static void set_call(struct plugin32 *p, const char *call, bool has_address,
		     uint32_t address, bool has_size, uint32_t size)
{
	p->call = call;
	p->has_address = has_address;
	p->address = address;
	p->has_size = has_size;
	p->size = size;
}

static uint64_t plugin_alloc(void *ctx, uint32_t size)
{
	struct plugin32 *p = ctx;

	set_call(p, "kmalloc", false, 0, true, size);
	p->channel->size = size;
	ask(p, CHANNEL_ALLOC);
	return p->channel->result;
}

static int plugin_free(void *ctx, uint64_t handle)
{
	struct plugin32 *p = ctx;

	set_call(p, "kfree", true, (uint32_t)handle, false, 0);
	p->channel->address = (uint32_t)handle;
	ask(p, CHANNEL_FREE);
	return p->channel->status != 0 ? KB_E_NOT_LIVE : 0;
}

static void plugin_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	struct plugin32 *p = ctx;

	if (!(p->channel->flags & ALLOCATOR_PLUGIN_REAL))
		return;
	p->channel->address = (uint32_t)handle;
	p->channel->offset = offset;
	ask(p, CHANNEL_TOUCH);
}

static uint64_t plugin_usable_of(const void *ctx, uint64_t handle)
{
	struct plugin32 *p = (struct plugin32 *)ctx;

	p->channel->address = (uint32_t)handle;
	ask(p, CHANNEL_USABLE);
	return p->channel->result;
}

static void plugin_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	struct plugin32 *p = ctx;

	p->channel->address = (uint32_t)handle;
	p->channel->size = size;
	p->channel->key = key;
	ask(p, CHANNEL_FILL);
}

static bool plugin_intact(void *ctx, uint64_t handle, uint32_t size,
			  uint64_t key)
{
	struct plugin32 *p = ctx;

	p->channel->address = (uint32_t)handle;
	p->channel->size = size;
	p->channel->key = key;
	ask(p, CHANNEL_INTACT);
	return p->channel->result == 1;
}

static bool plugin_in_window(const void *ctx, uint64_t handle, uint64_t size)
{
	const struct plugin32 *p = ctx;
	const uint64_t bytes = (uint64_t)p->heap_pages * KVA_PAGE_SIZE;

	return handle >= p->heap_base && handle - p->heap_base <= bytes &&
	       size <= bytes - (handle - p->heap_base);
}

static void plugin_memory(void *ctx, struct alloc_memory *out)
{
	struct plugin32 *p = ctx;

	ask(p, CHANNEL_MEMORY_READ);
	*out = (struct alloc_memory){
		.mapped = p->channel->memory[0],
		.resident = p->channel->memory[1],
		.metadata = p->channel->memory[2],
		.largest = p->channel->memory[3],
	};
}

static void fail_stats(struct plugin32 *p, const char *what)
{
	struct channel_fault f = { .judged = 1 };

	snprintf(f.kind, sizeof(f.kind), "plugin");
	snprintf(f.message, sizeof(f.message), "stats reports %s", what);
	give_up(p, &f);
}

static void plugin_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	struct plugin32 *p = (struct plugin32 *)ctx;
	char full[CHANNEL_WORD_SIZE + 8];
	uint32_t count;

	ask(p, CHANNEL_STATS_READ);
	count = p->channel->stats;
	if (count > ALLOCATOR_PLUGIN_STATS_MAX)
		fail_stats(p, "more counters than ALLOCATOR_PLUGIN_STATS_MAX");
	for (uint32_t i = 0; i < count; i++) {
		char name[CHANNEL_WORD_SIZE];
		size_t length;

		memcpy(name, p->channel->stat[i].name, sizeof(name));
		name[sizeof(name) - 1] = '\0';
		length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (length == 0 || length > 24 || name[length])
			fail_stats(p, "a counter whose name is not 1 to 24 of "
				      "a-z, 0-9 and '_'");
		snprintf(full, sizeof(full), "plugin_%s", name);
		fn(user, full, p->channel->stat[i].value);
	}
}

static uint64_t plugin_ran_ticks(const void *ctx)
{
	const struct plugin32 *p = ctx;

	return p->ticks;
}

static void run_piece(struct plugin32 *p, const struct replay_op *ops,
		      uint32_t count, uint64_t *live)
{
	struct plugin_channel *c = p->channel;

	static_assert(sizeof(struct replay_op) == sizeof(struct channel_op),
		      "operations are handed on as they are");
	memcpy(c->op, ops, count * sizeof(*ops));
	c->count = count;
	c->use_tsc = p->use_tsc;
	ask(p, CHANNEL_RUN);
	p->ticks += c->ticks;
	for (uint32_t i = 0; i < count; i++)
		if (!replay_op_is_free(ops[i]))
			live[replay_op_slot(ops[i])] = c->handle[i];
}

static void run(void *ctx, const struct replay_op *ops, size_t count,
		uint64_t *live, enum alloc_touch touch)
{
	struct plugin32 *p = ctx;

	set_call(p, "", false, 0, false, 0);
	p->ticks = 0;
	p->channel->touch = touch;
	while (count > 0) {
		const uint32_t piece = (uint32_t)kb_min(count, CHANNEL_OPS);

		run_piece(p, ops, piece, live);
		ops += piece;
		count -= piece;
	}
}

static void run_none(void *ctx, const struct replay_op *ops, size_t count,
		     uint64_t *live)
{
	run(ctx, ops, count, live, ALLOC_TOUCH_NONE);
}

static void run_first(void *ctx, const struct replay_op *ops, size_t count,
		      uint64_t *live)
{
	run(ctx, ops, count, live, ALLOC_TOUCH_FIRST);
}

static void run_all(void *ctx, const struct replay_op *ops, size_t count,
		    uint64_t *live)
{
	run(ctx, ops, count, live, ALLOC_TOUCH_ALL);
}

static void run_probed(void *ctx, const struct replay_op *ops, size_t count,
		       uint64_t *live, struct replay_probe *probe)
{
	struct plugin32 *p = ctx;

	for (size_t i = 0; i < count; i++) {
		if (!replay_op_is_free(ops[i])) {
			run_none(ctx, &ops[i], 1, live);
			continue;
		}
		memcpy(p->channel->op, &ops[i], sizeof(ops[i]));
		p->channel->use_tsc = probe->use_tsc;
		ask(p, CHANNEL_PROBE);
		probe->ticks = p->channel->ticks;
	}
}

static void release(struct plugin32 *p)
{
	stop_child(p);
	if (p->channel)
		munmap(p->channel, sizeof(*p->channel));
	if (p->request_fd >= 0)
		close(p->request_fd);
	if (p->answer_fd >= 0)
		close(p->answer_fd);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
	free(p);
}

static void plugin_close(void *ctx)
{
	struct plugin32 *p = ctx;

	set_call(p, "", false, 0, false, 0);
	ask(p, CHANNEL_CLOSE);
	release(p);
}

static void fill_vt(struct plugin32 *p)
{
	const struct plugin_channel *c = p->channel;
	const bool real = c->flags & ALLOCATOR_PLUGIN_REAL;

	p->vt = (struct alloc_vt){
		.run = { run_none, run_first, run_all },
		.run_probed = run_probed,
		.ran_ticks = plugin_ran_ticks,
		.alloc = plugin_alloc,
		.free = plugin_free,
		.touch = plugin_touch,
		.alignment = c->alignment,
		.has_memory = true,
		.fill = real ? plugin_fill : NULL,
		.intact = real ? plugin_intact : NULL,
		.in_window = c->flags & ALLOCATOR_PLUGIN_WINDOW
				     ? plugin_in_window
				     : NULL,
		.usable_of = c->has_usable ? plugin_usable_of : NULL,
		.memory = plugin_memory,
		.counters = c->has_stats ? plugin_counters : NULL,
		.close = plugin_close,
	};
}

/* --- Starting it --- */

/* The worker is beside this program, or where it is installed. */
static bool find_worker(char path[PATH_MAX])
{
	static const char *const places[] = {
		"/" WORKER,
		"/../" KB_LIBDIR "/kheap-replay/" WORKER,
	};
	char self[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return false;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < KB_ARRAY_LEN(places); i++) {
		if (snprintf(path, PATH_MAX, "%s%s", self, places[i]) <
			    PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* The emulator makes the worker's system calls, so the filter is its own. */
static void become_emulator(struct plugin_channel *channel, const char *worker)
{
	char *const argv[] = { (char *)EMULATOR, (char *)"-cpu", (char *)"max",
			       (char *)worker, NULL };
	struct sandbox_filter filter;
	struct kb_diag diag;

	kb_diag_init(&diag);
	channel->emulated = 1;
	if (!KB_ASAN && (sandbox_filter_make(&filter, SANDBOX_EMULATOR,
					     getpid(), &diag) < 0 ||
			 sandbox_filter_enter(&filter, &diag) < 0))
		_exit(CHANNEL_NO_FILTER);
	execvp(EMULATOR, argv);
}

/* Between fork and exec. */
static void become(struct plugin_channel *channel, pid_t parent,
		   const char *worker, int memory, int request, int reply)
{
	char *const argv[] = { (char *)WORKER, NULL };
	static const struct sandbox_limits limits = { .file = FILE_MOST,
						      .files = FILES_MOST };

	kb_parent_follow(parent);
	personality(ADDR_LIMIT_3GB | ADDR_NO_RANDOMIZE);
	sandbox_space_limit(&limits);
	if (dup2(memory, CHANNEL_MEMORY_FD) == CHANNEL_MEMORY_FD &&
	    dup2(request, CHANNEL_REQUEST_FD) == CHANNEL_REQUEST_FD &&
	    dup2(reply, CHANNEL_ANSWER_FD) == CHANNEL_ANSWER_FD)
		execv(worker, argv);
	if (errno == ENOEXEC)
		become_emulator(channel, worker);
	_exit(CANNOT_RUN);
}

/* A pipe whose ends have high numbers and are closed on exec. */
static bool make_pipe(int fds[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FD_LOW);
		close(low[i]);
	}
	return fds[0] >= 0 && fds[1] >= 0;
}

static int make_memory(void)
{
	const int low = sandbox_space_file(sizeof(struct plugin_channel));
	const int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FD_LOW);

	if (low >= 0)
		close(low);
	return fd;
}

static void watch_signal(struct plugin32 *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int spawn(struct plugin32 *p, const char *worker)
{
	int request[2] = { -1, -1 }, reply[2] = { -1, -1 };
	const int memory = make_memory();
	const pid_t self = getpid();
	void *map;

	if (memory < 0 || !make_pipe(request) || !make_pipe(reply))
		return KB_E_IO;
	map = mmap(NULL, sizeof(*p->channel), PROT_READ | PROT_WRITE,
		   MAP_SHARED, memory, 0);
	if (map == MAP_FAILED)
		return KB_E_NOMEM;
	p->channel = map;
	p->child = fork();
	if (p->child == 0)
		become(map, self, worker, memory, request[0], reply[1]);
	close(memory);
	close(request[0]);
	close(reply[1]);
	p->request_fd = request[1];
	p->answer_fd = reply[0];
	if (p->child < 0)
		return KB_E_IO;
	signal(SIGPIPE, SIG_IGN);
	watch_signal(p);
	return 0;
}

static int explain_end(const struct plugin32 *p, struct kb_diag *diag)
{
	if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == CHANNEL_NO_FILTER)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "'%s' is 32-bit code, and the kernel takes no "
			       "filter of its system calls",
			       p->path);
	if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == CANNOT_RUN)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "'%s' is 32-bit code, and this machine runs no "
			       "32-bit programs; install qemu-user, which "
			       "emulates them",
			       p->path);
	return kb_fail(diag, KB_E_WRONG,
		       "%s: its process ended while it was loaded", p->name);
}

static int check_plugin(const struct plugin32 *p, struct kb_diag *diag)
{
	const struct plugin_channel *c = p->channel;
	char why[CHANNEL_TEXT_SIZE];

	if (p->gone)
		return explain_end(p, diag);
	memcpy(why, c->text, sizeof(why));
	why[sizeof(why) - 1] = '\0';
	if (c->status == -1 && why[0])
		return kb_fail(diag, KB_E_ARG, "cannot load the plugin: %s",
			       why);
	if (c->status == -1)
		return kb_fail(diag, KB_E_ARG,
			       "'%s' is not a plugin: it has no symbol "
			       "'allocator_plugin', which allocator_plugin.h "
			       "declares",
			       p->path);
	if (c->plugin_version != ALLOCATOR_PLUGIN_VERSION)
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "'%s' is built for version %" PRIu32
			       " of the plugin interface, this bench needs "
			       "version %d; compile it again",
			       p->path, c->plugin_version,
			       ALLOCATOR_PLUGIN_VERSION);
	if (c->status == -2)
		return kb_fail(diag, KB_E_ARG,
			       "'%s': init, alloc and free are required",
			       p->path);
	if (c->flags & ~(ALLOCATOR_PLUGIN_REAL | ALLOCATOR_PLUGIN_WINDOW) ||
	    c->alignment == 0 || (c->alignment & (c->alignment - 1)))
		return kb_fail(diag, KB_E_ARG,
			       "'%s': its allocator_plugin has unknown flags, "
			       "or an alignment that is no power of two",
			       p->path);
	if (c->result != 0)
		return kb_fail(diag, KB_E_WRONG, "%s: its init returned %d",
			       p->name, (int)c->result);
	return 0;
}

static void copy_filter(struct channel_filter *to,
			const struct sandbox_filter *from)
{
	static_assert(sizeof(from->step) == sizeof(to->step),
		      "filters are handed on as they are");
	to->count = from->count;
	memcpy(to->step, from->step, from->count * sizeof(*from->step));
}

/* Only the worker itself can put itself under filters of its code. */
static int make_filters(struct plugin32 *p, struct kb_diag *diag)
{
	struct sandbox_filter filter;
	const pid_t seen = p->child;
	int err = sandbox_filter_make(&filter, SANDBOX_X86, seen, diag);

	if (err < 0)
		return err;
	copy_filter(&p->channel->filter, &filter);
	err = sandbox_filter_make_closed(&filter, SANDBOX_X86, diag);
	if (err == 0)
		copy_filter(&p->channel->closed, &filter);
	return err;
}

static int open_plugin(struct plugin32 *p, const struct alloc_config *config,
		       const char *options, struct kb_diag *diag)
{
	char worker[PATH_MAX];
	size_t length = 0;
	int err;

	if (!find_worker(worker))
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "'%s' is 32-bit code, and this bench has no "
			       "worker for it; install gcc-multilib, then "
			       "build bench again",
			       p->path);
	if (spawn(p, worker) < 0)
		return kb_fail(diag, KB_E_IO,
			       "cannot start the 32-bit worker: %s",
			       strerror(errno));
	while (options[length])
		length += strlen(options + length) + 1;
	if (length >= sizeof(p->channel->text) ||
	    strlen(p->path) >= sizeof(p->channel->path))
		return kb_fail(diag, KB_E_ARG, "%s: the name is too long",
			       p->name);
	memcpy(p->channel->text, options, length);
	strcpy(p->channel->path, p->path);
	p->channel->heap_base = p->heap_base;
	p->channel->heap_pages = p->heap_pages;
	p->channel->page_size = KVA_PAGE_SIZE;
	p->channel->checked = config->checked;
	err = make_filters(p, diag);
	if (err < 0)
		return err;
	set_call(p, "", false, 0, false, 0);
	p->opening = true;
	ask(p, CHANNEL_OPEN);
	p->opening = false;
	return check_plugin(p, diag);
}

int alloc_plugin32_open(struct alloc *out, const struct alloc_config *config,
			const char *path, const char *options,
			struct kb_diag *diag)
{
	struct plugin32 *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	p->request_fd = p->answer_fd = p->signal_fd = -1;
	p->report = config->report;
	p->use_tsc = config->use_tsc;
	p->heap_base =
		config->heap_base ? config->heap_base : KHEAP_BASE_DEFAULT;
	p->heap_pages =
		config->heap_pages ? config->heap_pages : KHEAP_PAGES_DEFAULT;
	snprintf(p->name, sizeof(p->name), "%s", config->spec->name);
	snprintf(p->path, sizeof(p->path), "%s", path);
	err = open_plugin(p, config, options, diag);
	if (err < 0) {
		release(p);
		return err;
	}
	fill_vt(p);
	out->vt = &p->vt;
	out->ctx = p;
	return 0;
}
