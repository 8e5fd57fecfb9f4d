/*
 * kb_fault_wrap: the functions that --wrap puts in the place of others. Each file
 * that includes it is linked where its functions are called.
 */
#ifndef KB_FAULT_WRAP_H
#define KB_FAULT_WRAP_H

#include "kb_fault.h"

/* Counts a call; true, with errno set, if it is the one that fails. */
bool kb_fault_is_due(enum kb_fault kind);

/* A function of a kind: what it returns, and what if it fails. */
#define WRAP(kind, type, failure, name, parameters, arguments) \
	type __real_##name parameters;                         \
	type __wrap_##name parameters;                         \
	type __wrap_##name parameters                          \
	{                                                      \
		return kb_fault_is_due(KB_FAULT_##kind)        \
			       ? (failure)                     \
			       : __real_##name arguments;      \
	}

#endif /* KB_FAULT_WRAP_H */
