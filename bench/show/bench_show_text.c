#include "bench_show.h"

#include "bench_format.h"
#include "bench_show_box.h"
#include "kb_escape.h"
#include "bench_page.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <string.h>

/* Most lines of a part, so that the whole fits on one screen. */
#define ROWS_MAX    14
#define ENTRIES_MAX 8
#define STEPS_HEAD  5
#define STEPS_TAIL  2

static const char *bytes_text(char out[BENCH_TEXT_SIZE], uint64_t bytes)
{
	char number[BENCH_TEXT_SIZE];

	snprintf(out, BENCH_TEXT_SIZE, "%.24s KiB",
		 bench_format_count(number, bytes / 1024));
	return out;
}

/* A row's nodes, as many as fit; the others as a number. */
static void row_line(const struct show_page *p,
		     const struct alloc_cluster *first, size_t count)
{
	char text[SHOW_LINE_SIZE], note[BENCH_TEXT_SIZE],
		number[BENCH_TEXT_SIZE];
	char size[BENCH_TEXT_SIZE];
	size_t used, columns, shown = 0;

	snprintf(note, sizeof(note), "  (%.20s each)",
		 bytes_text(size, (uint64_t)BENCH_PAGE * (first->row + 1)));
	used = (size_t)snprintf(text, sizeof(text), "Row %" PRIu32 " →",
				first->row);
	columns = used - 2;
	/* " ↔ … (7,642 more)" or " → NULL" must still fit after it. */
	while (shown < count) {
		int digits = snprintf(NULL, 0, "%" PRIu32, first[shown].index);
		size_t own = (size_t)digits + (shown ? 5 : 3);
		size_t behind = shown + 1 < count ? 22 : 7 + strlen(note);

		if (columns + own + behind > p->inner && shown > 0)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s [%" PRIu32 "]", shown ? " ↔" : "",
					 first[shown].index);
		columns += own;
		shown++;
	}
	if (shown < count)
		snprintf(text + used, sizeof(text) - used, " ↔ … (%s more)",
			 bench_format_count(number, count - shown));
	else
		snprintf(text + used, sizeof(text) - used, " → NULL%s", note);
	bench_show_line(p, "%s", text);
}

static void empty_rows(const struct show_page *p, uint32_t first, uint32_t last)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (first == last)
		bench_show_line(p, "Row %s → NULL",
				bench_format_count(a, first));
	else
		bench_show_line(p, "Rows %s to %s → NULL",
				bench_format_count(a, first),
				bench_format_count(b, last));
}

static void rows_box(const struct show_page *p, const struct show_heap *heap)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint32_t next = 0;
	size_t at = 0, lines = 0, rest = 0;

	bench_show_title(p, "LINKED LISTS (by row)");
	while (at < heap->count && lines < ROWS_MAX) {
		const struct alloc_cluster *first = &heap->cluster[at];
		size_t count = bench_show_row_length(heap, at);

		if (first->row > next) {
			empty_rows(p, next, first->row - 1);
			lines++;
		}
		row_line(p, first, count);
		lines++;
		next = first->row + 1;
		at += count;
	}
	for (size_t i = at; i < heap->count;
	     i += bench_show_row_length(heap, i))
		rest++;
	if (rest)
		bench_show_line(p, "… (%s more rows with %s clusters)",
				bench_format_count(a, rest),
				bench_format_count(b, heap->count - at));
	else if (next < heap->rows)
		empty_rows(p, next, heap->rows - 1);
	bench_show_end(p);
}

static void entry_lines(const struct show_page *p,
			const struct alloc_cluster *entry, const char *note)
{
	char size[64], va[64];

	snprintf(size, sizeof(size), "cluster_size[%" PRIu32 "] = %" PRIu64,
		 entry->index, entry->size);
	if (entry->handle)
		snprintf(va, sizeof(va),
			 "cluster_va[%" PRIu32 "] = 0x%08" PRIX64, entry->index,
			 entry->handle);
	else
		snprintf(va, sizeof(va), "cluster_va[%" PRIu32 "] = 0",
			 entry->index);
	if (p->inner >= 70) {
		bench_show_line(p, "%-29s %-29s%s", size, va, note);
		return;
	}
	bench_show_line(p, "%s", size);
	bench_show_line(p, "%s%s", va, note);
}

