#include "bench_worker.h"

#include "bench_outcome.h"
#include "bench_process.h"
#include "bench_target.h"
#include "alloc_spec.h"
#include "replay.h"
#include "sandbox_space.h"
#include "trc_reader.h"
#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_signal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Most lines that an allocator may log; and bytes, of which no more are kept. */
#define LOG_LINES 20
#define LOG_SIZE  65536

/* Looks at a worker that was asked for its last word. */
#define LAST_WORD_LOOKS 50

/* What parent and worker share. */
struct shared {
	struct bench_job job;
	struct replay_progress progress;

	/* Not 0: set by the worker as its last act. */
	_Atomic uint32_t done;
	struct bench_outcome outcome;

	/* Late, because pages of it that nobody writes take no memory. */
	struct replay_exact exact;

	/* As many as the job's places. */
	uint64_t place[];
};

static size_t size_of(size_t places)
{
	return sizeof(struct shared) + places * sizeof(uint64_t);
}

/* The worker itself, for an allocator's callbacks. */
struct worker {
	struct shared *shared;

	/* Lines that it has logged. */
	unsigned lines;

	/* The trace's events, while it is replayed; else 0. */
	uint64_t events;
};

static int run_pass(const struct bench_job *job, struct replay_job *replay,
		    struct bench_outcome *out)
{
	switch (job->pass) {
	case BENCH_PASS_VERIFY:
		return replay_verify(replay, &out->result.verify, &out->diag);
	case BENCH_PASS_COUNT:
		return replay_count(replay, &out->result.count, &out->diag);
	case BENCH_PASS_THROUGHPUT:
		return replay_throughput(replay, &out->result.time, &out->diag);
	case BENCH_PASS_LATENCY:
		return replay_latency(replay, &out->result.latency, &out->diag);
	}
	return kb_fail(&out->diag, KB_E_ARG, "no such pass");
}

/* The allocator's last word: the job ends here. */
static void panic(void *user, const char *alloc, const char *reason,
		  const struct alloc_fault *fault)
{
	struct worker *worker = user;
	struct bench_outcome *out = &worker->shared->outcome;
	const uint64_t event = replay_progress_read(&worker->shared->progress);

	memset(out, 0, sizeof(*out));
	kb_diag_init(&out->diag);
	out->fault_event = event < worker->events ? event : REPLAY_NO_EVENT;
	if (fault)
		out->fault = *fault;
	else
		out->fault =
			(struct alloc_fault){ .kind = "panic", .judged = true };
	snprintf(out->fault.message, sizeof(out->fault.message), "%s", reason);
	out->status = out->fault.judged ? KB_E_WRONG : KB_E_UNSUPPORTED;
	kb_fail(&out->diag, out->status, "%s gave up: %s", alloc, reason);
	atomic_store(&worker->shared->done, 1);
	_exit(0);
}

static void show_line(void *user, const char *alloc, const char *line)
{
	struct worker *worker = user;
	struct kb_diag diag;

	if (worker->lines++ >= LOG_LINES)
		return;
	kb_diag_init(&diag);
	kb_fail(&diag, KB_E_ARG, "%s: %s", alloc, line);
	fprintf(stderr, "%s\n", diag.text);
}

/* A fault of which the words are the diagnosis. */
static void name_fault(struct bench_outcome *out, const char *kind,
		       uint64_t event)
{
	out->fault = (struct alloc_fault){ .judged = true };
	out->fault_event = event;
	snprintf(out->fault.kind, sizeof(out->fault.kind), "%s", kind);
	snprintf(out->fault.message, sizeof(out->fault.message), "%s",
		 out->diag.text);
}

