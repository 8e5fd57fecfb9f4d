/*
 * plugin_channel: what bench and its 32-bit worker share, to replay into a plugin
 * that is 32-bit code.
 *
 * Both map one struct plugin_channel, whose layout is the same for either width.
 * bench writes a request there and then a byte to a pipe; the worker carries it
 * out, writes the answer, and one byte of enum channel_answer. A pipe that is at
 * its end says that the other side has ended.
 *
 * The worker and alloc_plugin32.c include this file.
 */
#ifndef PLUGIN_CHANNEL_H
#define PLUGIN_CHANNEL_H

#include <assert.h>
#include <stdint.h>

/* The worker's descriptors: the shared memory, requests, answers. */
#define CHANNEL_MEMORY_FD  3
#define CHANNEL_REQUEST_FD 4
#define CHANNEL_ANSWER_FD  5

/* The worker's exit status if the kernel does not take a filter. */
#define CHANNEL_NO_FILTER 126

/* Raised with any change of what follows. */
#define CHANNEL_VERSION 3

/* Operations of one request. */
#define CHANNEL_OPS	  16384

#define CHANNEL_STATS	  25
#define CHANNEL_PCS	  8
#define CHANNEL_TEXT_SIZE 512
#define CHANNEL_WORD_SIZE 32
#define CHANNEL_PATH_SIZE 4096
#define CHANNEL_STEPS	  1024

enum channel_request {
	/* Enters `filter`, loads the plugin at `path`, enters `closed`, and calls its init with `text`, which has
	 * KEY=VALUE after KEY=VALUE, each with a NUL; an empty one ends it. */
	CHANNEL_OPEN = 1,

	/* `count` operations, timed as a whole. */
	CHANNEL_RUN,

	/* One free by slot, timed. */
	CHANNEL_PROBE,

	/* Single calls. */
	CHANNEL_ALLOC,
	CHANNEL_FREE,
	CHANNEL_TOUCH,
	CHANNEL_USABLE,
	CHANNEL_FILL,
	CHANNEL_INTACT,
	CHANNEL_STATS_READ,
	CHANNEL_MEMORY_READ,
	CHANNEL_CLOSE
};

enum channel_answer {
	/* The request is done, see `status`. */
	CHANNEL_DONE = 'D',

	/* A line is in `text`; any byte lets the worker go on. */
	CHANNEL_LOG = 'L',

	/* `fault` is filled and the worker ends. */
	CHANNEL_FAULT = 'F'
};

/* As struct allocator_plugin_fault, by value. */
struct channel_fault {
	char kind[CHANNEL_WORD_SIZE];
	char call[CHANNEL_WORD_SIZE];
	char source[CHANNEL_TEXT_SIZE];
	char message[CHANNEL_TEXT_SIZE];
	uint32_t line;
	uint32_t judged;

	/* Where it happened, as the file's own addresses: the instruction, then
	 * the calls that led to it. 0: no more are known. */
	uint32_t pc[CHANNEL_PCS];
	uint32_t has_address;
	uint32_t address;
	uint32_t has_size;
	uint32_t size;
	uint32_t signal;

	/* With SIGSYS: the system call that the filter has caught. */
	uint32_t system_call;
};

/* As struct sock_filter. */
struct channel_step {
	uint16_t code;
	uint8_t jump_true;
	uint8_t jump_false;
	uint32_t k;
};

/* A filter of system calls; no steps: none. */
struct channel_filter {
	uint32_t count;
	uint32_t padding;
	struct channel_step step[CHANNEL_STEPS];
};

struct channel_stat {
	char name[CHANNEL_WORD_SIZE];
	uint64_t value;
};

/* As struct replay_op. */
struct channel_op {
	uint32_t slot_kind;
	uint32_t size;
};

struct plugin_channel {
	uint32_t version;
	uint32_t request;

	/* Of the request, as far as it has such. */
	uint32_t count;
	uint32_t touch;
	uint32_t use_tsc;
	uint32_t address;
	uint32_t size;
	uint32_t offset;
	uint64_t key;
	uint32_t heap_base;
	uint32_t heap_pages;
	uint32_t page_size;
	uint32_t checked;

	/* The worker's program is emulated; its filters are the emulator's. */
	uint32_t emulated;
	uint32_t padding;

	/* Of the answer. */
	int32_t status;
	uint32_t result;
	uint64_t ticks;
	uint64_t memory[4];

	/* What the plugin's object says; whether it has the optional calls. */
	uint32_t plugin_version;
	uint32_t plugin_size;
	uint32_t flags;
	uint32_t alignment;
	uint32_t has_usable;
	uint32_t has_stats;
	uint32_t more_padding;
	uint32_t stats;
	struct channel_stat stat[CHANNEL_STATS];
	struct channel_fault fault;
	char text[CHANNEL_TEXT_SIZE];
	char path[CHANNEL_PATH_SIZE];

	/* What the worker enters before it loads the plugin, and after that. */
	struct channel_filter filter;
	struct channel_filter closed;

	struct channel_op op[CHANNEL_OPS];

	/* For each alloc among them, what it returned. */
	uint32_t handle[CHANNEL_OPS];
};

static_assert(sizeof(struct channel_fault) % 8 == 0 &&
		      sizeof(struct channel_stat) == 40,
	      "no padding that depends on the width");

#endif /* PLUGIN_CHANNEL_H */
