#include "bench_metal_model.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kheap_fast.h"
#include "pager_sim.h"
#include "replay_program.h"
#include "replay_step.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The simulation on its way. */
struct running {
	struct bench_metal_model *model;
	const struct bench_metal_job *job;
	struct replay_program program;
	struct replay_step step;
	struct kb_diag *diag;
};

bool bench_metal_is_fast(const struct alloc_spec *spec)
{
	return strcmp(spec->ops->name, "kheap-fast") == 0;
}

uint32_t bench_metal_model_entry(const struct bench_metal_model *model,
				 kva_t va)
{
	struct pager pager;

	if (model->is_fast)
		return kheap_fast_entry(model->alloc.ctx, va);
	pager = kheap_pager(model->alloc.ctx);
	return pager.ops->entry(pager.ctx, va);
}

uint64_t bench_metal_model_counter(const struct bench_metal_model *model,
				   const char *name)
{
	for (size_t i = 0; i < model->counters.count; i++)
		if (strcmp(model->counters.item[i].name, name) == 0)
			return model->counters.item[i].value;
	return 0;
}

/* The bytes of a lookup's index depend on the size of a pointer, and a processor
 * does not say what its TLB has answered. */
static bool is_comparable(const char *name)
{
	static const char *const others[] = { "lookup_bytes",
					      "lookup_bytes_peak", "tlb_hits",
					      "tlb_misses", "modelled_cycles" };

	for (size_t i = 0; i < KB_ARRAY_LEN(others); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return true;
}

static void add_counter(void *user, const char *name, uint64_t value)
{
	struct replay_counters *counters = user;
	struct replay_counter *item = &counters->item[counters->count];

	if (!is_comparable(name))
		return;
	kb_assert(counters->count < REPLAY_COUNTERS_MAX);
	strncpy(item->name, name, sizeof(item->name) - 1);
	item->value = value;
	counters->count++;
}

static int keep_ops(struct bench_metal_model *m,
		    const struct replay_slice *slice)
{
	const size_t count = m->op_count + slice->count;

	if (count > m->op_capacity) {
		const size_t capacity = kb_max(count, m->op_capacity * 2);
		struct replay_op *grown =
			realloc(m->ops, capacity * sizeof(*grown));

		if (!grown)
			return KB_E_NOMEM;
		m->ops = grown;
		m->op_capacity = capacity;
	}
	memcpy(&m->ops[m->op_count], slice->ops,
	       slice->count * sizeof(*slice->ops));
	m->op_count = count;
	return 0;
}

/* Adds the PTEs of a cluster to the state; counts those with both flags. */
static uint32_t add_state(struct running *r, kva_t va, uint32_t pages)
{
	const uint32_t both = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;
	uint32_t count = 0;

	for (uint32_t i = 0; i < pages; i++) {
		const kva_t at = va + (i << KVA_PAGE_SHIFT);
		const uint32_t entry = bench_metal_model_entry(r->model, at);

		metal_digest_add(&r->model->state, (uint64_t)at << 32 | entry);
		count += (entry & both) == both;
	}
	return count;
}

/* One operation, and what the kernel does with it: a new cluster's pages are
 * touched, and those of a freed one fault. */
static int run_op(struct running *r, struct replay_op op)
{
	struct bench_metal_model *m = r->model;
	const uint64_t *handle = &r->program.live[replay_op_slot(op)];
	const uint32_t pages = kva_pages_of(op.size);

	if (replay_op_is_free(op) && *handle) {
		m->accessed_dirty += add_state(r, (kva_t)*handle, pages);
		m->faults += pages;
	}
	replay_step_run(&r->step, op, r->program.live);
	if (r->step.free_status < 0)
		return kb_fail(r->diag, KB_E_WRONG,
			       "the simulated heap does not know an address "
			       "it returned");
	if (replay_op_is_free(op) || !*handle)
		return 0;
	for (uint32_t i = 0; i < pages; i++)
		m->alloc.vt->touch(m->alloc.ctx, *handle, i << KVA_PAGE_SHIFT);
	add_state(r, (kva_t)*handle, pages);
	return 0;
}

static int run_slice(struct running *r, const struct replay_slice *slice)
{
	int err = keep_ops(r->model, slice);

	if (err < 0)
		return kb_fail(r->diag, err, "out of memory for the trace");
	for (size_t i = 0; i < slice->count && err == 0; i++)
		err = run_op(r, slice->ops[i]);
	kb_progress_tick(r->job->progress, r->model->op_count,
			 r->job->trace->counts.events);
	return r->job->stop() ? KB_E_STOPPED : err;
}

/* Pages that live at the end have been touched too. */
static void count_rest(struct bench_metal_model *m)
{
	const uint32_t both = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;

	for (uint32_t i = 0; i < m->pages; i++) {
		const uint32_t entry = bench_metal_model_entry(
			m, m->base + (i << KVA_PAGE_SHIFT));

		m->accessed_dirty += (entry & both) == both;
	}
}

static int run_all(struct running *r)
{
	struct replay_slice slice;
	int err;

	while ((err = replay_program_next(&r->program, &slice, r->diag)) == 0) {
		err = run_slice(r, &slice);
		if (err < 0)
			return err;
	}
	if (err < 0)
		return err;
	r->model->slots = r->program.slots;
	r->model->digest = replay_step_digest(&r->step);
	count_rest(r->model);
	r->model->alloc.vt->counters(r->model->alloc.ctx, add_counter,
				     &r->model->counters);
	return 0;
}

static int open_model(struct running *r, struct trc_reader **reader)
{
	const struct alloc_config config = {
		.spec = r->job->spec,
		.heap_base = r->job->heap_base,
		.heap_pages = r->job->heap_pages,
	};
	struct bench_metal_model *m = r->model;
	int err = alloc_open(&m->alloc, &config, r->diag);

	if (err < 0)
		return err;
	m->is_fast = bench_metal_is_fast(r->job->spec);
	m->base = m->is_fast ? kheap_fast_base(m->alloc.ctx)
			     : kheap_base(m->alloc.ctx);
	m->pages =
		r->job->heap_pages ? r->job->heap_pages : KHEAP_PAGES_DEFAULT;
	err = replay_step_init(&r->step, m->alloc, ALLOC_TOUCH_NONE);
	if (err < 0)
		return kb_fail(r->diag, err, "out of memory for the digest");
	return trc_reader_open_fd(reader, r->job->trace->fd,
				  r->job->trace->given, TRC_COLUMNS_REPLAY,
				  r->diag);
}

int bench_metal_model_run(struct bench_metal_model *model,
			  const struct bench_metal_job *job,
			  struct kb_diag *diag)
{
	struct running r = { .model = model, .job = job, .diag = diag };
	struct trc_reader *reader = NULL;
	int err;

	memset(model, 0, sizeof(*model));
	metal_digest_init(&model->state);
	err = open_model(&r, &reader);
	if (err == 0) {
		replay_program_init(&r.program, reader, NULL);
		err = replay_program_rewind(&r.program, diag);
		if (err == 0)
			err = run_all(&r);
		if (err == 0)
			err = alloc_check_host(&model->alloc, diag);
		replay_program_release(&r.program);
	}
	replay_step_release(&r.step);
	trc_reader_close(reader);
	return err;
}

void bench_metal_model_release(struct bench_metal_model *model)
{
	alloc_close(&model->alloc);
	free(model->ops);
}
