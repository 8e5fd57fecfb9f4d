/*
 * fos: the parts of its kernel that a FOS-style kernel heap (kheap.c) needs to
 * compile unchanged and to run over a simulated machine (fos_machine.c).
 *
 * FOS is the teaching kernel of Ain Shams University, after MIT's JOS. Names,
 * arguments and meanings are those of its interface; everything is written anew.
 * scripts/build-plugin-fos makes each header that the source includes, inc/…,
 * kern/… or memory_manager.h, include this one.
 *
 * The machine is a 32-bit x86; the code runs as 64-bit code of this host. The
 * heap's window is at its own 32-bit addresses, so that (void *)va and
 * (uint32)pointer go both ways for all that the heap hands out; addresses of
 * variables do not fit into a uint32.
 *
 * Only sources that scripts/build-plugin-fos compiles include this file.
 */
#ifndef FOS_H
#define FOS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FOS_KERNEL 1

typedef int8_t int8;
typedef uint8_t uint8;
typedef int16_t int16;
typedef uint16_t uint16;
typedef int32_t int32;
typedef uint32_t uint32;
typedef int64_t int64;
typedef uint64_t uint64;

/* Multiples of n at and around a; of the type of a. */
#define ROUNDDOWN(a, n) ((__typeof__(a))((uintptr_t)(a) / (n) * (n)))
#define ROUNDUP(a, n) \
	((__typeof__(a))(((uintptr_t)(a) + (n)-1) / (uintptr_t)(n) * (n)))
#ifndef MIN
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

/* Errors are negative. */
#define E_UNSPECIFIED (-1)
#define E_INVAL	      (-3)
#define E_NO_MEM      (-4)
#define E_NO_VM	      (-5)

/* The window, from the script's --heap-base and --heap-pages. */
#ifndef KERNEL_HEAP_START
#define KERNEL_HEAP_START 0xF0000000U
#define KERNEL_HEAP_MAX	  0xF7FFE000U
#endif
#define NUM_OF_KHEAP_PAGES ((KERNEL_HEAP_MAX - KERNEL_HEAP_START) / PAGE_SIZE)

/* A kernel that has a block allocator gives it the window's first part and keeps
 * sizes up to DYN_ALLOC_MAX_BLOCK_SIZE for it. */
#define DYN_ALLOC_MAX_SIZE	 (32U << 20)
#define DYN_ALLOC_MAX_BLOCK_SIZE (1U << 11)
#define DYN_ALLOC_MIN_BLOCK_SIZE (1U << 3)

/* Pages and their tables. */
#define PAGE_SIZE		   4096
#define kilo			   1024
#define Mega			   (1024 * 1024)
#define PDX(va)			   ((uint32)(uintptr_t)(va) >> 22)
#define PTX(va)			   ((uint32)(uintptr_t)(va) >> 12 & 0x3FF)
#define PGOFF(va)		   ((uint32)(uintptr_t)(va)&0xFFF)
#define PPN(pa)			   ((uint32)(uintptr_t)(pa) >> 12)
#define EXTRACT_ADDRESS(pte)	   ((uint32)(pte) & ~0xFFFu)
#define CONSTRUCT_ENTRY(pa, flags) ((uint32)(pa) | (uint32)(flags))

#define PERM_PRESENT		   0x001
#define PERM_WRITEABLE		   0x002
#define PERM_USER		   0x004
#define PERM_USED		   0x020
#define PERM_MODIFIED		   0x040
#define PERM_AVAILABLE		   0xE00
#define PERM_BUFFERED		   0x200

#define TABLE_IN_MEMORY		   0
#define TABLE_NOT_EXIST		   1

/*
 * Doubly linked lists, whose elements have a LIST_ENTRY called prev_next_info.
 * The head holds the list's size. An element may be removed while LIST_FOREACH
 * visits it.
 */
#define LIST_HEAD(name, type)          \
	struct name {                  \
		struct type *lh_first; \
		struct type *lh_last;  \
		struct type *lh_saved; \
		uint32 size;           \
	}
#define LIST_HEAD_INITIALIZER(head) \
	{                           \
		NULL, NULL, NULL, 0 \
	}
#define LIST_ENTRY(type)              \
	struct {                      \
		struct type *le_next; \
		struct type *le_prev; \
	}