static void arrays_box(const struct show_page *p, const struct show_scene *s)
{
	struct alloc_cluster entry[ENTRIES_MAX];
	char number[BENCH_TEXT_SIZE];
	const char *note = s->op == SHOW_ALLOC	? " ← new"
			   : s->op == SHOW_FREE ? " ← cleared"
						: "";
	size_t count, more;

	bench_show_entries(s, entry, ENTRIES_MAX, &count, &more);
	bench_show_title(p, "TRACKING ARRAYS (by index)");
	for (size_t i = 0; i < count; i++)
		entry_lines(p, &entry[i],
			    entry[i].index == s->subject.index ? note : "");
	if (more)
		bench_show_line(p, "… (%s more)",
				bench_format_count(number, more));
	if (count == 0)
		bench_show_line(p, "All entries are 0.");
	bench_show_end(p);
}

static void tell_step(const struct show_page *p, const struct show_scene *s,
		      size_t i)
{
	const struct show_step *step = &s->step[i];
	bool first_of_row = i == 0 || !s->step[i - 1].node ||
			    s->step[i - 1].row != step->row;
	char row[32];

	snprintf(row, sizeof(row), "Row %" PRIu32 ":", step->row);
	if (!step->node && step->row == step->row_last)
		bench_show_line(p, "  %-9s empty", row);
	else if (!step->node)
		bench_show_line(p, "  Rows %" PRIu32 " to %" PRIu32 ": empty",
				step->row, step->row_last);
	else
		bench_show_line(
			p,
			"  %-9s cluster_va[%" PRIu32 "] = 0x%08" PRIX64 "  %s",
			first_of_row ? row : "", step->node->index,
			step->node->handle, i + 1 == s->steps ? "found" : "no");
}

static void tell_search(const struct show_page *p, const struct show_scene *s)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint64_t nodes, rows;

	if (s->search == SHOW_INDEX) {
		bench_show_line(p, "  %s finds it without the rows%s%s%s",
				s->alloc, s->has_nodes ? ": it compares " : "",
				s->has_nodes ? bench_format_count(a, s->nodes)
					     : "",
				!s->has_nodes	? ""
				: s->nodes == 1 ? " entry"
						: " entries");
		return;
	}
	for (size_t i = 0; i < s->steps; i++) {
		if (i == STEPS_HEAD && s->steps > STEPS_HEAD + STEPS_TAIL + 1) {
			i = s->steps - STEPS_TAIL;
			bench_show_line(p, "            … (%s more steps)",
					bench_format_count(a, i - STEPS_HEAD));
		}
		tell_step(p, s, i);
	}
	bench_show_totals(s, &nodes, &rows);
	bench_show_line(p, "  %s node%s compared, in %s row%s",
			bench_format_count(a, nodes), nodes == 1 ? "" : "s",
			bench_format_count(b, rows), rows == 1 ? "" : "s");
}

