/*
 * kb_assert: assertions for programmer errors; never for bad input.
 *
 *   kb_assert(x)       checked wherever NDEBUG is not defined;
 *   kb_assert_slow(x)  checked only in builds with -DKB_DEBUG_FULL=ON: checks
 *                      that walk a whole structure; scripts/long/full runs the
 *                      tests of core with it.
 *
 * No test makes an assertion fail: it would have to break a contract, and that
 * ends the process. The tests of a Debug build reach every assertion;
 * scripts/long/coverage --missed lists those that they do not.
 *
 * Anyone may include this file.
 */
#ifndef KB_ASSERT_H
#define KB_ASSERT_H

#include "kb_host.h"

#define kb_assert(expr) assert(expr)

#ifdef KB_DEBUG_FULL
#define kb_assert_slow(expr) assert(expr)
#else
#define kb_assert_slow(expr) ((void)sizeof((expr) ? 1 : 0))
#endif

#endif /* KB_ASSERT_H */
