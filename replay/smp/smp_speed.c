#include "smp_speed.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLACES 3

/* 10^6: ps of a ns, and thousandths. */
#define SCALE UINT64_C(1000000)

/* The remainder of a division by the thousandths, times SCALE, must fit. */
static_assert(SMP_SPEED_MAX * SMP_SPEED_ONE < UINT64_MAX / SCALE,
	      "the scaling is exact in 64 bits");

/* Digits from `*at` on, at most `most`; what they make is put after `value`. */
static uint64_t take_digits(const char *text, size_t length, size_t *at,
			    size_t most, uint64_t value)
{
	const size_t begin = *at;

	while (*at < length && *at - begin < most && text[*at] >= '0' &&
	       text[*at] <= '9')
		value = value * 10 + (uint64_t)(text[(*at)++] - '0');
	return value;
}

/* True with `*thousandths` set if all of the text is such a decimal. */
static bool take_decimal(const char *text, size_t length, uint64_t *thousandths)
{
	size_t at = 0, point;
	uint64_t value = take_digits(text, length, &at, 12, 0);

	if (at == 0)
		return false;
	if (at < length && text[at] == '.') {
		point = ++at;
		value = take_digits(text, length, &at, PLACES, value);
		if (at == point)
			return false;
	} else {
		point = at;
	}
	for (size_t places = at - point; places < PLACES; places++)
		value *= 10;
	*thousandths = value;
	return at == length;
}

int smp_speed_parse(struct smp_speed *out, const char *text, size_t length,
		    const char *name, struct kb_diag *diag)
{
	uint64_t thousandths;

	out->thousandths = 0;
	if (length == 3 && memcmp(text, "max", 3) == 0)
		return 0;
	if (!take_decimal(text, length, &thousandths) || thousandths == 0 ||
	    thousandths > SMP_SPEED_MAX * SMP_SPEED_ONE)
		return kb_fail(diag, KB_E_ARG,
			       "--%s takes 'max', or factors from 0.001 to "
			       "%" PRIu64 " with at most three places, got "
			       "'%.*s'",
			       name, SMP_SPEED_MAX, (int)length, text);
	out->thousandths = thousandths;
	return 0;
}

const char *smp_speed_text(char out[SMP_SPEED_TEXT], struct smp_speed speed)
{
	int length;

	if (speed.thousandths == 0)
		return strcpy(out, "max");
	length = snprintf(out, SMP_SPEED_TEXT, "%" PRIu64 ".%03" PRIu64,
			  speed.thousandths / SMP_SPEED_ONE,
			  speed.thousandths % SMP_SPEED_ONE);
	while (out[length - 1] == '0')
		out[--length] = '\0';
	if (out[length - 1] == '.')
		out[--length] = '\0';
	return out;
}

bool smp_speed_scale(struct smp_speed speed, uint64_t ns, uint64_t *ps)
{
	const uint64_t k = speed.thousandths;
	uint64_t whole;

	*ps = 0;
	if (k == 0)
		return true;
	/* floor(ns * SCALE / k), in two parts that do not overflow. */
	whole = ns / k;
	if (whole > (INT64_MAX - SCALE) / SCALE)
		return false;
	*ps = whole * SCALE + ns % k * SCALE / k;
	return true;
}
