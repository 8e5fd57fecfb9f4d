#include "bench_worker.h"

#include "bench_process.h"
#include "bench_target.h"
#include "replay.h"
#include "trc_reader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_INTERVAL_MS 100

/* What parent and worker share. */
struct shared {
	struct bench_job job;
	_Atomic uint64_t progress;

	/* Set by the worker as its last act. */
	_Atomic bool done;
	struct bench_outcome outcome;
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

static int do_job(struct shared *shared)
{
	const struct bench_job *job = &shared->job;
	struct kb_diag *diag = &shared->outcome.diag;
	const struct bench_target target = { job->trace, job->alloc,
					     job->heap_base, job->heap_pages,
					     job->walk };
	struct replay_job replay = {
		.touch = job->touch,
		.use_tsc = job->use_tsc,
		.budget_ns = job->budget_ns,
		.seed = job->seed,
		.samples = job->samples,
		.progress = &shared->progress,
	};
	int err;

	err = bench_process_pin(job->cpu, diag);
	if (err < 0)
		return err;
	err = bench_target_open(&replay, &target, diag);
	if (job->pass & (BENCH_PASS_THROUGHPUT | BENCH_PASS_LATENCY))
		replay_clock_measure_cost(&shared->outcome.clock_cost,
					  job->use_tsc);
	if (err == 0)
		err = run_pass(job, &replay, &shared->outcome);
	bench_target_close(&replay);
	return err;
}

int bench_worker_main(void)
{
	struct shared *shared = bench_shared_attach(sizeof(*shared));

	bench_process_follow_parent();
	if (!shared) {
		fprintf(stderr, "bench: this program name is for bench's own "
				"worker processes\n");
		return 2;
	}
	shared->outcome.status = do_job(shared);
	atomic_store(&shared->done, true);
	return 0;
}

/* Waits for the child, told by its process descriptor, and has it watched. */
static bool watch_child(int pidfd, struct shared *shared,
			bench_worker_watch watch, void *user)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int n = poll(&poll_fd, 1, WATCH_INTERVAL_MS);

		if (n > 0)
			return false;
		if (n < 0 && errno != EINTR)
			return false;
		if (watch && watch(atomic_load(&shared->progress), user))
			return true;
	}
}

/* What became of a worker that did not finish its job. */
static void explain_death(struct bench_outcome *out, const char *alloc,
			  int wait_status)
{
	kb_diag_init(&out->diag);
	out->status = KB_E_WRONG;
	if (WIFSIGNALED(wait_status))
		kb_fail(&out->diag, KB_E_WRONG, "%s crashed: %s", alloc,
			strsignal(WTERMSIG(wait_status)));
	else
		kb_fail(&out->diag, KB_E_WRONG,
			"%s ended its process with status %d", alloc,
			WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1);
}

static int run_child(const struct bench_shared *memory,
		     bench_worker_watch watch, void *user, struct kb_diag *diag)
{
	struct shared *shared = memory->memory;
	pid_t child = bench_process_spawn(BENCH_PROCESS_SELF, BENCH_WORKER_NAME,
					  memory);
	bool stopped = false;
	int pidfd, status;

	if (child < 0)
		return kb_fail(diag, KB_E_IO, "cannot start a process: %s",
			       strerror(errno));
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd >= 0) {
		stopped = watch_child(pidfd, shared, watch, user);
		close(pidfd);
	}
	if (stopped)
		kill(child, SIGKILL);
	status = bench_process_reap(child);
	if (stopped)
		return KB_E_STOPPED;
	if (!atomic_load(&shared->done))
		explain_death(&shared->outcome, shared->job.alloc, status);
	return 0;
}

int bench_worker_run(const struct bench_job *job, bench_worker_watch watch,
		     void *user, struct bench_outcome *out,
		     struct kb_diag *diag)
{
	struct bench_shared memory;
	struct shared *shared;
	int err;

	err = bench_shared_new(&memory, sizeof(*shared), diag);
	if (err < 0)
		return err;
	shared = memory.memory;
	shared->job = *job;
	err = run_child(&memory, watch, user, diag);
	*out = shared->outcome;
	bench_shared_release(&memory);
	return err;
}
