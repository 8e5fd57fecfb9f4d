#include "kb_fake_time.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

static uint64_t now_ns;

void kb_fake_time_pass(uint64_t ns)
{
	now_ns += ns;
}

static uint64_t step_ns(void)
{
	const char *given = getenv("KB_FAKE_STEP_NS");

	return given ? strtoull(given, NULL, 10) : KB_FAKE_STEP_DEFAULT_NS;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_MONOTONIC_RAW)
		return __real_clock_gettime(id, ts);
	kb_fake_time_pass(step_ns());
	ts->tv_sec = (time_t)(now_ns / NS_PER_S);
	ts->tv_nsec = (long)(now_ns % NS_PER_S);
	return 0;
}
