#include <kern/mem/kheap.h>

void FOS_initialize(void)
{
	setKHeapPlacementStrategyFIRSTFIT();
	initialize_dyn_block_system();
}