static int do_job(struct shared *shared, struct bench_outcome *out)
{
	const struct bench_job *job = &shared->job;
	struct kb_diag *diag = &out->diag;
	struct worker worker = { shared, 0, 0 };
	const bool first = job->pass == BENCH_PASS_VERIFY;
	const bool timed = job->pass & BENCH_PASS_TIMED;
	const struct bench_target target = {
		.trace = job->trace,
		.trace_fd = job->trace_fd > 0 ? BENCH_PROCESS_FILE_FD : 0,
		.timed = timed,
		.ahead_cpu = bench_other_cpu(job->cpu),
		.alloc = job->alloc,
		.heap_base = job->heap_base,
		.heap_pages = job->heap_pages,
		.walk = job->walk,
		.all_columns = job->recorded_clock,
		.checked = first ? 2 - (job->stop > 0)
				 : job->pass == BENCH_PASS_COUNT,
		.report = { first ? show_line : NULL, panic, &worker },
	};
	struct replay_job replay = {
		.touch = job->touch,
		.use_tsc = job->use_tsc,
		.budget_ns = job->budget_ns,
		.seed = job->seed,
		.samples = job->samples,
		.sampling = job->sampling,
		.repeats = job->repeats,
		.epoch_ns = job->epoch_ns,
		.press = job->press,
		.evict_kib = job->evict_kib,
		.evict_events = job->evict_events,
		.round = job->round,
		.clock = &job->clock,
		.dearest = job->dear,
		.dearest_count = job->dearest,
		.recorded_clock = job->recorded_clock,
		.exact = job->exact ? &shared->exact : NULL,
		.places = shared->place,
		.places_count = job->places,
		.stop = job->stop,
		.progress = &shared->progress,
	};
	int err;

	err = bench_process_pin(job->cpu, diag);
	if (err < 0)
		return err;
	err = bench_target_open(&replay, &target, diag);
	if (timed)
		replay_clock_measure_cost(&out->clock_cost, job->use_tsc);
	if (err == 0) {
		worker.events = trc_reader_info(replay.reader)->counts.events;
		err = run_pass(job, &replay, out);
	}
	if (err == 0)
		err = alloc_check_host(&replay.alloc, diag);
	worker.events = 0;
	if (err == KB_E_WRONG && job->pass == BENCH_PASS_VERIFY &&
	    out->result.verify.fault.kind[0]) {
		out->fault = out->result.verify.fault;
		out->fault_event = out->result.verify.fault_event;
	} else if (err == KB_E_WRONG) {
		name_fault(out, "start", REPLAY_NO_EVENT);
	}
	bench_target_close(&replay);
	return err;
}

/* What the parent shares, with all places. NULL if there is none. */
static struct shared *attach(void)
{
	struct shared *shared = bench_shared_attach(sizeof(*shared));

	/* The first view stays as long as the process. */
	return shared && shared->job.places > 0
		       ? bench_shared_attach(size_of(shared->job.places))
		       : shared;
}

int bench_worker_main(void)
{
	struct shared *shared = attach();
	struct bench_outcome *out;

	bench_process_follow_parent();
	if (!shared) {
		kb_complain("bench", "this program name is for bench's own "
				     "worker processes; run 'bench'");
		return KB_EXIT_USAGE;
	}
	/* The result stays out of the allocator's reach until the allocator is
	 * closed. */
	out = calloc(1, sizeof(*out));
	if (!out)
		return 1;
	out->status = do_job(shared, out);
	memcpy(&shared->outcome, out, bench_outcome_size(shared->job.pass));
	free(out);
	atomic_store(&shared->done, 1);
	return 0;
}

/* How watching a child ended. */
enum watched { CHILD_ENDED, CHILD_STOPPED, CHILD_HANGS };

bool bench_idle_look(struct bench_idle *idle, uint64_t events,
		     uint32_t timeout_ms)
{
	idle->idle_ms =
		events == idle->events ? idle->idle_ms + BENCH_LOOK_MS : 0;
	idle->events = events;
	return timeout_ms && idle->idle_ms >= timeout_ms;
}

/* Waits for the child, by its process descriptor, and calls the watcher. */
static enum watched watch_child(int pidfd, struct shared *shared,
				uint32_t timeout_ms, bench_worker_watch watch,
				void *user)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	struct bench_idle idle = { 0 };

	for (;;) {
		int n = poll(&poll_fd, 1, BENCH_LOOK_MS);
		uint64_t events = replay_progress_read(&shared->progress);

		if (n > 0 || (n < 0 && errno != EINTR))
			return CHILD_ENDED;
		if (watch && watch(events, user))
			return CHILD_STOPPED;
		if (bench_idle_look(&idle, events, timeout_ms))
			return CHILD_HANGS;
	}
}

