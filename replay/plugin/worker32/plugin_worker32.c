/*
 * The 32-bit worker of bench: loads a plugin that is 32-bit code and does what
 * bench asks for over a plugin_channel. It is compiled with -m32 and uses nothing
 * but the C library.
 *
 * The addresses above 3 GiB are the plugin's: this program is executed with
 * ADDR_LIMIT_3GB, so that its own stack and libraries are below, and lifts the
 * limit before the plugin is loaded.
 */
#include "allocator_plugin.h"
#include "plugin_channel.h"
#include "plugin_lender.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <x86intrin.h>

#define LOG_LINES   20
#define OPTIONS_MAX 64
#define FRAMES_MAX  64

struct worker {
	struct plugin_channel *channel;
	const struct allocator_plugin *ops;
	void *ctx;
	struct allocator_plugin_config config;
	struct allocator_plugin_option option[OPTIONS_MAX];
	char options[CHANNEL_TEXT_SIZE];

	/* The handle of each slot, and how many there is room for. */
	uint32_t *live;
	uint32_t slots;

	unsigned lines;
	struct plugin_lender lender;

	/* The function that the plugin says it is calling, or NULL. */
	const char *calling;
};

/* Signal handlers and the plugin's calls have no other way to it. */
static struct worker the;

static void answer(char what)
{
	while (write(CHANNEL_ANSWER_FD, &what, 1) < 0 && errno == EINTR) {
	}
}

