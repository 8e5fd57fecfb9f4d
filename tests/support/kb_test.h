/*
 * kb_test: cmocka with the headers that it needs before it, and KB_LINES().
 */
#ifndef KB_TEST_H
#define KB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/*
 * A long text of adjacent strings and macros, one per line. clang-format takes
 * such macros for calls; its file tells it to leave this one's argument alone.
 */
#define KB_LINES(...) __VA_ARGS__

#endif /* KB_TEST_H */
