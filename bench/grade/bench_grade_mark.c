#include "bench_grade_mark.h"

#include "bench_failure.h"
#include "bench_grade_build.h"
#include "bench_shrink.h"
#include "bench_worker.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_json.h"
#include "kb_signal.h"
#include "sandbox_space.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE  2048
#define NOT_GRADED "not graded, run again"

/* What became of a check. */
enum mark {
	MARK_PASSED,
	MARK_FAILED,

	/* The heap called what is not here. */
	MARK_NOT_JUDGED,

	/* The clock ended it. */
	MARK_NOT_GRADED
};

static const char *const mark_names[] = { "passed", "failed", "not judged",
					  "not graded" };

/* One submission. */
struct marker {
	const struct grade_marking *in;
	struct grade_build build;

	/* Of each check, for counters. */
	struct bench_outcome *outcome;
	json_t *tests;
	uint64_t score;
	uint64_t most;
	bool any_not_graded;
	bool any_not_judged;

	/* The first line about something wrong. */
	char message[TEXT_SIZE];
	bool has_trace;

	/* What the counter of the check under way is. */
	bool has_value;
	double value;
	struct kb_diag *diag;
};

/* A replay of a check's trace. */
struct replay {
	const struct grade_trace *trace;
	const char *strategy;
	const char *judge;
	enum bench_pass pass;
};

static bool watch(uint64_t events, void *user)
{
	(void)events;
	(void)user;
	return kb_signal != 0;
}

static void fill_job(const struct marker *m, const struct replay *replay,
		     struct bench_job *job)
{
	const struct grade_rubric *rubric = m->in->rubric;
	char strategy[32] = "", judge[160] = "";

	if (replay->strategy[0])
		snprintf(strategy, sizeof(strategy), ",strategy=%s",
			 replay->strategy);
	if (replay->judge[0])
		snprintf(judge, sizeof(judge), ",judge=%s", replay->judge);
	*job = (struct bench_job){
		.pass = replay->pass,
		.trace_fd = replay->trace->trace.fd,
		.cpu = -1,
		.seed = 1,
		.is_mute = true,
		.timeout_ms = (uint32_t)(rubric->seconds * 1000),
	};
	snprintf(job->trace, sizeof(job->trace), "%s", replay->trace->name);
	snprintf(job->alloc, sizeof(job->alloc),
		 "plugin:./" GRADE_PLUGIN "%s%s,budget=%" PRIu64
		 ",total=%" PRIu64,
		 strategy, judge, rubric->budget, rubric->total);
}

/* Returns 0 with m->outcome filled. */
static int run(struct marker *m, const struct replay *replay)
{
	struct bench_job job;

	fill_job(m, replay, &job);
	return bench_worker_run(&job, watch, NULL, m->outcome, m->diag);
}

static enum mark mark_of(const struct bench_outcome *out)
{
	if (out->by_clock)
		return MARK_NOT_GRADED;
	if (out->status == 0)
		return MARK_PASSED;
	if (out->status == KB_E_UNSUPPORTED)
		return MARK_NOT_JUDGED;
	return MARK_FAILED;
}

/* What went wrong, in a sentence; the plugin's name says nothing here. */
static void explain(struct marker *m, const struct replay *replay, char *text,
		    size_t size)
{
	struct bench_outcome *out = m->outcome;
	struct bench_failure f = { 0 };
	char event[48] = "", line[ALLOC_FAULT_TEXT_SIZE + 24] = "", call[80];

	if (out->by_clock) {
		snprintf(text, size,
			 NOT_GRADED ": no progress for %" PRIu64 " s",
			 m->in->rubric->seconds);
		return;
	}
	bench_failure_fill(&f, &replay->trace->trace, "", out);
	if (f.has_event)
		snprintf(event, sizeof(event),
			 "event %" PRIu64 " of %s: ", f.event,
			 replay->trace->name);
	if (f.fault.source[0])
		snprintf(line, sizeof(line), " (%s:%" PRIu32 ")",
			 f.fault.source, f.fault.line);
	call[0] = '\0';
	if (f.fault.call[0] && f.fault.has_size && !f.fault.has_address)
		snprintf(call, sizeof(call), "%s(%" PRIu64 "): ", f.fault.call,
			 f.fault.size);
	else if (f.fault.call[0])
		snprintf(call, sizeof(call), "%s: ", f.fault.call);
	snprintf(text, size, "%s%s%s%s: %s%s",
		 f.fault.judged ? "" : "not judged: ", event, call,
		 f.fault.kind, f.fault.message, line);
}

/* Adds a check's row. */
static int add_test(struct marker *m, const struct grade_check *c,
		    enum mark mark, uint64_t points, const char *output)
{
	char clean[TEXT_SIZE];
	json_t *test;

