/*
 * The simulated replay on several CPUs: by hand on small traces; the check values of
 * three programs that were written apart; ranks against walks; magazines.
 */
#include "kb_test.h"

#include "alloc_list.h"
#include "kb_bits.h"
#include "kheap.h"
#include "replay_support.h"
#include "smp_headroom.h"
#include "smp_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 84 ns per operation, 307 ns per hand-over. */
static const struct smp_costs constant = {
	.kmalloc_ps = 84000,
	.kfree_ps = 84000,
	.handoff_ps = 307000,
	.magazine_ps = 5000,
	.depot_ps = 40000,
};

/* One run of a trace of the repository. */
struct run {
	const char *trace;
	const char *alloc;
	uint32_t cpus;
	struct smp_speed speed;
	const struct smp_costs *costs;
	uint32_t magazines;
	bool walk;
};

static struct alloc open_alloc(const char *name, uint32_t copies, bool walk)
{
	struct alloc_spec spec;
	struct alloc_config config = { .spec = &spec, .walk = walk };
	struct kb_diag diag = { 0 };
	struct alloc alloc;

	assert_int_equal(alloc_spec_parse(&spec, name, &diag), 0);
	smp_sim_window(&config.heap_base, &config.heap_pages, copies);
	assert_int_equal(alloc_open(&alloc, &config, &diag), 0);
	return alloc;
}

static void read_program(struct smp_program *program, const char *name)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	char path[512];

	snprintf(path, sizeof(path), KB_SOURCE_DIR "/traces/%s", name);
	assert_int_equal(trc_reader_open(&reader, path, TRC_COLUMNS_ALL, &diag),
			 0);
	assert_int_equal(smp_program_read(program, reader, &diag), 0);
	trc_reader_close(reader);
}

static struct smp_counters simulate(const struct run *run)
{
	struct kb_diag diag = { 0 };
	struct smp_program program;
	struct smp_order order;
	struct smp_sim_result result;
	struct smp_counters counters;
	struct smp_sim_job job = {
		.program = &program,
		.order = &order,
		.costs = run->costs,
		.speed = run->speed,
		.magazines = run->magazines,
	};

	read_program(&program, run->trace);
	assert_int_equal(smp_order_make(&order, &program, run->cpus, &diag), 0);
	job.alloc = open_alloc(run->alloc, order.copies, run->walk);
	assert_int_equal(smp_sim_run(&job, &result, &diag), 0);
	assert_int_equal(result.events,
			 (uint64_t)program.events * order.copies);
	assert_true(job.alloc.vt->is_valid(job.alloc.ctx));
	counters = result.counters;
	smp_sim_release(&result);
	alloc_close(&job.alloc);
	smp_order_release(&order);
	smp_program_release(&program);
	return counters;
}

static void test_smp_sim__check_values_of_debian_boot(void **state)
{
	const struct run full = { .trace = "debian-boot.trc",
				  .alloc = "kheap",
				  .cpus = 2,
				  .costs = &constant };
	struct run recorded = full;
	struct smp_counters n = simulate(&full);

	(void)state;
	assert_int_equal(n.makespan_ps, 20567364000);
	assert_int_equal(n.lock_acquisitions, 97972);
	assert_int_equal(n.lock_waits, 40145);
	assert_int_equal(n.lock_wait_ps, 15638979000);
	assert_int_equal(n.handoffs, 40188);
	assert_int_equal(n.dependency_stalls, 230);
	assert_int_equal(n.cross_cpu_frees, 2803);
	assert_int_equal(n.zero_cost_makespan_ps, 0);
	recorded.speed.thousandths = 1000;
	n = simulate(&recorded);
	assert_int_equal(n.makespan_ps, 22921537796000);
	assert_int_equal(n.lock_waits, 29);
	assert_int_equal(n.handoffs, 4481);
	assert_int_equal(n.dependency_stalls, 6);
}

/* Magazines of 8 take most calls away from the lock: its acquisitions are near
 * 0.171 per event. */
