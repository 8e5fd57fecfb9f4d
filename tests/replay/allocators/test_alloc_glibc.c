/*
 * glibc shares the process's malloc with the harness in the timed loops, and
 * with nobody in the untimed passes. This program counts every call of malloc,
 * whoever makes it.
 */
#include "replay_support.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

#define TRACE "debian-boot.trc"

#if !KB_ASAN
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static uint64_t calls;

void *malloc(size_t size)
{
	calls++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	calls++;
	return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	calls++;
	return __libc_realloc(p, size);
}

/* An allocator that allocates nothing and notes how often others have. */
struct listener {
	/* Operations so far, and those before the timed replay: the first
	 * replay's, and the frees of what it left. */
	uint64_t done;
	uint64_t before;

	/* Calls when the timed replay began, and as of now. */
	uint64_t first;
	uint64_t last;
};

static void listen(void *ctx, const struct replay_op *ops, size_t count,
		   uint64_t *live)
{
	struct listener *l = ctx;

	for (size_t i = 0; i < count; i++)
		live[replay_op_slot(ops[i])] = 1;
	if (l->done == l->before)
		l->first = calls;
	l->done += count;
	l->last = calls;
}

static void
test_alloc_glibc__the_harness_allocates_nothing_meanwhile(void **state)
{
	static const struct alloc_vt vt = { .run = { listen, listen, listen } };
	struct trc_reader *reader = test_trace_file(TRACE);
	const struct trc_info *info = trc_reader_info(reader);
	struct listener l = {
		.before = info->counts.events + info->counts.live_at_end,
	};
	const struct replay_job job = { .reader = reader,
					.alloc = { &vt, &l },
					.repeats = 2 };
	struct replay_time_result result;

	(void)state;
	assert_int_equal(replay_throughput(&job, &result, NULL), 0);
	assert_int_equal(l.done, l.before + info->counts.events);
	assert_true(result.replay[1].slices > 1);
	/* The listening works at all. */
	assert_true(l.first > 0);
	assert_int_equal(l.last, l.first);
	trc_reader_close(reader);
}

/* The second glibc is another one, so nothing of it passes here. */
static void
test_alloc_glibc__single_operations_use_the_second_glibc(void **state)
{
	struct alloc alloc = test_alloc_open("glibc", 0);
	uint64_t before = calls;
	uint64_t handle = alloc.vt->alloc(alloc.ctx, 100);

	(void)state;
	assert_true(handle != 0);
	assert_int_equal(calls, before);
	assert_int_equal(alloc.vt->free(alloc.ctx, handle), 0);
	alloc_close(&alloc);
}
#endif

/* What it tells of its memory follows the allocations, and them alone: the
 * process's own allocations do not show. */
static void test_alloc_glibc__statistics_exclude_the_process(void **state)
{
	struct alloc alloc = test_alloc_open("glibc", 0);
	struct alloc_memory before, other, after;
	uint64_t handle[64];
	void *own;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(handle); i++)
		handle[i] = alloc.vt->alloc(alloc.ctx, 64 << 10);
	alloc.vt->memory(alloc.ctx, &before);
	own = malloc(32 << 20);
	assert_non_null(own);
	memset(own, 1, 32 << 20);
	alloc.vt->memory(alloc.ctx, &other);
	assert_memory_equal(&other, &before, sizeof(other));
	free(own);
	assert_true(before.mapped >= 64 * (64 << 10));
	assert_true(before.mapped < 64 * (64 << 10) + (2 << 20));
	handle[0] = alloc.vt->alloc(alloc.ctx, 16 << 20);
	alloc.vt->memory(alloc.ctx, &after);
	assert_true(after.mapped >= before.mapped + (16 << 20));
	alloc_close(&alloc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if !KB_ASAN
		cmocka_unit_test(
			test_alloc_glibc__the_harness_allocates_nothing_meanwhile),
		cmocka_unit_test(
			test_alloc_glibc__single_operations_use_the_second_glibc),
#endif
		cmocka_unit_test(
			test_alloc_glibc__statistics_exclude_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
