/*
 * kb_assert: assertions for programmer errors; never for bad input.
 *
 *   kb_assert(x)       checked wherever NDEBUG is not defined;
 *   kb_assert_slow(x)  checked only in builds with -DKB_DEBUG_FULL=ON: checks
 *                      that walk a whole structure; scripts/long/full has the
 *                      tests of core pass so.
 *
 * No test makes one fail: it would have to break a contract, and the process ends
 * there. Each is reached, that is: checked, by the tests of a Debug build, and
 * scripts/long/coverage --missed lists the line of one that is not.
 *
 * Anyone may include this file.
 */
#ifndef KB_ASSERT_H
#define KB_ASSERT_H

#include <assert.h>

#define kb_assert(expr) assert(expr)

#ifdef KB_DEBUG_FULL
#define kb_assert_slow(expr) assert(expr)
#else
#define kb_assert_slow(expr) ((void)sizeof((expr) ? 1 : 0))
#endif

#endif /* KB_ASSERT_H */
