/*
 * fos_machine: the simulated machine under a FOS-style kernel heap, and the
 * plugin that it becomes.
 *
 * The heap works on the page directory, its tables and the page frames, and
 * reads them directly; so they are kept here just as the interface defines
 * them. (core/pager_sim, under our own heap, chooses each page's frame itself;
 * here the heap does that in two steps.)
 *
 * The window really is at its 32-bit addresses. In the untimed passes a real
 * MMU backs it: each frame is a page of one in-memory file, mapping a page maps
 * its frame, and unmapping takes all access away, so that a page without a
 * frame, or two with the same one, are detected. In the timed passes the window
 * is plain memory throughout, so that mapping costs what it costs in the
 * simulation, without system calls.
 *
 * A process has one such plugin, and a kernel heap uses globals, so this file
 * does too.
 */
#include "allocator_plugin.h"
#include "fos.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW_PAGES ((uint32)NUM_OF_KHEAP_PAGES)

/* Every page and every table of the window has a frame. The first one is
 * unused, for some heaps take physical address 0 for "none". */
#define FRAMES	  (1 + WINDOW_PAGES + 1025)

#define LOG_LINES 20
#define TEXT_SIZE 300

/* The heap's own functions; which of the others it has depends on its year. */
void *kmalloc(unsigned int size);
void kfree(void *va);
#define OPTIONAL __attribute__((weak))
void kheap_init(void) OPTIONAL;
void initialize_dyn_block_system(void) OPTIONAL;
int initialize_kheap_dynamic_allocator(uint32 start, uint32 size,
				       uint32 limit) OPTIONAL;
void kheap_clusters_init(void) OPTIONAL;

struct fos_frame_lists MemFrameLists;
struct FrameInfo *frames_info;
uint32 number_of_frames = FRAMES;
uint32 *ptr_page_directory;

static struct {
	const struct allocator_plugin_config *config;
	uint32 directory[1024];

	/* By directory entry, once made: kept for the process's life. */
	uint32 *table[1024];

	/* The frames' contents, while the MMU is real; else -1. */
	int file;

	/* Bytes requested, by the window's page that they begin in. Untimed
	 * passes only. */
	uint32 *asked;

	unsigned lines;
	uint64_t maps;
	uint64_t unmaps;
	uint64_t frames_live;
	uint64_t frames_peak;
	uint64_t tables;
} machine = { .file = -1 };

static void say(void (*how)(void *, const char *), const char *prefix,
		const char *format, va_list args)
{
	char text[TEXT_SIZE];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", prefix);

	if (used < sizeof(text))
		vsnprintf(text + used, sizeof(text) - used, format, args);
	text[strcspn(text, "\n")] = '\0';
	how(machine.config->host, text);
}

void cprintf(const char *format, ...)
{
	va_list args;

	if (machine.lines++ >= LOG_LINES)
		return;
	va_start(args, format);
	say(machine.config->log, "", format, args);
	va_end(args);
}

void fos_panic(const char *file, int line, const char *format, ...)
{
	char prefix[TEXT_SIZE / 2];
	va_list args;

	snprintf(prefix, sizeof(prefix), "panic at %s:%d: ", file, line);
	va_start(args, format);
	say(machine.config->panic, prefix, format, args);
	va_end(args);
	abort();
}

/* Ends the process: the machine itself has failed. */
__attribute__((noreturn, format(printf, 1, 2))) static void
refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(machine.config->panic, "", format, args);
	va_end(args);
	abort();
}

static bool in_window(uint32 va)
{
	return va >= KERNEL_HEAP_START && va < KERNEL_HEAP_MAX;
}

/* Maps a frame's contents at a page of the window; NULL: nothing. */
static void set_access(uint32 va, const struct FrameInfo *frame)
{
	void *page = (void *)(uintptr_t)(va & ~0xFFFu);
	void *got;

	if (machine.file < 0 || !in_window(va))
		return;
	if (frame)
		got = mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, machine.file,
			   (off_t)to_physical_address(frame));
	else
		got = mmap(page, PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				   MAP_FIXED,
			   -1, 0);
	if (got == MAP_FAILED)
		refuse("the host cannot map a page: too many mappings "
		       "(vm.max_map_count) or no memory");
}