#define LIST_FIRST(head) ((head)->lh_first)
#define LIST_LAST(head)	 ((head)->lh_last)
#define LIST_NEXT(elm)	 ((elm)->prev_next_info.le_next)
#define LIST_PREV(elm)	 ((elm)->prev_next_info.le_prev)
#define LIST_SIZE(head)	 ((head)->size)
#define LIST_EMPTY(head) (LIST_FIRST(head) == NULL)

#define LIST_INIT(head)                                    \
	do {                                               \
		LIST_FIRST(head) = LIST_LAST(head) = NULL; \
		(head)->size = 0;                          \
	} while (0)

#define LIST_FOREACH(var, head)                                 \
	for ((var) = LIST_FIRST(head);                          \
	     (var) && (((head)->lh_saved = LIST_NEXT(var)), 1); \
	     (var) = (head)->lh_saved)

/* Puts `elm` between two neighbors, either of which may be NULL. */
#define FOS_LIST_LINK(head, before, elm, after)            \
	do {                                               \
		LIST_PREV(elm) = (before);                 \
		LIST_NEXT(elm) = (after);                  \
		if (LIST_PREV(elm))                        \
			LIST_NEXT(LIST_PREV(elm)) = (elm); \
		else                                       \
			LIST_FIRST(head) = (elm);          \
		if (LIST_NEXT(elm))                        \
			LIST_PREV(LIST_NEXT(elm)) = (elm); \
		else                                       \
			LIST_LAST(head) = (elm);           \
		(head)->size++;                            \
	} while (0)

#define FOS_LIST_REFUSE_NULL(elm, what)             \
	do {                                        \
		if ((elm) == NULL)                  \
			panic(what ": no element"); \
	} while (0)

#define LIST_INSERT_HEAD(head, elm)                               \
	do {                                                      \
		FOS_LIST_REFUSE_NULL(elm, "LIST_INSERT_HEAD");    \
		FOS_LIST_LINK(head, NULL, elm, LIST_FIRST(head)); \
	} while (0)
#define LIST_INSERT_TAIL(head, elm)                              \
	do {                                                     \
		FOS_LIST_REFUSE_NULL(elm, "LIST_INSERT_TAIL");   \
		FOS_LIST_LINK(head, LIST_LAST(head), elm, NULL); \
	} while (0)
#define LIST_INSERT_AFTER(head, listelm, elm)                          \
	do {                                                           \
		FOS_LIST_REFUSE_NULL(listelm, "LIST_INSERT_AFTER");    \
		FOS_LIST_REFUSE_NULL(elm, "LIST_INSERT_AFTER");        \
		FOS_LIST_LINK(head, listelm, elm, LIST_NEXT(listelm)); \
	} while (0)
#define LIST_INSERT_BEFORE(head, listelm, elm)                         \
	do {                                                           \
		FOS_LIST_REFUSE_NULL(listelm, "LIST_INSERT_BEFORE");   \
		FOS_LIST_REFUSE_NULL(elm, "LIST_INSERT_BEFORE");       \
		FOS_LIST_LINK(head, LIST_PREV(listelm), elm, listelm); \
	} while (0)
#define LIST_REMOVE(head, elm)                                      \
	do {                                                        \
		FOS_LIST_REFUSE_NULL(elm, "LIST_REMOVE");           \
		if (LIST_NEXT(elm))                                 \
			LIST_PREV(LIST_NEXT(elm)) = LIST_PREV(elm); \
		else                                                \
			LIST_LAST(head) = LIST_PREV(elm);           \
		if (LIST_PREV(elm))                                 \
			LIST_NEXT(LIST_PREV(elm)) = LIST_NEXT(elm); \
		else                                                \
			LIST_FIRST(head) = LIST_NEXT(elm);          \
		LIST_NEXT(elm) = LIST_PREV(elm) = NULL;             \
		(head)->size--;                                     \
	} while (0)