static void tell_free(const struct show_page *p, const struct show_scene *s)
{
	const struct alloc_cluster *c = &s->subject;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint64_t removal = bench_show_removal(s);

	bench_show_line(p, "kfree(0x%08" PRIX64 ")%s%s%s", c->handle,
			s->implied ? ", not recorded but implied" : "",
			*s->site ? " from " : "", s->site);
	bench_show_line(p, "Search all rows for cluster_va[] == 0x%08" PRIX64,
			c->handle);
	tell_search(p, s);
	bench_show_line(p,
			"Found idx=%" PRIu32 " in free_clusters[%" PRIu32 "]",
			c->index, c->row);
	bench_show_line(p, "Get size: cluster_size[%" PRIu32 "] = %" PRIu64,
			c->index, c->size);
	bench_show_line(p, "Unmap: %" PRIu64 "/%u = %s page%s", c->size,
			BENCH_PAGE, bench_format_count(a, c->size / BENCH_PAGE),
			c->row ? "s" : "");
	if (s->search == SHOW_INDEX)
		bench_show_line(p,
				"Remove [%" PRIu32
				"] from free_clusters[%" PRIu32 "]",
				c->index, c->row);
	else
		bench_show_line(
			p,
			"Remove [%" PRIu32 "] from free_clusters[%" PRIu32
			"]: walks it again, %s node%s",
			c->index, c->row, bench_format_count(b, removal),
			removal == 1 ? "" : "s");
	bench_show_line(p,
			"Clear: cluster_size[%" PRIu32
			"] = 0, cluster_va[%" PRIu32 "] = 0",
			c->index, c->index);
}

/* Where in its row the new node is. */
static const char *place(const struct show_scene *s)
{
	const struct show_heap *heap = &s->now;
	size_t at = 0;

	while (heap->cluster[at].row < s->subject.row)
		at += bench_show_row_length(heap, at);
	if (bench_show_row_length(heap, at) == 1)
		return ", its only node";
	return heap->cluster[at].index == s->subject.index ? ", at its head"
							   : ", at its tail";
}

static void tell_alloc(const struct show_page *p, const struct show_scene *s)
{
	const struct alloc_cluster *c = &s->subject;
	char a[BENCH_TEXT_SIZE];

	bench_show_line(p, "kmalloc(%" PRIu64 ")%s%s", s->size,
			*s->site ? " from " : "", s->site);
	if (s->op == SHOW_FAILED) {
		bench_show_line(p, "No free run of pages is long enough.");
		bench_show_line(p, "Return 0");
		return;
	}
	bench_show_line(p,
			"Allocate %s page%s → new_va = 0x%08" PRIX64
			", size = %" PRIu64,
			bench_format_count(a, c->size / BENCH_PAGE),
			c->row ? "s" : "", c->handle, c->size);
	bench_show_line(p, "Add cluster:");
	bench_show_line(p, "  cluster_size[%" PRIu32 "] = %" PRIu64, c->index,
			c->size);
	bench_show_line(p, "  cluster_va[%" PRIu32 "] = 0x%08" PRIX64, c->index,
			c->handle);
	bench_show_line(p,
			"  Add [%" PRIu32 "] to free_clusters[%" PRIu32 "]%s",
			c->index, c->row, place(s));
	bench_show_line(p, "Return 0x%08" PRIX64, c->handle);
}

static void operation_box(const struct show_page *p, const struct show_scene *s)
{
	char text[64] = "THE LAST EVENT";

	/* The number that trc print gives it. */
	if (s->event > 0)
		snprintf(text, sizeof(text), "THE LAST EVENT: NUMBER %" PRIu64,
			 s->event - 1);
	bench_show_title(p, text);
	switch (s->op) {
	case SHOW_NOTHING:
		bench_show_line(
			p,
			"None yet: kheap_clusters_init() has emptied rows and "
			"arrays.");
		break;
	case SHOW_ALLOC:
	case SHOW_FAILED:
		tell_alloc(p, s);
		break;
	case SHOW_FREE:
		tell_free(p, s);
		break;
	case SHOW_SKIPPED:
		bench_show_line(p,
				"A skipped kfree: its kmalloc had returned 0.");
		break;
	}
	bench_show_end(p);
}

void bench_show_text(FILE *out, const struct show_scene *scene, size_t width,
		     bool color)
{
	const struct show_page page = bench_show_page(out, width, color);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];

	fprintf(out, "%s after %s of %s events, %s: %s live\n", scene->trace,
		bench_format_count(a, scene->event),
		bench_format_count(b, scene->events), scene->alloc,
		bench_format_count(c, scene->now.count));
	rows_box(&page, &scene->now);
	arrays_box(&page, scene);
	operation_box(&page, scene);
}
