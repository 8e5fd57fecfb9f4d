#ifndef KERN_MEM_MEMORY_MANAGER_H
#define KERN_MEM_MEMORY_MANAGER_H

#ifndef FOS_KERNEL
#error "This is a kernel header"
#endif

#include <inc/memlayout.h>
#include <inc/assert.h>

extern struct FrameInfo *frames_info;
extern uint32 number_of_frames;
extern uint32 *ptr_page_directory;
struct FrameInfo_List free_frame_list;

int allocate_frame(struct FrameInfo **frame);
void free_frame(struct FrameInfo *frame);
int map_frame(uint32 *directory, struct FrameInfo *frame, uint32 va, int perm);
void unmap_frame(uint32 *directory, uint32 va);
int get_page_table(uint32 *directory, uint32 va, uint32 **table);
struct FrameInfo *get_frame_info(uint32 *directory, uint32 va, uint32 **table);
int alloc_page(uint32 *directory, uint32 va, uint32 perm, bool set_to_zero);
void cprintf(const char *format, ...);

static inline uint32 to_physical_address(struct FrameInfo *frame)
{
	return (frame - frames_info) * PAGE_SIZE;
}

static inline struct FrameInfo *to_frame_info(uint32 pa)
{
	if (pa / PAGE_SIZE >= number_of_frames)
		panic("to_frame_info called with invalid pa");
	return &frames_info[pa / PAGE_SIZE];
}

#endif
