#include "replay_memory.h"

#include "kb_bits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a page of a gauge. */
#define PAGE UINT64_C(4096)

/* Bytes of this process that are in physical memory; ALLOC_UNKNOWN if the
 * system does not say. */
static uint64_t process_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	uint64_t total, resident = 0;
	int n;

	if (!f)
		return ALLOC_UNKNOWN;
	/* Numbers from the kernel fit. */
	/* NOLINTNEXTLINE(cert-err34-c) */
	n = fscanf(f, "%" SCNu64 " %" SCNu64, &total, &resident);
	fclose(f);
	return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE)
		      : ALLOC_UNKNOWN;
}

static bool tells_resident(const struct alloc *alloc)
{
	struct alloc_memory memory;

	if (!alloc->vt->memory)
		return false;
	alloc->vt->memory(alloc->ctx, &memory);
	return memory.resident != ALLOC_UNKNOWN;
}

void replay_memory_begin(struct replay_memory_watch *watch, struct alloc alloc,
			 struct replay_memory *out)
{
	memset(watch, 0, sizeof(*watch));
	watch->alloc = alloc;
	watch->out = out;
	watch->knows_granted =
		alloc.vt->usable_of || (alloc.vt->size_of && alloc.vt->granule);
	watch->resident_before = ALLOC_UNKNOWN;
	out->resident_is_process =
		alloc.vt->has_memory && !tells_resident(&alloc);
	if (out->resident_is_process)
		watch->resident_before = process_resident();
}

/* What is told once a bin misses the peaks between: the mapped bytes' is not below
 * that of the granted ones, which are known after every event. */
void replay_memory_end(struct replay_memory_watch *watch)
{
	struct replay_memory *out = watch->out;

	if (watch->knows_granted && out->mapped.count > 0)
		out->mapped.peak = kb_max(out->mapped.peak, out->granted.peak);
	free(watch->granted_to);
	watch->granted_to = NULL;
}

int replay_memory_reserve(struct replay_memory_watch *watch, size_t slots)
{
	uint64_t *grown;

	if (slots <= watch->slots)
		return 0;
	grown = realloc(watch->granted_to, slots * sizeof(*grown));
	if (!grown)
		return KB_E_NOMEM;
	watch->granted_to = grown;
	watch->slots = slots;
	return 0;
}

/* By contract (alloc.h), size_of gives whole granules, so there is no need to
 * search for each object. */
static uint64_t granted_to(const struct alloc *alloc, uint64_t handle,
			   uint32_t size)
{
	const uint64_t granule = alloc->vt->granule;

	if (alloc->vt->usable_of)
		return alloc->vt->usable_of(alloc->ctx, handle);
	return kb_max(kb_div_up(size, granule), 1) * granule;
}

void replay_memory_alloc(struct replay_memory_watch *watch, uint32_t slot,
			 uint64_t handle, uint32_t size)
{
	uint64_t bytes = 0;

	if (watch->knows_granted)
		bytes = granted_to(&watch->alloc, handle, size);
	if (bytes == ALLOC_UNKNOWN) {
		watch->knows_granted = false;
		memset(&watch->out->granted, 0, sizeof(watch->out->granted));
		bytes = 0;
	}
	watch->granted_to[slot] = bytes;
	watch->granted += bytes;
}

void replay_memory_free(struct replay_memory_watch *watch, uint32_t slot)
{
	watch->granted -= watch->granted_to[slot];
}

void replay_memory_event(struct replay_memory_watch *watch, uint64_t requested,
			 const struct alloc_gauge *gauge)
{
	struct replay_memory *out = watch->out;

	replay_span_add(&out->requested, requested);
	if (watch->knows_granted)
		replay_span_add(&out->granted, watch->granted);
	if (!gauge)
		return;
	replay_span_add(&out->mapped, gauge->pages_live * PAGE);
	replay_span_add(&out->largest, gauge->longest_free_run * PAGE);
	replay_span_add(&out->free, gauge->free_pages * PAGE);
}

/* How much this process has grown since the pass began, including the harness's
 * own tables; at most what the allocator maps, if that is known. */
static uint64_t grown_by(const struct replay_memory_watch *watch,
			 uint64_t mapped)
{
	uint64_t now = process_resident();

	if (now == ALLOC_UNKNOWN)
		return now;
	now -= kb_min(now, watch->resident_before);
	return kb_min(now, mapped);
}

void replay_memory_bin(struct replay_memory_watch *watch,
		       struct replay_bin *bin, const struct alloc_gauge *gauge)
{
	struct alloc_memory memory = { ALLOC_UNKNOWN, ALLOC_UNKNOWN,
				       ALLOC_UNKNOWN, ALLOC_UNKNOWN };
	const struct alloc *alloc = &watch->alloc;

	if (alloc->vt->memory)
		alloc->vt->memory(alloc->ctx, &memory);
	if (watch->resident_before != ALLOC_UNKNOWN)
		memory.resident = grown_by(watch, memory.mapped);
	if (gauge) {
		memory.mapped = gauge->pages_live * PAGE;
		memory.largest = gauge->longest_free_run * PAGE;
	} else {
		if (watch->knows_granted && memory.mapped != ALLOC_UNKNOWN)
			memory.mapped = kb_max(memory.mapped, watch->granted);
		replay_span_add(&watch->out->mapped, memory.mapped);
		replay_span_add(&watch->out->largest, memory.largest);
	}
	replay_span_add(&watch->out->resident, memory.resident);
	replay_span_add(&watch->out->metadata, memory.metadata);
	bin->granted = watch->knows_granted ? watch->granted : ALLOC_UNKNOWN;
	bin->mapped = memory.mapped;
	bin->resident = memory.resident;
	bin->metadata = memory.metadata;
	bin->largest = memory.largest;
}
