/*
 * What every allocator in the list must do, whatever it is: a new one is tested
 * here without a line of its own.
 */
#include "replay_support.h"

#include "alloc_library.h"
#include "alloc_list.h"
#include "kb_bits.h"

#include <stdio.h>
#include <string.h>

typedef void (*spec_fn)(const char *name);

/* The row search takes nearly all of the time, so a key that it does not matter
 * to is tried with a faster lookup, where the allocator has the choice. */
static void name_choice(char name[ALLOC_NAME_SIZE], const struct alloc_ops *ops,
			const struct alloc_key *key, size_t value)
{
	struct alloc_spec spec;

	snprintf(name, ALLOC_NAME_SIZE, "%s:%s=%s,lookup=pagemap", ops->name,
		 key->name, key->value(value));
	if (strcmp(key->name, "lookup") == 0 ||
	    strcmp(key->name, "order") == 0 ||
	    alloc_spec_parse(&spec, name, NULL) < 0)
		*strchr(name, ',') = '\0';
}

/* Calls `fn` for each allocator with its defaults, and with every other value
 * of every key, one key at a time. */
static void for_each_spec(spec_fn fn)
{
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		const struct alloc_key *key = (*o)->keys;

		fn(test_alloc_name(*o));
		for (; key && key->name; key++) {
			for (size_t i = 1; key->value(i); i++) {
				char name[ALLOC_NAME_SIZE];

				name_choice(name, *o, key, i);
				fn(name);
			}
		}
	}
}

static void verify(const char *name, const char *trace, enum alloc_touch touch)
{
	struct replay_job job = { .reader = test_trace_file(trace),
				  .alloc = test_alloc_open(name, 0),
				  .touch = touch };
	struct replay_verify_result result;
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (replay_verify(&job, &result, &diag) != 0) {
		print_error("%s on %s: %s\n", name, trace, diag.text);
		fail();
	}
	assert_int_equal(result.events,
			 trc_reader_info(job.reader)->counts.events);
	assert_int_equal(result.has_memory, job.alloc.vt->has_memory);
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
}

/* AddressSanitizer, under which opening an allocator is slow, sees only the last way of
 * touching, which is all pages. */
#define FIRST_TOUCH (KB_ASAN ? ALLOC_TOUCH_MODES - 1 : 0)

static void verify_seed_example(const char *name)
{
	for (int touch = FIRST_TOUCH; touch < ALLOC_TOUCH_MODES; touch++)
		verify(name, "seed-example.trc", (enum alloc_touch)touch);
}

/* Whether it searches the rows, from the tail's end. */
static bool walks(const char *name)
{
	return strstr(name, "kheap") && !strstr(name, "kheap-fast") &&
	       !strstr(name, "lookup=") && !strstr(name, "order=");
}

static void verify_boot(const char *name)
{
	/* AddressSanitizer would watch each of 50 million steps, and sees the
	 * other settings in the tests of the heap. */
	if (KB_ASAN &&
	    (walks(name) || (strchr(name, '=') && !strstr(name, "lookup="))))
		return;
	verify(name, "boot.trc", ALLOC_TOUCH_NONE);
}

static void test_alloc_list__all_verify_the_seeds_example(void **state)
{
	(void)state;
	for_each_spec(verify_seed_example);
}

static void test_alloc_list__all_verify_a_boot(void **state)
{
	(void)state;
	for_each_spec(verify_boot);
}

/* Touching every page of a boot: of the hosts' memory, and of the heap's. */
static void test_alloc_list__touching_does_not_change_results(void **state)
{
	(void)state;
	verify("glibc", "boot.trc", ALLOC_TOUCH_ALL);
	verify("jemalloc:round=page", "boot.trc", ALLOC_TOUCH_ALL);
	verify("kheap:lookup=pagemap", "boot.trc", ALLOC_TOUCH_ALL);
}

/* The loops that are timed, once with room for all and once for next to nothing:
 * every event is run, whatever the allocator grants. */
static void time_little(const char *name, uint32_t heap_pages,
			enum alloc_touch touch)
{
	static const struct replay_clock free_clock = { .ns_per_tick = 1e9 };
	static struct replay_latency_result latency;
	struct replay_time_result throughput;
	struct replay_job job = {
		.reader = test_trace("+1:5 +2:9000 -1 +3:0 -2 -3"),
		.alloc = test_alloc_open(name, heap_pages),
		.touch = touch,
		.seed = 1,
		.samples = 4,
		.repeats = 2,
		.clock = &free_clock,
	};
	struct kb_diag diag = { 0 };

