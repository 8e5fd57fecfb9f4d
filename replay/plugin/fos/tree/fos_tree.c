/*
 * The kernel around a FOS heap: page frames, page tables, locks, console. It is
 * compiled together with the tree's own headers, named by scripts/build-plugin-fos,
 * so that frames, lists and constants are the tree's.
 *
 * Each function that the heap may call is defined under a name of ours and given
 * its kernel's name for the linker alone (AS), so that it does not matter how this
 * tree declares it: on a 32-bit x86 all arguments are words. They are weak: what a
 * tree's sources define comes first.
 */
#include FOS_MEMORY_MANAGER_H
#include FOS_KHEAP_H
#ifdef FOS_DYNAMIC_ALLOCATOR_H
#include FOS_DYNAMIC_ALLOCATOR_H
#endif
#ifdef FOS_MORE_H
#include FOS_MORE_H
#endif

#include "fos_host.h"

#define AS(name) __asm__(name) __attribute__((weak, used))

typedef struct FOS_FRAME frame_t;

#define ENTRY_FRAME(entry) ((entry) >> 12)
#define PRESENT		   1u
#define FLAGS		   0xFFFu

/* What this tree's own map_frame and unmap_frame note in the frame: where it is
 * mapped, in most. The statements are the tree's, and so are the names here. */
static inline void fos_note_map(struct FOS_FRAME *ptr_frame_info,
				uint32 virtual_address, uint32 perm)
{
#include FOS_MAP_H
}

static inline void fos_note_unmap(struct FOS_FRAME *ptr_frame_info,
				  uint32 virtual_address)
{
#include FOS_UNMAP_H
}

/* As inc/error.h has it in every year. */
#define NO_MEM (-4)

struct FOS_FRAME *frames_info;
uint32 number_of_frames;
uint32 *ptr_page_directory;
#include FOS_DATA_H

static struct {
	uint32 directory[1024] __attribute__((aligned(4096)));
	uint32 frames;
} fos_machine;

/* --- Frames --- */

static uint32 fos_frame_number(const frame_t *frame)
{
	return (uint32)(frame - frames_info);
}

void fos_initialize_frame(frame_t *frame) AS("initialize_frame_info");
void fos_initialize_frame(frame_t *frame)
{
	unsigned char *byte = (unsigned char *)frame;

	for (uint32 i = 0; i < sizeof(*frame); i++)
		byte[i] = 0;
}

void fos_free_frame(frame_t *frame) AS("free_frame");
void fos_free_frame(frame_t *frame)
{
	fos_initialize_frame(frame);
	LIST_INSERT_HEAD(&FOS_FREE_LIST, frame);
	fos_machine.frames++;
}

int fos_allocate_frame(frame_t **out) AS("allocate_frame");
int fos_allocate_frame(frame_t **out)
{
	frame_t *frame = LIST_FIRST(&FOS_FREE_LIST);
	unsigned char *byte = (unsigned char *)frame;

	*out = frame;
	if (!frame)
		return NO_MEM;
	LIST_REMOVE(&FOS_FREE_LIST, frame);
	fos_machine.frames--;
	for (uint32 i = 0; i < sizeof(*frame); i++)
		byte[i] = 0;
	return 0;
}

void fos_drop_reference(frame_t *frame) AS("decrement_references");
void fos_drop_reference(frame_t *frame)
{
	if (frame->references == 0)
		fos_host_refuse("decrement_references", FOS_NONE,
				"frame %u has no references",
				fos_frame_number(frame));
	if (--frame->references == 0)
		fos_free_frame(frame);
}

/* --- Page tables --- */

static uint32 *fos_table_at(const uint32 *directory, uint32 va)
{
	const uint32 entry = directory[va >> 22];

	return entry & PRESENT
		       ? (uint32 *)((entry & ~FLAGS) + fos_tree.kernel_base)
		       : NULL;
}

void *fos_create_table(uint32 *directory, uint32 va) AS("create_page_table");
void *fos_create_table(uint32 *directory, uint32 va)
{
	frame_t *frame;
	uint32 *table;

	if (fos_allocate_frame(&frame) != 0)
		return NULL;
	frame->references = 1;
	directory[va >> 22] = fos_frame_number(frame) << 12 | 3u;
	table = fos_table_at(directory, va);
	for (int i = 0; i < 1024; i++)
		table[i] = 0;
	return table;
}

/* 0 is TABLE_IN_MEMORY, 1 TABLE_NOT_EXIST. */
int fos_get_table(uint32 *directory, uint32 va, uint32 **out)
	AS("get_page_table");
int fos_get_table(uint32 *directory, uint32 va, uint32 **out)
{
	*out = fos_table_at(directory, va);
	return *out ? 0 : 1;
}

