/*
 * Where the machine starts, and the few steps that C cannot express.
 *
 * A multiboot loader finds the header in the first 8 KiB of the file, loads the
 * kernel at 1 MiB and jumps to metal_start in 32-bit protected mode, without paging
 * and with interrupts off. eax holds a magic number and ebx the address of what the
 * loader knows (Multiboot Specification 0.6.96, section 3).
 */

/* Modules on page boundaries (bit 0), the size of memory (bit 1). */
#define FLAGS	3
#define MAGIC	0x1BADB002

	.section .multiboot, "a"
	.align 4
	.long	MAGIC
	.long	FLAGS
	.long	-(MAGIC + FLAGS)

	.text
	.globl	metal_start
metal_start:
	movl	$stack_top, %esp
	pushl	%ebx
	pushl	%eax
	call	metal_main
1:	hlt
	jmp	1b

/*
 * int metal_probe_read(uint32_t va, uint32_t *value)
 * int metal_probe_write(uint32_t va, uint32_t value)
 *
 * One access to memory that may not be there. Returns 1 if it was done, 0 if it
 * faulted: metal_page_fault knows the two instructions by their addresses and goes
 * on at metal_probe_failed.
 */
	.globl	metal_probe_read, metal_probe_write
metal_probe_read:
	movl	4(%esp), %ecx
	movl	8(%esp), %edx
probing_read:
	movl	(%ecx), %eax
	movl	%eax, (%edx)
	movl	$1, %eax
	ret

metal_probe_write:
	movl	4(%esp), %ecx
	movl	8(%esp), %edx
probing_write:
	movl	%edx, (%ecx)
	movl	$1, %eax
	ret

probe_failed:
	xorl	%eax, %eax
	ret

/*
 * Vector 14. The processor has pushed flags, code segment, the address of the
 * instruction and an error code, which is now on top.
 */
	.globl	metal_page_fault
metal_page_fault:
	cmpl	$probing_read, 4(%esp)
	je	1f
	cmpl	$probing_write, 4(%esp)
	je	1f
	pushl	4(%esp)
	call	metal_bad_fault
1:	movl	$probe_failed, 4(%esp)
	addl	$4, %esp
	iret

/* All other vectors: what is on top is the instruction's address, or for some an
 * error code. */
	.globl	metal_trap
metal_trap:
	call	metal_bad_trap

/* void metal_load_segments(const void *gdt): the flat segments of metal_machine.c,
 * code 8 and data 16. */
	.globl	metal_load_segments
metal_load_segments:
	movl	4(%esp), %eax
	lgdt	(%eax)
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	ljmp	$8, $1f
1:	ret

	.bss
	.align 16
	.skip 65536
stack_top:

	.section .note.GNU-stack, "", @progbits