	assert_int_equal(replay_throughput(&job, &throughput, &diag), 0);
	assert_int_equal(throughput.replay[0].events, 6);
	assert_int_equal(throughput.replay[1].events, 6);
	alloc_close(&job.alloc);
	job.alloc = test_alloc_open(name, heap_pages);
	assert_int_equal(trc_reader_rewind(job.reader, &diag), 0);
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	if (heap_pages == 0)
		assert_true(latency.series[REPLAY_SERIES_kfree].plain.count >=
			    3);
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
}

static void check_timed(const char *name)
{
	for (int touch = FIRST_TOUCH; touch < ALLOC_TOUCH_MODES; touch++) {
		time_little(name, 0, (enum alloc_touch)touch);
		time_little(name, 2, (enum alloc_touch)touch);
	}
}

static void test_alloc_list__all_run_timed(void **state)
{
	(void)state;
	for_each_spec(check_timed);
}

static void check_contract(const char *name)
{
	struct alloc alloc = test_alloc_open(name, 0);
	const struct alloc_vt *vt = alloc.vt;

	for (int i = 0; i < ALLOC_TOUCH_MODES; i++)
		assert_non_null(vt->run[i]);
	assert_non_null(vt->run_probed);
	assert_non_null(vt->alloc);
	assert_non_null(vt->free);
	assert_non_null(vt->touch);
	assert_non_null(vt->close);
	assert_true(vt->alignment >= 1);
	assert_int_equal(vt->fill != NULL, vt->intact != NULL);
	assert_int_equal(vt->size_of != NULL, vt->granule != 0);
	alloc_close(&alloc);
}

static void test_alloc_list__contract(void **state)
{
	(void)state;
	for_each_spec(check_contract);
}

static void test_alloc_list__names_and_keys_are_sound(void **state)
{
	(void)state;
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		int keys = 0;

		assert_non_null((*o)->help);
		assert_null(strpbrk((*o)->name, ":,= "));
		for (const struct alloc_ops *const *p = alloc_list; p < o; p++)
			assert_string_not_equal((*o)->name, (*p)->name);
		for (; (*o)->keys && (*o)->keys[keys].name; keys++) {
			assert_non_null((*o)->keys[keys].help);
			assert_non_null((*o)->keys[keys].value(0));
		}
		assert_true(keys <= ALLOC_KEYS_MAX);
	}
}

/* Live objects do not have to be freed before the end. */
static void close_with_live_objects(const char *name)
{
	struct alloc alloc = test_alloc_open(name, 0);
	uint64_t one = alloc.vt->alloc(alloc.ctx, 100);
	uint64_t two = alloc.vt->alloc(alloc.ctx, 5000);

	assert_true(one != 0);
	assert_true(two != 0);
	assert_true(one != two);
	assert_int_equal(one % alloc.vt->alignment, 0);
	assert_int_equal(two % alloc.vt->alignment, 0);
	assert_int_equal(alloc.vt->free(alloc.ctx, one), 0);
	/* The hosts' are the process's own to lose; a window's go with it. */
	if (alloc.vt->has_memory && !alloc.vt->gauge)
		assert_int_equal(alloc.vt->free(alloc.ctx, two), 0);
	alloc_close(&alloc);
}

static void test_alloc_list__close_frees_remaining_objects(void **state)
{
	(void)state;
	for_each_spec(close_with_live_objects);
}

/* The boundary where a page, or nothing, is too little by a byte. */
static void check_payload(const char *name)
{
	static const uint32_t sizes[] = { 0, 1, 7, 8, 9, 4095, 4096, 4097 };
	struct alloc alloc = test_alloc_open(name, 0);
	const struct alloc_vt *vt = alloc.vt;
	/* Without a pager there is nothing to keep it in. */
	const bool keeps = !strstr(name, "pager=none") && !strstr(name, "bump");

	for (size_t i = 0; vt->fill && i < KB_ARRAY_LEN(sizes); i++) {
		uint64_t h = vt->alloc(alloc.ctx, sizes[i]);

		vt->fill(alloc.ctx, h, sizes[i], 1);
		assert_true(vt->intact(alloc.ctx, h, sizes[i], 1));
		if (keeps && sizes[i] > 0)
			assert_false(vt->intact(alloc.ctx, h, sizes[i], 2));
		assert_int_equal(vt->free(alloc.ctx, h), 0);
		/* A window's pages are gone too, unless they are cached. */
		if (keeps && vt->gauge && sizes[i] == 4097 &&
		    !strstr(name, "magazines="))
			assert_false(vt->intact(alloc.ctx, h, sizes[i], 1));
	}
	alloc_close(&alloc);
}

