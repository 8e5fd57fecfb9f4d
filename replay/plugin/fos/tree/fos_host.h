/*
 * fos_host: what is between a teaching kernel's tree and the machine that it
 * runs on here. fos_tree.c is compiled with the tree's own headers and knows its
 * types; fos_host.c is compiled with the C library's and knows bench. Both include
 * this file, so it uses neither.
 *
 * All of it is 32-bit code. Addresses are those of the kernel: its physical memory
 * is mapped from `kernel_base`, its heap is where the tree says.
 */
#ifndef FOS_HOST_H
#define FOS_HOST_H

/* Page frames of the machine: 256 MiB. */
#define FOS_FRAMES 65536u

/* The first frame that is free when the kernel begins. */
#define FOS_FRAMES_KERNEL 1024u

#define FOS_PAGE	  4096u

/* No such frame, address or strategy. */
#define FOS_NONE 0xFFFFFFFFu

/* What the tree has: fos_tree.c fills it. */
struct fos_tree {
	unsigned heap_start;
	unsigned heap_max;
	unsigned kernel_base;

	/* Where pages begin to be handed out, and the largest request that the
	 * block allocator serves; without one the start of the heap and 0. */
	unsigned pages_start;
	unsigned block_max;

	/* Not 0: the heap counts its instructions. */
	unsigned counts;

	/* KHP_PLACE_... that it places by, or FOS_NONE. */
	unsigned (*strategy)(void);
	void (*choose)(unsigned strategy);

	void (*boot)(void);
	void *(*kmalloc)(unsigned size);
	void (*kfree)(void *va);

	/* NULL where the tree has none. */
	void *(*krealloc)(void *va, unsigned size);
	unsigned (*virtual_address)(unsigned pa);
	unsigned (*physical_address)(unsigned va);

	/* The page-table entry's frame of `va`, or FOS_NONE; the frames that are
	 * free. */
	unsigned (*frame_of)(unsigned va);
	unsigned (*free_frames)(void);
};

extern const struct fos_tree fos_tree;

/* Instructions that the heap may still execute in the call under way. Counted only in
 * a heap that is built so (count.awk); in any other it stays as it is. */
extern int fos_left;

/* The heap has executed more; `caller` is where. Does not return. */
void fos_host_exhausted(const void *caller) __attribute__((noreturn));

/* Zeroed memory outside the machine; never NULL. */
void *fos_host_alloc(unsigned bytes);

/* The page at `va` is backed by `frame`, or with FOS_NONE by none, from now on. */
void fos_host_back(unsigned va, unsigned frame);

/* The kernel's own panic, at a line of the tree. `args` is the first of a
 * variable number of arguments. Does not return. */
void fos_host_panic(const char *file, int line, const char *format,
		    const void *args) __attribute__((noreturn));

/* The heap asks the machine for what no kernel would; `va` is FOS_NONE if it is
 * about no address. Does not return. */
void fos_host_refuse(const char *call, unsigned va, const char *format,
		     unsigned number) __attribute__((noreturn));

/* The heap has called `name`, a part of the kernel that is not here; `caller` is
 * where the call returns to. Does not return. */
void fos_host_outside(const char *name, const void *caller)
	__attribute__((noreturn));

/* The page of the heap that a frame backs, or FOS_NONE. Known only where the heap
 * is checked. */
unsigned fos_host_page_of(unsigned frame);

/* A line for the console. */
void fos_host_print(const char *format, const void *args);

/* Locks, known by their addresses; `caller` as above. */
void fos_host_acquire(const void *lock, const void *caller);
void fos_host_release(const void *lock);
int fos_host_holding(const void *lock);

#endif /* FOS_HOST_H */