static void test_smp_sim__magazines_save_most_acquisitions(void **state)
{
	const struct run run = { .trace = "debian-boot.trc",
				 .alloc = "kheap-fast",
				 .cpus = 2,
				 .costs = &constant,
				 .magazines = 8 };
	const struct smp_counters n = simulate(&run);

	(void)state;
	assert_in_range(n.lock_acquisitions * 1000 / 97972, 168, 174);
	assert_int_equal(n.lock_acquisitions + n.magazine_hits, 97972);
	assert_true(n.depot_exchanges > 0 && n.cached_pages_peak > 0);
}

/* What a heap counts does not depend on whether it walks. */
static void test_smp_sim__ranks_stand_for_walks(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 8 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cpus); i++) {
		struct run run = { .trace = "boot.trc",
				   .alloc = "kheap",
				   .cpus = cpus[i],
				   .costs = &smp_costs_default };
		const struct smp_counters ranked = simulate(&run);
		struct smp_counters walked;

		run.walk = true;
		walked = simulate(&run);
		assert_memory_equal(&ranked, &walked, sizeof(walked));
	}
}

/* All lookups give the same addresses; with constant costs the same figures. */
static void test_smp_sim__constant_costs_do_not_see_the_heap(void **state)
{
	static const char *const allocs[] = {
		"kheap",	"kheap:lookup=hash",
		"kheap-fast",	"slab+kheap",
		"blocks+kheap", "buddy",
		"bitmap",	"vmem"
	};
	struct smp_counters first = { 0 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(allocs); i++) {
		const struct run run = { .trace = "boot.trc",
					 .alloc = allocs[i],
					 .cpus = 3,
					 .speed = { 20000 },
					 .costs = &constant };
		const struct smp_counters n = simulate(&run);

		if (i == 0)
			first = n;
		assert_int_equal(n.failed_allocs, 0);
		assert_memory_equal(&n, &first, sizeof(n));
	}
}

static void expect_known(void *user, const char *name, uint64_t value)
{
	(void)user;
	(void)value;
	if (smp_costs_step(name) < 0 && !smp_costs_is_state(name))
		fail_msg("the table of costs does not know '%s'", name);
}

/* A counter that the table of costs lacks could not be priced. */
static void test_smp_costs__every_counter_is_known(void **state)
{
	(void)state;
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		struct alloc_spec spec;
		struct kb_diag diag = { 0 };
		struct alloc alloc;

		if ((*o)->foreign || alloc_available(*o, &diag) < 0)
			continue;
		assert_int_equal(alloc_spec_parse(&spec, (*o)->name, &diag), 0);
		alloc = open_alloc((*o)->name, 1, false);
		if (smp_sim_can(alloc.vt))
			alloc.vt->counters(alloc.ctx, expect_known, NULL);
		alloc_close(&alloc);
	}
}

static void test_smp_sim__window_grows_with_the_copies(void **state)
{
	uint32_t base = 0, pages = 0;

	(void)state;
	smp_sim_window(&base, &pages, 1);
	assert_int_equal(base, KHEAP_BASE_DEFAULT);
	assert_int_equal(pages, KHEAP_PAGES_DEFAULT);
	base = pages = 0;
	smp_sim_window(&base, &pages, 2);
	assert_int_equal(base, KHEAP_BASE_DEFAULT);
	assert_int_equal(pages, 2 * KHEAP_PAGES_DEFAULT);
	base = pages = 0;
	smp_sim_window(&base, &pages, 64);
	assert_int_equal(pages, KHEAP_PAGES_MAX);
	assert_int_equal(base, 0x7ffff000);
}

/* --- By hand ------------------------------------------------------------------------ */

/* CPU 0: a at 0 ns, b at 10 ns. CPU 1: frees a at 1 ns, at its own first event. */
static struct smp_event by_hand[] = {
	{ .time_ns = 0, .object_kind = 0, .size = 1 },
	{ .time_ns = 1, .object_kind = 1, .size = 1 },
	{ .time_ns = 10, .object_kind = 2, .size = 1 },
};
static uint16_t by_hand_cpu[] = { 0, 1, 0 };
static uint16_t by_hand_number[] = { 3, 4000 };
static uint32_t by_hand_first[] = { 0, 1 };

