/* Of a kernel's memory manager, what concerns a heap: where a frame is mapped. */
#include <kern/mem/memory_manager.h>

int map_frame(uint32 *directory, struct FrameInfo *ptr_frame_info,
	      uint32 virtual_address, int perm)
{
	ptr_frame_info->references++;
	ptr_frame_info->va = virtual_address;
	return 0;
}

void unmap_frame(uint32 *directory, uint32 virtual_address)
{
	struct FrameInfo *ptr_frame_info = frames_info;

	ptr_frame_info->va = 0;
}