uint32 to_frame_number(const struct FrameInfo *frame)
{
	return (uint32)(frame - frames_info);
}

uint32 to_physical_address(const struct FrameInfo *frame)
{
	return to_frame_number(frame) * PAGE_SIZE;
}

struct FrameInfo *to_frame_info(uint32 pa)
{
	if (PPN(pa) >= FRAMES)
		refuse("to_frame_info(0x%x): there are %u frames", pa, FRAMES);
	return &frames_info[PPN(pa)];
}

int allocate_frame(struct FrameInfo **frame)
{
	struct FrameInfo_List *list = &MemFrameLists.free_frame_list;

	*frame = LIST_FIRST(list);
	if (!*frame)
		return E_NO_MEM;
	LIST_REMOVE(list, *frame);
	machine.frames_live++;
	if (machine.frames_live > machine.frames_peak)
		machine.frames_peak = machine.frames_live;
	return 0;
}

void free_frame(struct FrameInfo *frame)
{
	if (frame->references != 0)
		refuse("free_frame of a frame that still has references");
	frame->va = 0;
	LIST_INSERT_HEAD(&MemFrameLists.free_frame_list, frame);
	machine.frames_live--;
}

void decrement_references(struct FrameInfo *frame)
{
	if (frame->references == 0)
		refuse("decrement_references of a frame that has no "
		       "references");
	if (--frame->references == 0)
		free_frame(frame);
}

void *create_page_table(uint32 *directory, uint32 va)
{
	uint32 **table = &machine.table[PDX(va)];
	struct FrameInfo *frame;

	if (allocate_frame(&frame) == E_NO_MEM)
		return NULL;
	if (!*table)
		*table = calloc(1024, sizeof(**table));
	if (!*table)
		refuse("the host has no memory left");
	frame->references = 1;
	machine.tables++;
	directory[PDX(va)] = CONSTRUCT_ENTRY(to_physical_address(frame),
					     PERM_PRESENT | PERM_WRITEABLE);
	return *table;
}

int get_page_table(uint32 *directory, uint32 va, uint32 **table)
{
	*table = NULL;
	if (!(directory[PDX(va)] & PERM_PRESENT))
		return TABLE_NOT_EXIST;
	*table = machine.table[PDX(va)];
	return TABLE_IN_MEMORY;
}

struct FrameInfo *get_frame_info(uint32 *directory, uint32 va, uint32 **table)
{
	uint32 entry;

	if (get_page_table(directory, va, table) == TABLE_NOT_EXIST)
		return NULL;
	entry = (*table)[PTX(va)];
	return entry & ~0xFFFu ? to_frame_info(entry) : NULL;
}

int map_frame(uint32 *directory, struct FrameInfo *frame, uint32 va, int perm)
{
	uint32 *table;

	if (!frame)
		refuse("map_frame of no frame at 0x%x", va);
	if (get_page_table(directory, va, &table) == TABLE_NOT_EXIST)
		table = create_page_table(directory, va);
	if (!table)
		return E_NO_MEM;
	/* First, for it may be the same frame. */
	frame->references++;
	unmap_frame(directory, va);
	table[PTX(va)] = CONSTRUCT_ENTRY(to_physical_address(frame),
					 perm | PERM_PRESENT);
	machine.maps++;
	set_access(va, frame);
	return 0;
}

void unmap_frame(uint32 *directory, uint32 va)
{
	uint32 *table;
	struct FrameInfo *frame = get_frame_info(directory, va, &table);

	if (!frame)
		return;
	table[PTX(va)] = 0;
	machine.unmaps++;
	set_access(va, NULL);
	decrement_references(frame);
}

