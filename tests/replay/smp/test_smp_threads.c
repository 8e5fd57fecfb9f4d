/*
 * Replays by threads: every lock, with and without magazines, verified; what does not
 * depend on the order of the threads, against what it must be. Also built with
 * ThreadSanitizer.
 */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "smp_threads.h"

#include <stdlib.h>
#include <string.h>

extern const struct alloc_ops alloc_kheap;
extern const struct alloc_ops alloc_kheap_fast;
extern const struct alloc_ops alloc_buddy;

/* ThreadSanitizer takes 100 times as long. */
#ifdef __SANITIZE_THREAD__
#define EVENTS 1000
#else
#define EVENTS 4000
#endif
#define CPUS 4

/* Allocs and frees of up to 100 live objects; most are freed on their own CPU. */
static void make_program(struct smp_program *p, uint64_t *cross)
{
	static uint16_t numbers[CPUS];
	static uint32_t first[CPUS];
	struct kb_rng rng = kb_rng_init(3);
	uint32_t live[100];
	unsigned count = 0;

	memset(p, 0, sizeof(*p));
	p->event = calloc(EVENTS, sizeof(*p->event));
	p->cpu = calloc(EVENTS, sizeof(*p->cpu));
	p->cpu_number = numbers;
	p->first_event = first;
	p->cpus = CPUS;
	*cross = 0;
	for (uint32_t i = 0; i < EVENTS; i++) {
		const bool is_free =
			count == 100 || (count > 0 && kb_rng_below(&rng, 2));
		const unsigned which =
			count ? (unsigned)kb_rng_below(&rng, count) : 0;

		p->cpu[i] = (uint16_t)(i < CPUS ? i : kb_rng_below(&rng, CPUS));
		p->event[i].time_ns = i * 100;
		if (!is_free) {
			live[count++] = i;
			p->event[i].object_kind = p->objects++ << 1;
			p->event[i].size =
				(uint32_t)kb_rng_below(&rng, 5 * 4096);
			if (kb_rng_below(&rng, 50) == 0)
				p->event[i].size = 20 * 4096;
			continue;
		}
		if (i >= CPUS && kb_rng_below(&rng, 4))
			p->cpu[i] = p->cpu[live[which]];
		*cross += p->cpu[i] != p->cpu[live[which]];
		p->event[i].object_kind = p->event[live[which]].object_kind | 1;
		p->event[i].size = p->event[live[which]].size;
		live[which] = live[--count];
	}
	p->events = EVENTS;
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		first[cpu] = cpu;
}

static void release_program(struct smp_program *p)
{
	free(p->event);
	free(p->cpu);
}

/* Fewer CPUs may be there than threads. */
static void choose_cpus(uint32_t cpu[CPUS])
{
	uint32_t *allowed = calloc(SMP_CPUS_MAX, sizeof(*allowed));
	const uint32_t count = smp_threads_cpus(allowed);

	assert_true(count > 0);
	for (uint32_t i = 0; i < CPUS; i++)
		cpu[i] = allowed[i % count];
	free(allowed);
}

