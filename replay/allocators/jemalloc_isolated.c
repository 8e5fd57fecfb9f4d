#include "jemalloc_isolated.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

/*
 * kb_jemalloc_malloc, _free, _sdallocx and _usable_size have no body here: the
 * linker makes them second names of jemalloc's own functions (--defsym), so that
 * a call costs what a call of glibc's costs.
 */

/* The clock that jemalloc asks: the linker sends its calls here (--wrap). Its calls
 * have no argument by which a time could be passed. */
static uint64_t clock_first_ns;
static uint64_t clock_ns;
static bool is_clock_set;

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	if (!is_clock_set)
		return __real_clock_gettime(id, time);
	time->tv_sec = (time_t)(clock_ns / 1000000000);
	time->tv_nsec = (long)(clock_ns % 1000000000);
	return 0;
}

void kb_jemalloc_set_clock(uint64_t now_ns)
{
	struct timespec now;

	if (!is_clock_set && __real_clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
		is_clock_set = true;
		clock_ns = (uint64_t)now.tv_sec * 1000000000 +
			   (uint64_t)now.tv_nsec;
		clock_first_ns = clock_ns - now_ns;
	}
	if (clock_first_ns + now_ns > clock_ns)
		clock_ns = clock_first_ns + now_ns;
}

/* jemalloc's control interface (jemalloc(3)). */
int mallctl(const char *name, void *oldp, size_t *oldlenp, void *newp,
	    size_t newlen);

/* Reads the value called `name`, of `size` bytes; false if it does not
 * exist. */
static bool read_value(const char *name, void *value, size_t size)
{
	return mallctl(name, value, &size, NULL, 0) == 0;
}

int kb_jemalloc_memory(struct kb_jemalloc_memory *out)
{
	uint64_t epoch = 1;
	size_t size = sizeof(epoch);

	/* Statistics are as of the last time that the epoch was set. Debian's
	 * build has statistics, so no test gets a refusal. */
	if (mallctl("epoch", &epoch, &size, &epoch, size) != 0)
		return -1;
	return read_value("stats.mapped", &out->mapped, sizeof(size_t)) &&
			       read_value("stats.resident", &out->resident,
					  sizeof(size_t)) &&
			       read_value("stats.metadata", &out->metadata,
					  sizeof(size_t))
		       ? 0
		       : -1;
}

const char *kb_jemalloc_options(void)
{
	static char text[160];
	unsigned narenas = 0;
	bool tcache = false, background = false;
	ssize_t dirty_ms = 0, muzzy_ms = 0;
	const char *thp = "unknown";

	read_value("opt.narenas", &narenas, sizeof(narenas));
	read_value("opt.tcache", &tcache, sizeof(tcache));
	read_value("background_thread", &background, sizeof(background));
	read_value("opt.dirty_decay_ms", &dirty_ms, sizeof(dirty_ms));
	read_value("opt.muzzy_decay_ms", &muzzy_ms, sizeof(muzzy_ms));
	read_value("opt.thp", &thp, sizeof(thp));
	snprintf(text, sizeof(text),
		 "narenas=%u,tcache=%d,background_thread=%d,dirty_decay_ms=%zd,"
		 "muzzy_decay_ms=%zd,thp=%s",
		 narenas, tcache, background, dirty_ms, muzzy_ms, thp);
	return text;
}

const char *kb_jemalloc_version(void)
{
	const char *version = NULL;
	size_t size = sizeof(version);

	/* It has always worked so far. */
	if (mallctl("version", &version, &size, NULL, 0) != 0)
		return "unknown";
	return version;
}