int alloc_page(uint32 *directory, uint32 va, uint32 perm, bool set_to_zero)
{
	struct FrameInfo *frame;
	uint32 *table;

	if (get_frame_info(directory, va, &table))
		return 1;
	if (allocate_frame(&frame) == E_NO_MEM)
		return E_NO_MEM;
	if (map_frame(directory, frame, va, (int)perm) == E_NO_MEM) {
		free_frame(frame);
		return E_NO_MEM;
	}
	if (set_to_zero)
		memset((void *)(uintptr_t)(va & ~0xFFFu), 0, PAGE_SIZE);
	return 0;
}

OPTIONAL int get_page(void *va)
{
	int status = alloc_page(ptr_page_directory, (uint32)(uintptr_t)va,
				PERM_WRITEABLE, true);

	return status < 0 ? status : 0;
}

OPTIONAL void return_page(void *va)
{
	unmap_frame(ptr_page_directory, (uint32)(uintptr_t)va);
}

void pt_set_page_permissions(uint32 *directory, uint32 va, uint32 set,
			     uint32 clear)
{
	uint32 *table;

	if (get_page_table(directory, va, &table) == TABLE_NOT_EXIST)
		refuse("pt_set_page_permissions(0x%x): there is no table", va);
	table[PTX(va)] = (table[PTX(va)] | set) & ~clear;
}

int pt_get_page_permissions(uint32 *directory, uint32 va)
{
	uint32 *table;

	if (get_page_table(directory, va, &table) == TABLE_NOT_EXIST)
		return -1;
	return (int)(table[PTX(va)] & 0xFFF);
}

void pt_clear_page_table_entry(uint32 *directory, uint32 va)
{
	uint32 *table;

	if (get_page_table(directory, va, &table) == TABLE_NOT_EXIST)
		refuse("pt_clear_page_table_entry(0x%x): there is no table",
		       va);
	table[PTX(va)] = 0;
	set_access(va, NULL);
}

uint32 virtual_to_physical(uint32 *directory, uint32 va)
{
	uint32 *table;

	if (get_page_table(directory, va, &table) == TABLE_NOT_EXIST)
		return (uint32)-1;
	return EXTRACT_ADDRESS(table[PTX(va)]) | PGOFF(va);
}

uint32 num_of_references(uint32 pa)
{
	return to_frame_info(pa)->references;
}

void tlb_invalidate(uint32 *directory, void *va)
{
	(void)directory;
	(void)va;
}

void tlbflush(void)
{
}

static void boot_frames(void)
{
	frames_info = calloc(FRAMES, sizeof(*frames_info));
	if (!frames_info)
		refuse("the host has no memory left");
	LIST_INIT(&MemFrameLists.free_frame_list);
	for (uint32 i = 1; i < FRAMES; i++)
		LIST_INSERT_TAIL(&MemFrameLists.free_frame_list,
				 &frames_info[i]);
	ptr_page_directory = machine.directory;
}

static void boot_window(void)
{
	void *wanted = (void *)(uintptr_t)KERNEL_HEAP_START;
	const bool checked = machine.config->checked;
	void *window = mmap(wanted, (size_t)WINDOW_PAGES * PAGE_SIZE,
			    checked ? PROT_NONE : PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				    MAP_FIXED_NOREPLACE,
			    -1, 0);

	if (window != wanted)
		refuse("part of this process is mapped in the heap window (a "
		       "sanitizer's build has its shadow there)");
	if (!checked)
		return;
	machine.asked = calloc(WINDOW_PAGES, sizeof(*machine.asked));
	machine.file = memfd_create("fos", MFD_CLOEXEC);
	if (!machine.asked || machine.file < 0 ||
	    ftruncate(machine.file, (off_t)FRAMES * PAGE_SIZE) != 0)
		refuse("the host has no memory left");
}

/* Initializes the heap as its kernel's boot would, by the first name that
 * exists. */
static void boot_heap(void)
{
	if (kheap_init)
		kheap_init();
	else if (initialize_dyn_block_system)
		initialize_dyn_block_system();
	else if (initialize_kheap_dynamic_allocator)
		initialize_kheap_dynamic_allocator(KERNEL_HEAP_START, PAGE_SIZE,
						   KERNEL_HEAP_START +
							   DYN_ALLOC_MAX_SIZE);
	else if (kheap_clusters_init)
		kheap_clusters_init();
}