/* What became of a worker that did not finish its job. */
static void explain_death(struct bench_outcome *out,
			  const struct bench_job *job,
			  unsigned long long events, enum watched watched,
			  int wait_status)
{
	const char *alloc = job->alloc;

	const char *kind = "exit";

	memset(out, 0, sizeof(*out));
	out->status = KB_E_WRONG;
	if (watched == CHILD_HANGS) {
		kind = "hang";
		kb_fail(&out->diag, KB_E_WRONG,
			"%s hangs: no progress for %g s after %llu events; "
			"--timeout sets how long to wait",
			alloc, job->timeout_ms / 1e3, events);
	} else if (WIFSIGNALED(wait_status)) {
		kind = "crash";
		kb_fail(&out->diag, KB_E_WRONG,
			"%s crashed after %llu events: %s", alloc, events,
			strsignal(WTERMSIG(wait_status)));
	} else {
		kb_fail(&out->diag, KB_E_WRONG,
			"%s ended its process with status %d after %llu events",
			alloc,
			WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1,
			events);
	}
	name_fault(out, kind, events);
}

/* The result of a worker that finished its job. Its allocator may have written
 * there too. */
static void take_outcome(struct bench_outcome *out, const struct bench_job *job,
			 const struct shared *shared)
{
	memcpy(out, &shared->outcome, bench_outcome_size(job->pass));
	out->exact = NULL;
	out->places = NULL;
	if (bench_outcome_is_whole(out, job->pass)) {
		/* A failure without a message is out of memory. */
		if (out->status < 0)
			kb_fail(&out->diag, out->status, "%s: %s", job->alloc,
				kb_status_str(out->status));
		return;
	}
	memset(out, 0, sizeof(*out));
	out->status = kb_fail(&out->diag, KB_E_WRONG,
			      "%s has overwritten memory that is not its own, "
			      "so its process has no valid result",
			      job->alloc);
	name_fault(out, "overwrite", REPLAY_NO_EVENT);
}

/* A worker that hangs may know where: one whose allocator is in a process of its
 * own says so when it gets SIGUSR1, and any other is ended by it. */
static void ask_last_word(pid_t child)
{
	siginfo_t info = { 0 };

	kill(child, SIGUSR1);
	for (unsigned i = 0; i < LAST_WORD_LOOKS && info.si_pid == 0; i++) {
		poll(NULL, 0, BENCH_LOOK_MS);
		if (waitid(P_PID, (id_t)child, &info,
			   WEXITED | WNOHANG | WNOWAIT) != 0)
			return;
	}
}

static int cannot_start(struct kb_diag *diag)
{
	if (errno == ENOENT)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "cannot start a process: " BENCH_PROCESS_SELF
			       " is not there; mount /proc");
	return kb_fail(diag, KB_E_IO, "cannot start a process: %s",
		       strerror(errno));
}

/* Once the worker has ended, trust only `job`, not the shared copy. */
static int run_child(const struct bench_shared *memory,
		     const struct bench_job *job, bench_worker_watch watch,
		     void *user, struct bench_outcome *out,
		     struct kb_diag *diag)
{
	struct shared *shared = memory->memory;
	pid_t child = bench_process_spawn(BENCH_PROCESS_SELF, BENCH_WORKER_NAME,
					  memory);
	enum watched watched = CHILD_ENDED;
	struct rusage used = { 0 };
	int pidfd, status;

	if (child < 0)
		return cannot_start(diag);
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd >= 0) {
		watched = watch_child(pidfd, shared, job->timeout_ms, watch,
				      user);
		close(pidfd);
	}
	if (watched == CHILD_HANGS)
		ask_last_word(child);
	if (watched != CHILD_ENDED)
		kill(child, SIGKILL);
	status = bench_process_reap_used(child, &used);
	/* The child may have died of the signal that bench got too. */
	if (watched == CHILD_STOPPED || kb_signal)
		return KB_E_STOPPED;
	if (bench_process_hit_limit(status, &used))
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "%s: its process has used the CPU time that the "
			       "limit allows; raise it (ulimit -t)",
			       job->alloc);
	if (!atomic_load(&shared->done))
		explain_death(out, job, replay_progress_read(&shared->progress),
			      watched, status);
	else
		take_outcome(out, job, shared);
	out->by_clock = watched == CHILD_HANGS;
	return 0;
}

