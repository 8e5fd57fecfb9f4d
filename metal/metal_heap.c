#include "metal_heap.h"

#include "kb_bits.h"
#include "lookup.h"
#include "metal_machine.h"
#include "pager_x86.h"

static void make_fast(struct metal_heap_state *heap,
		      const struct metal_request *request, pfn_t first_frame)
{
	const struct kheap_fast_config config = {
		.base = request->base,
		.pages = request->pages,
		.directory = metal_machine_directory(),
		.first_frame = first_frame,
		.frame_count = request->frames,
		.frames = (void *)(first_frame << KVA_PAGE_SHIFT),
		.ptes = (void *)METAL_PTES,
		.invalidate = metal_machine_invalidate,
	};

	if (kheap_fast_new(&heap->fast, &config, NULL) < 0)
		metal_machine_fail("the heap cannot be made");
}

static void make_kheap(struct metal_heap_state *heap,
		       const struct metal_request *request, pfn_t first_frame)
{
	const struct pager_x86_config paging = {
		.directory = metal_machine_directory(),
		.first_frame = first_frame,
		.frame_count = request->frames,
		.frames = (void *)(first_frame << KVA_PAGE_SHIFT),
		.invalidate = metal_machine_invlpg,
	};
	struct kheap_config config = {
		.base = request->base,
		.pages = request->pages,
		.order = (enum kheap_order)request->order,
		.fit = (enum runs_fit)request->fit,
		.nodes = (enum kheap_nodes)request->nodes,
		.count = request->flags & METAL_WALK ? KHEAP_COUNT_WALKED
						     : KHEAP_COUNT_RANKED,
		.lookup = lookup_by_name(request->lookup),
	};

	if (!config.lookup)
		metal_machine_fail("this kernel has no lookup of that name");
	if (pager_x86_new(&config.pager, &paging) < 0 ||
	    kheap_new(&heap->kheap, &config, NULL) < 0)
		metal_machine_fail("the heap cannot be made");
}

void metal_heap_make(struct metal_heap_state *heap,
		     const struct metal_request *request, pfn_t first_frame)
{
	heap->kheap = NULL;
	heap->fast = NULL;
	if (request->heap == METAL_KHEAP_FAST)
		make_fast(heap, request, first_frame);
	else
		make_kheap(heap, request, first_frame);
}

void metal_heap_free(struct metal_heap_state *heap)
{
	kheap_free(heap->kheap);
	kheap_fast_free(heap->fast);
}

kva_t metal_heap_kmalloc(const struct metal_heap_state *heap, uint32_t size)
{
	return heap->fast ? kheap_fast_kmalloc(heap->fast, size)
			  : kheap_kmalloc(heap->kheap, size);
}

kva_t metal_heap_kmalloc_counted(const struct metal_heap_state *heap,
				 uint32_t size)
{
	return heap->fast ? kheap_fast_kmalloc_counted(heap->fast, size)
			  : kheap_kmalloc_counted(heap->kheap, size);
}

int metal_heap_kfree_counted(const struct metal_heap_state *heap, kva_t va)
{
	return heap->fast ? kheap_fast_kfree_counted(heap->fast, va)
			  : kheap_kfree_counted(heap->kheap, va);
}

uint32_t metal_heap_size_at(const struct metal_heap_state *heap, kva_t va)
{
	return heap->fast ? kheap_fast_size_at(heap->fast, va)
			  : kheap_size_at(heap->kheap, va);
}

bool metal_heap_is_valid(const struct metal_heap_state *heap)
{
	return heap->fast ? kheap_fast_is_valid(heap->fast)
			  : kheap_is_valid(heap->kheap);
}

uint32_t metal_heap_entry(const struct metal_heap_state *heap, kva_t va)
{
	struct pager pager;

	if (heap->fast)
		return kheap_fast_entry(heap->fast, va);
	pager = kheap_pager(heap->kheap);
	return pager.ops->entry(pager.ctx, va);
}

/* Called through the same pointers as the heap's, so that the call costs the same. */
static kb_noinline int do_nothing(void *heap, kva_t va)
{
	__asm__ volatile("" : : "r"(heap), "r"(va) : "memory");
	return 0;
}

static int kfree_kheap(void *heap, kva_t va)
{
	return kheap_kfree(heap, va);
}

static int kfree_fast(void *heap, kva_t va)
{
	return kheap_fast_kfree(heap, va);
}

static kb_noinline uint32_t ticks_of(int (*volatile kfree)(void *heap,
							   kva_t va),
				     void *heap, kva_t va)
{
	const uint64_t begin = metal_machine_ticks();

	kfree(heap, va);
	return (uint32_t)(metal_machine_ticks() - begin);
}

uint32_t metal_heap_kfree_ticks(const struct metal_heap_state *heap, kva_t va)
{
	void *state = heap->fast ? (void *)heap->fast : (void *)heap->kheap;
	const uint32_t nothing = ticks_of(do_nothing, state, va);

	return ticks_of(heap->fast ? kfree_fast : kfree_kheap, state, va) -
	       nothing;
}

static void print_counter(const char *name, uint64_t value)
{
	metal_machine_text("counter ");
	metal_machine_text(name);
	metal_machine_put(' ');
	metal_machine_number(value);
	metal_machine_put('\n');
}

void metal_heap_print_counters(const struct metal_heap_state *heap)
{
	struct kheap_counters counters;
	struct pager_counters paging;
	unsigned steps = kheap_fast_steps();

	if (heap->fast) {
		kheap_fast_counters(heap->fast, &counters, &paging);
	} else {
		const struct pager pager = kheap_pager(heap->kheap);

		steps = kheap_lookup_ops(heap->kheap)->steps;
		kheap_counters(heap->kheap, &counters);
		pager.ops->counters(pager.ctx, &paging);
	}
#define X(name, unit, help, needed)         \
	if ((steps & (needed)) == (needed)) \
		print_counter(#name, counters.name);
	KHEAP_COUNTERS(X)
#undef X
	/* What was executed, not what was meant to be. */
	paging.tlb_invalidations = metal_machine_invlpgs();
#define X(name, unit, help) print_counter(#name, paging.name);
	PAGER_COUNTERS(X)
#undef X
}
