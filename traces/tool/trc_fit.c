#include "trc_fit.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "trc_walk.h"

#include <stdlib.h>
#include <string.h>

/* A live object of the trace: its class, its alloc's number, and its number in
 * the class. */
struct object {
	uint32_t class;
	uint64_t born;
	uint64_t ordinal;
};

/* Reading a trace. */
struct fitting {
	struct trc_fit *fit;
	struct trc_names *names;
	struct trc_walk walk;
	struct kb_rng rng;

	/* By slot. */
	struct object *objects;

	uint64_t allocs;
	uint64_t time_first;
	uint64_t time_last;
};

/* Keeps a lifetime with the probability that makes a fair sample of the
 * class. */
static void keep_life(struct fitting *f, const struct object *object,
		      uint64_t life)
{
	struct trc_fit_class *class = &f->fit->classes[object->class];
	uint64_t place = object->ordinal;

	if (place >= TRC_FIT_LIVES)
		place = kb_rng_next(&f->rng) % (place + 1);
	if (place < TRC_FIT_LIVES)
		class->lives[place] = life;
}

static int find_class(struct fitting *f, uint32_t *number)
{
	const struct trc_event *event = &f->walk.event;
	const uint64_t key[] = { event->size, event->size_granted,
				 event->site };
	struct trc_fit *fit = f->fit;
	struct trc_fit_class *class;
	bool is_new;
	int err = trc_intern(&fit->keys, (const char *)key, sizeof(key), number,
			     &is_new);

	if (err < 0 || !is_new)
		return err;
	if (*number >= fit->class_room) {
		uint32_t room = fit->class_room ? fit->class_room * 2 : 256;

		class = realloc(fit->classes, room * sizeof(*class));
		if (!class)
			return KB_E_NOMEM;
		fit->classes = class;
		fit->class_room = room;
	}
	class = &fit->classes[*number];
	memset(class, 0, sizeof(*class));
	class->size = event->size;
	class->size_granted = event->size_granted;
	class->site = TRC_NAME_NONE;
	if (!f->walk.site)
		return 0;
	return trc_names_site_of(f->names, f->walk.site, f->walk.module,
				 &class->site);
}

static int add_alloc(struct fitting *f)
{
	struct object *object = &f->objects[f->walk.event.slot];
	struct trc_fit_class *class;
	int err = find_class(f, &object->class);

	if (err < 0)
		return err;
	class = &f->fit->classes[object->class];
	object->ordinal = class->count++;
	object->born = ++f->allocs;
	/* Unless a free follows, it lives to the end. */
	if (object->ordinal < TRC_FIT_LIVES)
		class->lives[object->ordinal] = UINT64_MAX;
	return 0;
}

static int add_event(struct fitting *f)
{
	const struct trc_event *event = &f->walk.event;
	const struct object *object = &f->objects[event->slot];

	if (f->walk.number == 0)
		f->time_first = event->time_ns;
	f->time_last = event->time_ns;
	f->fit->cpu_sums[kb_min(event->cpu, TRC_FIT_CPUS - 1)]++;
	if (event->kind == TRC_ALLOC)
		return add_alloc(f);
	keep_life(f, object, f->allocs - object->born);
	return 0;
}

/* Turns counts into running sums, which draws search. */
static void sum_up(struct fitting *f)
{
	struct trc_fit *fit = f->fit;
	uint64_t events = f->walk.info->counts.events;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < fit->keys.count; i++) {
		sum += fit->classes[i].count;
		fit->classes[i].sum = sum;
	}
	for (unsigned i = 1; i < TRC_FIT_CPUS; i++)
		fit->cpu_sums[i] += fit->cpu_sums[i - 1];
	fit->gap = events && f->time_last > f->time_first
			   ? (double)(f->time_last - f->time_first) /
				     (double)events
			   : 1;
}

int trc_fit_read(struct trc_fit *fit, const char *path, struct trc_names *names,
		 uint64_t seed, struct kb_diag *diag)
{
	struct fitting f = { .fit = fit, .names = names };
	int err = trc_walk_open(&f.walk, path, diag);

	f.rng = kb_rng_init(seed);
	if (err == 0) {
		f.objects = calloc(f.walk.info->counts.live_max + 1,
				   sizeof(*f.objects));
		if (!f.objects)
			err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	while (err == 0) {
		err = trc_walk_next(&f.walk, diag);
		if (err == 0 && add_event(&f) < 0)
			err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	if (err == KB_END) {
		sum_up(&f);
		err = fit->keys.count > 0
			      ? 0
			      : kb_fail(diag, KB_E_ARG,
					"%s: has no allocs to fit to", path);
	}
	free(f.objects);
	trc_walk_release(&f.walk);
	return err;
}

const struct trc_fit_class *trc_fit_class(const struct trc_fit *fit,
					  uint64_t random)
{
	uint32_t low = 0;
	uint32_t high = fit->keys.count - 1;
	uint64_t place = random % fit->classes[high].sum;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (fit->classes[middle].sum > place)
			high = middle;
		else
			low = middle + 1;
	}
	return &fit->classes[low];
}

uint64_t trc_fit_life(const struct trc_fit_class *of, uint64_t random)
{
	return of->lives[random % kb_min(of->count, TRC_FIT_LIVES)];
}

uint16_t trc_fit_cpu(const struct trc_fit *fit, uint64_t random)
{
	uint64_t place = random % fit->cpu_sums[TRC_FIT_CPUS - 1];
	uint16_t cpu = 0;

	while (fit->cpu_sums[cpu] <= place)
		cpu++;
	return cpu;
}

void trc_fit_release(struct trc_fit *fit)
{
	free(fit->classes);
	trc_intern_release(&fit->keys);
	memset(fit, 0, sizeof(*fit));
}
