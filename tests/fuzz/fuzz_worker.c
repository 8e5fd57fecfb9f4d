/*
 * Bytes over what a worker leaves behind for bench: it is refused, or every report
 * can be made of it.
 *
 *   byte 0   the pass, modulo 4
 *
 * Then changes of a sound result: a byte that, below 128, chooses one of the
 * fields below, modulo their number, and a number of two bytes for it; or else
 * three bytes of an offset, one of a length, and the bytes that go there.
 */
#include "bench_analysis_read.h"
#include "bench_benchfmt.h"
#include "bench_hgrm.h"
#include "bench_trace_open.h"
#include "kb_out.h"
#include "bench_outcome.h"
#include "bench_report.h"
#include "bench_table.h"
#include "bench_run.h"
#include "bench_worker.h"
#include "fuzz_support.h"
#include "kb_bits.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int __wrap_bench_worker_run(const struct bench_job *job,
			    bench_worker_watch watch, void *user,
			    struct bench_outcome *out, struct kb_diag *diag);

/* Enough for all epochs of a quick run, each of which takes a step or two of a
 * clock that counts; one that says that it ran no events is repeated until it is
 * spent. */
#define BUDGET_S       0.05

#define COUNT(field)   offsetof(struct bench_outcome, result.count.field)
#define TIME(field)    offsetof(struct bench_outcome, result.time.field)
#define LATENCY(field) offsetof(struct bench_outcome, result.latency.field)

/* Fields that somebody relies on. */
static const struct {
	size_t offset;
	size_t size;
} fields[] = {
	{ offsetof(struct bench_outcome, status), 4 },
	{ offsetof(struct bench_outcome, diag.status), 4 },
	{ offsetof(struct bench_outcome, diag.text), 2 },
	{ offsetof(struct bench_outcome, clock_cost.mean), 8 },
	{ offsetof(struct bench_outcome, result.verify.has_digest), 1 },
	{ offsetof(struct bench_outcome, result.verify.has_memory), 1 },
	{ COUNT(counters.count), 4 },
	{ COUNT(counters.item[0].name), 4 },
	{ COUNT(counters.item[0].value), 8 },
	{ COUNT(counters.item[1].name), 4 },
	{ COUNT(counters.item[1].value), 8 },
	{ COUNT(has_digest), 1 },
	{ COUNT(has_gauge), 1 },
	{ COUNT(bins), 4 },
	{ COUNT(bin[0].event), 8 },
	{ COUNT(bin[0].lookups), 8 },
	{ COUNT(bin[0].mapped), 8 },
	{ COUNT(memory.mapped.count), 8 },
	{ COUNT(memory.mapped.peak), 8 },
	{ COUNT(memory.resident_is_process), 1 },
	{ COUNT(marks.count), 4 },
	{ COUNT(marks.has), 4 },
	{ COUNT(marks.dearest), 4 },
	{ COUNT(marks.dear[0].event), 8 },
	{ TIME(repeats), 4 },
	{ TIME(replay[0].events), 8 },
	{ TIME(replay[0].ticks), 8 },
	{ TIME(replay[0].slices), 8 },
	{ TIME(replay[2].ticks), 8 },
	{ TIME(has_pressed), 1 },
	{ TIME(pressed[0][0].ticks), 8 },
	{ TIME(entry_ticks), 8 },
	{ TIME(feed), 4 },
	{ TIME(covered), 8 },
	{ TIME(windows), 8 },
	{ TIME(rate_sum), 8 },
	{ TIME(rate_squares), 8 },
	{ TIME(cut_short), 1 },
	{ TIME(faults), 8 },
	{ LATENCY(series[0].plain.count), 8 },
	{ LATENCY(series[0].plain.max), 8 },
	{ LATENCY(series[0].plain.bucket[200]), 8 },
	{ LATENCY(series[0].weighted.count), 8 },
	{ LATENCY(series[0].weighted.bucket[200]), 8 },
	{ LATENCY(series[1].plain.count), 8 },
	{ LATENCY(series[1].weighted.count), 8 },
	{ LATENCY(frozen.places), 8 },
	{ LATENCY(frozen.cold.count), 8 },
	{ LATENCY(samples), 4 },
	{ LATENCY(sample[0].event), 8 },
	{ LATENCY(sample[0].series), 4 },
	{ LATENCY(sample[0].ticks), 4 },
	{ LATENCY(cut_short), 1 },
	{ LATENCY(rate_bits), 4 },
	{ LATENCY(dearest), 4 },
	{ LATENCY(probed.ticks), 8 },
	{ LATENCY(probed.laps), 8 },
	{ LATENCY(plain.best_ticks), 8 },
};

/* The input that the workers of the run at hand make their results of. */
static struct {
	const uint8_t *data;
	size_t size;
} input;

static void make_sound(struct bench_outcome *out, enum bench_pass pass)
{
	struct replay_count_result *count = &out->result.count;

	memset(out, 0, sizeof(*out));
	if (pass == BENCH_PASS_COUNT) {
		count->counters.count = 2;
		strcpy(count->counters.item[0].name, "events");
		strcpy(count->counters.item[1].name, "nodes_visited");
		count->counters.item[0].value = 5;
		count->bins = 1;
	}
	if (pass == BENCH_PASS_THROUGHPUT) {
		const struct replay_round round = { 1000, 5, 1 };

		out->result.time.repeats = 3;
		for (unsigned i = 0; i < 3; i++)
			out->result.time.replay[i] = round;
		out->result.time.covered = 5;
	}
}