frame_t *fos_frame_at(uint32 *directory, uint32 va, uint32 **out)
	AS("get_frame_info");
frame_t *fos_frame_at(uint32 *directory, uint32 va, uint32 **out)
{
	uint32 entry;

	*out = fos_table_at(directory, va);
	if (!*out)
		return NULL;
	entry = (*out)[va >> 12 & 1023];
	return entry & ~FLAGS ? &frames_info[ENTRY_FRAME(entry)] : NULL;
}

void fos_unmap(uint32 *directory, uint32 va) AS("unmap_frame");
void fos_unmap(uint32 *directory, uint32 va)
{
	uint32 *table;
	frame_t *frame = fos_frame_at(directory, va, &table);

	if (!frame)
		return;
	table[va >> 12 & 1023] = 0;
	fos_note_unmap(frame, va);
	fos_host_back(va, FOS_NONE);
	fos_drop_reference(frame);
}

int fos_map(uint32 *directory, frame_t *frame, uint32 va, uint32 perm)
	AS("map_frame");
int fos_map(uint32 *directory, frame_t *frame, uint32 va, uint32 perm)
{
	uint32 *table = fos_table_at(directory, va);

	if (frame < frames_info || fos_frame_number(frame) >= FOS_FRAMES)
		fos_host_refuse("map_frame", va, "there is no such frame", 0);
	if (!table)
		table = fos_create_table(directory, va);
	if (!table)
		return NO_MEM;
	/* First, for it may be the same frame. */
	frame->references++;
	fos_unmap(directory, va);
	table[va >> 12 & 1023] =
		fos_frame_number(frame) << 12 | ((perm & FLAGS) | PRESENT);
	fos_note_map(frame, va, perm);
	fos_host_back(va, fos_frame_number(frame));
	return 0;
}

int fos_loadtime_map(uint32 *directory, frame_t *frame, uint32 va, uint32 perm)
	AS("loadtime_map_frame");
int fos_loadtime_map(uint32 *directory, frame_t *frame, uint32 va, uint32 perm)
{
	return fos_map(directory, frame, va, perm);
}

/* 0; 1 if the page is there already; or NO_MEM. */
int fos_make_page(uint32 *directory, uint32 va, uint32 perm, int zeroed)
	AS("alloc_page");
int fos_make_page(uint32 *directory, uint32 va, uint32 perm, int zeroed)
{
	frame_t *frame;
	uint32 *table;

	if (fos_frame_at(directory, va, &table))
		return 1;
	if (fos_allocate_frame(&frame) != 0)
		return NO_MEM;
	if (fos_map(directory, frame, va, perm) != 0) {
		fos_free_frame(frame);
		return NO_MEM;
	}
	for (uint32 i = 0; zeroed && i < 1024; i++)
		((uint32 *)(va & ~FLAGS))[i] = 0;
	return 0;
}

int fos_make_chunk(uint32 *directory, uint32 va, uint32 size, uint32 perm)
	AS("allocate_chunk");
int fos_make_chunk(uint32 *directory, uint32 va, uint32 size, uint32 perm)
{
	const uint32 end = (va + size + FLAGS) & ~FLAGS;
	uint32 *table;

	for (uint32 at = va & ~FLAGS; at != end; at += FOS_PAGE)
		if (fos_frame_at(directory, at, &table))
			return -1;
	for (uint32 at = va & ~FLAGS; at != end; at += FOS_PAGE)
		if (fos_make_page(directory, at, perm, 0) != 0)
			return -1;
	return 0;
}

int fos_copy_chunk(uint32 *directory, uint32 from, uint32 to, uint32 size)
	AS("copy_paste_chunk");
