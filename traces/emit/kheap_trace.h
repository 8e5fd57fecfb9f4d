/*
 * kheap_trace.h: records the allocations of a kernel of your own.
 *
 * Freestanding C89: no libc, no memory, no locks. Copy it into your kernel,
 * define how to write a character where you can capture it, and call it
 * from your allocator:
 *
 *   #define KHEAP_TRACE_PUTCHAR(c) outb(0xe9, (unsigned char)(c))
 *   #include "kheap_trace.h"
 *
 *   void *kmalloc(size_t size)
 *   {
 *           void *p = ...;
 *           KHEAP_TRACE_ALLOC(size, p);
 *           return p;
 *   }
 *
 *   void kfree(void *p)
 *   {
 *           KHEAP_TRACE_FREE(p);
 *           ...
 *   }
 *
 * Each macro writes one line; `trc import` turns the lines into a trace. Record
 * a free before you do it and an alloc after, so that an address never seems to
 * be in use twice. Nothing else may be written in the middle of a line: with
 * several cpus, or if interrupts allocate, hold the allocator's lock.
 *
 * Define before you include it, if you have them:
 *
 *   KHEAP_TRACE_TICKS()  a clock, any unit, an unsigned integer
 *   KHEAP_TRACE_CPU()    the number of this cpu
 *   KHEAP_TRACE_SITE()   the caller's address, say
 *                        __builtin_return_address(0)
 *   KHEAP_TRACE_UINT     the type that holds all of these and an address;
 *                        unsigned long unless you define it
 */
#ifndef KHEAP_TRACE_H
#define KHEAP_TRACE_H

#ifndef KHEAP_TRACE_PUTCHAR
#error "define KHEAP_TRACE_PUTCHAR(c) before you include kheap_trace.h"
#endif

#ifndef KHEAP_TRACE_UINT
#define KHEAP_TRACE_UINT unsigned long
#endif

static void kheap_trace_text(const char *text)
{
	for (; *text; text++)
		KHEAP_TRACE_PUTCHAR(*text);
}

/* Writes a number in hexadecimal digits, without leading zeros. */
static void kheap_trace_hex(KHEAP_TRACE_UINT value)
{
	int shift = (int)sizeof(value) * 8 - 4;

	while (shift > 0 && ((value >> shift) & 15) == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		KHEAP_TRACE_PUTCHAR("0123456789abcdef"[(value >> shift) & 15]);
}

/* Writes the optional fields and ends the line. */
static void kheap_trace_end(KHEAP_TRACE_UINT site)
{
#ifdef KHEAP_TRACE_TICKS
	kheap_trace_text(" t=");
	kheap_trace_hex((KHEAP_TRACE_UINT)KHEAP_TRACE_TICKS());
#endif
#ifdef KHEAP_TRACE_CPU
	kheap_trace_text(" c=");
	kheap_trace_hex((KHEAP_TRACE_UINT)KHEAP_TRACE_CPU());
#endif
	if (site) {
		kheap_trace_text(" s=");
		kheap_trace_hex(site);
	}
	KHEAP_TRACE_PUTCHAR('\n');
}

static void kheap_trace_alloc(KHEAP_TRACE_UINT size, KHEAP_TRACE_UINT va,
			      KHEAP_TRACE_UINT site)
{
	kheap_trace_text("kh+ ");
	kheap_trace_hex(size);
	KHEAP_TRACE_PUTCHAR(' ');
	kheap_trace_hex(va);
	kheap_trace_end(site);
}

static void kheap_trace_free(KHEAP_TRACE_UINT va, KHEAP_TRACE_UINT site)
{
	kheap_trace_text("kh- ");
	kheap_trace_hex(va);
	kheap_trace_end(site);
}

#ifndef KHEAP_TRACE_SITE
#define KHEAP_TRACE_SITE() 0
#endif

#define KHEAP_TRACE_ALLOC(size, va)                                         \
	kheap_trace_alloc((KHEAP_TRACE_UINT)(size), (KHEAP_TRACE_UINT)(va), \
			  (KHEAP_TRACE_UINT)KHEAP_TRACE_SITE())
#define KHEAP_TRACE_FREE(va)                     \
	kheap_trace_free((KHEAP_TRACE_UINT)(va), \
			 (KHEAP_TRACE_UINT)KHEAP_TRACE_SITE())

#endif /* KHEAP_TRACE_H */
