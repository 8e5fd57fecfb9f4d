/*
 * kb_fake_time: a program whose raw monotonic clock counts instead of running, so
 * that no load of the machine changes what it decides by time.
 *
 * Each reading of CLOCK_MONOTONIC_RAW, the one clock that budgets and epochs go
 * by, shows a step more than the one before. Work takes no time, unless a test
 * lets some pass. Other clocks are as they were. A target has it by
 * kb_add_fake_time (tests/CMakeLists.txt).
 */
#ifndef KB_FAKE_TIME_H
#define KB_FAKE_TIME_H

#include <stdint.h>

/* The step if the environment variable KB_FAKE_STEP_NS does not name one, ns. */
#define KB_FAKE_STEP_DEFAULT_NS UINT64_C(10000)

/* Lets time pass, ns. */
void kb_fake_time_pass(uint64_t ns);

#endif /* KB_FAKE_TIME_H */
