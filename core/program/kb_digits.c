#include "kb_digits.h"

#include <inttypes.h>
#include <stdio.h>

char *kb_digits(char out[KB_DIGITS_SIZE], uint64_t count)
{
	char digits[KB_DIGITS_SIZE];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *p = out;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}
