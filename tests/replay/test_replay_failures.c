/*
 * The host has no memory for whatever the engine makes for itself, at every place
 * there is: each pass ends and says so, and nothing is left behind.
 */
#include "replay_support.h"

#include "alloc_list.h"
#include "kb_bits.h"
#include "kb_fault.h"
#include "replay_lap.h"
#include "replay_packing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct replay_clock clock = { .ns_per_tick = 1 };

static int verify(struct replay_job *job, struct kb_diag *diag)
{
	struct replay_verify_result out;

	return replay_verify(job, &out, diag);
}

static int count(struct replay_job *job, struct kb_diag *diag)
{
	static struct replay_count_result out;

	return replay_count(job, &out, diag);
}

static int throughput(struct replay_job *job, struct kb_diag *diag)
{
	struct replay_time_result out;

	return replay_throughput(job, &out, diag);
}

static int sampled(struct replay_job *job, struct kb_diag *diag)
{
	struct replay_time_result out;

	job->sampling = (struct replay_sampling){ .window = 4,
						  .warm = 4,
						  .period = 16 };
	return replay_throughput(job, &out, diag);
}

static int latency(struct replay_job *job, struct kb_diag *diag)
{
	static struct replay_latency_result out;

	job->samples = 40;
	return replay_latency(job, &out, diag);
}

static int sampled_latency(struct replay_job *job, struct kb_diag *diag)
{
	job->sampling = (struct replay_sampling){ .window = 4,
						  .warm = 4,
						  .period = 16 };
	return latency(job, diag);
}

static int lap(struct replay_job *job, struct kb_diag *diag)
{
	struct replay_lap *l = NULL;
	uint64_t ticks = 0, readings = 0;
	int err = replay_lap_new(&l, job);

	if (err < 0)
		kb_fail(diag, err, "%s", kb_status_str(err));
	else
		err = replay_lap_run(l, 5000, &ticks, &readings, diag);
	replay_lap_free(l);
	return err;
}

static int (*const passes[])(struct replay_job *job, struct kb_diag *diag) = {
	verify, count, throughput, sampled, latency, sampled_latency, lap,
};

/* One pass, in which the n-th allocation fails. An allocator that allocates
 * itself may have been refused; the pass then goes on. True if there were less
 * than n. */
static bool check_pass(size_t pass, const char *script, const char *name,
		       unsigned n)
{
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = { .reader = reader,
				  .alloc = test_alloc_open(name, 64),
				  .seed = 1,
				  .samples = 1,
				  .clock = &clock };
	struct kb_diag diag = { 0 };
	bool has_failed;
	int status;

	kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
	status = passes[pass](&job, &diag);
	has_failed = kb_fault_end();
	if (status != 0 && (!has_failed || status != KB_E_NOMEM ||
			    !strstr(diag.text, "out of memory")))
		fail_msg("pass %zu, %s, allocation %u: status %d, \"%s\"", pass,
			 name, n, status, diag.text);
	assert_int_equal(diag.status, status);
	job.alloc.vt->close(job.alloc.ctx);
	trc_reader_close(reader);
	return !has_failed;
}

/* Returns how many allocations there are, the reader's included. */
static unsigned check_passes(const char *name)
{
	char *script = test_script(600, 40);
	unsigned total = 0;

	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++)
		for (unsigned n = 1; !check_pass(i, script, name, n); n++)
			total++;
	free(script);
	return total;
}

/* With steps, with a twin, without either; none of them allocates as it goes. */
static void test_replay_failures__passes(void **state)
{
	(void)state;
	assert_true(check_passes("kheap:lookup=pagemap,nodes=pool") > 50);
	assert_true(check_passes("kheap:nodes=pool") > 50);
	assert_true(check_passes("null") > 50);
}

/* Calls of fast_forward until the one that has no memory; those that only free
 * are not counted: what a replay leaves is then freed one by one. */
static unsigned forwards_left;
static const struct alloc_vt *honest;

static int forward_failing(void *ctx, const struct replay_op *ops, size_t count,
			   uint64_t *live, enum alloc_touch touch)
{
	size_t i = 0;

	while (i < count && replay_op_is_free(ops[i]))
		i++;
	if (i < count && --forwards_left == 0)
		return KB_E_NOMEM;
	return honest->fast_forward(ctx, ops, count, live, touch);
}

/* As check_pass, of the n-th time that the pass goes forward. */
static bool check_forward(size_t pass, unsigned n)
{
	char *script = test_script(600, 40);
	struct trc_reader *reader = test_trace(script);
	struct alloc alloc = test_alloc_open("kheap", 64);
	struct alloc_vt vt = *alloc.vt;
	struct replay_job job = { .reader = reader,
				  .alloc = { &vt, alloc.ctx },
				  .seed = 1,
				  .samples = 1,
				  .clock = &clock };
	struct kb_diag diag = { 0 };
	bool has_failed;
	int status;

	honest = alloc.vt;
	vt.fast_forward = forward_failing;
	forwards_left = n;
	status = passes[pass](&job, &diag);
	has_failed = forwards_left == 0;
	if (status != (has_failed ? KB_E_NOMEM : 0) ||
	    (has_failed && !strstr(diag.text, "out of memory")))
		fail_msg("pass %zu, going forward %u: status %d, \"%s\"", pass,
			 n, status, diag.text);
	alloc.vt->close(alloc.ctx);
	trc_reader_close(reader);
	free(script);
	return !has_failed;
}

/* Wherever a sampled pass goes forward, there may be no memory for it. */
static void test_replay_failures__going_forward(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
		unsigned n = 1;

		while (!check_forward(i, n))
			n++;
		if (passes[i] == sampled || passes[i] == sampled_latency)
			assert_true(n > 30);
	}
}

