/*
 * replay_support: small traces, written as scripts, and real allocators, for
 * the tests of the replay engine.
 */
#ifndef REPLAY_SUPPORT_H
#define REPLAY_SUPPORT_H

#include "kb_test.h"

#include "alloc_spec.h"
#include "replay.h"
#include "trc_reader.h"

/*
 * A trace from a script of words: "+NAME:SIZE" allocates, "-NAME" frees; a name
 * is a number that a later object may take again. It goes through the importer,
 * so slots are as in any trace. Must succeed; the caller closes the reader.
 */
struct trc_reader *test_trace(const char *script);

/* A script of `count` events: allocs of 1 byte, each freed `depth` allocs
 * later. Owned by the caller. */
char *test_script(unsigned count, unsigned depth);

/* A file of the repository's traces/. */
struct trc_reader *test_trace_file(const char *name);

/* An allocator's name with its defaults; of plugins it is the skeleton's. */
const char *test_alloc_name(const struct alloc_ops *ops);

/* An allocator by its name on a command line. `heap_pages` 0: the default. */
struct alloc test_alloc_open(const char *name, uint32_t heap_pages);

/* The value of a counter that must be there. */
uint64_t test_counter(const struct replay_count_result *result,
		      const char *name);

/* True if a counter of this name is there. */
bool test_has_counter(const struct replay_count_result *result,
		      const char *name);

#endif /* REPLAY_SUPPORT_H */
