/*
 * pager_x86 in a program: a page directory that no processor walks, page frames that
 * are our own memory, and an invlpg that is noted. It must do what the simulated
 * pager does, step by step.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_rng.h"
#include "pager_sim.h"
#include "pager_x86.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES	    1024
#define FIRST_FRAME 0x300u
#define FRAMES	    64u

/* Pages that the random walk uses: at the end of one table and the start of the
 * next. */
#define WALK_VA	   UINT32_C(0xF03F8000)
#define WALK_PAGES 16u

/* What a processor would have. */
struct machine {
	uint32_t directory[ENTRIES];
	unsigned char *frames;
	struct pager pager;
};

/* An invlpg has no context. */
static kva_t last_invalidated;
static uint32_t invalidations;

static void (*slot_changed)(uint32_t slot, uint32_t entry);

static void note_invlpg(kva_t va)
{
	last_invalidated = va;
	invalidations++;
}

static void start(struct machine *m, uint32_t frames)
{
	struct pager_x86_config config = {
		.directory = m->directory,
		.first_frame = FIRST_FRAME,
		.frame_count = frames,
		.invalidate = note_invlpg,
		.slot_changed = slot_changed,
	};

	memset(m->directory, 0, sizeof(m->directory));
	m->frames = aligned_alloc(KVA_PAGE_SIZE, FRAMES * KVA_PAGE_SIZE);
	assert_non_null(m->frames);
	/* What is left in a frame must not be taken for entries. */
	memset(m->frames, 0xee, FRAMES * KVA_PAGE_SIZE);
	config.frames = m->frames;
	invalidations = 0;
	assert_int_equal(pager_x86_new(&m->pager, &config), 0);
}

static void stop(struct machine *m)
{
	pager_release(&m->pager);
	for (uint32_t i = 0; i < ENTRIES; i++)
		assert_int_equal(m->directory[i], 0);
	free(m->frames);
}

/* The PTE of `va`, by a walk of our own. */
static uint32_t walk(const struct machine *m, kva_t va)
{
	const uint32_t pde = m->directory[va >> 22];
	uint32_t pte;

	if (pde == 0)
		return 0;
	assert_int_equal(pde & 0xfff, 3);
	memcpy(&pte,
	       m->frames + ((pde >> 12) - FIRST_FRAME) * KVA_PAGE_SIZE +
		       (va >> 12 & 1023) * sizeof(pte),
	       sizeof(pte));
	return pte;
}

/*
 * Two pages are mapped, then unmapped:
 *
 *   directory [0x3c0] → frame 0x300 → frames 0x301, 0x302
 *
 * Expect: entries as the Intel manual has them, both directions, one invlpg a page,
 * and an empty directory after.
 */
static void test_pager_x86__writes_what_a_processor_walks(void **state)
{
	struct machine m;
	uint64_t pa;
	kva_t va;

	(void)state;
	start(&m, FRAMES);
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 2), 0);
	assert_int_equal(m.directory[0x3c0], 0x300003);
	assert_int_equal(walk(&m, TEST_VA(0)), 0x301003);
	assert_int_equal(walk(&m, TEST_VA(1)), 0x302003);
	assert_int_equal(walk(&m, TEST_VA(2)), 0);
	assert_int_equal(m.pager.ops->entry(m.pager.ctx, TEST_VA(1) + 5),
			 0x302003);
	assert_int_equal(m.pager.ops->entry(m.pager.ctx, 0x1000), 0);
	assert_true(m.pager.ops->translate(m.pager.ctx, TEST_VA(1) + 5, &pa));
	assert_int_equal(pa, 0x302005);
	assert_true(m.pager.ops->reverse(m.pager.ctx, pa, &va));
	assert_int_equal(va, TEST_VA(1) + 5);
	assert_false(m.pager.ops->reverse(m.pager.ctx, 0x300000, &va));
	assert_false(m.pager.ops->reverse(m.pager.ctx, 0x2ff000, &va));
	assert_false(m.pager.ops->translate(m.pager.ctx, TEST_VA(2), &pa));
	assert_true(m.pager.ops->is_valid(m.pager.ctx));
	assert_int_equal(invalidations, 0);

	m.pager.ops->unmap(m.pager.ctx, TEST_VA(0), 2);
	assert_int_equal(invalidations, 2);
	assert_int_equal(last_invalidated, TEST_VA(0));
	assert_int_equal(m.directory[0x3c0], 0);
	assert_true(m.pager.ops->is_valid(m.pager.ctx));
	stop(&m);
}

