#include "metal_machine.h"

#include "kb_host.h"
#include "metal_request.h"
#include "pager_sim.h"

/* Control register bits: CR0 write protect, so that the kernel too may write only
 * where the PTE says so, and paging; CR4 pages of 4 MiB. A directory entry of such a
 * page has bit 7 (Intel SDM vol. 3A, 2.5 and 4.3). */
#define CR0_WP		  (UINT32_C(1) << 16)
#define CR0_PG		  (UINT32_C(1) << 31)
#define CR4_PSE		  (UINT32_C(1) << 4)
#define PDE_LARGE	  (UINT32_C(1) << 7)

#define LARGE_SHIFT	  22
#define ENTRIES		  1024

#define VECTORS		  32
#define VECTOR_PAGE_FAULT 14

/* Code and data segments from 0 to 4 GiB, by their selectors. */
#define SELECTOR_CODE 8

/* A gate for interrupts, 32 bits, present (SDM vol. 3A, 6.11). */
#define GATE	     0x8e00

#define CONSOLE_PORT 0xe9
#define COM1_PORT    0x3f8

struct table_register {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

/* The tables that the processor reads. They are the machine's state, of which there
 * is one, and so the kernel's only variables. */
static struct {
	uint32_t directory[ENTRIES] __attribute__((aligned(4096)));
	struct {
		uint32_t low;
		uint32_t high;
	} gate[VECTORS];
	uint32_t invlpgs;
} machine;

/* SDM vol. 3A, 3.4.5: base 0, limit 4 GiB; code to execute and read, data to
 * write. */
static const uint64_t segments[] = {
	0,
	UINT64_C(0x00cf9a000000ffff),
	UINT64_C(0x00cf92000000ffff),
};

void metal_load_segments(const void *gdt);
void metal_page_fault(void);
void metal_trap(void);
void metal_bad_fault(uint32_t eip) __attribute__((noreturn));
void metal_bad_trap(uint32_t top) __attribute__((noreturn));

static void out_byte(uint16_t port, uint8_t byte)
{
	__asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static void set_gate(unsigned vector, void (*handler)(void))
{
	const uint32_t address = (uint32_t)handler;

	machine.gate[vector].low =
		UINT32_C(SELECTOR_CODE) << 16 | (address & 0xffff);
	machine.gate[vector].high = (address & 0xffff0000) | GATE;
}

static void load_tables(void)
{
	const struct table_register gdt = { sizeof(segments) - 1,
					    (uint32_t)segments };
	const struct table_register idt = { sizeof(machine.gate) - 1,
					    (uint32_t)machine.gate };
	unsigned i;

	metal_load_segments(&gdt);
	for (i = 0; i < VECTORS; i++)
		set_gate(i, metal_trap);
	set_gate(VECTOR_PAGE_FAULT, metal_page_fault);
	__asm__ volatile("lidt %0" : : "m"(idt));
}

static void turn_paging_on(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr4, %0" : "=r"(value));
	__asm__ volatile("movl %0, %%cr4" : : "r"(value | CR4_PSE));
	__asm__ volatile("movl %0, %%cr3" : : "r"(machine.directory));
	__asm__ volatile("movl %%cr0, %0" : "=r"(value));
	__asm__ volatile("movl %0, %%cr0"
			 :
			 : "r"(value | CR0_WP | CR0_PG)
			 : "memory");
}

void metal_machine_start(uint32_t memory)
{
	const uint32_t flags = PAGER_PTE_PRESENT | PAGER_PTE_WRITABLE;
	uint32_t i;

	load_tables();
	for (i = 0; i < memory >> LARGE_SHIFT; i++)
		machine.directory[i] = i << LARGE_SHIFT | PDE_LARGE | flags;
	machine.directory[METAL_PTES >> LARGE_SHIFT] =
		(uint32_t)machine.directory | flags;
	turn_paging_on();
}

uint32_t *metal_machine_directory(void)
{
	return machine.directory;
}

void metal_machine_invlpg(kva_t va)
{
	machine.invlpgs++;
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

void metal_machine_count_invlpgs(void)
{
	machine.invlpgs = 0;
}

uint32_t metal_machine_invlpgs(void)
{
	return machine.invlpgs;
}

void metal_machine_invalidate(kva_t va, bool is_table)
{
	metal_machine_invlpg(va);
	if (is_table)
		machine.invlpgs--;
}

uint64_t metal_machine_ticks(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

void metal_machine_put(char c)
{
	out_byte(CONSOLE_PORT, (uint8_t)c);
}

void metal_machine_put_com1(char c)
{
	out_byte(COM1_PORT, (uint8_t)c);
}

void metal_machine_text(const char *text)
{
	for (; *text; text++)
		metal_machine_put(*text);
}

/* Ten of a number without a division of 64 bits, which would be a call into the
 * compiler's library: bit by bit, as on paper. */
static unsigned divide_by_ten(uint64_t *number)
{
	uint64_t quotient = 0;
	unsigned rest = 0;
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		rest = rest << 1 | (unsigned)(*number >> bit & 1);
		quotient <<= 1;
		if (rest >= 10) {
			rest -= 10;
			quotient |= 1;
		}
	}
	*number = quotient;
	return rest;
}

void metal_machine_number(uint64_t number)
{
	char digits[20];
	int count = 0;

	do
		digits[count++] = (char)('0' + divide_by_ten(&number));
	while (number != 0);
	while (count-- > 0)
		metal_machine_put(digits[count]);
}

void metal_machine_hex(uint64_t number, unsigned digits)
{
	while (digits-- > 0)
		metal_machine_put(
			"0123456789abcdef"[number >> (4 * digits) & 15]);
}

void metal_machine_exit(unsigned status)
{
	out_byte(METAL_EXIT_PORT, (uint8_t)status);
	for (;;)
		__asm__ volatile("hlt");
}

void metal_machine_fail(const char *text)
{
	metal_machine_text("error ");
	metal_machine_text(text);
	metal_machine_put('\n');
	metal_machine_exit(METAL_EXIT_FAIL);
}

/* Called by metal_boot.S for a fault that no probe made. */
void metal_bad_fault(uint32_t eip)
{
	uint32_t address;

	__asm__ volatile("movl %%cr2, %0" : "=r"(address));
	metal_machine_text("error page fault at 0x");
	metal_machine_hex(address, 8);
	if (address >= METAL_PTES)
		metal_machine_text(", in a page table that is not there");
	metal_machine_text(", by the instruction at 0x");
	metal_machine_hex(eip, 8);
	metal_machine_put('\n');
	metal_machine_exit(METAL_EXIT_FAIL);
}

void metal_bad_trap(uint32_t top)
{
	metal_machine_text("error exception; on top of the stack is 0x");
	metal_machine_hex(top, 8);
	metal_machine_put('\n');
	metal_machine_exit(METAL_EXIT_FAIL);
}

void kb_host_panic(const char *what, const char *file, int line)
{
	metal_machine_text("error assertion at ");
	metal_machine_text(file);
	metal_machine_put(':');
	metal_machine_number((uint64_t)line);
	metal_machine_text(": ");
	metal_machine_text(what);
	metal_machine_put('\n');
	metal_machine_exit(METAL_EXIT_FAIL);
}
