/*
 * metal_machine: the processor and the devices of the machine.
 *
 * The kernel's files include this file.
 */
#ifndef METAL_MACHINE_H
#define METAL_MACHINE_H

#include "kva.h"

#include <stdbool.h>
#include <stdint.h>

/* Loads segments and exception handlers, maps the first `memory` bytes, a multiple
 * of 4 MiB, to themselves, and turns paging on. */
void metal_machine_start(uint32_t memory);

/* The page directory in use; its last entry names itself. */
uint32_t *metal_machine_directory(void);

/* Has the processor forget page `va`. How often that was done since the last
 * metal_machine_count_invlpgs is what metal_machine_invlpgs returns. */
void metal_machine_invlpg(kva_t va);
void metal_machine_count_invlpgs(void);
uint32_t metal_machine_invlpgs(void);

/* The same for a page table as an element of the array of all PTEs, which is not
 * counted: the heap's window does not change by it. For kheap_fast.h. */
void metal_machine_invalidate(kva_t va, bool is_table);

/* The time-stamp counter. QEMU with -icount shift=0 counts instructions there. */
uint64_t metal_machine_ticks(void);

/* Text on the debug console; on the first serial port, whose name is COM1. */
void metal_machine_put(char c);
void metal_machine_put_com1(char c);
void metal_machine_text(const char *text);
void metal_machine_number(uint64_t number);
void metal_machine_hex(uint64_t number, unsigned digits);

/* Ends the machine; `status` as in metal_request.h. */
void metal_machine_exit(unsigned status) __attribute__((noreturn));

/* Writes a last line, "error " and the text, and ends the machine. */
void metal_machine_fail(const char *text) __attribute__((noreturn));

/* One access to memory that may not be there (metal_boot.S). Returns 1, or 0 after a
 * page fault. */
int metal_probe_read(kva_t va, uint32_t *value);
int metal_probe_write(kva_t va, uint32_t value);

#endif /* METAL_MACHINE_H */
