#include <kern/kheap.h>

void FOS_initialize(void)
{
	setKHeapPlacementStrategyBESTFIT();
}