	kb_escape_clean(clean, sizeof(clean), output);
	test = json_pack("{s:o, s:f, s:f, s:s, s:o, s:s}", "name",
			 kb_json_text(c->name), "score", (double)points / 100,
			 "max_score", (double)c->points / 100, "status",
			 mark_names[mark], "output", kb_json_text(clean),
			 "visibility", c->is_visible ? "visible" : "hidden");
	if (test && m->has_value)
		json_object_set_new(test, "value", json_real(m->value));
	m->has_value = false;
	if (!test || json_array_append_new(m->tests, test) < 0)
		return kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	m->score += points;
	m->most += c->points;
	m->any_not_graded |= mark == MARK_NOT_GRADED;
	m->any_not_judged |= mark == MARK_NOT_JUDGED;
	if (mark != MARK_PASSED && c->is_visible && !m->message[0])
		snprintf(m->message, sizeof(m->message), "%s", clean);
	return 0;
}

/* The shortest trace that has the same kind of fault. */
static int offer_trace(struct marker *m, const struct replay *replay,
		       char *text, size_t size)
{
	struct bench_shrink shrink = {
		.trace = &replay->trace->trace,
		.path = replay->trace->path,
		.watch = watch,
	};
	char kind[ALLOC_FAULT_WORD_SIZE];
	const size_t used = strlen(text);
	char out[4096];
	int err;

	if (!m->in->wants_trace || m->has_trace ||
	    m->outcome->status != KB_E_WRONG || m->outcome->by_clock)
		return 0;
	m->has_trace = true;
	snprintf(out, sizeof(out), "%s/failing.trc", m->in->folder);
	fill_job(m, replay, &shrink.job);
	snprintf(kind, sizeof(kind), "%s", m->outcome->fault.kind);
	shrink.kind = kind;
	shrink.fault_event = m->outcome->fault_event;
	err = bench_shrink(&shrink, out, m->diag);
	if (err == 0)
		snprintf(text + used, size - used,
			 "; the shortest trace that shows it has %" PRIu64
			 " events: %s",
			 shrink.events, "failing.trc");
	return err;
}

static int mark_right(struct marker *m, const struct grade_check *c)
{
	const struct grade_trace *trace = &m->in->rubric->trace[c->trace];
	const struct replay replay = { trace, c->strategy, c->judge,
				       BENCH_PASS_VERIFY };
	char text[TEXT_SIZE] = "right";
	uint64_t points = c->points;
	enum mark mark;
	int err = run(m, &replay);

	if (err < 0)
		return err;
	mark = mark_of(m->outcome);
	if (mark != MARK_PASSED) {
		const uint64_t events = trace->trace.counts.events;
		const uint64_t event = m->outcome->fault_event;

		points = 0;
		if (c->is_partial && mark == MARK_FAILED && event < events)
			points = c->points * event / events;
		explain(m, &replay, text, sizeof(text));
		if (c->is_visible)
			err = offer_trace(m, &replay, text, sizeof(text));
	}
	return err < 0 ? err : add_test(m, c, mark, points, text);
}

/* A counter of a trace, divided as the check says. False if there is none. */
static bool find_value(const struct marker *m, const struct grade_check *c,
		       double *value)
{
	const struct replay_counters *counters =
		&m->outcome->result.count.counters;
	const struct replay_counter *counter, *per = NULL;
	char name[REPLAY_COUNTER_NAME_SIZE];

	snprintf(name, sizeof(name), "plugin_%.20s", c->counter);
	counter = replay_counters_find(counters, name);
	if (!counter)
		counter = replay_counters_find(counters, c->counter);
	if (c->per) {
		snprintf(name, sizeof(name), "plugin_%.20s", c->per);
		per = replay_counters_find(counters, name);
		if (!per)
			per = replay_counters_find(counters, c->per);
	}
	if (!counter || (c->per && (!per || per->value == 0)))
		return false;
	*value = (double)counter->value;
	if (per)
		*value /= (double)per->value;
	return true;
}

/* Counts a trace in a heap that serves it. `*mark` is passed if that went well. */
static int count(struct marker *m, const struct grade_check *c, size_t trace,
		 enum mark *mark, double *value, char *text, size_t size)
{
	const struct replay replay = { &m->in->rubric->trace[trace],
				       c->strategy, "unserved+leak",
				       BENCH_PASS_COUNT };
	const int err = run(m, &replay);

