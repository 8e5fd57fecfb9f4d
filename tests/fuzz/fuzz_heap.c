/*
 * Fuzz target: bytes → a heap's configuration and operations → the heap, counted
 * and plain, and the plain model; with quick fit the heap made for speed too.
 * All must agree on every answer, and at intervals on everything.
 *
 *   byte 0   lookup, modulo how many there are
 *   byte 1   fit, modulo how many there are
 *   byte 2   bit 0: order; bit 1: nodes; bits 2, 3: pager none, simulated, or
 *            simulated with few frames (2, 3)
 *   byte 3   pages, less 1, of the window, at most PAGES_MAX; the first index is
 *            a third of them
 *
 * Then operations, of three bytes each; what is left at the end is ignored:
 *
 *   op       modulo 8; 0 to 3 kmalloc, 4 or 5 kfree, 6 kfree of any address,
 *            7 touch
 *   a, b     kmalloc: a * 64 + b bytes, times 4,096 for op 3; kfree and touch:
 *            page a; kfree of any address: page a, byte b of it, or below the
 *            window where a is 255
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kheap_fast.h"
#include "shadow_heap.h"

#include <string.h>

#define PAGES_MAX 128

/* A page table ends 50 pages into the window. */
#define BASE (UINT32_C(0xF0400000) - 50 * KVA_PAGE_SIZE)

enum { HEADER = 4, OP = 3, OPS_MAX = 400, INTERVAL = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct subject {
	struct kheap *counted;
	struct kheap *plain;

	/* NULL but with quick fit and enough frames. */
	struct kheap_fast *fast;
	struct shadow_heap shadow;
	uint32_t pages;
};

static struct kheap *new_heap(struct kheap_config config, unsigned pager,
			      uint32_t frames)
{
	if (pager != 0)
		config.pager = test_pager_sim(frames);
	return test_heap_new(config);
}

static void subject_init(struct subject *s, const uint8_t header[HEADER])
{
	const unsigned pager = header[2] >> 2 & 3;
	const uint32_t pages = 1 + header[3] % PAGES_MAX;
	/* Two page tables, and half of what the window could need. */
	const uint32_t frames = pager >= 2 ? 3 + pages / 2 : 0;
	const struct kheap_fast_config fast = { .base = BASE, .pages = pages };
	struct kheap_config config = {
		.base = BASE,
		.pages = pages,
		.first_index = pages / 3,
		.order = (enum kheap_order)(header[2] & 1),
		.nodes = (enum kheap_nodes)(header[2] >> 1 & 1),
		.fit = (enum runs_fit)(header[1] % RUNS_FITS),
	};
	size_t lookups = 0;

	while (lookup_list[lookups])
		lookups++;
	config.lookup = lookup_list[header[0] % lookups];
	memset(s, 0, sizeof(*s));
	s->pages = pages;
	shadow_init(&s->shadow, &config, frames);
	s->counted = new_heap(config, pager, frames);
	s->plain = new_heap(config, pager, frames);
	if (config.fit == RUNS_QUICK && frames == 0)
		assert_int_equal(kheap_fast_new(&s->fast, &fast, NULL), 0);
}

static void subject_release(struct subject *s)
{
	kheap_free(s->counted);
	kheap_free(s->plain);
	kheap_fast_free(s->fast);
	shadow_release(&s->shadow);
}

static void do_kmalloc(struct subject *s, uint32_t size)
{
	const kva_t va = shadow_kmalloc(&s->shadow, size);

	assert_int_equal(kheap_kmalloc_counted(s->counted, size), va);
	assert_int_equal(kheap_kmalloc(s->plain, size), va);
	if (s->fast)
		assert_int_equal(kheap_fast_kmalloc(s->fast, size), va);
}

static void do_kfree(struct subject *s, kva_t va)
{
	const int status = shadow_kfree(&s->shadow, va);

	assert_int_equal(kheap_kfree_counted(s->counted, va), status);
	assert_int_equal(kheap_kfree(s->plain, va), status);
	if (s->fast)
		assert_int_equal(kheap_fast_kfree(s->fast, va), status);
}

/* Only pages of live clusters can be touched. */
static void do_touch(struct subject *s, uint32_t page)
{
	const kva_t va = BASE + page * KVA_PAGE_SIZE;

	if (page >= s->pages || s->shadow.runs.state[page] != SHADOW_TAKEN)
		return;
	kheap_touch_counted(s->counted, va);
	kheap_touch(s->plain, va);
	if (s->fast)
		kheap_fast_touch(s->fast, va);
}

static void step(struct subject *s, const uint8_t op[OP])
{
	const kva_t va = BASE + op[1] * KVA_PAGE_SIZE;
	const uint32_t size = op[1] * 64u + op[2];

	switch (op[0] % 8) {
	case 0:
	case 1:
	case 2:
		do_kmalloc(s, size);
		break;
	case 3:
		do_kmalloc(s, size * KVA_PAGE_SIZE);
		break;
	case 4:
	case 5:
		do_kfree(s, va);
		break;
	case 6:
		do_kfree(s, op[1] == 255 ? op[2] * UINT32_C(0x00ff0ff0)
					 : va + op[2]);
		break;
	default:
		do_touch(s, op[1]);
	}
}

static void check(const struct subject *s)
{
	uint32_t i;

	assert_heap_is(s->counted, &s->shadow);
	assert_heap_is(s->plain, &s->shadow);
	if (!s->fast)
		return;
	for (i = 0; i < s->pages; i++) {
		const kva_t va = BASE + i * KVA_PAGE_SIZE;
		const int idx = kheap_find(s->plain, va);

		assert_int_equal(kheap_fast_size_at(s->fast, va),
				 kheap_cluster_size(s->plain, idx));
	}
	assert_true(kheap_fast_is_valid(s->fast));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subject s;
	size_t ops;
	size_t i;

	if (size < HEADER)
		return 0;
	subject_init(&s, data);
	ops = (size_t)kb_min((size - HEADER) / OP, OPS_MAX);
	for (i = 0; i < ops; i++) {
		step(&s, &data[HEADER + i * OP]);
		if (i % INTERVAL == INTERVAL - 1)
			check(&s);
	}
	check(&s);
	subject_release(&s);
	return 0;
}