static bool ask(char *what)
{
	ssize_t n;

	while ((n = read(CHANNEL_REQUEST_FD, what, 1)) < 0 && errno == EINTR) {
	}
	return n == 1;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void end_by_fault(void)
{
	answer(CHANNEL_FAULT);
	_exit(0);
}

static uint32_t file_address(const void *pc)
{
	Dl_info info;

	if (!dladdr(pc, &info) || !info.dli_fbase)
		return 0;
	return (uint32_t)((uintptr_t)pc - (uintptr_t)info.dli_fbase);
}

/* True if `pc` is in the plugin. */
static bool is_plugins(const void *pc)
{
	Dl_info plugin, info;

	return the.ops && dladdr(the.ops, &plugin) && dladdr(pc, &info) &&
	       info.dli_fbase == plugin.dli_fbase;
}

/* Who called a function of the C library, which keeps no frame of its own: the first
 * address of the plugin between the stack's top and the last frame. Returns how many
 * were found, 0 or 1. */
static unsigned find_caller(const uint32_t *top, const uint32_t *frame,
			    uint32_t pcs[CHANNEL_PCS])
{
	for (unsigned i = 0; i < FRAMES_MAX && top + i < frame; i++) {
		const char *pc = (const char *)(uintptr_t)top[i];

		if (!is_plugins(pc))
			continue;
		pcs[0] = file_address(pc - 1);
		return 1;
	}
	return 0;
}

/* The plugin's own instruction under way and its callers, by the frames on the
 * stack. */
static void find_pcs(const ucontext_t *context, uint32_t pcs[CHANNEL_PCS])
{
	const greg_t *regs = context->uc_mcontext.gregs;
	const uint32_t *frame = (const uint32_t *)(uintptr_t)regs[REG_EBP];
	const uintptr_t stack = (uintptr_t)regs[REG_ESP];
	const void *pc = (const void *)(uintptr_t)regs[REG_EIP];
	unsigned found = 0;

	if (!is_plugins(pc))
		found = find_caller((const uint32_t *)stack, frame, pcs);
	for (unsigned i = 0; i < FRAMES_MAX && found < CHANNEL_PCS; i++) {
		if (is_plugins(pc))
			pcs[found++] =
				file_address(i ? (const char *)pc - 1 : pc);
		if ((uintptr_t)frame < stack ||
		    (uintptr_t)frame - stack > (8u << 20) ||
		    (uintptr_t)frame % 4 != 0)
			return;
		pc = (const void *)(uintptr_t)frame[1];
		frame = (const uint32_t *)(uintptr_t)frame[0];
	}
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct channel_fault *f = &the.channel->fault;
	const bool hangs = number == SIGUSR1;

	memset(f, 0, sizeof(*f));
	copy_text(f->kind, sizeof(f->kind), hangs ? "hang" : "crash");
	f->judged = 1;
	f->signal = (uint32_t)number;
	if (number == SIGSYS) {
		copy_text(f->kind, sizeof(f->kind), "forbidden");
		/* qemu hands it on in the place of another field. */
		f->system_call = (uint32_t)(the.channel->emulated
						    ? info->si_value.sival_int
						    : info->si_syscall);
	}
	copy_text(f->call, sizeof(f->call), the.calling);
	find_pcs(context, f->pc);
	if (!hangs && number == SIGSEGV) {
		f->has_address = 1;
		f->address = (uint32_t)(uintptr_t)info->si_addr;
	}
	end_by_fault();
}

static void catch_signals(void)
{
	static const int caught[] = { SIGSEGV, SIGBUS,	SIGILL, SIGFPE,
				      SIGABRT, SIGTRAP, SIGSYS, SIGUSR1 };
	static char stack[65536];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaction(caught[i], &action, NULL);
}

static void plugin_log(void *host, const char *message)
{
	char go;

	(void)host;
	if (the.lines++ >= LOG_LINES)
		return;
	copy_text(the.channel->text, sizeof(the.channel->text), message);
	answer(CHANNEL_LOG);
	if (!ask(&go))
		_exit(0);
}

static void plugin_fault(void *host, const struct allocator_plugin_fault *from)
{
	struct channel_fault *f = &the.channel->fault;

	(void)host;
	memset(f, 0, sizeof(*f));
	copy_text(f->kind, sizeof(f->kind), from->kind);
	copy_text(f->call, sizeof(f->call), from->call);
	copy_text(f->source, sizeof(f->source), from->source);
	copy_text(f->message, sizeof(f->message), from->message);
	f->line = from->line;
	f->judged = from->judged;
	f->has_address = from->has_address;
	f->address = (uint32_t)(uintptr_t)from->address;
	if (from->function && !from->source)
		f->pc[0] = file_address(from->function);
	end_by_fault();
}

static void plugin_panic(void *host, const char *message)
{
	const struct allocator_plugin_fault fault = {
		.size = sizeof(fault),
		.kind = "panic",
		.judged = 1,
		.message = message,
	};

	plugin_fault(host, &fault);
}

static void fail_open(const char *message)
{
	copy_text(the.channel->text, sizeof(the.channel->text), message);
	the.channel->status = -1;
}

static void cut_options(void)
{
	char *text = the.options;

	memcpy(text, the.channel->text, sizeof(the.options));
	text[sizeof(the.options) - 1] = '\0';
	while (*text && the.config.option_count < OPTIONS_MAX) {
		char *equals = strchr(text, '=');
		const size_t length = strlen(text);

		if (!equals)
			break;
		*equals = '\0';
		the.option[the.config.option_count++] =
			(struct allocator_plugin_option){ text, equals + 1 };
		text += length + 1;
	}
}

static void *plugin_take_pages(void *host, size_t pages)
{
	(void)host;
	return plugin_lender_take(&the.lender, pages);
}

static int plugin_give_pages(void *host, void *first, size_t pages)
{
	(void)host;
	return plugin_lender_give(&the.lender, first, pages);
}

static void fill_config(void)
{
	const struct plugin_channel *c = the.channel;

	the.config.size = sizeof(the.config);
	the.config.heap_base = c->heap_base;
	the.config.heap_pages = c->heap_pages;
	the.config.page_size = c->page_size;
	the.config.checked = c->checked;
	the.config.options = the.option;
	the.config.log = plugin_log;
	the.config.panic = plugin_panic;
	the.config.fault = plugin_fault;
	the.config.call = &the.calling;
	the.config.take_pages = plugin_take_pages;
	the.config.give_pages = plugin_give_pages;
	cut_options();
}

/* A filter that the kernel does not take ends the worker: nothing foreign is loaded
 * without one. */
static void enter(const struct channel_filter *from)
{
	static struct sock_filter step[CHANNEL_STEPS];
	const struct sock_fprog program = {
		.len = (unsigned short)from->count,
		.filter = step,
	};

	if (the.channel->emulated || from->count == 0)
		return;
	for (uint32_t i = 0; i < from->count; i++)
		step[i] = (struct sock_filter){ from->step[i].code,
						from->step[i].jump_true,
						from->step[i].jump_false,
						from->step[i].k };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		_exit(CHANNEL_NO_FILTER);
}

static void do_open(void)
{
	struct plugin_channel *c = the.channel;
	const struct allocator_plugin *ops;
	void *library;

	fill_config();
	enter(&c->filter);
	library = dlopen(c->path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fail_open(dlerror());
		return;
	}
	enter(&c->closed);
	ops = dlsym(library, "allocator_plugin");
	if (!ops) {
		fail_open("");
		return;
	}
	the.ops = ops;
	c->plugin_version = ops->version;
	c->plugin_size = ops->size;
	if (ops->version != ALLOCATOR_PLUGIN_VERSION ||
	    ops->size < sizeof(*ops))
		return;
	c->flags = ops->flags;
	c->alignment = ops->alignment;
	c->has_usable = ops->usable_size != NULL;
	c->has_stats = ops->stats != NULL;
	if (!ops->init || !ops->alloc || !ops->free) {
		c->status = -2;
		return;
	}
	c->result = (uint32_t)ops->init(&the.config, &the.ctx);
}

static bool reserve(uint32_t slot)
{
	uint32_t slots = the.slots ? the.slots : 1024;
	uint32_t *grown;

	if (slot < the.slots)
		return true;
	while (slots <= slot)
		slots *= 2;
	grown = realloc(the.live, slots * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + the.slots, 0, (slots - the.slots) * sizeof(*grown));
	the.live = grown;
	the.slots = slots;
	return true;
}

static bool reserve_all(void)
{
	const struct plugin_channel *c = the.channel;
	uint32_t most = 0;

	for (uint32_t i = 0; i < c->count; i++)
		if (c->op[i].slot_kind >> 1 > most)
			most = c->op[i].slot_kind >> 1;
	return reserve(most);
}

static uint64_t system_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) +
	       (uint64_t)ts.tv_nsec;
}

