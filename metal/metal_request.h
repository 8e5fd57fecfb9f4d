/*
 * metal_request: what bench asks of the kernel, and in which words the kernel
 * answers.
 *
 * The request is the kernel's only boot module (QEMU's -initrd): a struct
 * metal_request, then `ops` operations of 8 bytes, each as in replay_op.h. All
 * numbers are little-endian, as both sides are.
 *
 * The answer is lines of text on the debug console, a word and what belongs to it:
 *
 *   kheap-metal 1            first of all: the version
 *   event N                  progress, now and then
 *   problem EVENT 0xVA TEXT  what went wrong first, of each kind
 *   count NAME N             a sum of this kernel's
 *   counter NAME N           a counter of the heap or its pager
 *   digest HEX               as replay_step.h says
 *   state HEX                the same of the page-table entries (metal_replay.h)
 *   at NAME 0xPA N           N things in physical memory, for bench to read there
 *   error TEXT               the last line, if the replay could not be done
 *   end                      the last line, if it was done
 *
 * The kernel and bench include this file.
 */
#ifndef METAL_REQUEST_H
#define METAL_REQUEST_H

#include <stdint.h>

#define METAL_MAGIC   "KHMETAL"
#define METAL_VERSION 1

/* The I/O port that ends the machine, and what the kernel writes there: QEMU exits
 * with twice the value, plus 1. */
#define METAL_EXIT_PORT 0xf4
#define METAL_EXIT_DONE 0x10
#define METAL_EXIT_FAIL 0x11

/* The last entry of the page directory names the directory itself, so that from
 * here on all PTEs are an array. The window must end below. */
#define METAL_PTES UINT32_C(0xFFC00000)

/* The most memory that the machine can have, bytes: it must all be below the window
 * and below the hole for devices. */
#define METAL_MEMORY_MAX (UINT32_C(2) << 30)

enum metal_heap { METAL_KHEAP = 0, METAL_KHEAP_FAST = 1 };

/* Write the heap's own trace to the first serial port, as a kernel with
 * kheap_trace.h does. */
#define METAL_EMIT UINT32_C(1)

/* Make the counted searches for real (kheap_count in kheap.h); the plain ones are
 * made for real in any case. */
#define METAL_WALK UINT32_C(2)

struct metal_request {
	char magic[8];
	uint32_t version;

	/* Of the whole module. */
	uint32_t bytes;

	/* enum metal_heap. */
	uint32_t heap;

	/* The window, as in kheap.h. */
	uint32_t base;
	uint32_t pages;

	/* enum kheap_order, runs_fit, kheap_nodes. */
	uint32_t order;
	uint32_t fit;
	uint32_t nodes;

	/* The name of a lookup, padded with zeros. */
	char lookup[16];

	/* Page frames for the heap: the last ones of the machine. */
	uint32_t frames;

	/* The operations' slots are below this. */
	uint32_t slots;
	uint32_t ops;

	/* METAL_EMIT, METAL_WALK. */
	uint32_t flags;
};

/* An operation: slot * 2, + 1 for a free; bytes requested. */
struct metal_op {
	uint32_t slot_kind;
	uint32_t size;
};

#endif /* METAL_REQUEST_H */
