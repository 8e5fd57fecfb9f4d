/*
 * A magazine's array starts small and grows up to the magazine's size, so that
 * large magazines of rare lengths take no memory. Its owner alone grows it.
 */
#include "magazines.h"

#include "kb_assert.h"
#include "kb_bits.h"

#include <stdlib.h>

/* Rounds of a new magazine's array, at most. */
#define ROOM_FIRST 64u

/* A CPU's records are this far apart, so that no line has two owners. */
#define LINE 64u

struct magazine {
	/* In the depot. */
	struct magazine *next;

	uint32_t count;
	uint32_t room;
	kva_t *round;
};

/* Of one CPU and row. Both are made by the first put. */
struct pair {
	struct magazine *loaded;
	struct magazine *previous;
};

struct cpu {
	struct pair row[MAGAZINES_ROWS];
	char apart[LINE];
};

struct magazines {
	uint32_t cpus;
	uint32_t rounds;

	/* Full ones, by row. Under the heap's lock. */
	struct magazine *depot[MAGAZINES_ROWS];

	struct cpu *cpu;
};

struct magazines *magazines_new(uint32_t cpus, uint32_t rounds)
{
	struct magazines *m = calloc(1, sizeof(*m));

	kb_assert(rounds >= 1 && rounds <= MAGAZINES_ROUNDS_MAX);
	if (!m)
		return NULL;
	m->cpus = cpus;
	m->rounds = rounds;
	m->cpu = calloc(cpus, sizeof(*m->cpu));
	if (m->cpu)
		return m;
	free(m);
	return NULL;
}

static void free_magazine(struct magazine *magazine)
{
	if (magazine)
		free(magazine->round);
	free(magazine);
}

void magazines_free(struct magazines *m)
{
	if (!m)
		return;
	for (uint32_t row = 0; row < MAGAZINES_ROWS; row++) {
		while (m->depot[row]) {
			struct magazine *next = m->depot[row]->next;

			free_magazine(m->depot[row]);
			m->depot[row] = next;
		}
		for (uint32_t i = 0; i < m->cpus; i++) {
			free_magazine(m->cpu[i].row[row].loaded);
			free_magazine(m->cpu[i].row[row].previous);
		}
	}
	free(m->cpu);
	free(m);
}

static struct pair *pair_of(struct magazines *m, uint32_t cpu, uint32_t pages)
{
	kb_assert(cpu < m->cpus && pages >= 1 && magazines_have(pages));
	return &m->cpu[cpu].row[pages - 1];
}

static void swap(struct pair *pair)
{
	struct magazine *loaded = pair->loaded;

	pair->loaded = pair->previous;
	pair->previous = loaded;
}

/* Makes both magazines of a pair that has none. */
static int fill_pair(struct pair *pair)
{
	if (!pair->loaded)
		pair->loaded = calloc(1, sizeof(*pair->loaded));
	if (!pair->previous)
		pair->previous = calloc(1, sizeof(*pair->previous));
	return pair->loaded && pair->previous ? 0 : KB_E_NOMEM;
}

static int push(const struct magazines *m, struct magazine *to, kva_t va)
{
	if (to->count == to->room) {
		const uint32_t room = (uint32_t)kb_min(
			m->rounds,
			to->room ? UINT64_C(2) * to->room : ROOM_FIRST);
		kva_t *grown = realloc(to->round, room * sizeof(*grown));

		if (!grown)
			return KB_E_NOMEM;
		to->round = grown;
		to->room = room;
	}
	to->round[to->count++] = va;
	return 0;
}

kva_t magazines_take(struct magazines *m, uint32_t cpu, uint32_t pages)
{
	struct pair *pair = pair_of(m, cpu, pages);

	if (!pair->loaded)
		return 0;
	if (pair->loaded->count == 0) {
		/* Full or empty. */
		if (!pair->previous || pair->previous->count == 0)
			return 0;
		swap(pair);
	}
	return pair->loaded->round[--pair->loaded->count];
}

int magazines_put(struct magazines *m, uint32_t cpu, uint32_t pages, kva_t va)
{
	struct pair *pair = pair_of(m, cpu, pages);

	if (fill_pair(pair) < 0)
		return KB_E_NOMEM;
	if (pair->loaded->count == m->rounds) {
		if (pair->previous->count != 0)
			return KB_END;
		swap(pair);
	}
	return push(m, pair->loaded, va);
}

kva_t magazines_load(struct magazines *m, uint32_t cpu, uint32_t pages)
{
	struct pair *pair = pair_of(m, cpu, pages);
	struct magazine *full = m->depot[pages - 1];

	if (!full)
		return 0;
	m->depot[pages - 1] = full->next;
	full->next = NULL;
	/* Both are empty: one goes. */
	free_magazine(pair->previous);
	pair->previous = pair->loaded;
	pair->loaded = full;
	return full->round[--full->count];
}

int magazines_store(struct magazines *m, uint32_t cpu, uint32_t pages, kva_t va)
{
	struct pair *pair = pair_of(m, cpu, pages);
	struct magazine *empty;

	/* Where the put failed for want of memory. */
	if (!pair->previous || pair->previous->count != m->rounds)
		return KB_E_NOMEM;
	empty = calloc(1, sizeof(*empty));
	if (!empty || push(m, empty, va) < 0) {
		free_magazine(empty);
		return KB_E_NOMEM;
	}
	pair->previous->next = m->depot[pages - 1];
	m->depot[pages - 1] = pair->previous;
	pair->previous = pair->loaded;
	pair->loaded = empty;
	return 0;
}
