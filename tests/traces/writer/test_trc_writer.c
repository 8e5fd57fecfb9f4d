/*
 * trc_writer and trc_reader against each other: what goes in comes out, for
 * events that no recording is likely to hold.
 */
#include "trc_test.h"

#include "kb_rng.h"
#include "trc_format.h"
#include "trc_reader.h"
#include "trc_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SITES 3000
#define TASKS 500

/* Makes events that obey the rules of slots. */
struct script {
	struct kb_rng rng;

	/* Slots that are live, and those free to take again, last on top. */
	uint32_t *live;
	uint64_t live_count;
	uint32_t *free_slots;
	uint64_t free_count;

	struct trc_counts counts;

	/* How wild it is: how many sizes there are, and how often the oldest
	 * objects are freed. */
	uint64_t sizes;
	uint64_t live_target;
};

static struct script script_new(uint64_t seed, uint64_t events)
{
	struct script s = { .rng = kb_rng_init(seed) };

	s.live = calloc(events + 1, sizeof(*s.live));
	s.free_slots = calloc(events + 1, sizeof(*s.free_slots));
	assert_non_null(s.live);
	assert_non_null(s.free_slots);
	return s;
}

static void script_release(struct script *s)
{
	free(s->live);
	free(s->free_slots);
}

static void script_alloc(struct script *s, struct trc_event *ev)
{
	ev->kind = TRC_ALLOC;
	ev->slot = s->free_count > 0 ? s->free_slots[--s->free_count]
				     : (uint32_t)s->counts.live_max++;
	s->live[s->live_count++] = ev->slot;
	ev->size = kb_rng_below(&s->rng, s->sizes);
	ev->size_granted = ev->size + kb_rng_below(&s->rng, 2);
	s->counts.allocs++;
	s->counts.objects++;
}

static void script_free(struct script *s, struct trc_event *ev)
{
	uint64_t i = kb_rng_below(&s->rng, s->live_count);

	ev->kind = kb_rng_below(&s->rng, 10) ? TRC_FREE : TRC_FREE_IMPLIED;
	ev->slot = s->live[i];
	s->live[i] = s->live[--s->live_count];
	s->free_slots[s->free_count++] = ev->slot;
	s->counts.frees++;
	s->counts.implied_frees += ev->kind == TRC_FREE_IMPLIED;
}

/* Times go forward by little, sometimes far, sometimes back. */
static uint64_t script_time(struct script *s, uint64_t time_ns)
{
	switch (kb_rng_below(&s->rng, 8)) {
	case 0:
		return kb_rng_next(&s->rng);
	case 1:
		return time_ns - kb_rng_below(&s->rng, 100000);
	default:
		return time_ns + kb_rng_below(&s->rng, 40);
	}
}

static struct trc_event script_next(struct script *s, uint64_t time_ns)
{
	struct trc_event ev = { .time_ns = script_time(s, time_ns) };

	if (s->live_count == 0 ||
	    kb_rng_below(&s->rng, 2 * s->live_target) >= s->live_count)
		script_alloc(s, &ev);
	else
		script_free(s, &ev);
	ev.cpu =
		(uint16_t)(kb_rng_below(&s->rng, 4) ? 0 : kb_rng_next(&s->rng));
	ev.site = (uint32_t)kb_rng_below(&s->rng, SITES);
	ev.task = (uint32_t)kb_rng_below(&s->rng, TASKS);
	s->counts.events++;
	return ev;
}

/* Gives the names of an event their ids, as the importer does. */
static void name_event(struct trc_writer *w, struct trc_event *ev,
		       uint32_t *sites, uint32_t *tasks)
{
	struct kb_diag diag = { 0 };
	char text[64];

	if (!sites[ev->site]) {
		snprintf(text, sizeof(text), "site%u+0x1", ev->site);
		assert_int_equal(trc_writer_site(w, text,
						 ev->site % 2 ? "mod" : "",
						 &sites[ev->site], &diag),
				 0);
	}
	if (!tasks[ev->task]) {
		snprintf(text, sizeof(text), "%.*s", (int)(ev->task % 9),
			 "comm-x y");
		assert_int_equal(trc_writer_task(w, text,
						 (int32_t)ev->task - 100,
						 &tasks[ev->task], &diag),
				 0);
	}
	ev->site = sites[ev->site];
	ev->task = tasks[ev->task];
}

/* Writes `count` events to `fd` and keeps them. */
static struct trc_event *write_script(struct script *s, int fd, uint64_t count)
{
	static uint32_t sites[SITES];
	static uint32_t tasks[TASKS];
	struct trc_writer_options opts = { .fd = fd,
					   .name = "out",
					   .level = 1,
					   .kernel_release = "6.1.0-test" };
	struct trc_event *events = calloc(count + 1, sizeof(*events));
	struct kb_diag diag = { 0 };
	struct trc_writer *w;

	assert_non_null(events);
	memset(sites, 0, sizeof(sites));
	memset(tasks, 0, sizeof(tasks));
	assert_int_equal(trc_writer_open(&w, &opts, &diag), 0);
	for (uint64_t i = 0; i < count; i++) {
		events[i] = script_next(s, i ? events[i - 1].time_ns : 0);
		name_event(w, &events[i], sites, tasks);
		assert_int_equal(trc_writer_add(w, &events[i], &diag), 0);
	}
	s->counts.live_at_end = s->live_count;
	assert_int_equal(trc_writer_finish(w,
					   &(struct trc_writer_totals){
						   .counts = &s->counts,
						   .clock = TRC_CLOCK_TICKS,
						   .source_hash = 0x123 },
					   &diag),
			 0);
	trc_writer_free(w);
	return events;
}