/* The counters of both, but for those that only the model of a TLB has. */
static void assert_same_counters(struct pager real, struct pager simulated)
{
	struct pager_counters a;
	struct pager_counters b;

	real.ops->counters(real.ctx, &a);
	simulated.ops->counters(simulated.ctx, &b);
	b.modelled_cycles = 0;
	assert_memory_equal(&a, &b, sizeof(a));
}

static void assert_same_pages(struct pager real, struct pager simulated)
{
	for (uint32_t i = 0; i < WALK_PAGES; i++) {
		const kva_t va = WALK_VA + (i << KVA_PAGE_SHIFT);
		const uint32_t a = real.ops->entry(real.ctx, va);
		const uint32_t b = simulated.ops->entry(simulated.ctx, va);

		assert_int_equal(a,
				 b ? b + (FIRST_FRAME << KVA_PAGE_SHIFT) : 0);
	}
}

/* Random maps and unmaps, with few enough frames that some must be undone. */
static void walk_both(struct machine *m, struct pager simulated,
		      struct kb_rng *rng)
{
	bool mapped[WALK_PAGES] = { false };

	for (uint32_t step = 0; step < 3000; step++) {
		const uint32_t page = (uint32_t)kb_rng_below(rng, WALK_PAGES);
		const kva_t va = WALK_VA + (page << KVA_PAGE_SHIFT);
		uint32_t pages = 0;
		int status;

		while (page + pages < WALK_PAGES && pages < 5 &&
		       mapped[page + pages] == mapped[page])
			pages++;
		if (mapped[page]) {
			m->pager.ops->unmap_counted(m->pager.ctx, va, pages);
			simulated.ops->unmap_counted(simulated.ctx, va, pages);
			memset(&mapped[page], false, pages);
		} else {
			status = m->pager.ops->map_counted(m->pager.ctx, va,
							   pages);
			assert_int_equal(simulated.ops->map_counted(
						 simulated.ctx, va, pages),
					 status);
			memset(&mapped[page], status == 0, pages);
		}
		assert_same_counters(m->pager, simulated);
		assert_same_pages(m->pager, simulated);
		assert_true(m->pager.ops->is_valid(m->pager.ctx));
	}
}

static void test_pager_x86__does_what_the_simulation_does(void **state)
{
	const uint32_t limits[] = { FRAMES, 11, 5, 2, 1 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(limits); i++) {
		struct kb_rng rng = kb_rng_init(i);
		struct pager simulated = test_pager_sim(limits[i]);
		struct machine m;

		start(&m, limits[i]);
		walk_both(&m, simulated, &rng);
		stop(&m);
		pager_release(&simulated);
	}
}

/* Every kind of damage that is_valid looks for. */
static void test_pager_x86__finds_damage(void **state)
{
	struct machine m;
	uint32_t *pte;

	(void)state;
	start(&m, FRAMES);
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 2), 0);
	pte = (uint32_t *)(void *)m.frames;
	for (uint32_t bits = 1; bits <= 2; bits++) {
		pte[0] ^= bits;
		assert_false(m.pager.ops->is_valid(m.pager.ctx));
		pte[0] ^= bits;
	}
	pte[0] += KVA_PAGE_SIZE;
	assert_false(m.pager.ops->is_valid(m.pager.ctx));
	pte[0] += 9 * KVA_PAGE_SIZE;
	assert_false(m.pager.ops->is_valid(m.pager.ctx));
	pte[0] = 0;
	assert_false(m.pager.ops->is_valid(m.pager.ctx));
	pte[0] = 0x301003;
	assert_true(m.pager.ops->is_valid(m.pager.ctx));
	m.directory[0x3c0] = 0;
	assert_false(m.pager.ops->is_valid(m.pager.ctx));
	m.directory[0x3c0] = 0x300003;
	stop(&m);
}

