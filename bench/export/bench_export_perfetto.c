#include "bench_export.h"

#include "bench_walk.h"
#include "kb_bits.h"
#include "kb_escape.h"

#include <inttypes.h>
#include <stdlib.h>

/* Nanoseconds that a node is drawn as, if no result says how long it takes. */
#define NODE_NS 1.0

struct writing {
	FILE *out;
	const struct bench_export *e;
	struct bench_walk walk;

	/* Requested bytes by slot, and their sum. */
	uint64_t *size;
	size_t slots;
	uint64_t live_bytes;
	uint64_t live;
};

/* A time of the recording, in microseconds with three decimals. */
static void write_time(FILE *out, const char *name, uint64_t ns)
{
	fprintf(out, ",\"%s\":%" PRIu64 ".%03u", name, ns / 1000,
		(unsigned)(ns % 1000));
}

/* One event; a reader makes a track of each of its values. */
static void write_counters(struct writing *w, uint64_t ns)
{
	fputs(",\n{\"ph\":\"C\",\"pid\":1,\"name\":\"heap\"", w->out);
	write_time(w->out, "ts", ns);
	fprintf(w->out,
		",\"args\":{\"live bytes\":%" PRIu64
		",\"live objects\":%" PRIu64,
		w->live_bytes, w->live);
	if (w->walk.alloc.vt->gauge)
		fprintf(w->out, ",\"pages\":%" PRIu64,
			w->walk.gauge.pages_live);
	fputs("}}", w->out);
}

/* A kfree's search, on the CPU that called it. */
static void write_search(struct writing *w, uint64_t ns, unsigned cpu)
{
	const struct bench_walk_event *event = &w->walk.event;
	const double node_ns =
		w->e->ns_per_node > 0 ? w->e->ns_per_node : NODE_NS;
	const char *module;
	const char *site =
		trc_reader_site(w->walk.reader, event->site, &module);
	char name[256] = "";

	if (site)
		kb_escape_clean(name, sizeof(name), site);
	fputs(",\n{\"ph\":\"X\",\"pid\":1,\"name\":\"kfree\",\"cat\":"
	      "\"search\"",
	      w->out);
	fprintf(w->out, ",\"tid\":%u", cpu + 1);
	write_time(w->out, "ts", ns);
	write_time(w->out, "dur", (uint64_t)((double)event->nodes * node_ns));
	fprintf(w->out,
		",\"args\":{\"event\":%" PRIu64 ",\"nodes\":%" PRIu64
		",\"site\":",
		event->number - 1, event->nodes);
	bench_export_string(w->out, name);
	fputs("}}", w->out);
}

static int write_event(struct writing *w, struct kb_diag *diag)
{
	const struct bench_walk_event *event = &w->walk.event;
	const uint32_t at = w->walk.played;
	const uint64_t ns = w->walk.block.time_ns[at];
	const unsigned cpu = w->walk.block.cpu[at];
	int err = bench_walk_grow(&w->size, &w->slots, (size_t)event->slot + 1,
				  sizeof(*w->size), diag);

	if (err == 0)
		err = bench_walk_play(&w->walk, diag);
	if (err < 0)
		return err;
	if (event->kind == TRC_ALLOC) {
		w->size[event->slot] = event->size;
		w->live_bytes += event->size;
		w->live++;
	} else {
		w->live_bytes -= w->size[event->slot];
		w->live--;
		write_search(w, ns, cpu);
	}
	write_counters(w, ns);
	return 0;
}

int bench_export_perfetto(FILE *out, const struct bench_export *e,
			  struct kb_diag *diag)
{
	const struct alloc_config config = { .spec = &e->spec };
	struct writing w = { .out = out, .e = e };
	int err = bench_walk_open(&w.walk, e->trace, &config, diag);

	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
	      "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{"
	      "\"name\":",
	      out);
	bench_export_string(out, e->spec.name);
	fputs("}}", out);
	while (err == 0) {
		err = bench_walk_next(&w.walk, diag);
		if (err == 0)
			err = write_event(&w, diag);
	}
	fputs("\n]}\n", out);
	bench_walk_close(&w.walk);
	free(w.size);
	return err == KB_END ? 0 : err;
}