static void compare_block(const struct trc_block *b,
			  const struct trc_event *want)
{
	for (uint32_t i = 0; i < b->count; i++) {
		const struct trc_event *ev = &want[b->first_event + i];

		assert_int_equal(b->kind[i], ev->kind);
		assert_int_equal(b->slot[i], ev->slot);
		assert_true(b->size[i] == ev->size);
		if (!b->time_ns)
			continue;
		assert_true(b->size_granted[i] == ev->size_granted);
		assert_true(b->time_ns[i] == ev->time_ns);
		assert_int_equal(b->cpu[i], ev->cpu);
		assert_int_equal(b->site[i], ev->site);
		assert_int_equal(b->task[i], ev->task);
	}
}

/* Reads a file twice, with a rewind between, and compares. */
static void compare(int fd, enum trc_columns columns,
		    const struct trc_event *want, uint64_t count)
{
	struct kb_diag diag = { 0 };
	struct trc_reader *reader;
	struct trc_block block;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (trc_reader_open(&reader, path, columns, &diag) < 0)
		fail_msg("%s", diag.text);
	for (int pass = 0; pass < 2; pass++) {
		uint64_t seen = 0;
		int err;

		while ((err = trc_reader_next(reader, &block, &diag)) == 0) {
			assert_true(block.first_event == seen);
			compare_block(&block, want);
			seen += block.count;
		}
		if (err < 0)
			fail_msg("%s", diag.text);
		assert_int_equal(trc_reader_next(reader, &block, &diag),
				 KB_END);
		assert_true(seen == count);
		assert_int_equal(trc_reader_rewind(reader, &diag), 0);
	}
	trc_reader_close(reader);
}

static void round_trip(uint64_t count, uint64_t sizes, uint64_t live_target)
{
	struct script s = script_new(count, count);
	int fd = memfd_create("trace", 0);
	struct trc_event *events;

	s.sizes = sizes;
	s.live_target = live_target;
	events = write_script(&s, fd, count);
	compare(fd, TRC_COLUMNS_REPLAY, events, count);
	compare(fd, TRC_COLUMNS_ALL, events, count);
	close(fd);
	free(events);
	script_release(&s);
}

static void test_trc_writer__round_trip_of_nothing(void **state)
{
	(void)state;
	round_trip(0, 1, 1);
}

static void test_trc_writer__round_trip_around_a_block(void **state)
{
	(void)state;
	round_trip(1, 10, 10);
	round_trip(65535, 10, 100);
	round_trip(65536, 10, 100);
	round_trip(65537, 10, 100);
}

/* Objects so old that their age no longer names them. */
static void test_trc_writer__round_trip_of_old_objects(void **state)
{
	(void)state;
	round_trip(600000, 10, 120000);
}

/* More classes than the table holds: it starts anew, again and again. */
static void test_trc_writer__round_trip_of_many_classes(void **state)
{
	(void)state;
	round_trip(300000, UINT64_MAX, 1000);
}

static void test_trc_writer__full_disk_is_an_error(void **state)
{
	struct trc_writer_options opts = { .name = "out", .level = 1 };
	struct trc_writer_totals totals = { .counts =
						    &(struct trc_counts){ 0 } };
	struct kb_diag diag = { 0 };
	struct trc_writer *w;

	(void)state;
	opts.fd = open("/dev/full", O_RDWR);
	if (opts.fd < 0)
		skip();
	assert_int_equal(trc_writer_open(&w, &opts, &diag), 0);
	assert_int_equal(trc_writer_finish(w, &totals, &diag), KB_E_IO);
	assert_says(&diag, "out: cannot write: No space left");
	trc_writer_free(w);
	close(opts.fd);
}

/* One call site more than a .trc can hold. */
static void test_trc_writer__too_many_sites(void **state)
{
	int fd = memfd_create("trace", 0);
	const struct trc_writer_options opts = {
		.fd = fd,
		.name = "x",
		.level = 1,
		.source_format = "test",
		.source_name = "test",
	};
	struct trc_writer *writer = NULL;
	struct kb_diag diag = { 0 };
	uint32_t id = 0;
	int err = 0;

	(void)state;
	assert_int_equal(trc_writer_open(&writer, &opts, &diag), 0);
	for (uint32_t i = 0; err == 0 && i <= TRC_SITES_MAX; i++)
		err = trc_writer_site(writer, "s", "", &id, &diag);
	assert_int_equal(err, KB_E_RANGE);
	assert_int_equal(id, TRC_SITES_MAX);
	assert_says(&diag, "more than 1048576 different call sites");
	trc_writer_free(writer);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_writer__round_trip_of_nothing),
		cmocka_unit_test(test_trc_writer__round_trip_around_a_block),
		cmocka_unit_test(test_trc_writer__round_trip_of_old_objects),
		cmocka_unit_test(test_trc_writer__round_trip_of_many_classes),
		cmocka_unit_test(test_trc_writer__full_disk_is_an_error),
		cmocka_unit_test(test_trc_writer__too_many_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
