#include "bench_metal_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A line of the kernel's, at most, bytes; and all of them: no kernel of ours says as
 * much, but one that has gone wild must not be listened to forever. */
#define LINE_SIZE   256
#define ANSWER_SIZE (UINT64_C(256) << 20)

/* How long to wait before asking whether to stop, ms. */
#define LISTEN_MS 100

struct listening {
	struct bench_metal_answer *answer;
	char line[LINE_SIZE];
	size_t used;
	uint64_t bytes;
};

/* If `line` begins with `word` and a space, what follows; else NULL. */
static const char *after(const char *line, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(line, word, length) != 0 || line[length] != ' ')
		return NULL;
	return line + length + 1;
}

static void set_real(struct bench_metal_pair *pair, uint64_t value)
{
	pair->real = value;
	pair->has_real = true;
}

/* "NAME N": the name's length, the number in `*value`; 0 if it is not that. */
static size_t name_and_number(const char *text, uint64_t *value)
{
	const char *space = strchr(text, ' ');
	char *end;

	if (!space)
		return 0;
	*value = strtoull(space + 1, &end, 10);
	return *end || end == space + 1 ? 0 : (size_t)(space - text);
}

static bool is_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && strncmp(text, name, length) == 0;
}

/* What the simulation has not got is not compared. */
static void take_counter(struct bench_metal_answer *a, const char *text)
{
	uint64_t value;
	const size_t length = name_and_number(text, &value);

	for (size_t i = 0; i < a->result->counters; i++)
		if (is_name(text, length, a->result->counter[i].name))
			set_real(&a->result->counter[i].pair, value);
}

/* Sums of the kernel's own. Of problems there is a line each, besides the sums. */
static void take_count(struct bench_metal_answer *a, const char *text)
{
	struct bench_metal_result *result = a->result;
	uint64_t value;
	const size_t length = name_and_number(text, &value);

	if (is_name(text, length, "accessed_dirty_pairs"))
		set_real(&result->accessed_dirty, value);
	else if (is_name(text, length, "faults_after_free"))
		set_real(&result->faults, value);
	else if (is_name(text, length, "stale") ||
		 is_name(text, length, "kept"))
		result->stale += value;
}

/* "NAME 0xADDRESS N" */
static void take_place(struct bench_metal_answer *a, const char *text)
{
	char name[16];
	struct bench_metal_place place;

	if (sscanf(text, "%15s 0x%" SCNx64 " %" SCNu64, name, &place.address,
		   &place.count) != 3)
		return;
	if (strcmp(name, "ticks") == 0)
		a->ticks = place;
	else if (strcmp(name, "directory") == 0)
		a->directory = place;
	else if (strcmp(name, "frames") == 0)
		a->frames = place;
}

static void take_problem(struct bench_metal_answer *a, const char *text)
{
	unsigned long long event;
	char va[16];
	int used = 0;

	if (sscanf(text, "%llu %15s %n", &event, va, &used) == 2 && used > 0)
		bench_metal_differ(a->result, "event %llu, %s: %s", event, va,
				   text + used);
}

static void take_line(struct bench_metal_answer *a, const char *line)
{
	struct bench_metal_result *result = a->result;
	const char *rest;

	if (!a->has_begun) {
		a->has_begun = strcmp(line, "kheap-metal 1") == 0;
		if (!a->has_begun && !a->has_failed) {
			bench_metal_differ(result, "this is not the kernel "
						   "of this bench");
			a->has_failed = true;
		}
		return;
	}
	if ((rest = after(line, "event")))
		a->event = strtoull(rest, NULL, 10);
	else if ((rest = after(line, "counter")))
		take_counter(a, rest);
	else if ((rest = after(line, "count")))
		take_count(a, rest);
	else if ((rest = after(line, "digest")))
		set_real(&result->digest, strtoull(rest, NULL, 16));
	else if ((rest = after(line, "state")))
		set_real(&result->state, strtoull(rest, NULL, 16));
	else if ((rest = after(line, "at")))
		take_place(a, rest);
	else if ((rest = after(line, "problem")))
		take_problem(a, rest);
	else if ((rest = after(line, "error"))) {
		bench_metal_differ(result, "the kernel gave up: %s", rest);
		a->has_failed = true;
	} else if (strcmp(line, "end") == 0) {
		a->has_ended = true;
	}
}

/* Cuts what was read into lines; what is too long for one is cut too. */
static void take_bytes(struct listening *l, const char *bytes, size_t count)
{
	l->bytes += count;
	for (size_t i = 0; i < count; i++) {
		const char c = bytes[i];

		if (c != '\n' && l->used < sizeof(l->line) - 1) {
			l->line[l->used++] = c >= ' ' && c <= '~' ? c : '?';
			continue;
		}
		if (c != '\n')
			continue;
		l->line[l->used] = '\0';
		l->used = 0;
		take_line(l->answer, l->line);
	}
}

/* Reads what there is. Returns 1, 0 at the end, or <0 with `diag` filled. */
static int listen_once(struct listening *l, int fd, struct kb_diag *diag)
{
	char bytes[4096];
	const ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && errno != EINTR)
		return kb_fail(diag, KB_E_IO, "cannot read from QEMU: %s",
			       strerror(errno));
	if (n > 0)
		take_bytes(l, bytes, (size_t)n);
	return n != 0;
}

int bench_metal_answer_read(struct bench_metal_answer *a,
			    const struct bench_metal_machine *machine,
			    const struct bench_metal_job *job,
			    struct kb_diag *diag)
{
	struct listening l = { .answer = a };
	struct pollfd console = { machine->console_fd, POLLIN, 0 };
	/* Counted in polls, as bench_worker.h does. */
	double silent_s = 0;
	int more = 1;

	while (more > 0 && !a->has_failed && l.bytes < ANSWER_SIZE) {
		const int ready = poll(&console, 1, LISTEN_MS);

		if (job->stop())
			return KB_E_STOPPED;
		kb_progress_tick(job->progress, a->event,
				 job->trace->counts.events);
		if (ready > 0) {
			more = listen_once(&l, machine->console_fd, diag);
			silent_s = 0;
			continue;
		}
		silent_s += ready == 0 ? LISTEN_MS / 1e3 : 0;
		if (silent_s > job->timeout_s) {
			bench_metal_differ(a->result,
					   "the kernel has said nothing for "
					   "%g seconds after event %" PRIu64
					   " and was stopped",
					   job->timeout_s, a->event);
			a->has_failed = true;
			return 0;
		}
	}
	if (more > 0 && !a->has_failed) {
		bench_metal_differ(a->result,
				   "the kernel does not stop talking");
		a->has_failed = true;
	}
	return more < 0 ? more : 0;
}
