/* An allocator that does nothing: what the outsider's own loop takes. */
#include <stddef.h>

void *own_malloc(size_t size);
void own_free(void *p);

void *own_malloc(size_t size)
{
	return (char *)NULL + size + 64;
}

void own_free(void *p)
{
	__asm__ volatile("" : : "r"(p));
}
