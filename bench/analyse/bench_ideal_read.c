#include "bench_ideal_read.h"

#include "bench_walk.h"
#include "kb_bits.h"
#include "trc_reader.h"

#include <stdlib.h>
#include <string.h>

/* A live object. */
struct object {
	uint64_t size;
	uint64_t kernel;

	/* Its place in the list to pack. */
	size_t number;
};

struct measuring {
	struct bench_ideal *out;
	uint64_t events;
	uint64_t events_total;
	uint64_t requested;
	uint64_t kernel;
	uint64_t pages;

	struct object *object;
	size_t slots;

	/* All objects so far, with capacity `room`; kept only while packing is
	 * possible. */
	struct replay_packed *packed;
	size_t count;
	size_t room;
	bool too_many;
};

/* A trace that is too long to pack is measured nevertheless. */
static int reserve_packed(struct measuring *m)
{
	size_t room = 2 * m->room + 1024;
	struct replay_packed *grown;

	m->too_many |= m->count == REPLAY_PACKING_OBJECTS_MAX;
	if (m->too_many || m->count < m->room)
		return 0;
	grown = realloc(m->packed, room * sizeof(*grown));
	if (!grown)
		return KB_E_NOMEM;
	m->packed = grown;
	m->room = room;
	return 0;
}

static void note_alloc(struct measuring *m, uint32_t slot, uint64_t size,
		       uint64_t granted)
{
	m->object[slot] = (struct object){ size, granted, m->count };
	m->requested += size;
	m->kernel += granted;
	m->pages += bench_pages(size);
	if (m->too_many)
		return;
	m->packed[m->count++] = (struct replay_packed){
		.birth = (uint32_t)m->events,
		.death = UINT32_MAX,
		.pages = (uint32_t)kb_min(bench_pages(size), UINT32_MAX),
	};
}

static void note_free(struct measuring *m, const struct object *object)
{
	m->requested -= object->size;
	m->kernel -= object->kernel;
	m->pages -= bench_pages(object->size);
	if (!m->too_many)
		m->packed[object->number].death = (uint32_t)m->events;
}

static void close_bin(struct measuring *m)
{
	m->out->bin[m->out->bins++] = (struct bench_ideal_bin){
		.event = m->events,
		.requested = m->requested,
		.kernel = m->kernel,
		.pages = m->pages * BENCH_PAGE,
	};
}

static int read_block(struct measuring *m, const struct trc_block *block)
{
	for (uint32_t i = 0; i < block->count; i++) {
		if (bench_walk_grow(&m->object, &m->slots,
				    (size_t)block->slot[i] + 1,
				    sizeof(*m->object), NULL) < 0 ||
		    reserve_packed(m) < 0)
			return KB_E_NOMEM;
		if (block->kind[i] == TRC_ALLOC)
			note_alloc(m, block->slot[i], block->size[i],
				   block->size_granted[i]);
		else
			note_free(m, &m->object[block->slot[i]]);
		m->events++;
		replay_span_add(&m->out->requested, m->requested);
		replay_span_add(&m->out->kernel, m->kernel);
		replay_span_add(&m->out->pages, m->pages * BENCH_PAGE);
		if (m->events ==
		    replay_bin_end(m->events_total, REPLAY_BINS, m->out->bins))
			close_bin(m);
	}
	return 0;
}

/* Writes into each bin how high the packing reaches at its end. */
static int measure_packing(struct measuring *m)
{
	uint32_t height = m->out->packing.height;
	uint8_t *taken = calloc(height + (size_t)1, 1);
	size_t born = 0, died = 0;
	uint32_t *by_death = malloc((m->events + 1) * sizeof(*by_death));

	if (!taken || !by_death) {
		free(taken);
		free(by_death);
		return KB_E_NOMEM;
	}
	memset(by_death, 0xff, (m->events + 1) * sizeof(*by_death));
	for (size_t i = 0; i < m->count; i++)
		if (m->packed[i].death < m->events)
			by_death[m->packed[i].death] = (uint32_t)i;
	for (uint32_t b = 0; b < m->out->bins; b++) {
		struct bench_ideal_bin *bin = &m->out->bin[b];
		uint32_t top = height;

		for (; died < bin->event; died++) {
			const struct replay_packed *o = NULL;
			bool is_birth = born < m->count &&
					m->packed[born].birth == died;

			if (is_birth)
				o = &m->packed[born++];
			else if (by_death[died] != UINT32_MAX)
				o = &m->packed[by_death[died]];
			if (o)
				memset(&taken[o->page], is_birth, o->pages);
		}
		while (top > 0 && !taken[top - 1])
			top--;
		bin->packed = (uint64_t)top * BENCH_PAGE;
	}
	free(taken);
	free(by_death);
	return 0;
}

static int pack(struct measuring *m)
{
	int err;

	if (m->too_many)
		return 0;
	for (size_t i = 0; i < m->count; i++)
		m->packed[i].death =
			(uint32_t)kb_min(m->packed[i].death, m->events);
	err = replay_packing_run(m->packed, m->count, (uint32_t)m->events,
				 &m->out->packing);
	if (err == KB_E_RANGE)
		return 0;
	if (err < 0)
		return err;
	m->out->has_packing = true;
	return measure_packing(m);
}

static int read_all(struct measuring *m, struct trc_reader *reader,
		    struct kb_diag *diag)
{
	struct trc_block block;
	int err;

	while ((err = trc_reader_next(reader, &block, diag)) == 0)
		if (read_block(m, &block) < 0)
			return kb_fail(diag, KB_E_NOMEM,
				       "out of memory for the ideal");
	if (err < 0)
		return err;
	if (m->out->bins == 0 ||
	    m->out->bin[m->out->bins - 1].event < m->events)
		close_bin(m);
	if (pack(m) < 0)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the packing");
	return 0;
}

int bench_ideal_read(struct bench_ideal *out, const struct bench_trace *trace,
		     struct kb_diag *diag)
{
	struct measuring m = { .out = out,
			       .events_total = trace->counts.events };
	struct trc_reader *reader;
	int err;

	memset(out, 0, sizeof(*out));
	err = trc_reader_open_fd(&reader, trace->fd, trace->given,
				 TRC_COLUMNS_ALL, diag);
	if (err < 0)
		return err;
	err = read_all(&m, reader, diag);
	trc_reader_close(reader);
	free(m.object);
	free(m.packed);
	return err;
}