static int fos_init(const struct allocator_plugin_config *config, void **ctx)
{
	machine.config = config;
	*ctx = NULL;
	if (config->option_count)
		refuse("a FOS heap takes no option, got '%s='",
		       config->options[0].key);
	if (config->heap_base != KERNEL_HEAP_START ||
	    config->heap_pages != WINDOW_PAGES ||
	    config->page_size != PAGE_SIZE)
		refuse("built for %u pages from 0x%X, not for %u from 0x%X; "
		       "build it again with --heap-pages and --heap-base",
		       WINDOW_PAGES, KERNEL_HEAP_START, config->heap_pages,
		       config->heap_base);
	boot_frames();
	boot_window();
	boot_heap();
	return 0;
}

/* Every byte handed out must have a frame. */
static void check_alloc(uint32 va, size_t size)
{
	uint32 *table;

	if (!in_window(va) || size > KERNEL_HEAP_MAX - va)
		return;
	for (uint64_t at = va; at == va || at < (uint64_t)va + size;
	     at = (at & ~UINT64_C(0xFFF)) + PAGE_SIZE)
		if (!get_frame_info(ptr_page_directory, (uint32)at, &table))
			refuse("kmalloc(%zu) returned 0x%X, but page 0x%X has "
			       "no frame",
			       size, va, (uint32)at & ~0xFFFu);
	machine.asked[(va - KERNEL_HEAP_START) / PAGE_SIZE] = (uint32)size;
}

/* An allocation of whole pages must have none of them left. */
static void check_free(uint32 va)
{
	uint32 size = machine.asked[(va - KERNEL_HEAP_START) / PAGE_SIZE];
	uint32 *table;

	if (va % PAGE_SIZE != 0 || size <= DYN_ALLOC_MAX_BLOCK_SIZE)
		return;
	for (uint64_t at = va; at < (uint64_t)va + size; at += PAGE_SIZE)
		if (get_frame_info(ptr_page_directory, (uint32)at, &table))
			refuse("kfree(0x%X) of %u bytes left page 0x%X mapped",
			       va, size, (uint32)at);
}

static void *fos_alloc(void *ctx, size_t size)
{
	uint32 va = (uint32)(uintptr_t)kmalloc((unsigned int)size);

	(void)ctx;
	if (machine.asked && va)
		check_alloc(va, size);
	return (void *)(uintptr_t)va;
}

static int fos_free(void *ctx, void *p)
{
	(void)ctx;
	kfree(p);
	if (machine.asked && in_window((uint32)(uintptr_t)p))
		check_free((uint32)(uintptr_t)p);
	return 0;
}

static void fos_stats(void *ctx, allocator_plugin_stat_fn fn, void *user)
{
	(void)ctx;
	fn(user, "pages_mapped", machine.maps);
	fn(user, "pages_unmapped", machine.unmaps);
	fn(user, "page_tables_made", machine.tables);
	fn(user, "frames_live", machine.frames_live);
	fn(user, "frames_peak", machine.frames_peak);
	fn(user, "lines_printed", machine.lines);
}

static void fos_memory(void *ctx, struct allocator_plugin_memory *out)
{
	(void)ctx;
	out->mapped = machine.frames_live * PAGE_SIZE;
	out->resident = out->mapped;
}

static void fos_fini(void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < 1024; i++)
		free(machine.table[i]);
	free(machine.asked);
	free(frames_info);
}

const struct allocator_plugin allocator_plugin = {
	.version = ALLOCATOR_PLUGIN_VERSION,
	.size = sizeof(struct allocator_plugin),
	.flags = ALLOCATOR_PLUGIN_REAL | ALLOCATOR_PLUGIN_WINDOW,
	.alignment = 1,
	.init = fos_init,
	.alloc = fos_alloc,
	.free = fos_free,
	.stats = fos_stats,
	.memory = fos_memory,
	.fini = fos_fini,
};
