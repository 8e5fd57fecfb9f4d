#include "trc_dump.h"

#include "trc_kmem.h"

#include <string.h>

/* A task's name is at most this long. */
#define COMM_MAX 15

/* Reads "ddddus: ", with a mark for delays before the colon, or
 * "secs.usecs: ". */
static bool read_time(struct trc_scan *c, uint64_t *time_ns)
{
	struct trc_scan seconds;
	bool has_fraction;
	uint64_t us;

	trc_scan_spaces(c);
	seconds = *c;
	if (trc_scan_seconds(&seconds, time_ns, &has_fraction) &&
	    has_fraction && TRC_SKIP(&seconds, ": ")) {
		*c = seconds;
		return true;
	}
	if (!trc_scan_decimal(c, &us) || us > UINT64_MAX / 1000 ||
	    !TRC_SKIP(c, "us"))
		return false;
	if (c->p < c->end && *c->p != ':')
		c->p++;
	*time_ns = us * 1000;
	return TRC_SKIP(c, ": ");
}

/* Reads "pid cpuflags time: " after the dash that ends a comm. */
static bool read_rest(struct trc_scan *c, int32_t *pid,
		      struct trc_record *record)
{
	const char *flags;
	uint64_t number;
	uint64_t cpu;

	if (!trc_scan_decimal(c, &number) || number > INT32_MAX ||
	    !TRC_SKIP(c, " "))
		return false;
	trc_scan_spaces(c);
	if (!trc_scan_decimal(c, &cpu) || cpu > UINT16_MAX)
		return false;
	flags = c->p;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	record->context = trc_kmem_context(flags, (size_t)(c->p - flags));
	*pid = (int32_t)number;
	record->cpu = (uint16_t)cpu;
	return read_time(c, &record->time_ns);
}

bool trc_dump_prefix(struct trc_scan *c, struct trc_scan *comm, int32_t *pid,
		     struct trc_record *record)
{
	const char *dash;
	struct trc_scan start = *c;
	bool is_found = false;

	trc_scan_spaces(&start);
	dash = memchr(start.p, '-', trc_scan_left(&start));
	/* A task's name may look like a prefix: the last one that can follow a
	 * task's name is the kernel's. */
	for (; dash && dash - start.p <= COMM_MAX;
	     dash = memchr(dash + 1, '-', (size_t)(c->end - dash - 1))) {
		struct trc_record here = *record;
		struct trc_scan rest = { dash + 1, start.end };
		int32_t number;

		if (!read_rest(&rest, &number, &here))
			continue;
		*comm = (struct trc_scan){ start.p, dash };
		*pid = number;
		*record = here;
		c->p = rest.p;
		is_found = true;
	}
	return is_found;
}
