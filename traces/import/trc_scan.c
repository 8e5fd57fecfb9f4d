#include "trc_scan.h"

#define NS_PER_S UINT64_C(1000000000)

/* Reads the digits after the decimal point of a number of seconds, 1 to 9 of
 * them, as nanoseconds. */
static bool read_fraction(struct trc_scan *c, uint64_t *ns)
{
	const char *start = c->p;
	uint64_t fraction;

	if (!trc_scan_decimal(c, &fraction) || c->p - start > 9)
		return false;
	for (size_t digits = (size_t)(c->p - start); digits < 9; digits++)
		fraction *= 10;
	*ns = fraction;
	return true;
}

bool trc_scan_seconds(struct trc_scan *c, uint64_t *value, bool *has_fraction)
{
	uint64_t whole;
	uint64_t ns;

	if (!trc_scan_decimal(c, &whole))
		return false;
	*has_fraction = TRC_SKIP(c, ".");
	*value = whole;
	if (!*has_fraction)
		return true;
	if (!read_fraction(c, &ns) || whole > UINT64_MAX / NS_PER_S - 1)
		return false;
	*value = whole * NS_PER_S + ns;
	return true;
}

size_t trc_scan_lines(const char *head, size_t size,
		      bool (*is_ours)(struct trc_scan line))
{
	const char *end = head + size;
	const char *line = head;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;

		while (stop > line && stop[-1] == '\r')
			stop--;
		/* A binary file may hold a text that looks like a line. */
		if (!memchr(line, 0, (size_t)(stop - line)) &&
		    is_ours((struct trc_scan){ line, stop }))
			return (size_t)(line - head);
		line = newline ? newline + 1 : end;
	}
	return TRC_SCAN_NOTHING;
}
