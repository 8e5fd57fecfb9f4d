#include <kern/mem/kheap.h>

void FOS_initialize(void)
{
	kheap_init();
}
