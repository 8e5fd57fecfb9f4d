#include "bench_outcome.h"

#include "replay_feed.h"

#include <math.h>
#include <string.h>

/* A byte that is neither 0 nor 1 is not a valid bool, and must not be read as
 * one. */
static bool is_truth(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, sizeof(byte));
	return byte <= 1;
}

/* As kb_fail leaves it, or empty. */
static bool is_diag(const struct kb_diag *diag)
{
	const size_t length = strnlen(diag->text, sizeof(diag->text));

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)diag->text[i] < 0x20 ||
		    diag->text[i] == 0x7f)
			return false;
	return length < sizeof(diag->text) &&
	       (diag->status == 0) == (length == 0) && diag->status <= 0 &&
	       diag->status >= KB_E_ENVIRONMENT;
}

static bool is_name(const char name[REPLAY_COUNTER_NAME_SIZE])
{
	size_t length = strnlen(name, REPLAY_COUNTER_NAME_SIZE);

	return length > 0 && length < REPLAY_COUNTER_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static bool is_count(const struct replay_count_result *count)
{
	if (count->counters.count > REPLAY_COUNTERS_MAX)
		return false;
	for (uint32_t i = 0; i < count->counters.count; i++)
		if (!is_name(count->counters.item[i].name))
			return false;
	return is_truth(&count->has_digest) && is_truth(&count->has_gauge) &&
	       is_truth(&count->memory.resident_is_process) &&
	       count->bins > 0 && count->bins <= REPLAY_BINS &&
	       count->marks.count <= REPLAY_MARKS_MAX &&
	       count->marks.dearest <= REPLAY_DEAREST_MAX;
}

static bool is_latency(const struct replay_latency_result *latency)
{
	if (latency->samples > REPLAY_SAMPLES_MAX)
		return false;
	for (uint32_t i = 0; i < latency->samples; i++)
		if (latency->sample[i].series >= REPLAY_SERIES_COUNT)
			return false;
	return is_truth(&latency->cut_short) && latency->rate_bits < 64 &&
	       latency->dearest <= REPLAY_DEAREST_MAX;
}

static bool is_time(const struct replay_time_result *time)
{
	return is_truth(&time->cut_short) && is_truth(&time->has_pressed) &&
	       time->repeats <= REPLAY_REPEATS_MAX &&
	       time->feed < REPLAY_FEED_KINDS && isfinite(time->entry_ticks) &&
	       isfinite(time->rate_sum) && isfinite(time->rate_squares);
}

static bool is_clock_cost(const struct replay_clock_cost *cost)
{
	return isfinite(cost->mean) && cost->mean >= 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool is_fault(const struct alloc_fault *f)
{
	return is_text(f->kind, sizeof(f->kind)) &&
	       is_text(f->call, sizeof(f->call)) &&
	       is_text(f->source, sizeof(f->source)) &&
	       is_text(f->message, sizeof(f->message)) &&
	       is_truth(&f->judged) && is_truth(&f->has_address) &&
	       is_truth(&f->has_size);
}

size_t bench_outcome_size(enum bench_pass pass)
{
	const struct bench_outcome *out = NULL;
	const size_t before = offsetof(struct bench_outcome, result);

	switch (pass) {
	case BENCH_PASS_VERIFY:
		return before + sizeof(out->result.verify);
	case BENCH_PASS_COUNT:
		return before + sizeof(out->result.count);
	case BENCH_PASS_THROUGHPUT:
		return before + sizeof(out->result.time);
	case BENCH_PASS_LATENCY:
		break;
	}
	return before + sizeof(out->result.latency);
}

bool bench_outcome_is_whole(const struct bench_outcome *out,
			    enum bench_pass pass)
{
	if (out->status < 0)
		return out->status >= KB_E_ENVIRONMENT && is_diag(&out->diag) &&
		       is_fault(&out->fault);
	if (out->status > 0)
		return false;
	switch (pass) {
	case BENCH_PASS_VERIFY:
		return is_truth(&out->result.verify.has_digest) &&
		       is_truth(&out->result.verify.has_memory);
	case BENCH_PASS_COUNT:
		return is_count(&out->result.count);
	case BENCH_PASS_THROUGHPUT:
		return is_time(&out->result.time) &&
		       is_clock_cost(&out->clock_cost);
	case BENCH_PASS_LATENCY:
		return is_latency(&out->result.latency) &&
		       is_clock_cost(&out->clock_cost);
	}
	return false;
}