/* Makes the next change. Returns how many bytes it took, 0 at the end. */
static size_t change(struct bench_outcome *out, const uint8_t *data,
		     size_t size)
{
	const size_t index = size ? data[0] % KB_ARRAY_LEN(fields) : 0;
	uint8_t *to = (uint8_t *)out;
	uint64_t number;
	size_t offset, length;

	if (size >= 3 && data[0] < 128) {
		number = ((uint64_t)data[2] << (data[1] & 56)) - (data[1] & 7);
		memcpy(to + fields[index].offset, &number, fields[index].size);
		return 3;
	}
	if (size < 6)
		return 0;
	offset = data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
	offset %= sizeof(*out);
	length = (size_t)kb_min(kb_min(data[4], size - 5),
				sizeof(*out) - offset);
	memcpy(to + offset, data + 5, length);
	return 5 + length;
}

int __wrap_bench_worker_run(const struct bench_job *job,
			    bench_worker_watch watch, void *user,
			    struct bench_outcome *out, struct kb_diag *diag)
{
	size_t at = 0, taken = 1;

	(void)watch;
	(void)user;
	(void)diag;
	make_sound(out, job->pass);
	while (taken > 0) {
		taken = change(out, input.data + at, input.size - at);
		at += taken;
	}
	/* As bench_worker.c does it. */
	out->exact = NULL;
	if (bench_outcome_is_whole(out, job->pass)) {
		if (out->status < 0)
			kb_fail(&out->diag, out->status, "no word");
		return 0;
	}
	memset(out, 0, sizeof(*out));
	out->status = kb_fail(&out->diag, KB_E_WRONG, "no result");
	return 0;
}

static void report(const struct bench_report *r)
{
	struct kb_diag diag;
	json_t *json = bench_json_results(r);
	char *text;

	fuzz_require(json_array_size(json) == r->count);
	text = json_dumps(json, 0);
	fuzz_require(text != NULL);
	free(text);
	json_decref(json);
	bench_table_write(stdout, r, BENCH_TABLE_COLUMNS, false);
	bench_wide_write(stdout, r, 0, false);
	bench_table_markdown(stdout, r);
	bench_benchfmt_write(stdout, r, 1);
	kb_diag_init(&diag);
	fuzz_require(bench_tsv_write(r, "nowhere", &diag) == 0);
	fuzz_require(bench_hgrm_write(r, "nowhere", &diag) == 0);
}

static void open_trace(struct bench_trace *trace)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	fuzz_require(bench_trace_open(trace,
				      KB_SOURCE_DIR "/traces/seed-example.trc",
				      NULL, &diag) == 0);
}

/* As the run command does it. */
static void sum_up_and_report(struct bench_report *r)
{
	static struct bench_analysis analysis;
	const struct bench_analysis_job job = { .settings = r->settings,
						.trace = r->trace,
						.cells = r->cells,
						.count = r->count,
						.whole = true };
	const struct bench_summary_source source = { .cells = r->cells,
						     .count = r->count,
						     .clock = r->clock,
						     .ideal = &analysis.ideal };
	struct bench_run_summary summary;
	struct kb_diag diag;

	kb_diag_init(&diag);
	fuzz_require(bench_analysis_read(&analysis, &job, &diag) == 0);
	fuzz_require(bench_summary_make(&summary, &source, &diag) == 0);
	r->analysis = &analysis;
	r->summary = &summary;
	report(r);
	bench_summary_release(&summary);
}

static void run(enum bench_pass pass)
{
	static struct bench_trace trace;
	static struct bench_env env;
	struct bench_settings settings = { .passes = (unsigned)pass,
					   .quick = true,
					   .budget_s = BUDGET_S,
					   .timeout_s = 1 };
	struct replay_clock clock = { .ns_per_tick = 1,
				      .ns_per_tick_first = 1,
				      .quantum = 1 };
	struct bench_cell cell = { .trace = &trace };
	struct kb_progress progress = { 0 };
	struct bench_run run = { .settings = &settings,
				 .trace = &trace,
				 .clock = &clock,
				 .progress = &progress,
				 .cells = &cell,
				 .count = 1,
				 .cpu = -1 };
	struct bench_report r = { .settings = &settings,
				  .env = &env,
				  .clock = &clock,
				  .trace = &trace,
				  .cells = &cell,
				  .count = 1 };
	struct kb_diag diag;
	int err;

	if (!trace.given) {
		open_trace(&trace);
		bench_env_read(&env);
	}
	kb_diag_init(&diag);
	fuzz_require(alloc_spec_parse(&cell.spec, "null", &diag) == 0);
	err = bench_run(&run, &diag);
	fuzz_require(err <= 0);
	fuzz_require(err == 0 || err == KB_E_STOPPED || diag.text[0] != '\0');
	if (err == 0)
		sum_up_and_report(&r);
	bench_cell_release(&cell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	input.data = data + 1;
	input.size = size - 1;
	fuzz_hush();
	run((enum bench_pass)(1u << data[0] % 4));
	fuzz_speak();
	return 0;
}