/* As replay_tick.h reads the clock. */
static inline uint64_t tick_begin(bool use_tsc)
{
	uint64_t ticks;

	if (!use_tsc)
		return system_ns();
	_mm_lfence();
	ticks = __rdtsc();
	_mm_lfence();
	return ticks;
}

static inline uint64_t tick_end(bool use_tsc)
{
	unsigned cpu;
	uint64_t ticks;

	if (!use_tsc)
		return system_ns();
	ticks = __rdtscp(&cpu);
	_mm_lfence();
	return ticks;
}

static inline void touch_byte(uint32_t va)
{
	*(volatile char *)(uintptr_t)va = 1;
}

static inline void touch_object(uint32_t va, uint32_t size, uint32_t touch)
{
	if (!touch || !va || !size)
		return;
	touch_byte(va);
	for (uint32_t at = 4096; touch == 2 && at < size; at += 4096)
		touch_byte(va + at);
}

static void run_ops(const uint32_t touch)
{
	struct plugin_channel *c = the.channel;
	const struct allocator_plugin *ops = the.ops;
	uint32_t *live = the.live;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct channel_op op = c->op[i];
		const uint32_t slot = op.slot_kind >> 1;

		if (op.slot_kind & 1) {
			if (live[slot])
				ops->free(the.ctx, (void *)live[slot]);
			continue;
		}
		live[slot] = (uint32_t)(uintptr_t)ops->alloc(the.ctx, op.size);
		touch_object(live[slot], op.size, touch);
		c->handle[i] = live[slot];
	}
}

static void do_run(void)
{
	struct plugin_channel *c = the.channel;
	const bool use_tsc = c->use_tsc;
	const uint32_t touch =
		the.ops->flags & ALLOCATOR_PLUGIN_REAL ? c->touch : 0;
	uint64_t begin;

	if (c->count > CHANNEL_OPS || !reserve_all()) {
		c->status = -1;
		return;
	}
	begin = tick_begin(use_tsc);
	run_ops(touch);
	c->ticks = tick_end(use_tsc) - begin;
}