static struct smp_counters simulate_by_hand(uint32_t cpus, uint64_t stagger_ns)
{
	const struct smp_program program = {
		.event = by_hand,
		.cpu = by_hand_cpu,
		.cpu_number = by_hand_number,
		.first_event = by_hand_first,
		.events = 3,
		.objects = 2,
		.cpus = 2,
	};
	const struct smp_costs costs = { .kmalloc_ps = 5000,
					 .kfree_ps = 3000,
					 .handoff_ps = 700 };
	struct kb_diag diag = { 0 };
	struct smp_order order;
	struct smp_sim_result result;
	struct smp_counters counters;
	struct smp_sim_job job = {
		.program = &program,
		.order = &order,
		.costs = &costs,
		.speed = { 1000 },
		.stagger_ns = stagger_ns,
	};

	assert_int_equal(smp_order_make(&order, &program, cpus, &diag), 0);
	job.alloc = open_alloc("kheap", order.copies, false);
	assert_int_equal(smp_sim_run(&job, &result, &diag), 0);
	counters = result.counters;
	smp_sim_release(&result);
	alloc_close(&job.alloc);
	smp_order_release(&order);
	return counters;
}

static void test_smp_sim__two_cpus_by_hand(void **state)
{
	const struct smp_counters n = simulate_by_hand(2, 0);

	(void)state;
	/* a is done at 5 ns. Its free was ready at 1 ns, stalls until then, takes
	 * 3 ns and the hand-over: 8.7 ns. b is ready 10 ns after a, 15, and done
	 * at 20.7. */
	assert_int_equal(n.makespan_ps, 20700);
	assert_int_equal(n.dependency_stalls, 1);
	assert_int_equal(n.cross_cpu_frees, 1);
	assert_int_equal(n.handoffs, 2);
	assert_int_equal(n.lock_waits, 0);
	assert_int_equal(n.lock_busy_ps, 14400);
	assert_int_equal(n.critical_path_ps, 20000);
	assert_int_equal(n.zero_cost_makespan_ps, 10000);
}

static void test_smp_sim__one_cpu_by_hand(void **state)
{
	const struct smp_counters n = simulate_by_hand(1, 1000);

	(void)state;
	/* 5; 1 and 3 more; 9 (from 1 to 10) and 5 more. Copy 0 is not late. */
	assert_int_equal(n.makespan_ps, 23000);
	assert_int_equal(n.handoffs, 0);
	assert_int_equal(n.cross_cpu_frees, 0);
	assert_int_equal(n.critical_path_ps, 23000);
	assert_int_equal(n.zero_cost_makespan_ps, 10000);
}

static void test_smp_sim__copies_by_hand(void **state)
{
	struct smp_counters n = simulate_by_hand(4, 0);

	(void)state;
	/* Both copies' a at once: the second waits 5 ns for the first, and is done
	 * at 10.7. The first a's free, ready at 5, waits for that: 14.4. The
	 * second's, ready at 10.7, waits until then: 18.1. The first b, ready at 15,
	 * is done at 23.8; the second b, ready at 20.7, at 29.5. */
	assert_int_equal(n.makespan_ps, 29500);
	assert_int_equal(n.lock_waits, 5);
	assert_int_equal(n.lock_wait_ps, 5000 + 5700 + 3700 + 3100 + 3100);
	assert_int_equal(n.lock_wait_max_ps, 5700);
	assert_int_equal(n.lock_wait_p50_ps, 3100);
	assert_int_equal(n.lock_wait_p99_ps, 5700);
	/* A second copy that starts 1 µs later meets nobody: its two streams begin
	 * then. */
	n = simulate_by_hand(4, 1000);
	assert_int_equal(n.lock_waits, 0);
	assert_int_equal(n.zero_cost_makespan_ps, 1010000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smp_sim__check_values_of_debian_boot),
		cmocka_unit_test(
			test_smp_sim__magazines_save_most_acquisitions),
		cmocka_unit_test(test_smp_sim__ranks_stand_for_walks),
		cmocka_unit_test(
			test_smp_sim__constant_costs_do_not_see_the_heap),
		cmocka_unit_test(test_smp_costs__every_counter_is_known),
		cmocka_unit_test(test_smp_sim__window_grows_with_the_copies),
		cmocka_unit_test(test_smp_sim__two_cpus_by_hand),
		cmocka_unit_test(test_smp_sim__one_cpu_by_hand),
		cmocka_unit_test(test_smp_sim__copies_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
