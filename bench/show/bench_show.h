/*
 * bench_show: draws the heap after one event of a trace, as the seed does: rows
 * with their nodes, the tracking arrays, and the last operation step by step.
 *
 * bench_show.c replays up to the event and makes a scene; bench_show_text.c
 * draws it for a terminal, bench_show_svg.c as a picture, bench_show_json.c for
 * programs.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SHOW_H
#define BENCH_SHOW_H

#include "bench_trace.h"
#include "bench_walk.h"
#include "alloc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The live clusters, in ascending rows, each row in its list's order. */
struct show_heap {
	struct alloc_cluster *cluster;
	size_t count;
	size_t capacity;

	/* Rows, including empty ones. */
	uint32_t rows;
};

enum show_op {
	/* Before the first event. */
	SHOW_NOTHING,
	SHOW_ALLOC,

	/* A kmalloc that returned 0. */
	SHOW_FAILED,
	SHOW_FREE,

	/* A free of an object that was never allocated because its kmalloc
	 * failed. */
	SHOW_SKIPPED
};

/* How the allocator's lookup works. */
enum show_search {
	/* Row 0, row 1, … and along each list. */
	SHOW_ROWS,

	/* The same, but empty rows are skipped. */
	SHOW_ROWMAP,

	/* Not along the lists at all. */
	SHOW_INDEX
};

/* One step of the search for a cluster. */
struct show_step {
	/* The node compared; NULL for row heads that hold none. */
	const struct alloc_cluster *node;

	/* The row, and the last one of several empty ones. */
	uint32_t row;
	uint32_t row_last;
};

struct show_scene {
	/* Cleaned (kb_escape_clean). */
	char trace[256];
	char alloc[ALLOC_NAME_SIZE];

	/* Of `events`; 0 is before the first. */
	uint64_t event;
	uint64_t events;

	enum show_op op;

	/* Bytes requested; SHOW_ALLOC and SHOW_FAILED. */
	uint64_t size;

	/* Where it was called, cleaned; "" if the trace does not say. */
	char site[256];

	/* A free that was not recorded but must have happened. */
	bool implied;

	/* Before the event and after it. */
	struct show_heap before;
	struct show_heap now;

	/* The cluster that was added or removed; SHOW_ALLOC and SHOW_FREE. */
	struct alloc_cluster subject;

	/* SHOW_FREE: how it was found, and the nodes that the heap itself
	 * counted; has_nodes is false if its lookup counts none. */
	enum show_search search;
	bool has_nodes;
	uint64_t nodes;

	/* SHOW_FREE by rows: the steps, which point into `before`. */
	struct show_step *step;
	size_t steps;
	size_t steps_capacity;
};

/* Draws a scene for a terminal of `width` columns. */
void bench_show_text(FILE *out, const struct show_scene *scene, size_t width,
		     bool color);

/* Draws a scene as an SVG document. */
void bench_show_svg(FILE *out, const struct show_scene *scene);

struct json_t;

/* A scene as a JSON object: every live cluster in its row's order, and what the last
 * event did. A new reference; NULL if out of memory. */
struct json_t *bench_show_json(const struct show_scene *scene);

/* Clusters of the row that begins at `first` (an index into the heap's
 * clusters). */
size_t bench_show_row_length(const struct show_heap *heap, size_t first);

/* The tracking arrays' entries as a list: `*count` clusters by ascending index,
 * at most `room`, always including the subject's (a freed one's with size 0).
 * `*more` gets the number of those omitted. */
void bench_show_entries(const struct show_scene *scene,
			struct alloc_cluster *entry, size_t room, size_t *count,
			size_t *more);

/* The search's totals: nodes compared and row heads examined. */
void bench_show_totals(const struct show_scene *scene, uint64_t *nodes,
		       uint64_t *rows);

/* The nodes that kheap_remove_cluster walks to unlink the subject. */
uint64_t bench_show_removal(const struct show_scene *scene);

/* A replay that can stop at any event. Zero it, but for `trace.fd`: -1. */
struct bench_player {
	struct bench_trace trace;
	struct alloc_spec spec;
	struct bench_walk walk;
	struct show_scene scene;
};

/* Opens the trace and the allocator called `alloc`, which must have rows, before
 * the first event. Returns 0 or <0 with `diag` filled; to be closed in any
 * case. */
int bench_player_open(struct bench_player *p, const char *trace,
		      const char *alloc, struct kb_diag *diag);

/* Plays up to event `at`, which p->scene then shows. Returns 0 or <0 with
 * `diag` filled. */
int bench_player_play_to(struct bench_player *p, uint64_t at,
			 struct kb_diag *diag);

void bench_player_close(struct bench_player *p);

#endif /* BENCH_SHOW_H */
