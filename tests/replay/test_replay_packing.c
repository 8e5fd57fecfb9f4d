#include "kb_test.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "kb_status.h"
#include "replay_packing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 4000
#define PAGES_MAX  40000

/* No two objects meet: each page has at most one at any event. */
static void expect_packed(const struct replay_packed *o, size_t count,
			  uint32_t events, const struct replay_packing *packing)
{
	static uint8_t taken[PAGES_MAX];
	uint32_t height = 0;

	memset(taken, 0, sizeof(taken));
	for (uint32_t event = 0; event < events; event++) {
		for (size_t i = 0; i < count; i++) {
			bool born = o[i].birth == event;

			if (!born && o[i].death != event)
				continue;
			assert_true(o[i].page + o[i].pages <= PAGES_MAX);
			for (uint32_t k = 0; k < o[i].pages; k++) {
				assert_int_equal(taken[o[i].page + k], !born);
				taken[o[i].page + k] = born;
			}
			height = (uint32_t)kb_max(height,
						  o[i].page + o[i].pages);
		}
	}
	assert_int_equal(packing->height, height);
	assert_true(packing->height >= packing->load);
}

static void pack(struct replay_packed *o, size_t count, uint32_t events,
		 struct replay_packing *out)
{
	assert_int_equal(replay_packing_run(o, count, events, out), 0);
	expect_packed(o, count, events, out);
}

/*
 *   event  0 1 2 3 4 5 6
 *          a a a .         3 pages
 *            b b b b b .   1 page
 *                c c c     2 pages: fits where a was
 */
static void test_replay_packing__reuses_freed_space(void **state)
{
	struct replay_packed o[] = {
		{ .birth = 0, .death = 3, .pages = 3 },
		{ .birth = 1, .death = 6, .pages = 1 },
		{ .birth = 4, .death = 7, .pages = 2 },
	};
	struct replay_packing out;

	(void)state;
	pack(o, 3, 7, &out);
	assert_int_equal(out.load, 4);
	assert_int_equal(out.height, 4);
	assert_string_equal(out.order, "size x lifetime");
	assert_int_equal(o[0].page, 0);
	assert_int_equal(o[2].page, 0);
	assert_int_equal(o[1].page, 3);
}

/*
 * A page is taken for an object only if it stays empty until that object's end:
 * the small one lives on when the large one comes back to pages 0 and 1.
 */
static void test_replay_packing__looks_ahead(void **state)
{
	struct replay_packed o[] = {
		{ .birth = 0, .death = 6, .pages = 1 },
		{ .birth = 1, .death = 3, .pages = 1 },
		{ .birth = 4, .death = 6, .pages = 2 },
	};
	struct replay_packing out;

	(void)state;
	pack(o, 3, 6, &out);
	assert_int_equal(out.load, 3);
	assert_int_equal(out.height, 3);
	/* The large one is placed first, at the bottom. */
	assert_int_equal(o[2].page, 0);
	assert_int_equal(o[0].page, 2);
	assert_int_equal(o[1].page, 0);
}

static void test_replay_packing__nothing(void **state)
{
	struct replay_packing out;

	(void)state;
	assert_int_equal(replay_packing_run(NULL, 0, 0, &out), 0);
	assert_int_equal(out.height, 0);
	assert_int_equal(out.load, 0);
}

/* Objects as a heap sees them: up to `depth` live at once, `large` in a hundred
 * of them of 2 to 9 pages. */
static size_t make(struct replay_packed *o, uint32_t events, uint64_t seed,
		   uint32_t depth, uint32_t large)
{
	struct kb_rng rng = kb_rng_init(seed);
	size_t live[EVENTS_MAX];
	size_t count = 0, alive = 0;

	for (uint32_t event = 0; event < events; event++) {
		if (alive > 0 && kb_rng_below(&rng, depth) < alive) {
			size_t i = (size_t)kb_rng_below(&rng, alive);

			o[live[i]].death = event;
			live[i] = live[--alive];
			continue;
		}
		o[count] = (struct replay_packed){ .birth = event,
						   .death = events,
						   .pages = 1 };
		if (kb_rng_below(&rng, 100) < large)
			o[count].pages = 2 + (uint32_t)kb_rng_below(&rng, 8);
		live[alive++] = count++;
	}
	return count;
}

static void test_replay_packing__random_loads(void **state)
{
	static struct replay_packed o[EVENTS_MAX], again[EVENTS_MAX];
	static const uint32_t depths[] = { 2, 20, 300, 3000 };
	static const uint32_t larges[] = { 0, 3, 50, 100 };
	struct replay_packing out, same;

	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(depths); d++) {
		for (size_t l = 0; l < KB_ARRAY_LEN(larges); l++) {
			uint32_t events = l == 3 ? 700 : 1500;
			size_t n = make(o, events, 100 * d + l, depths[d],
					larges[l]);

			memcpy(again, o, sizeof(o));
			pack(o, n, events, &out);
			/* Intervals alone are colored at best. */
			if (larges[l] == 0)
				assert_int_equal(out.height, out.load);
			/* A heuristic, but no bad one. */
			assert_true(out.height <= out.load + out.load / 4 + 8);
			assert_int_equal(
				replay_packing_run(again, n, events, &same), 0);
			assert_memory_equal(again, o, n * sizeof(o[0]));
		}
	}
}

/* A load that no packing reaches by size × lifetime first, and one of the other
 * orders does: long thin objects, then short thick ones between them. */
static void test_replay_packing__tries_other_orders(void **state)
{
	static struct replay_packed o[EVENTS_MAX];
	bool seen_size = false, seen_lifetime = false;
	struct replay_packing out;

	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		size_t n = make(o, 200, seed, 12, 60);

		pack(o, n, 200, &out);
		seen_size |= strcmp(out.order, "size") == 0;
		seen_lifetime |= strcmp(out.order, "lifetime") == 0;
	}
	assert_true(seen_size);
	assert_true(seen_lifetime);
}

static void test_replay_packing__limits(void **state)
{
	struct replay_packed o[] = {
		{ .birth = 0, .death = 2, .pages = REPLAY_PACKING_PAGES_MAX },
		{ .birth = 1, .death = 2, .pages = 1 },
	};
	struct replay_packing out;

	(void)state;
	assert_int_equal(replay_packing_run(o, 2, 2, &out), KB_E_RANGE);
	assert_int_equal(out.load, REPLAY_PACKING_PAGES_MAX + 1);
	assert_int_equal(
		replay_packing_run(o, REPLAY_PACKING_OBJECTS_MAX + (size_t)1, 2,
				   &out),
		KB_E_RANGE);
}

/* Two objects that together are higher than what is packed; the load is told
 * all the same. */
static void test_replay_packing__peak_is_too_high(void **state)
{
	struct replay_packed o[] = {
		{ .birth = 0, .death = 3, .pages = REPLAY_PACKING_PAGES_MAX },
		{ .birth = 1, .death = 2, .pages = 1 },
	};
	struct replay_packing out;

	(void)state;
	assert_int_equal(replay_packing_run(o, 2, 4, &out), KB_E_RANGE);
	assert_int_equal(out.load, REPLAY_PACKING_PAGES_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_packing__reuses_freed_space),
		cmocka_unit_test(test_replay_packing__looks_ahead),
		cmocka_unit_test(test_replay_packing__nothing),
		cmocka_unit_test(test_replay_packing__random_loads),
		cmocka_unit_test(test_replay_packing__tries_other_orders),
		cmocka_unit_test(test_replay_packing__limits),
		cmocka_unit_test(test_replay_packing__peak_is_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
