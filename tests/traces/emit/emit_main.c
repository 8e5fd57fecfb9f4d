/* traces/emit/kheap_trace.h in a kernel's place: C89, freestanding, no libc. */
extern int kernel_putchar(int c);

#define KHEAP_TRACE_PUTCHAR(c) kernel_putchar((unsigned char)(c))
#define KHEAP_TRACE_TICKS()    emit_ticks()
#define KHEAP_TRACE_CPU()      1
#define KHEAP_TRACE_SITE()     0xc0100010UL

static unsigned long emit_ticks(void)
{
	return 0x64;
}

#include "kheap_trace.h"

void emit_example(void);

void emit_example(void)
{
	KHEAP_TRACE_ALLOC(4096, (void *)0xf0000000UL);
	KHEAP_TRACE_ALLOC(0, 0x20UL);
	KHEAP_TRACE_FREE((void *)0xf0000000UL);
}
