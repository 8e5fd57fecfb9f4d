/*
 * kb_test: cmocka with the headers that it needs before it.
 */
#ifndef KB_TEST_H
#define KB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* KB_TEST_H */
