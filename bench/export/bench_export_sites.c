#include "bench_export.h"

#include "bench_walk.h"
#include "kb_escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 320

/* What a call site has cost. */
struct cost {
	uint64_t nodes;
	uint64_t bytes;
};

struct sites {
	const struct bench_export *e;
	struct bench_walk walk;

	/* By the reader's number of a site. */
	struct cost *cost;
	size_t count;

	/* Which site allocated the object in each slot. */
	uint32_t *owner;
	size_t slots;
};

static int add_event(struct sites *s, struct kb_diag *diag)
{
	const struct bench_walk_event *event = &s->walk.event;
	int err = bench_walk_grow(&s->owner, &s->slots, (size_t)event->slot + 1,
				  sizeof(*s->owner), diag);

	if (err == 0)
		err = bench_walk_grow(&s->cost, &s->count,
				      (size_t)event->site + 1, sizeof(*s->cost),
				      diag);
	if (err == 0)
		err = bench_walk_play(&s->walk, diag);
	if (err < 0)
		return err;
	if (event->kind == TRC_ALLOC) {
		s->owner[event->slot] = event->site;
		s->cost[event->site].bytes += event->size;
	} else {
		s->cost[s->owner[event->slot]].nodes += event->nodes;
	}
	return 0;
}

static uint64_t weight_of(const struct sites *s, size_t site,
			  enum bench_export_weight weight)
{
	const struct cost *c = &s->cost[site];

	if (weight == BENCH_EXPORT_BYTES)
		return c->bytes;
	return weight == BENCH_EXPORT_NS
		       ? (uint64_t)((double)c->nodes * s->e->ns_per_node)
		       : c->nodes;
}

static const char *name_of(const struct sites *s, char out[NAME_SIZE],
			   size_t site)
{
	const char *module = NULL;
	const char *text =
		trc_reader_site(s->walk.reader, (uint32_t)site, &module);

	if (!text)
		return strcpy(out, "(no site)");
	kb_escape_clean(out, NAME_SIZE, text);
	/* Both are a format's separators. */
	for (char *c = out; *c; c++)
		if (*c == ';' || *c == ' ')
			*c = '_';
	return out;
}

static void write_collapsed(FILE *out, const struct sites *s)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < s->count; i++) {
		const uint64_t weight = weight_of(s, i, s->e->weight);

		if (weight > 0)
			fprintf(out, "%s;%s %" PRIu64 "\n", s->e->spec.name,
				name_of(s, name, i), weight);
	}
}

static void write_profile(FILE *out, const struct sites *s,
			  enum bench_export_weight weight, const char *what,
			  const char *unit)
{
	uint64_t sum = 0;

	fprintf(out,
		"{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"%s\","
		"\"startValue\":0,\"samples\":[",
		what, unit);
	for (size_t i = 0; i < s->count; i++)
		fprintf(out, "%s[0,%zu]", i ? "," : "", i + 1);
	fputs("],\"weights\":[", out);
	for (size_t i = 0; i < s->count; i++) {
		fprintf(out, "%s%" PRIu64, i ? "," : "",
			weight_of(s, i, weight));
		sum += weight_of(s, i, weight);
	}
	fprintf(out, "],\"endValue\":%" PRIu64 "}", sum);
}

static void write_speedscope(FILE *out, const struct sites *s)
{
	char name[NAME_SIZE];

	fputs("{\"$schema\":\"https://www.speedscope.app/"
	      "file-format-schema.json\",\"exporter\":\"kheap-replay\","
	      "\"name\":",
	      out);
	bench_export_string(out, s->e->trace->file);
	fputs(",\"shared\":{\"frames\":[{\"name\":", out);
	bench_export_string(out, s->e->spec.name);
	fputs("}", out);
	for (size_t i = 0; i < s->count; i++) {
		fputs(",{\"name\":", out);
		bench_export_string(out, name_of(s, name, i));
		fputs("}", out);
	}
	fputs("]},\"profiles\":[\n", out);
	write_profile(out, s, BENCH_EXPORT_NODES, "nodes compared", "none");
	fputs(",\n", out);
	write_profile(out, s, BENCH_EXPORT_BYTES, "bytes requested", "bytes");
	if (s->e->ns_per_node > 0) {
		fputs(",\n", out);
		write_profile(out, s, BENCH_EXPORT_NS, "time of the lookups",
			      "nanoseconds");
	}
	fputs("\n]}\n", out);
}

/* The table has room for more sites than there are. */
static void drop_unused(struct sites *s)
{
	while (s->count > 0 && s->cost[s->count - 1].nodes == 0 &&
	       s->cost[s->count - 1].bytes == 0)
		s->count--;
}

int bench_export_sites(FILE *out, const struct bench_export *e,
		       struct kb_diag *diag)
{
	const struct alloc_config config = { .spec = &e->spec };
	struct sites s = { .e = e };
	int err = bench_walk_open(&s.walk, e->trace, &config, diag);

	while (err == 0) {
		err = bench_walk_next(&s.walk, diag);
		if (err == 0)
			err = add_event(&s, diag);
	}
	if (err == KB_END) {
		drop_unused(&s);
		if (e->format == BENCH_EXPORT_SPEEDSCOPE)
			write_speedscope(out, &s);
		else
			write_collapsed(out, &s);
		err = 0;
	}
	bench_walk_close(&s.walk);
	free(s.cost);
	free(s.owner);
	return err;
}
