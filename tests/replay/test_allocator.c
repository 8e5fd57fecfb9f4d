#include "test_allocator.h"

#include "kb_test.h"
#include "replay_loop.h"

#include <stdlib.h>

static void work(const struct test_allocator *t)
{
	if (t->work)
		t->work(t->work_ns);
}

/* The live object at a handle; the latest, should there be two. */
static struct test_object *find(const struct test_allocator *t, uint64_t handle)
{
	for (uint64_t i = t->allocs; i-- > 0;)
		if (t->object[i].live && t->object[i].handle == handle)
			return (struct test_object *)&t->object[i];
	return NULL;
}

static bool is_lied_about(const struct test_allocator *t,
			  const struct test_object *o, enum test_lie lie)
{
	return t->lie == lie && o == &t->object[t->nth - 1];
}

static uint64_t honest_span(uint32_t size)
{
	return kb_div_up(kb_max(size, 1), TEST_GRANULE) * TEST_GRANULE;
}

static uint64_t choose_handle(const struct test_allocator *t)
{
	const struct test_object *before = &t->object[kb_max(t->allocs, 1) - 1];
	bool lies = t->nth && t->allocs + 1 == t->nth;

	if (!lies)
		return t->next;
	switch (t->lie) {
	case TEST_FAILS:
		return 0;
	case TEST_OVERLAPS_NEXT:
		return before->handle - TEST_GRANULE;
	case TEST_OVERLAPS_PREV:
		return before->handle + TEST_GRANULE;
	case TEST_MISALIGNS:
		return t->next + 1;
	case TEST_TWICE:
		return before->handle;
	default:
		return t->next;
	}
}

static uint64_t test_alloc_one(void *ctx, uint32_t size)
{
	struct test_allocator *t = ctx;
	struct test_object *o = &t->object[t->allocs];

	assert_true(t->allocs < TEST_OBJECTS_MAX);
	work(t);
	if (t->allocs == 0)
		t->next = TEST_BASE;
	o->handle = choose_handle(t);
	t->allocs++;
	if (!o->handle)
		return 0;
	o->size = size;
	o->live = true;
	t->live++;
	/* A gap stays, so that a false answer about neighbors concerns only
	 * one. */
	t->next += honest_span(size) + 4 * TEST_GRANULE;
	return o->handle;
}

static int test_free_one(void *ctx, uint64_t handle)
{
	struct test_allocator *t = ctx;
	struct test_object *o = find(t, handle);

	work(t);
	t->frees++;
	if (!o) {
		t->wrong_frees++;
		return KB_E_NOT_LIVE;
	}
	if (is_lied_about(t, o, TEST_DISOWNS))
		return KB_E_NOT_LIVE;
	o->live = t->lie == TEST_STILL_FOUND;
	t->live--;
	return 0;
}

static void timed_free(void *ctx, uint64_t handle)
{
	test_free_one(ctx, handle);
}

static void test_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	struct test_allocator *t = ctx;
	const struct test_object *o = find(t, handle);

	t->touches++;
	assert_non_null(o);
	assert_true(offset < o->size);
	assert_int_equal(offset % ALLOC_TOUCH_STRIDE, 0);
}

static int64_t test_lookup(const void *ctx, uint64_t handle)
{
	struct test_allocator *t = (struct test_allocator *)ctx;
	const struct test_object *o = find(t, handle);

	t->lookups++;
	t->missed_lookups += o == NULL;
	return o ? o - t->object : -1;
}

static const struct replay_calls test_calls = {
	.alloc = test_alloc_one,
	.free = timed_free,
	.touch = test_touch,
	.lookup = test_lookup,
};

REPLAY_STAMP(test, test_calls)

static uint64_t test_size_of(const void *ctx, uint64_t handle)
{
	const struct test_allocator *t = ctx;
	const struct test_object *o = find(t, handle);

	if (!o || is_lied_about(t, o, TEST_FORGETS))
		return 0;
	return honest_span(o->size) +
	       (is_lied_about(t, o, TEST_WRONG_SIZE) ? TEST_GRANULE : 0);
}

static void test_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	struct test_allocator *t = ctx;
	struct test_object *o = find(t, handle);

	assert_non_null(o);
	assert_int_equal(o->size, size);
	o->key = key;
	if (is_lied_about(t, o, TEST_CORRUPTS))
		o[-1].key++;
}

static bool test_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	const struct test_object *o = find(ctx, handle);

	return o && o->size == size && o->key == key;
}

static uint64_t test_offset_of(const void *ctx, uint64_t handle)
{
	(void)ctx;
	return handle - TEST_BASE;
}

static bool test_is_valid(const void *ctx)
{
	const struct test_allocator *t = ctx;

	return t->lie != TEST_INVALID;
}

static const struct alloc_vt test_vt = {
	REPLAY_STAMPED(test),	   .alloc = test_alloc_one,
	.free = test_free_one,	   .touch = test_touch,
	.alignment = TEST_GRANULE, .has_memory = true,
	.lookup = test_lookup,	   .size_of = test_size_of,
	.granule = TEST_GRANULE,   .fill = test_fill,
	.intact = test_intact,	   .offset_of = test_offset_of,
	.is_valid = test_is_valid, .close = free,
};

struct test_allocator *test_allocator_new(void)
{
	struct test_allocator *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	return t;
}

struct alloc test_allocator_alloc(struct test_allocator *t)
{
	return (struct alloc){ &test_vt, t };
}