static void ignore_panic(void *user, const char *alloc, const char *reason,
			 const struct alloc_fault *fault)
{
	(void)user;
	(void)fault;
	(void)alloc;
	(void)reason;
}

/* The last n succeeds. */
static unsigned check_open(const char *name)
{
	for (unsigned n = 1;; n++) {
		struct alloc_spec spec = { 0 };
		struct alloc_config config = {
			.spec = &spec,
			.report = { .panic = ignore_panic },
			.unconfined = true,
		};
		struct alloc alloc = { NULL, NULL };
		struct kb_diag diag = { 0 };
		bool has_failed;
		int status;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		status = alloc_spec_parse(&spec, name, &diag);
		if (status == 0)
			status = alloc_open(&alloc, &config, &diag);
		has_failed = kb_fault_end();
		assert_int_equal(diag.status, status);
		if (status == 0) {
			alloc.vt->close(alloc.ctx);
			assert_false(has_failed);
			return n;
		}
		if (!has_failed || status != KB_E_NOMEM ||
		    !strstr(diag.text, "out of memory"))
			fail_msg("%s, allocation %u: status %d, \"%s\"", name,
				 n, status, diag.text);
	}
}

static void test_replay_failures__open(void **state)
{
	static const char *const more[] = {
		"kheap:pager=mmap", "kheap:nodes=pool", "kheap:fit=quick",
		"buddy:pager=none", "bitmap",		"vmem:fit=best",
	};

	(void)state;
	/* Which must not load libraries that are not built for it. */
	if (KB_MSAN)
		skip();
	for (size_t i = 0; alloc_list[i]; i++)
		check_open(test_alloc_name(alloc_list[i]));
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		assert_true(check_open(more[i]) > 3);
}

/* A list of names, each of which is copied. */
static void test_replay_failures__list_of_names(void **state)
{
	int status = KB_E_NOMEM;
	unsigned n;

	(void)state;
	for (n = 1; status != 0; n++) {
		struct alloc_spec *specs = NULL;
		struct kb_diag diag = { 0 };
		size_t found = 0;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		status = alloc_spec_parse_list(
			&specs, &found, "null,glibc,kheap:fit=best", &diag);
		assert_int_equal(status, kb_fault_end() ? KB_E_NOMEM : 0);
		assert_int_equal(diag.status, status);
		assert_true(status != 0 || found == 3);
		free(specs);
	}
	assert_true(n > 4);
}

static void test_replay_failures__packing(void **state)
{
	int status = KB_E_NOMEM;
	unsigned n;

	(void)state;
	for (n = 1; status != 0; n++) {
		struct replay_packed o[] = {
			{ .birth = 0, .death = 4, .pages = 2 },
			{ .birth = 1, .death = 5, .pages = 3 },
			{ .birth = 2, .death = 6, .pages = 1 },
			{ .birth = 3, .death = 6, .pages = 1 },
		};
		struct replay_packing out;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		status = replay_packing_run(o, 4, 6, &out);
		assert_int_equal(status, kb_fault_end() ? KB_E_NOMEM : 0);
	}
	assert_true(n > 6);
}

/* Without memory for what is to be kept, nothing is called kept. */
static void test_replay_failures__payload(void **state)
{
	struct alloc alloc = test_alloc_open("slab+kheap", 64);
	uint64_t h = alloc.vt->alloc(alloc.ctx, 100);

	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		alloc.vt->fill(alloc.ctx, h, 100, 7);
		assert_true(kb_fault_end());
		assert_false(alloc.vt->intact(alloc.ctx, h, 100, 7));
		alloc.vt->close(alloc.ctx);
		alloc = test_alloc_open("slab+kheap", 64);
		h = alloc.vt->alloc(alloc.ctx, 100);
	}
	alloc.vt->close(alloc.ctx);
}

/* A window that a plugin cannot have. */
static void test_replay_failures__plugin_window(void **state)
{
	static const struct {
		uint32_t base, pages;
	} windows[] = { { 0xF0000001, 64 }, { 0xF0000000, 65537 } };

	(void)state;
	if (KB_MSAN)
		skip();
	for (size_t i = 0; i < 2; i++) {
		struct alloc_spec spec;
		struct alloc_config config = {
			.spec = &spec,
			.heap_base = windows[i].base,
			.heap_pages = windows[i].pages,
			.report = { .panic = ignore_panic },
			.unconfined = true,
		};
		struct alloc alloc;
		struct kb_diag diag = { 0 };
		size_t k = 0;

		while (!alloc_list[k]->foreign)
			k++;
		assert_int_equal(
			alloc_spec_parse(&spec, test_alloc_name(alloc_list[k]),
					 &diag),
			0);
		assert_int_equal(alloc_open(&alloc, &config, &diag),
				 KB_E_RANGE);
		assert_non_null(strstr(diag.text, "whole pages below 4 GiB"));
	}
}

static void test_replay_failures__exact_copy(void **state)
{
	struct replay_exact *exact = calloc(1, sizeof(*exact));

	(void)state;
	assert_non_null(exact);
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	assert_null(replay_exact_copy(exact));
	assert_true(kb_fault_end());
	free(exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_failures__passes),
		cmocka_unit_test(test_replay_failures__going_forward),
		cmocka_unit_test(test_replay_failures__open),
		cmocka_unit_test(test_replay_failures__list_of_names),
		cmocka_unit_test(test_replay_failures__packing),
		cmocka_unit_test(test_replay_failures__payload),
		cmocka_unit_test(test_replay_failures__plugin_window),
		cmocka_unit_test(test_replay_failures__exact_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