/* A word of an object's payload, as alloc_host.c makes them, bytewise. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void do_fill(void)
{
	const struct plugin_channel *c = the.channel;
	char *at = (char *)(uintptr_t)c->address;

	for (uint32_t i = 0; i < c->size; i += 8) {
		const uint64_t word = mix(c->key + i);
		const uint32_t left = c->size - i;

		memcpy(at + i, &word, left < 8 ? left : 8);
	}
}

static void do_intact(void)
{
	struct plugin_channel *c = the.channel;
	const char *at = (const char *)(uintptr_t)c->address;

	c->result = 1;
	for (uint32_t i = 0; i < c->size && c->result; i += 8) {
		const uint64_t word = mix(c->key + i);
		const uint32_t left = c->size - i;

		c->result = memcmp(at + i, &word, left < 8 ? left : 8) == 0;
	}
}

static void note_stat(void *user, const char *name, uint64_t value)
{
	struct plugin_channel *c = the.channel;

	(void)user;
	if (c->stats == CHANNEL_STATS)
		return;
	copy_text(c->stat[c->stats].name, CHANNEL_WORD_SIZE, name);
	c->stat[c->stats++].value = value;
}

static void do_memory(void)
{
	struct allocator_plugin_memory m = { ALLOCATOR_PLUGIN_UNKNOWN,
					     ALLOCATOR_PLUGIN_UNKNOWN,
					     ALLOCATOR_PLUGIN_UNKNOWN,
					     ALLOCATOR_PLUGIN_UNKNOWN };

	if (the.ops->memory)
		the.ops->memory(the.ctx, &m);
	if (m.mapped == ALLOCATOR_PLUGIN_UNKNOWN && the.lender.base) {
		m.mapped = plugin_lender_mapped(&the.lender);
		m.resident = plugin_lender_resident(&the.lender);
	}
	the.channel->memory[0] = m.mapped;
	the.channel->memory[1] = m.resident;
	the.channel->memory[2] = m.metadata;
	the.channel->memory[3] = m.largest;
}

static void do_probe(void)
{
	struct plugin_channel *c = the.channel;
	const uint32_t slot = c->op[0].slot_kind >> 1;
	const bool use_tsc = c->use_tsc;
	uint64_t begin;
	void *p;

	if (!reserve(slot) || !the.live[slot]) {
		c->status = -1;
		return;
	}
	p = (void *)(uintptr_t)the.live[slot];
	begin = tick_begin(use_tsc);
	the.ops->free(the.ctx, p);
	c->ticks = tick_end(use_tsc) - begin;
}

static void do_request(void)
{
	struct plugin_channel *c = the.channel;
	void *p = (void *)(uintptr_t)c->address;

	switch ((enum channel_request)c->request) {
	case CHANNEL_OPEN:
		do_open();
		break;
	case CHANNEL_RUN:
		do_run();
		break;
	case CHANNEL_PROBE:
		do_probe();
		break;
	case CHANNEL_ALLOC:
		c->result =
			(uint32_t)(uintptr_t)the.ops->alloc(the.ctx, c->size);
		break;
	case CHANNEL_FREE:
		c->status = the.ops->free(the.ctx, p);
		break;
	case CHANNEL_TOUCH:
		touch_byte(c->address + c->offset);
		break;
	case CHANNEL_USABLE:
		c->result = (uint32_t)the.ops->usable_size(the.ctx, p);
		break;
	case CHANNEL_FILL:
		do_fill();
		break;
	case CHANNEL_INTACT:
		do_intact();
		break;
	case CHANNEL_STATS_READ:
		c->stats = 0;
		the.ops->stats(the.ctx, note_stat, NULL);
		break;
	case CHANNEL_MEMORY_READ:
		do_memory();
		break;
	case CHANNEL_CLOSE:
		if (the.ops->fini)
			the.ops->fini(the.ctx);
		break;
	}
}

/* Dies with bench's worker. */
static void settle(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	personality(PER_LINUX);
	catch_signals();
}

int main(void)
{
	char what;

	the.channel = mmap(NULL, sizeof(*the.channel), PROT_READ | PROT_WRITE,
			   MAP_SHARED, CHANNEL_MEMORY_FD, 0);
	if (the.channel == MAP_FAILED) {
		fprintf(stderr, "bench-worker32 is started by bench\n");
		return 2;
	}
	settle();
	while (ask(&what)) {
		const bool ends = the.channel->request == CHANNEL_CLOSE;

		the.channel->status = 0;
		the.channel->result = 0;
		do_request();
		answer(CHANNEL_DONE);
		if (ends)
			_exit(0);
	}
	return 0;
}