static bool is_foreign(const struct bench_job *job)
{
	struct alloc_spec spec;
	struct kb_diag diag;

	kb_diag_init(&diag);
	return alloc_spec_parse(&spec, job->alloc, &diag) == 0 &&
	       spec.ops->foreign;
}

/* What foreign code has printed, as far as it is shown: cleaned, in its name. */
static void show_printed(const struct bench_job *job, int fd)
{
	const size_t name = strlen(job->alloc);
	char *text = calloc(1, LOG_SIZE + 1);
	char *save = NULL;
	unsigned lines = 0;

	if (text && pread(fd, text, LOG_SIZE, 0) > 0)
		for (const char *line = strtok_r(text, "\n", &save);
		     line && lines < LOG_LINES;
		     line = strtok_r(NULL, "\n", &save), lines++) {
			const bool is_named =
				strncmp(line, job->alloc, name) == 0 &&
				line[name] == ':';
			struct kb_diag diag;

			kb_diag_init(&diag);
			if (is_named)
				kb_fail(&diag, KB_E_ARG, "%s", line);
			else
				kb_fail(&diag, KB_E_ARG, "%s: %s", job->alloc,
					line);
			fprintf(stderr, "%s\n", diag.text);
		}
	free(text);
}

/* As run_child, for foreign code: apart from this process as far as the kernel
 * allows. */
static int run_apart(struct bench_shared *memory, const struct bench_job *job,
		     bench_worker_watch watch, void *user,
		     struct bench_outcome *out, struct kb_diag *diag)
{
	struct sandbox_space space = { 0 };
	int err;

	memory->output_fd = sandbox_space_file(LOG_SIZE);
	if (memory->output_fd < 0)
		return kb_fail(diag, KB_E_IO, "cannot make shared memory: %s",
			       strerror(errno));
	memory->space = &space;
	sandbox_space_adopt();
	err = run_child(memory, job, watch, user, out, diag);
	if (err == 0)
		out->in_the_open = space.keeper == 0;
	sandbox_space_end(&space);
	if (job->pass == BENCH_PASS_VERIFY && !job->is_mute)
		show_printed(job, memory->output_fd);
	close(memory->output_fd);
	return err;
}

static int copy_places(struct bench_outcome *out, const struct shared *shared,
		       size_t places, struct kb_diag *diag)
{
	out->places = calloc(places, sizeof(*out->places));
	if (!out->places)
		return kb_fail(diag, KB_E_NOMEM, "out of memory for addresses");
	memcpy(out->places, shared->place, places * sizeof(*out->places));
	return 0;
}

int bench_worker_run(const struct bench_job *job, bench_worker_watch watch,
		     void *user, struct bench_outcome *out,
		     struct kb_diag *diag)
{
	struct bench_shared memory;
	struct shared *shared;
	int err;

	err = bench_shared_new(&memory, size_of(job->places), diag);
	if (err < 0)
		return err;
	if (job->trace_fd > 0)
		memory.file_fd = job->trace_fd;
	shared = memory.memory;
	shared->job = *job;
	err = is_foreign(job) ? run_apart(&memory, job, watch, user, out, diag)
			      : run_child(&memory, job, watch, user, out, diag);
	if (err == 0 && out->status == 0 && job->exact &&
	    out->result.count.has_gauge) {
		out->exact = replay_exact_copy(&shared->exact);
		if (!out->exact)
			err = kb_fail(diag, KB_E_NOMEM,
				      "out of memory for distributions");
	}
	if (err == 0 && job->places > 0)
		err = copy_places(out, shared, job->places, diag);
	bench_shared_release(&memory);
	return err;
}
