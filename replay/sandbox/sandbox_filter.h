/*
 * sandbox_filter: the system calls that foreign code may make: those of a program
 * that computes in its own memory. Any other call is not made, and its process gets
 * SIGSYS.
 *
 * The list is libseccomp's to translate: also for code of the other width, whose
 * process then installs the program itself.
 *
 * replay/allocators and its tests include this file.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Most steps of a filter. */
#define SANDBOX_STEPS_MAX 1024

/* One step, as struct sock_filter has it. */
struct sandbox_step {
	uint16_t code;
	uint8_t jump_true;
	uint8_t jump_false;
	uint32_t k;
};

struct sandbox_filter {
	uint32_t count;
	struct sandbox_step step[SANDBOX_STEPS_MAX];
};

enum sandbox_code {
	/* Code like this program. */
	SANDBOX_NATIVE,

	/* 32-bit x86. */
	SANDBOX_X86,

	/* Code like this program that emulates other code, and is executed after
	 * the filter is entered. */
	SANDBOX_EMULATOR
};

/*
 * Makes the filter for a process that knows itself as `pid`, the one process that
 * it may signal. Files can be opened to be read. Returns 0, or KB_E_NOMEM or
 * KB_E_ENVIRONMENT with `diag` filled.
 */
int sandbox_filter_make(struct sandbox_filter *out, enum sandbox_code code,
			pid_t pid, struct kb_diag *diag);

/* Makes the filter under which no file can be opened any more, to be added to the
 * other one. Returns as sandbox_filter_make. */
int sandbox_filter_make_closed(struct sandbox_filter *out,
			       enum sandbox_code code, struct kb_diag *diag);

/* Puts all threads of this process under a filter, for good. Returns 0, or
 * KB_E_ENVIRONMENT with `diag` filled if the kernel has no such filters. */
int sandbox_filter_enter(const struct sandbox_filter *filter,
			 struct kb_diag *diag);

/* What a process that called what it may not is told: the call's name into `name`,
 * or its number. */
void sandbox_filter_name(enum sandbox_code code, int number, char *name,
			 size_t size);

#endif /* SANDBOX_FILTER_H */