static void test_alloc_list__payload_is_kept(void **state)
{
	(void)state;
	for_each_spec(check_payload);
}

/* One byte of a host's payload, any of it, is missed. */
static void test_alloc_list__payload_is_watched_to_the_byte(void **state)
{
	static const uint32_t sizes[] = { 1, 8, 13, 4097 };
	struct alloc alloc = test_alloc_open("glibc", 0);
	const struct alloc_vt *vt = alloc.vt;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(sizes); i++) {
		uint64_t h = vt->alloc(alloc.ctx, sizes[i]);
		char *bytes = (char *)(uintptr_t)h;

		vt->fill(alloc.ctx, h, sizes[i], 42);
		assert_false(vt->intact(alloc.ctx, h, sizes[i], 43));
		for (uint32_t at = 0; at < sizes[i]; at++) {
			bytes[at] ^= 1;
			assert_false(vt->intact(alloc.ctx, h, sizes[i], 42));
			bytes[at] ^= 1;
		}
		assert_true(vt->intact(alloc.ctx, h, sizes[i], 42));
		vt->free(alloc.ctx, h);
	}
	alloc_close(&alloc);
}

/* What an allocator's library lacks is named, and the package that has it. */
static void test_alloc_list__no_such_library(void **state)
{
	const struct alloc_library_names whole = {
		.allocator = "mine",
		.sonames = { "libc.so.6" },
		.packages = "libmine2 or libmine1",
		.malloc = "malloc",
		.free = "free",
		.free_sized = "cfree_sized",
		.usable = "malloc_usable_size",
		.stats = "mallinfo2",
		.version = "gnu_get_libc_version",
	};
	struct alloc_library_names lacking[7];
	struct alloc_library *library = NULL;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		lacking[i] = whole;
	for (size_t i = 0; i < 6; i++)
		lacking[i].free_sized = NULL;
	lacking[0].sonames[0] = "libno_such_library.so";
	lacking[1].malloc = "no_such_symbol";
	lacking[2].free = "no_such_symbol";
	lacking[3].usable = "no_such_symbol";
	lacking[4].stats = "no_such_symbol";
	lacking[5].version = "no_such_symbol";
	lacking[6].free_sized = "no_such_symbol";
	for (size_t i = 0; i < 7; i++) {
		struct kb_diag diag = { 0 };

		assert_int_equal(
			alloc_library_open(&library, &lacking[i], &diag),
			KB_E_ENVIRONMENT);
		if (strncmp(diag.text, "mine: ", 6) != 0 ||
		    !strstr(diag.text, "no_such_") ||
		    !strstr(diag.text, i ? "libc.so.6 has no no_such_symbol"
					 : "; install libmine2 or libmine1"))
			fail_msg("%zu: %s", i, diag.text);
		assert_null(library);
	}
}

/* Of several sonames the first that is there and whole is used; if none is, the
 * first that is there is the one to be mended. */
static void test_alloc_list__any_library_of_several(void **state)
{
	struct alloc_library_names names = {
		.allocator = "mine",
		.sonames = { "libno_such_library.so.2", "libm.so.6",
			     "libc.so.6" },
		.packages = "libmine1",
		.malloc = "malloc",
		.free = "free",
		.usable = "malloc_usable_size",
		.stats = "mallinfo2",
		.version = "gnu_get_libc_version",
	};
	struct alloc_library *library = NULL;
	const char *(*version)(void);
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(alloc_library_available(&names, &diag), 0);
	assert_int_equal(diag.status, 0);
	assert_int_equal(alloc_library_open(&library, &names, &diag), 0);
	free(library);
	assert_true(alloc_library_function(&names, names.version, &version));
	assert_non_null(strchr(version(), '.'));
	assert_false(alloc_library_function(&names, "no_such", &version));
	names.stats = "no_such_symbol";
	assert_int_equal(alloc_library_available(&names, &diag),
			 KB_E_ENVIRONMENT);
	assert_non_null(strstr(diag.text, "libm.so.6 has no no_such_symbol"));
	assert_non_null(strstr(diag.text, "use the one in libmine1"));
	assert_false(alloc_library_function(&names, names.version, &version));
	names.sonames[1] = "libno_such_library.so.1";
	names.sonames[2] = NULL;
	kb_diag_init(&diag);
	assert_int_equal(alloc_library_available(&names, &diag),
			 KB_E_ENVIRONMENT);
	assert_string_equal(diag.text,
			    "not installed (no libno_such_library.so.2 or "
			    "libno_such_library.so.1); install libmine1");
}