int fos_copy_chunk(uint32 *directory, uint32 from, uint32 to, uint32 size)
{
	uint32 *table;

	for (uint32 at = to & ~FLAGS; at < to + size; at += FOS_PAGE)
		if (!fos_frame_at(directory, at, &table) &&
		    fos_make_page(directory, at, 2, 0) != 0)
			return -1;
	for (uint32 i = 0; i < size; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return 0;
}

void fos_set_permissions(uint32 *directory, uint32 va, uint32 set, uint32 clear)
	AS("pt_set_page_permissions");
void fos_set_permissions(uint32 *directory, uint32 va, uint32 set, uint32 clear)
{
	uint32 *table = fos_table_at(directory, va);

	if (!table)
		fos_host_refuse("pt_set_page_permissions", va,
				"there is no page table", 0);
	table[va >> 12 & 1023] = (table[va >> 12 & 1023] | set) & ~clear;
}

int fos_get_permissions(uint32 *directory, uint32 va)
	AS("pt_get_page_permissions");
int fos_get_permissions(uint32 *directory, uint32 va)
{
	const uint32 *table = fos_table_at(directory, va);

	return table ? (int)(table[va >> 12 & 1023] & FLAGS) : -1;
}

void fos_clear_entry(uint32 *directory, uint32 va)
	AS("pt_clear_page_table_entry");
void fos_clear_entry(uint32 *directory, uint32 va)
{
	uint32 *table = fos_table_at(directory, va);

	if (!table)
		fos_host_refuse("pt_clear_page_table_entry", va,
				"there is no page table", 0);
	table[va >> 12 & 1023] = 0;
	fos_host_back(va, FOS_NONE);
}

uint32 fos_to_physical(uint32 *directory, uint32 va) AS("virtual_to_physical");
uint32 fos_to_physical(uint32 *directory, uint32 va)
{
	const uint32 *table = fos_table_at(directory, va);

	if (!table)
		return FOS_NONE;
	return (table[va >> 12 & 1023] & ~FLAGS) | (va & FLAGS);
}

uint32 fos_to_virtual(uint32 *directory, uint32 pa) AS("physical_to_virtual");
uint32 fos_to_virtual(uint32 *directory, uint32 pa)
{
	const uint32 va = fos_host_page_of(ENTRY_FRAME(pa));

	(void)directory;
	return va == FOS_NONE ? va : va | (pa & FLAGS);
}

uint32 fos_count_references(uint32 pa) AS("num_of_references");
uint32 fos_count_references(uint32 pa)
{
	return ENTRY_FRAME(pa) < FOS_FRAMES
		       ? frames_info[ENTRY_FRAME(pa)].references
		       : 0;
}

uint32 fos_count_free(void) AS("calculate_free_frames");
uint32 fos_count_free(void)
{
	return fos_machine.frames;
}

void fos_no_tlb(void) AS("tlb_invalidate");
void fos_no_tlb(void)
{
}

void fos_no_tlb_flush(void) AS("tlbflush");
void fos_no_tlb_flush(void)
{
}

/* --- Locks, console, panic --- */

#define LOCKS(name, kind)                                               \
	void fos_##name##_init(void *lock) AS("init_" kind);            \
	void fos_##name##_init(void *lock)                              \
	{                                                               \
		fos_host_release(lock);                                 \
	}                                                               \
	void fos_##name##_acquire(void *lock) AS("acquire_" kind);      \
	void fos_##name##_acquire(void *lock)                           \
	{                                                               \
		fos_host_acquire(lock, __builtin_return_address(0));    \
	}                                                               \
	void fos_##name##_release(void *lock) AS("release_" kind);      \
	void fos_##name##_release(void *lock)                           \
	{                                                               \
		fos_host_release(lock);                                 \
	}                                                               \
	int fos_##name##_holding(const void *lock) AS("holding_" kind); \
	int fos_##name##_holding(const void *lock)                      \
	{                                                               \
		return fos_host_holding(lock);                          \
	}

LOCKS(spin, "spinlock")
LOCKS(kspin, "kspinlock")
LOCKS(sleep_lock, "sleeplock")

void fos_push_cli(void) AS("pushcli");
void fos_push_cli(void)
{
}

void fos_pop_cli(void) AS("popcli");
void fos_pop_cli(void)
{
}

void *fos_no_process(void) AS("get_cpu_proc");
void *fos_no_process(void)
{
	return NULL;
}

int fos_print(const char *format, ...) AS("cprintf");
int fos_print(const char *format, ...)
{
	fos_host_print(format, (const char *)&format + sizeof(format));
	return 0;
}

#define PANICS(name, symbol)                                            \
	void name(const char *file, int line, const char *format, ...)  \
		AS(symbol);                                             \
	void name(const char *file, int line, const char *format, ...)  \
	{                                                               \
		fos_host_panic(file, line, format,                      \
			       (const char *)&format + sizeof(format)); \
	}

PANICS(fos_panic, "_panic")
PANICS(fos_panic_all, "_panic_all")
PANICS(fos_panic_prompt, "_panic_into_prompt")

void fos_warn(const char *file, int line, const char *format, ...) AS("_warn");
void fos_warn(const char *file, int line, const char *format, ...)
{
	(void)file;
	(void)line;
	fos_host_print(format, (const char *)&format + sizeof(format));
}

/* --- The placement strategy --- */

#ifdef FOS_STRATEGY
#define STRATEGY(name, value)                                            \
	void fos_set_##name(void) AS("setKHeapPlacementStrategy" #name); \
	void fos_set_##name(void)                                        \
	{                                                                \
		FOS_STRATEGY = (value);                                  \
	}                                                                \
	uint32 fos_is_##name(void) AS("isKHeapPlacementStrategy" #name); \
	uint32 fos_is_##name(void)                                       \
	{                                                                \
		return FOS_STRATEGY == (value);                          \
	}

STRATEGY(CONTALLOC, 0)
STRATEGY(FIRSTFIT, 1)
STRATEGY(BESTFIT, 2)
STRATEGY(NEXTFIT, 3)
STRATEGY(WORSTFIT, 4)
STRATEGY(CUSTOMFIT, 5)

static unsigned fos_strategy_now(void)
{
	return FOS_STRATEGY;
}

static void fos_choose(unsigned strategy)
{
	FOS_STRATEGY = strategy;
}
#else
static unsigned fos_strategy_now(void)
{
	return FOS_NONE;
}

static void fos_choose(unsigned strategy)
{
	(void)strategy;
}
#endif

/* --- Instructions --- */

int fos_left = 0x7FFFFFFF;

void fos_out_of_instructions(void) AS("fos_exhausted");
void fos_out_of_instructions(void)
{
	fos_host_exhausted(__builtin_return_address(0));
}

/* --- Start-up --- */

static void fos_boot_frames(void)
{
	frames_info = fos_host_alloc(FOS_FRAMES * sizeof(*frames_info));
	number_of_frames = FOS_FRAMES;
	ptr_page_directory = fos_machine.directory;
	LIST_INIT(&FOS_FREE_LIST);
	for (uint32 i = FOS_FRAMES - 1; i >= FOS_FRAMES_KERNEL; i--)
		fos_free_frame(&frames_info[i]);
}

/* A kernel of this family makes all of its heap's page tables when it begins. */
static void fos_boot_tables(void)
{
	for (uint32 at = KERNEL_HEAP_START >> 22;
	     at <= (KERNEL_HEAP_MAX - 1) >> 22; at++)
		fos_create_table(fos_machine.directory, at << 22);
}

void kheap_init(void) __attribute__((weak));
#ifdef FOS_HAS_DYN_BLOCK_SYSTEM
void initialize_dyn_block_system();
#endif
#ifdef FOS_HAS_KHEAP_DYNAMIC
int initialize_kheap_dynamic_allocator();
#endif

/* In the order of each year's kernel: the strategy, then the heap, which in 2025
 * sets its own; one that was asked for comes last. */
static void fos_boot(void)
{
	fos_boot_frames();
	fos_boot_tables();
	if (FOS_STRATEGY_BOOT != FOS_NONE)
		fos_choose(FOS_STRATEGY_BOOT);
#ifdef FOS_HAS_KHEAP_INIT
	kheap_init();
#elif defined(FOS_HAS_KHEAP_DYNAMIC)
	initialize_kheap_dynamic_allocator(KERNEL_HEAP_START, FOS_PAGE,
					   KERNEL_HEAP_START +
						   DYN_ALLOC_MAX_SIZE);
#elif defined(FOS_HAS_DYN_BLOCK_SYSTEM)
	initialize_dyn_block_system();
#endif
	if (FOS_STRATEGY_ASKED != FOS_NONE)
		fos_choose(FOS_STRATEGY_ASKED);
}

static unsigned fos_frame_of(unsigned va)
{
	const uint32 *table = fos_table_at(fos_machine.directory, va);
	const uint32 entry = table ? table[va >> 12 & 1023] : 0;

	return entry & PRESENT ? ENTRY_FRAME(entry) : FOS_NONE;
}

static unsigned fos_free_frames(void)
{
	return fos_machine.frames;
}

#ifndef DYN_ALLOC_MAX_BLOCK_SIZE
#define DYN_ALLOC_MAX_BLOCK_SIZE 0
#endif

const struct fos_tree fos_tree = {
	.heap_start = KERNEL_HEAP_START,
	.heap_max = KERNEL_HEAP_MAX,
	.kernel_base = KERNEL_BASE,
#ifdef DYN_ALLOC_MAX_SIZE
	.pages_start = KERNEL_HEAP_START + DYN_ALLOC_MAX_SIZE + FOS_PAGE,
	.block_max = DYN_ALLOC_MAX_BLOCK_SIZE,
#else
	.pages_start = KERNEL_HEAP_START,
#endif
#ifdef FOS_COUNTS
	.counts = 1,
#endif
	.strategy = fos_strategy_now,
	.choose = fos_choose,
	.boot = fos_boot,
	.kmalloc = (void *(*)(unsigned))kmalloc,
	.kfree = (void (*)(void *))kfree,
#ifdef FOS_HAS_KREALLOC
	.krealloc = (void *(*)(void *, unsigned))krealloc,
#endif
#ifdef FOS_HAS_VIRTUAL_ADDRESS
	.virtual_address = (unsigned (*)(unsigned))kheap_virtual_address,
#endif
#ifdef FOS_HAS_PHYSICAL_ADDRESS
	.physical_address = (unsigned (*)(unsigned))kheap_physical_address,
#endif
	.frame_of = fos_frame_of,
	.free_frames = fos_free_frames,
};
