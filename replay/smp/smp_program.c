#include "smp_program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* CPU numbers are below this. */
#define CPUS_MAX 65536u

/* What reading needs beside the program. */
struct reading {
	struct smp_program *program;

	/* Of each slot, its object. */
	uint32_t *object;

	/* Of each object, its size. */
	uint32_t *size;
};

static int make_room(struct reading *r, const struct trc_counts *counts,
		     struct kb_diag *diag)
{
	struct smp_program *p = r->program;

	if (counts->events > SMP_EVENTS_MAX)
		return kb_fail(diag, KB_E_RANGE,
			       "%" PRIu64 " events: a replay on several CPUs "
			       "takes at most %" PRIu32 "; cut the trace with "
			       "'trc cut'",
			       counts->events, SMP_EVENTS_MAX);
	p->event = calloc(counts->events + 1, sizeof(*p->event));
	p->cpu = calloc(counts->events + 1, sizeof(*p->cpu));
	r->object = calloc(counts->live_max + 1, sizeof(*r->object));
	r->size = calloc(counts->allocs + 1, sizeof(*r->size));
	if (!p->event || !p->cpu || !r->object || !r->size)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for %" PRIu64 " events",
			       counts->events);
	return 0;
}

/* The stated rule for stamps that do not rise: the order is the trace's, and a
 * step back is no time at all. Here they are counted. */
static void compare_stamps(struct smp_program *p, uint32_t i)
{
	const uint64_t before = p->event[i - 1].time_ns;
	const uint64_t now = p->event[i].time_ns;

	p->equal_stamps += now == before;
	p->clock_steps_back += now < before;
}

static int take_block(struct reading *r, const struct trc_block *block,
		      struct kb_diag *diag)
{
	struct smp_program *p = r->program;

	for (uint32_t i = 0; i < block->count; i++) {
		const bool is_free = block->kind[i] != TRC_ALLOC;
		const uint32_t slot = block->slot[i];
		struct smp_event *event = &p->event[p->events];

		if (!is_free && block->size[i] > UINT32_MAX)
			return kb_fail(diag, KB_E_RANGE,
				       "event %" PRIu32 " allocates %" PRIu64
				       " bytes; a replay takes sizes below "
				       "4 GiB",
				       p->events, block->size[i]);
		if (!is_free) {
			r->size[p->objects] = (uint32_t)block->size[i];
			r->object[slot] = p->objects++;
		}
		event->time_ns = block->time_ns[i];
		event->object_kind = r->object[slot] << 1 | is_free;
		event->size = r->size[r->object[slot]];
		p->cpu[p->events] = block->cpu[i];
		if (p->events > 0)
			compare_stamps(p, p->events);
		p->events++;
	}
	return 0;
}

/* Numbers the CPUs that there are, in their order. */
static int number_cpus(struct smp_program *p, struct kb_diag *diag)
{
	uint32_t *first = malloc(CPUS_MAX * sizeof(*first));
	uint16_t *place = malloc(CPUS_MAX * sizeof(*place));

	p->cpu_number = malloc(CPUS_MAX * sizeof(*p->cpu_number));
	p->first_event = malloc(CPUS_MAX * sizeof(*p->first_event));
	if (!first || !place || !p->cpu_number || !p->first_event) {
		free(first);
		free(place);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	memset(first, 0xff, CPUS_MAX * sizeof(*first));
	for (uint32_t i = p->events; i-- > 0;)
		first[p->cpu[i]] = i;
	for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (first[cpu] == UINT32_MAX)
			continue;
		place[cpu] = (uint16_t)p->cpus;
		p->cpu_number[p->cpus] = (uint16_t)cpu;
		p->first_event[p->cpus++] = first[cpu];
	}
	for (uint32_t i = 0; i < p->events; i++)
		p->cpu[i] = place[p->cpu[i]];
	free(first);
	free(place);
	return 0;
}

static int read_events(struct reading *r, struct trc_reader *reader,
		       struct kb_diag *diag)
{
	const struct trc_info *info = trc_reader_info(reader);
	struct trc_block block;
	int err = make_room(r, &info->counts, diag);

	if (err < 0)
		return err;
	r->program->ticks = info->clock == TRC_CLOCK_TICKS;
	while ((err = trc_reader_next(reader, &block, diag)) == 0) {
		err = take_block(r, &block, diag);
		if (err < 0)
			break;
	}
	return err == KB_END ? number_cpus(r->program, diag) : err;
}

int smp_program_read(struct smp_program *program, struct trc_reader *reader,
		     struct kb_diag *diag)
{
	struct reading r = { .program = program };
	int err;

	memset(program, 0, sizeof(*program));
	err = read_events(&r, reader, diag);
	free(r.object);
	free(r.size);
	if (err < 0)
		smp_program_release(program);
	return err;
}

void smp_program_release(struct smp_program *program)
{
	free(program->event);
	free(program->cpu);
	free(program->cpu_number);
	free(program->first_event);
	memset(program, 0, sizeof(*program));
}
