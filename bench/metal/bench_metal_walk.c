#include "bench_metal_walk.h"

#include "kb_bits.h"
#include "pager_sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_SHIFT 22
#define ENTRIES	   UINT64_C(1024)

/* A directory's entry for a page of 4 MiB, which the window has none of. */
#define PDE_LARGE UINT32_C(0x80)

/* Numbers from the machine's memory, as they are there; false if that is not within
 * it. A kernel may say anything. */
static bool read_words(const struct bench_metal_machine *m, uint64_t address,
		       uint64_t count, uint32_t *out)
{
	const uint64_t words = m->memory_size / sizeof(*out);

	if (address % sizeof(*out) != 0 || address >= m->memory_size ||
	    count > words - address / sizeof(*out))
		return false;
	memcpy(out, m->memory + address, (size_t)count * sizeof(*out));
	return true;
}

/* The PTE of `va` by the two steps of a walk; 0 if there is none. */
static uint32_t walk(const struct bench_metal_machine *m, uint64_t directory,
		     kva_t va)
{
	uint32_t pde;
	uint32_t pte;
	const uint64_t index = va >> KVA_PAGE_SHIFT & (ENTRIES - 1);

	if (!read_words(m, directory + (va >> SLOT_SHIFT) * sizeof(pde), 1,
			&pde) ||
	    !(pde & PAGER_PTE_PRESENT) || pde & PDE_LARGE)
		return 0;
	if (!read_words(m, (pde & PAGER_PTE_FRAME_MASK) + index * sizeof(pte),
			1, &pte))
		return 0;
	return pte;
}

/* "frame 12, flags 0x63", or "not mapped". */
static const char *describe(char out[64], uint32_t entry, uint32_t first)
{
	if (entry == 0)
		return "not mapped";
	snprintf(out, 64, "frame %" PRIu32 ", flags 0x%03" PRIx32,
		 (entry >> KVA_PAGE_SHIFT) - first,
		 entry & ~PAGER_PTE_FRAME_MASK);
	return out;
}

/* Notes that the frame backs page `va`; `owner` has a page for each frame of the
 * machine, or 0. Tells of the first frame that backs two. */
static void claim_frame(struct bench_metal_result *result, kva_t *owner,
			uint64_t frames, kva_t va, uint32_t entry,
			uint32_t first, bool *is_told)
{
	const uint32_t pfn = entry >> KVA_PAGE_SHIFT;

	if (entry == 0 || pfn >= frames)
		return;
	if (owner[pfn] != 0 && !*is_told) {
		*is_told = true;
		bench_metal_differ(result,
				   "at the end, frame %" PRIu32
				   " backs two pages: 0x%08" PRIx32
				   " and 0x%08" PRIx32,
				   pfn - first, owner[pfn], va);
	}
	owner[pfn] = va;
}

int bench_metal_walk(struct bench_metal_result *result,
		     const struct bench_metal_machine *machine,
		     const struct bench_metal_answer *answer,
		     const struct bench_metal_model *model)
{
	const uint32_t first =
		(uint32_t)(answer->frames.address >> KVA_PAGE_SHIFT);
	const uint64_t frames = machine->memory_size / KVA_PAGE_SIZE;
	kva_t *owner = calloc(frames, sizeof(*owner));
	bool is_told = false;
	uint64_t wrong = 0;

	if (!owner)
		return KB_E_NOMEM;

	for (uint32_t i = 0; i < model->pages; i++) {
		const kva_t va = model->base + (i << KVA_PAGE_SHIFT);
		const uint32_t real =
			walk(machine, answer->directory.address, va);
		const uint32_t simulated = bench_metal_model_entry(model, va);
		char a[64], b[64];

		claim_frame(result, owner, frames, va, real, first, &is_told);
		result->pairs += real != 0 || simulated != 0;
		if (real == (simulated ? simulated + (first << KVA_PAGE_SHIFT)
				       : 0) ||
		    wrong++ > 0)
			continue;
		bench_metal_differ(result,
				   "at the end, page 0x%08" PRIx32
				   ": simulated %s; real %s",
				   va, describe(a, simulated, 0),
				   describe(b, real, first));
	}
	if (wrong > 1)
		bench_metal_differ(result,
				   "at the end, %" PRIu64 " of %" PRIu64
				   " pages differ",
				   wrong, result->pairs);
	free(owner);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a;
	const uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The smallest of `count` sorted numbers that `percent` of them do not exceed. */
static uint32_t percentile(const uint32_t *sorted, uint64_t count,
			   unsigned percent)
{
	const uint64_t rank = kb_div_up(count * percent, 100);

	return sorted[rank > 0 ? rank - 1 : 0];
}

int bench_metal_instructions(struct bench_metal_result *result,
			     const struct bench_metal_machine *machine,
			     const struct bench_metal_answer *answer)
{
	struct bench_metal_instructions *out = &result->instructions;
	const uint64_t count = answer->ticks.count;
	uint32_t *ticks;

	if (count == 0 || count > machine->memory_size / sizeof(*ticks))
		return 0;
	ticks = malloc(count * sizeof(*ticks));
	if (!ticks)
		return KB_E_NOMEM;
	if (read_words(machine, answer->ticks.address, count, ticks)) {
		qsort(ticks, count, sizeof(*ticks), compare);
		out->kfrees = count;
		for (uint64_t i = 0; i < count; i++)
			out->total += ticks[i];
		out->least = ticks[0];
		out->p50 = percentile(ticks, count, 50);
		out->p90 = percentile(ticks, count, 90);
		out->p99 = percentile(ticks, count, 99);
		out->most = ticks[count - 1];
	}
	free(ticks);
	return 0;
}
