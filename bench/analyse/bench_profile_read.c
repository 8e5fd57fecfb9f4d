#include "bench_profile_read.h"

#include "bench_walk.h"
#include "kb_bits.h"
#include "replay_result.h"
#include "trc_reader.h"

#include <stdlib.h>
#include <string.h>

/* A live object. */
struct object {
	uint64_t born;
	uint8_t group;
};

struct profiling {
	struct bench_profile *out;
	struct object *object;
	size_t slots;
	uint64_t events;
	uint64_t events_total;
	uint64_t live[BENCH_PROFILE_GROUPS];
};

static unsigned size_power(uint64_t size)
{
	return size <= 1 ? 0 : kb_log2(size - 1) + 1;
}

static void note_alloc(struct profiling *p, struct object *object,
		       uint64_t size)
{
	unsigned power =
		(unsigned)kb_min(size_power(size), BENCH_PROFILE_POWERS - 1);

	p->out->size_objects[power]++;
	p->out->size_bytes[power] += size;
	p->out->live_at_end++;
	object->born = p->events;
	object->group = (uint8_t)bench_profile_group(size);
	p->live[object->group]++;
}

static void note_free(struct profiling *p, const struct object *object)
{
	p->out->life_objects[kb_log2(p->events - object->born)]++;
	p->out->live_at_end--;
	p->live[object->group]--;
}

static uint64_t bin_end(const struct profiling *p)
{
	return replay_bin_end(p->events_total, BENCH_PROFILE_BINS,
			      p->out->bins);
}

static void close_bin(struct profiling *p)
{
	struct bench_profile_bin *bin = &p->out->bin[p->out->bins++];

	bin->event = p->events;
	memcpy(bin->live, p->live, sizeof(bin->live));
	for (unsigned g = 0; g < BENCH_PROFILE_GROUPS; g++)
		p->out->group_most[g] =
			kb_max(p->out->group_most[g], p->live[g]);
}

static int read_block(struct profiling *p, const struct trc_block *block)
{
	uint64_t end = bin_end(p);

	for (uint32_t i = 0; i < block->count; i++) {
		if (bench_walk_grow(&p->object, &p->slots,
				    (size_t)block->slot[i] + 1,
				    sizeof(*p->object), NULL) < 0)
			return KB_E_NOMEM;
		p->events++;
		if (block->kind[i] == TRC_ALLOC)
			note_alloc(p, &p->object[block->slot[i]],
				   block->size[i]);
		else
			note_free(p, &p->object[block->slot[i]]);
		if (p->events == end) {
			close_bin(p);
			end = bin_end(p);
		}
	}
	return 0;
}

int bench_profile_read(struct bench_profile *out,
		       const struct bench_trace *trace, struct kb_diag *diag)
{
	struct profiling p = { .out = out,
			       .events_total = trace->counts.events };
	struct trc_reader *reader;
	struct trc_block block;
	int err;

	memset(out, 0, sizeof(*out));
	err = trc_reader_open_fd(&reader, trace->fd, trace->given,
				 TRC_COLUMNS_REPLAY, diag);
	if (err < 0)
		return err;
	while ((err = trc_reader_next(reader, &block, diag)) == 0) {
		err = read_block(&p, &block);
		if (err < 0) {
			kb_fail(diag, err, "out of memory for the figures");
			break;
		}
	}
	if (err == KB_END && p.events > 0)
		close_bin(&p);
	trc_reader_close(reader);
	free(p.object);
	return err < 0 ? err : 0;
}