static void test_pager_x86__refuses(void **state)
{
	struct pager_x86_config config = { .invalidate = note_invlpg };
	struct pager pager;

	(void)state;
	assert_int_equal(pager_x86_new(&pager, &config), KB_E_RANGE);
	config.frame_count = KVA_SPACE_PAGES + 1;
	assert_int_equal(pager_x86_new(&pager, &config), KB_E_RANGE);
	config.frame_count = 2;
	config.first_frame = KVA_SPACE_PAGES - 1;
	assert_int_equal(pager_x86_new(&pager, &config), KB_E_RANGE);
}

/* A walk may be speculative: the processor may know pages of a map that was undone. */
static void test_pager_x86__an_undone_map_is_invalidated(void **state)
{
	struct pager_counters counters;
	struct machine m;

	(void)state;
	start(&m, 4);
	assert_int_equal(m.pager.ops->map_counted(m.pager.ctx, TEST_VA(0), 5),
			 KB_E_NO_FRAMES);
	assert_int_equal(invalidations, 3);
	assert_int_equal(last_invalidated, TEST_VA(0));
	m.pager.ops->counters(m.pager.ctx, &counters);
	assert_int_equal(counters.tlb_invalidations, 0);
	assert_int_equal(counters.map_rollbacks, 1);
	assert_int_equal(m.directory[TEST_VA(0) >> 22], 0);
	stop(&m);
}

/* An entry that somebody else has made stays theirs. */
static void test_pager_x86__takes_no_slot_in_use(void **state)
{
	const uint32_t theirs = 0x00400083;
	struct machine m;

	(void)state;
	start(&m, FRAMES);
	m.directory[TEST_VA(0) >> 22] = theirs;
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 1),
			 KB_E_ARG);
	assert_int_equal(m.directory[TEST_VA(0) >> 22], theirs);
	m.directory[TEST_VA(0) >> 22] = 0;
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 1), 0);
	stop(&m);
}

/* Another process's directory. */
static uint32_t copied[ENTRIES];
static uint32_t copies;

static void copy_slot(uint32_t slot, uint32_t entry)
{
	copied[slot] = entry;
	copies++;
}

static void test_pager_x86__tells_of_each_slot(void **state)
{
	const uint32_t slot = TEST_VA(0) >> 22;
	struct machine m;

	(void)state;
	slot_changed = copy_slot;
	start(&m, FRAMES);
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 2), 0);
	assert_int_equal(copies, 1);
	assert_int_not_equal(copied[slot], 0);
	assert_memory_equal(copied, m.directory, sizeof(copied));
	m.pager.ops->unmap(m.pager.ctx, TEST_VA(1), 1);
	assert_int_equal(copies, 1);
	m.pager.ops->unmap(m.pager.ctx, TEST_VA(0), 1);
	assert_int_equal(copies, 2);
	assert_int_equal(copied[slot], 0);
	assert_int_equal(m.pager.ops->map(m.pager.ctx, TEST_VA(0), 1), 0);
	stop(&m);
	assert_int_equal(copies, 4);
	assert_int_equal(copied[slot], 0);
	slot_changed = NULL;
}

/* The pager asks for all of its memory when it is made, and leaves none of it if it
 * cannot have it. */
static void test_pager_x86__without_memory(void **state)
{
	struct pager_x86_config config = { .invalidate = note_invlpg,
					   .frame_count = FRAMES };
	const long before = kb_fault_unfreed();
	struct pager pager;

	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		assert_int_equal(pager_x86_new(&pager, &config), KB_E_NOMEM);
		assert_true(kb_fault_end());
		assert_int_equal(kb_fault_unfreed(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pager_x86__writes_what_a_processor_walks),
		cmocka_unit_test(test_pager_x86__does_what_the_simulation_does),
		cmocka_unit_test(test_pager_x86__finds_damage),
		cmocka_unit_test(test_pager_x86__refuses),
		cmocka_unit_test(test_pager_x86__an_undone_map_is_invalidated),
		cmocka_unit_test(test_pager_x86__takes_no_slot_in_use),
		cmocka_unit_test(test_pager_x86__tells_of_each_slot),
		cmocka_unit_test(test_pager_x86__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
