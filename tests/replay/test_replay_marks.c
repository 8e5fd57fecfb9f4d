/*
 * Marked frees and the dearest, against the counters and a plain sort.
 */
#include "replay_support.h"

#include "kb_rng.h"

#include <stdlib.h>

/* Some 650 kB each. */
static struct replay_count_result count;
static struct replay_marks marks;

static void count_trace(const char *trace, const char *name, uint64_t seed)
{
	struct trc_reader *reader = test_trace_file(trace);
	struct replay_job job = { .reader = reader,
				  .alloc = test_alloc_open(name, 0),
				  .seed = seed };
	struct kb_diag diag;

	kb_diag_init(&diag);
	assert_int_equal(replay_count(&job, &count, &diag), 0);
	job.alloc.vt->close(job.alloc.ctx);
	trc_reader_close(reader);
}

/* All 12,591 frees are marked: together they are the counters. */
static void test_replay_marks__add_up(void **state)
{
	uint64_t nodes = 0, removed = 0, lines = 0, tlb = 0;
	uint64_t worst = 0;

	(void)state;
	count_trace("boot.trc", "kheap", 1);
	assert_int_equal(count.marks.count, 12591);
	assert_int_equal(count.marks.has, 31);
	for (uint32_t i = 0; i < count.marks.count; i++) {
		const struct replay_mark *m = &count.marks.mark[i];

		nodes += m->nodes_visited;
		removed += m->remove_nodes_visited;
		lines += m->lines_touched;
		tlb += m->tlb_invalidations;
		worst = m->nodes_visited > worst ? m->nodes_visited : worst;
		assert_ptr_equal(replay_marks_find(&count.marks, m->event), m);
		assert_true(m->pte_writes > 0);
	}
	assert_int_equal(nodes, 47476579);
	assert_int_equal(removed, 47300497);
	assert_int_equal(worst, 7642);
	assert_int_equal(lines, test_counter(&count, "lines_touched"));
	assert_int_equal(tlb, test_counter(&count, "tlb_invalidations"));
	assert_null(replay_marks_find(&count.marks, 0));
	assert_null(replay_marks_find(&count.marks, 1000000));
}

/* A random part, the seed's and no allocator's. */
static void test_replay_marks__are_a_random_part(void **state)
{
	uint32_t first, n;

	(void)state;
	count_trace("debian-boot.trc", "kheap:lookup=pagemap", 1);
	assert_in_range(count.marks.count, 41375 / 4 - 600, 41375 / 4 + 600);
	first = (uint32_t)count.marks.mark[7].event;
	n = count.marks.count;
	count_trace("debian-boot.trc", "kheap-fast", 1);
	assert_int_equal(count.marks.count, n);
	assert_int_equal(count.marks.mark[7].event, first);
	count_trace("debian-boot.trc", "kheap-fast", 2);
	assert_int_not_equal(count.marks.mark[7].event, first);
	/* Of an allocator without counters there is nothing to keep. */
	count_trace("debian-boot.trc", "glibc", 1);
	assert_int_equal(count.marks.count, 0);
	assert_int_equal(count.marks.dearest, 0);
}

/* One in a thousand, and only where there is a difference. */
static void test_replay_marks__finds_the_most_expensive(void **state)
{
	(void)state;
	count_trace("boot.trc", "kheap:order=head", 1);
	assert_int_equal(count.marks.dearest, 12);
	for (uint32_t i = 1; i < 12; i++)
		assert_true(count.marks.dear[i - 1].event <
			    count.marks.dear[i].event);
	count_trace("boot.trc", "kheap:lookup=pagemap", 1);
	assert_int_equal(count.marks.dearest, 0);
}

static int compare_dear(const void *a, const void *b)
{
	const struct replay_dear *x = a, *y = b;

	if (x->nodes != y->nodes)
		return x->nodes < y->nodes ? 1 : -1;
	return (x->event > y->event) - (x->event < y->event);
}

static void test_replay_marks__chooses_as_a_sort_does(void **state)
{
	enum { OFFERS = 20000 };
	struct replay_dear *all = calloc(OFFERS, sizeof(*all));

	(void)state;
	assert_non_null(all);
	for (uint64_t most = 3; most < 100000; most *= 30) {
		struct kb_rng rng = kb_rng_init(most);

		replay_marks_init(&marks, OFFERS, 1);
		assert_int_equal(marks.dearest_max, 20);
		for (uint64_t i = 0; i < OFFERS; i++) {
			all[i].event = i;
			all[i].nodes = kb_rng_below(&rng, most);
			replay_marks_offer(&marks, i, all[i].nodes);
		}
		replay_marks_end(&marks, 0);
		qsort(all, OFFERS, sizeof(*all), compare_dear);
		assert_int_equal(marks.dearest, 20);
		for (uint32_t i = 0; i < 20; i++) {
			bool found = false;

			for (uint32_t k = 0; k < 20; k++)
				found |= marks.dear[k].event == all[i].event;
			assert_true(found);
		}
	}
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_marks__add_up),
		cmocka_unit_test(test_replay_marks__are_a_random_part),
		cmocka_unit_test(test_replay_marks__finds_the_most_expensive),
		cmocka_unit_test(test_replay_marks__chooses_as_a_sort_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