/* A free that is told the size must get the right one, however the sizes were
 * rounded on the way in. */
static void check_sized(const char *name)
{
	static const uint32_t sizes[] = { 1, 8, 100, 4096, 4097, 300000 };
	struct alloc alloc = test_alloc_open(name, 0);
	const struct alloc_vt *vt = alloc.vt;
	struct alloc_spec spec;
	const char *sized;

	assert_int_equal(alloc_spec_parse(&spec, name, NULL), 0);
	sized = alloc_spec_value(&spec, "sized");
	/* A lock comes with magazines, which need the size. */
	assert_int_equal(vt->free_sized != NULL,
			 (sized && *sized == '1') || strstr(name, "lock=") ||
				 strstr(name, "magazines="));
	for (size_t i = 0; vt->free_sized && i < KB_ARRAY_LEN(sizes); i++) {
		uint64_t h = vt->alloc(alloc.ctx, sizes[i]);

		assert_true(h != 0);
		assert_int_equal(vt->free_sized(alloc.ctx, h, sizes[i]), 0);
	}
	alloc_close(&alloc);
}

static void test_alloc_list__sized_frees(void **state)
{
	static const char *const both[] = { "jemalloc:round=page,sized=1",
					    "mimalloc:round=page,sized=1",
					    "tcmalloc:round=page,sized=1" };

	(void)state;
	for_each_spec(check_sized);
	for (size_t i = 0; i < KB_ARRAY_LEN(both); i++) {
		check_sized(both[i]);
		verify_boot(both[i]);
	}
}

/* The usable bytes hold what was asked for; where there are figures of memory,
 * what is mapped holds what is live, and grows with it. */
static void check_memory(const char *name)
{
	struct alloc alloc = test_alloc_open(name, 0);
	const struct alloc_vt *vt = alloc.vt;
	const struct alloc_memory unknown = { ALLOC_UNKNOWN, ALLOC_UNKNOWN,
					      ALLOC_UNKNOWN, ALLOC_UNKNOWN };
	struct alloc_memory before = unknown, after = unknown;
	uint64_t small = vt->alloc(alloc.ctx, 100);
	uint64_t large;

	if (vt->memory)
		vt->memory(alloc.ctx, &before);
	large = vt->alloc(alloc.ctx, 32 << 20);
	assert_true(small != 0 && large != 0);
	if (vt->usable_of) {
		assert_in_range(vt->usable_of(alloc.ctx, small), 100, 8192);
		assert_in_range(vt->usable_of(alloc.ctx, large), 32 << 20,
				64 << 20);
	}
	if (vt->memory)
		vt->memory(alloc.ctx, &after);
	if (vt->has_memory && after.mapped != ALLOC_UNKNOWN)
		assert_in_range(after.mapped - before.mapped, 30 << 20,
				64 << 20);
	if (after.metadata != ALLOC_UNKNOWN)
		assert_true(after.metadata <= after.mapped);
	alloc_close(&alloc);
}

static void test_alloc_list__memory_is_reported(void **state)
{
	(void)state;
	for_each_spec(check_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_list__names_and_keys_are_sound),
		cmocka_unit_test(test_alloc_list__contract),
		cmocka_unit_test(test_alloc_list__all_run_timed),
		cmocka_unit_test(
			test_alloc_list__close_frees_remaining_objects),
		cmocka_unit_test(test_alloc_list__payload_is_kept),
		cmocka_unit_test(
			test_alloc_list__payload_is_watched_to_the_byte),
		cmocka_unit_test(test_alloc_list__no_such_library),
		cmocka_unit_test(test_alloc_list__any_library_of_several),
		cmocka_unit_test(test_alloc_list__sized_frees),
		cmocka_unit_test(test_alloc_list__memory_is_reported),
		cmocka_unit_test(test_alloc_list__all_verify_the_seeds_example),
		cmocka_unit_test(test_alloc_list__all_verify_a_boot),
		cmocka_unit_test(
			test_alloc_list__touching_does_not_change_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