/* Prints a line: the first 20 of pass verify. */
void cprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the process; the text is the result. */
void fos_panic(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
#define panic(...)		fos_panic(__FILE__, __LINE__, __VA_ARGS__)
#define panic_into_prompt(...)	panic(__VA_ARGS__)
#define kpanic_into_prompt(...) panic(__VA_ARGS__)
#define warn(...)		cprintf(__VA_ARGS__)
#undef assert
#define assert(x)                                          \
	do {                                               \
		if (!(x))                                  \
			panic("assertion failed: %s", #x); \
	} while (0)

/* Locks do nothing: there is one thread. */
struct fos_lock {
	int held;
};
#define spinlock		   fos_lock
#define kspinlock		   fos_lock
#define sleeplock		   fos_lock
#define init_spinlock(lock, name)  ((void)(lock))
#define init_kspinlock(lock, name) ((void)(lock))
#define init_sleeplock(lock, name) ((void)(lock))
#define acquire_spinlock(lock)	   ((void)((lock)->held = 1))
#define acquire_kspinlock(lock)	   ((void)((lock)->held = 1))
#define acquire_sleeplock(lock)	   ((void)((lock)->held = 1))
#define release_spinlock(lock)	   ((void)((lock)->held = 0))
#define release_kspinlock(lock)	   ((void)((lock)->held = 0))
#define release_sleeplock(lock)	   ((void)((lock)->held = 0))
#define holding_spinlock(lock)	   ((lock)->held)
#define holding_kspinlock(lock)	   ((lock)->held)
#define holding_sleeplock(lock)	   ((lock)->held)
#define pushcli()		   ((void)0)
#define popcli()		   ((void)0)

/* A page frame. `va` is the heap's to use. */
struct FrameInfo {
	LIST_ENTRY(FrameInfo) prev_next_info;
	uint16 references;
	uint32 va;
};
LIST_HEAD(FrameInfo_List, FrameInfo);

struct fos_frame_lists {
	struct fos_lock mfllock;
	struct FrameInfo_List free_frame_list;
};
extern struct fos_frame_lists MemFrameLists;
extern struct FrameInfo *frames_info;
extern uint32 number_of_frames;

/* The kernel's directory: entries of frame address and flags. Tables may be read
 * directly; they are changed through the functions below. */
extern uint32 *ptr_page_directory;

uint32 to_frame_number(const struct FrameInfo *frame);
uint32 to_physical_address(const struct FrameInfo *frame);
struct FrameInfo *to_frame_info(uint32 pa);

/* Takes a free frame. Returns 0 or E_NO_MEM. */
int allocate_frame(struct FrameInfo **frame);

/* Frees a frame that has no references. */
void free_frame(struct FrameInfo *frame);

/* Drops one reference; dropping the last one frees the frame. */
void decrement_references(struct FrameInfo *frame);

/* Maps a frame in place of what was mapped there, making a page table first if
 * there is none. Returns 0 or E_NO_MEM. */
int map_frame(uint32 *directory, struct FrameInfo *frame, uint32 va, int perm);

/* Unmaps a page if it is mapped, and drops one reference to its frame. */
void unmap_frame(uint32 *directory, uint32 va);

/* The frame mapped at va, NULL if none; its table in `*table`, NULL if none. */
struct FrameInfo *get_frame_info(uint32 *directory, uint32 va, uint32 **table);

/* The table of va in `*table`: TABLE_IN_MEMORY; or NULL: TABLE_NOT_EXIST. */
int get_page_table(uint32 *directory, uint32 va, uint32 **table);

/* Makes a table and returns it; NULL if there is no frame for it. */
void *create_page_table(uint32 *directory, uint32 va);

/* Takes a frame and maps it. Returns 0, 1 if va is mapped already, E_NO_MEM. */
int alloc_page(uint32 *directory, uint32 va, uint32 perm, bool set_to_zero);

/* The same with the kernel's directory, and its opposite; a heap may bring its
 * own, as the later FOS does. */
int get_page(void *va);
void return_page(void *va);

/* Page table entries. Permissions, and physical addresses, are -1 if there is
 * no table. */
void pt_set_page_permissions(uint32 *directory, uint32 va, uint32 set,
			     uint32 clear);
int pt_get_page_permissions(uint32 *directory, uint32 va);
void pt_clear_page_table_entry(uint32 *directory, uint32 va);
uint32 virtual_to_physical(uint32 *directory, uint32 va);
uint32 num_of_references(uint32 pa);

void tlb_invalidate(uint32 *directory, void *va);
void tlbflush(void);

#endif /* FOS_H */