	if (err < 0)
		return err;
	*mark = mark_of(m->outcome);
	if (*mark != MARK_PASSED) {
		explain(m, &replay, text, size);
	} else if (!find_value(m, c, value)) {
		*mark = MARK_FAILED;
		snprintf(text, size, "there is no counter %s%s%s", c->counter,
			 c->per ? " per " : "", c->per ? c->per : "");
	}
	return 0;
}

static int mark_counter(struct marker *m, const struct grade_check *c)
{
	enum mark mark = MARK_FAILED;
	double value = 0, base = 1, share;
	char text[TEXT_SIZE];
	int err = count(m, c, c->trace, &mark, &value, text, sizeof(text));

	if (err == 0 && mark == MARK_PASSED && c->than >= 0)
		err = count(m, c, (size_t)c->than, &mark, &base, text,
			    sizeof(text));
	if (err < 0)
		return err;
	if (mark == MARK_PASSED && base <= 0) {
		mark = MARK_FAILED;
		snprintf(text, sizeof(text), "%s is 0", c->counter);
	}
	if (mark != MARK_PASSED)
		return add_test(m, c, mark, 0, text);
	value /= base;
	m->has_value = true;
	m->value = value;
	share = (c->zero - value) / (c->zero - c->full);
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	snprintf(text, sizeof(text),
		 "%.6g; all points up to %.6g, none from %.6g", value, c->full,
		 c->zero);
	return add_test(m, c, share < 1 ? MARK_FAILED : MARK_PASSED,
			(uint64_t)((double)c->points * share), text);
}

static int mark_check(struct marker *m, const struct grade_check *c)
{
	const bool late = m->build.built == GRADE_BUILD_LATE;
	char text[TEXT_SIZE];

	if (m->build.built != GRADE_BUILT) {
		snprintf(text, sizeof(text), "%s%s",
			 late ? NOT_GRADED ": " : "it does not build: ",
			 m->build.message);
		return add_test(m, c, late ? MARK_NOT_GRADED : MARK_FAILED, 0,
				text);
	}
	if (c->kind == GRADE_BUILDS)
		return add_test(m, c, MARK_PASSED, c->points, m->build.message);
	return c->kind == GRADE_RIGHT ? mark_right(m, c) : mark_counter(m, c);
}

static const char *status_of(const struct marker *m)
{
	if (m->any_not_graded)
		return NOT_GRADED;
	if (m->build.built != GRADE_BUILT)
		return "does not build";
	return m->any_not_judged ? "not judged" : "graded";
}

static int make_record(struct marker *m, json_t **record)
{
	char given[4096];

	kb_escape_clean(given, sizeof(given), m->in->given);
	*record = json_pack(
		"{s:i, s:s, s:o, s:s, s:f, s:f, s:o, s:s, s:b, s:O}", "record",
		1, "key", m->in->key, "submission", kb_json_text(given),
		"status", status_of(m), "score", (double)m->score / 100,
		"max_score", (double)m->most / 100, "message",
		kb_json_text(m->message), "toolchain", m->in->toolchain,
		"trace", m->has_trace, "tests", m->tests);
	return *record ? 0 : kb_fail(m->diag, KB_E_NOMEM, "out of memory");
}

static int mark_all(struct marker *m, json_t **record)
{
	const struct grade_rubric *rubric = m->in->rubric;
	int err;

	if (chdir(m->in->work) != 0)
		return kb_fail(m->diag, KB_E_IO, "cannot enter '%s'",
			       m->in->work);
	if (m->in->refused) {
		m->build.built = GRADE_BUILD_REFUSED;
		snprintf(m->build.message, sizeof(m->build.message), "%s",
			 m->in->refused);
		err = 0;
	} else {
		err = grade_build_run(&m->build, m->diag);
	}
	for (size_t i = 0; i < rubric->checks && err == 0; i++)
		if (rubric->check[i].is_visible || !m->in->visible_only)
			err = mark_check(m, &rubric->check[i]);
	return err == 0 ? make_record(m, record) : err;
}

int grade_mark(const struct grade_marking *marking, json_t **record,
	       struct kb_diag *diag)
{
	const struct sandbox_limits limits = {
		.memory = marking->rubric->memory_mb << 20,
	};
	struct marker m = {
		.in = marking,
		.build = { .submission = marking->submission,
			   .script = marking->script,
			   .folder = marking->work,
			   .memory_mb = marking->rubric->memory_mb,
			   .seconds = marking->rubric->seconds },
		.outcome = malloc(sizeof(*m.outcome)),
		.tests = json_array(),
		.diag = diag,
	};
	int err;

	if (!KB_ASAN)
		sandbox_space_limit(&limits);
	if (m.outcome && m.tests)
		err = mark_all(&m, record);
	else
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	json_decref(m.tests);
	free(m.outcome);
	return err;
}
