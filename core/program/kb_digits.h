/*
 * kb_digits: counts as people read them. JSON, and text that programs read, have
 * plain digits.
 *
 * Both programs include this file.
 */
#ifndef KB_DIGITS_H
#define KB_DIGITS_H

#include <stdint.h>

/* Room for any count, its commas and the NUL, bytes: 2^64 - 1 has 20 digits. */
#define KB_DIGITS_SIZE 32

/* Groups the digits, as in "31,619", in every locale. Returns `out`. */
char *kb_digits(char out[KB_DIGITS_SIZE], uint64_t count);

#endif /* KB_DIGITS_H */
