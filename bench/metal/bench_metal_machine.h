/*
 * bench_metal_machine: QEMU as a child process, with memory that we share.
 *
 * Kernel, request and the machine's memory are files without names, which QEMU opens
 * by its descriptors: nothing is left of them when both processes are gone.
 *
 * Only bench/metal includes this file.
 */
#ifndef BENCH_METAL_MACHINE_H
#define BENCH_METAL_MACHINE_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Room for the first line that QEMU says. */
#define BENCH_METAL_SAID_SIZE 160

struct bench_metal_machine {
	pid_t pid;

	/* What the kernel writes to the debug console; what QEMU writes to
	 * standard error. */
	int console_fd;
	int said_fd;

	/* The machine's memory, mapped. */
	int memory_fd;
	unsigned char *memory;
	size_t memory_size;
};

/* What the machine is started with; all borrowed. */
struct bench_metal_setup {
	int kernel_fd;
	int request_fd;

	/* Where the first serial port goes; -1 for none. */
	int serial_fd;

	size_t memory_size;
};

/* A file without a name that holds these bytes, or -1 with `diag` filled. */
int bench_metal_file(const void *bytes, size_t size, struct kb_diag *diag);

/* Starts QEMU. Returns 0, or KB_E_ENVIRONMENT, which names the package if there is
 * no QEMU, KB_E_NOMEM or KB_E_IO; with `diag` filled. To be released in either
 * case, which kills what still runs. */
int bench_metal_machine_start(struct bench_metal_machine *machine,
			      const struct bench_metal_setup *setup,
			      struct kb_diag *diag);

/* Waits for QEMU's end; its wait status. `kill` it first, or not. */
int bench_metal_machine_end(struct bench_metal_machine *machine, bool kill);

/* The first line of what QEMU has said, or "". */
void bench_metal_machine_said(const struct bench_metal_machine *machine,
			      char out[BENCH_METAL_SAID_SIZE]);

void bench_metal_machine_release(struct bench_metal_machine *machine);

#endif /* BENCH_METAL_MACHINE_H */