static void check_run(const struct alloc_ops *ops, size_t lock,
		      uint32_t magazines, uint32_t heap_pages)
{
	const struct alloc_spec spec = { .ops = ops };
	const struct alloc_config config = { .spec = &spec,
					     .heap_pages = heap_pages };
	struct smp_threads_result *out = calloc(1, sizeof(*out));
	struct kb_diag diag = { 0 };
	struct smp_program program;
	struct smp_order order;
	uint32_t cpu[CPUS];
	uint64_t cross;
	struct smp_threads_job job = {
		.program = &program,
		.order = &order,
		.cpu = cpu,
		.lock = lock,
		.magazines = magazines,
		.verify = true,
		.times = magazines > 0,
	};

	make_program(&program, &cross);
	choose_cpus(cpu);
	assert_int_equal(smp_order_make(&order, &program, CPUS, &diag), 0);
	assert_int_equal(ops->open(&job.alloc, &config, &diag), 0);
	if (smp_threads_run(&job, out, &diag) < 0)
		fail_msg("%s", diag.text);
	assert_int_equal(out->events, EVENTS);
	if (heap_pages == 0) {
		assert_int_equal(out->failed_allocs, 0);
		assert_int_equal(out->skipped_frees, 0);
		assert_int_equal(out->cross_cpu_frees, cross);
	} else {
		assert_true(out->failed_allocs > 0);
	}
	assert_int_equal(out->lock_acquisitions + out->magazine_hits +
				 out->skipped_frees,
			 EVENTS);
	assert_true(magazines ? out->magazine_hits > EVENTS / 10
			      : out->magazine_hits == 0);
	assert_true(out->lock_waits <= out->lock_acquisitions);
	assert_int_equal(out->work.count,
			 job.times ? EVENTS - out->skipped_frees : 0);
	job.alloc.vt->close(job.alloc.ctx);
	smp_order_release(&order);
	release_program(&program);
	free(out);
}

static void test_smp_threads__every_lock_keeps_the_heap_whole(void **state)
{
	static const struct alloc_ops *const ops[] = { &alloc_kheap,
						       &alloc_kheap_fast,
						       &alloc_buddy };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(ops); i++)
		for (size_t lock = 0; smp_threads_lock(lock); lock++)
			for (uint32_t m = 0; m <= 4; m += 4)
				check_run(ops[i], lock, m, 0);
}

static void test_smp_threads__a_full_window_fails_and_skips(void **state)
{
	(void)state;
	check_run(&alloc_kheap_fast, 0, 0, 100);
}

/* --- A heap that hands out what is in use ----------------------------------------- */

#define SLOTS 40

static uint64_t cells[SLOTS];
static unsigned turn;

static uint64_t reuse_alloc(void *ctx, uint32_t size)
{
	(void)ctx;
	(void)size;
	return turn++ % SLOTS + 1;
}

static void reuse_run(void *ctx, const struct replay_op *ops, size_t count,
		      uint64_t *live)
{
	for (size_t i = 0; i < count; i++)
		if (!replay_op_is_free(ops[i]))
			live[replay_op_slot(ops[i])] = reuse_alloc(ctx, 0);
}

static void reuse_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	(void)ctx;
	(void)size;
	cells[handle - 1] = key;
}

static bool reuse_intact(void *ctx, uint64_t handle, uint32_t size,
			 uint64_t key)
{
	(void)ctx;
	(void)size;
	return cells[handle - 1] == key;
}

static uint32_t reuse_pages(const void *ctx, uint32_t size)
{
	(void)ctx;
	(void)size;
	return 1;
}

static void test_smp_threads__verification_finds_an_overlap(void **state)
{
	static const struct alloc_vt vt = {
		.run = { reuse_run, reuse_run, reuse_run },
		.fill = reuse_fill,
		.intact = reuse_intact,
		.cluster_pages = reuse_pages,
		.has_memory = true,
	};
	struct smp_threads_result *out = calloc(1, sizeof(*out));
	struct kb_diag diag = { 0 };
	struct smp_program program;
	struct smp_order order;
	uint32_t cpu[CPUS];
	uint64_t cross;
	const struct smp_threads_job job = {
		.program = &program,
		.order = &order,
		.cpu = cpu,
		.alloc = { &vt, NULL },
		.verify = true,
	};

	(void)state;
	make_program(&program, &cross);
	choose_cpus(cpu);
	assert_int_equal(smp_order_make(&order, &program, CPUS, &diag), 0);
	assert_int_equal(smp_threads_run(&job, out, &diag), KB_E_WRONG);
	assert_non_null(strstr(diag.text, "overwritten"));
	smp_order_release(&order);
	release_program(&program);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smp_threads__every_lock_keeps_the_heap_whole),
		cmocka_unit_test(
			test_smp_threads__a_full_window_fails_and_skips),
		cmocka_unit_test(
			test_smp_threads__verification_finds_an_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
