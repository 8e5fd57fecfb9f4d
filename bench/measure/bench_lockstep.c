#include "bench_lockstep.h"

#include "bench_env.h"
#include "bench_process.h"
#include "bench_settings.h"
#include "bench_stats.h"
#include "bench_target.h"
#include "replay_lap.h"
#include "replay_futex.h"
#include "replay_tick.h"
#include "kb_signal.h"
#include "kb_complain.h"
#include "kb_exit.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a program may take to report its protocol version, ns: far longer
 * than a start takes on a loaded machine. A program that is not bench might
 * wait for input forever. */
#define GREETING_NS UINT64_C(60000000000)

/* One side, as the parent and both processes see it. */
struct side {
	/* BENCH_LOCKSTEP_VERSION, once this side's program has reported it. */
	_Atomic uint32_t version;

	/* 1 once it is ready for its first turn, or has failed. */
	_Atomic uint32_t ready;

	/* 1: set by the side as its last act. */
	_Atomic uint32_t done;
	int status;
	struct kb_diag diag;
	char build[BENCH_LOCKSTEP_BUILD_SIZE];
	uint64_t ticks[BENCH_LOCKSTEP_TURNS / 2];
	uint64_t readings[BENCH_LOCKSTEP_TURNS / 2];
};

struct shared {
	/* First, so that every version finds it. */
	uint32_t version;
	struct bench_lockstep_job job;

	/* Sides that have arrived. */
	_Atomic uint32_t arrived;

	/* The current turn; BENCH_LOCKSTEP_TURNS at the end, above it after a
	 * failure. */
	_Atomic uint32_t turn;
	struct side side[2];
};

static void give_turn(struct shared *shared, uint32_t turn)
{
	atomic_store(&shared->turn, turn);
	replay_futex_wake(&shared->turn);
}

/* Burns the share of a slice that --inject asks for. */
static uint64_t inject(const struct bench_lockstep_job *job, unsigned self,
		       uint64_t ticks)
{
	uint64_t extra = (uint64_t)((double)ticks * job->inject_ppm / 1e6);
	uint64_t begin, now;

	if (self != 1 || extra == 0)
		return 0;
	begin = now = replay_tick_begin(job->use_tsc);
	while (now - begin < extra)
		now = replay_tick_end(job->use_tsc);
	return now - begin;
}

static int take_turn(struct shared *shared, unsigned self, size_t own_turn,
		     struct replay_lap *lap, struct kb_diag *diag)
{
	const struct bench_lockstep_job *job = &shared->job;
	uint64_t ticks = 0, readings = 0;
	int err;

	err = replay_lap_run(lap, job->warm_ops, &ticks, &readings, diag);
	ticks = readings = 0;
	if (err == 0)
		err = replay_lap_run(lap, job->slice_ops, &ticks, &readings,
				     diag);
	ticks += inject(job, self, ticks);
	shared->side[self].ticks[own_turn] = ticks;
	shared->side[self].readings[own_turn] = readings;
	return err;
}

static int take_turns(struct shared *shared, unsigned self,
		      struct replay_lap *lap, struct kb_diag *diag)
{
	size_t own_turns = 0;

	for (;;) {
		uint32_t turn = atomic_load(&shared->turn);
		int err;

		if (turn >= BENCH_LOCKSTEP_TURNS)
			return 0;
		if (shared->job.order[turn] != self) {
			replay_futex_wait(&shared->turn, turn);
			continue;
		}
		err = take_turn(shared, self, own_turns++, lap, diag);
		give_turn(shared, err < 0 ? UINT32_MAX : turn + 1);
		if (err < 0)
			return err;
	}
}

static void say_ready(struct shared *shared, unsigned self)
{
	struct side *side = &shared->side[self];
	struct side *other = &shared->side[!self];

	atomic_store(&side->ready, 1);
	replay_futex_wake(&side->ready);
	while (!atomic_load(&other->ready) &&
	       atomic_load(&shared->turn) < BENCH_LOCKSTEP_TURNS)
		replay_futex_wait(&other->ready, 0);
}

static int run_lap(struct shared *shared, unsigned self,
		   struct replay_job *replay, struct kb_diag *diag)
{
	struct replay_lap *lap;
	int err;

	err = replay_lap_new(&lap, replay);
	if (err < 0)
		return kb_fail(diag, err, "out of memory");
	err = replay_lap_warm(lap, diag);
	if (err < 0)
		give_turn(shared, UINT32_MAX);
	say_ready(shared, self);
	if (err == 0)
		err = take_turns(shared, self, lap, diag);
	replay_lap_free(lap);
	return err;
}

/* Marks a runner as done: the other side waits for it no longer. */
static void end_side(struct side *side, struct shared *shared)
{
	if (side->status < 0)
		give_turn(shared, UINT32_MAX);
	atomic_store(&side->ready, 1);
	replay_futex_wake(&side->ready);
	atomic_store(&side->done, 1);
}

/* This side, for an allocator's callbacks. */
struct runner {
	struct shared *shared;
	struct side *side;
};

/* The allocator's last word. */
static void panic(void *user, const char *alloc, const char *reason,
		  const struct alloc_fault *fault)
{
	struct runner *runner = user;

	(void)fault;
	kb_diag_init(&runner->side->diag);
	runner->side->status = kb_fail(&runner->side->diag, KB_E_WRONG,
				       "%s gave up: %s", alloc, reason);
	end_side(runner->side, runner->shared);
	_exit(0);
}

static int do_side(struct shared *shared, unsigned self, struct kb_diag *diag)
{
	const struct bench_lockstep_job *job = &shared->job;
	struct runner runner = { shared, &shared->side[self] };
	const struct bench_target target = {
		.trace = job->trace,
		.timed = true,
		.ahead_cpu = bench_other_cpu(job->cpu),
		.alloc = job->alloc[self],
		.heap_base = job->heap_base,
		.heap_pages = job->heap_pages,
		.report = { NULL, panic, &runner },
	};
	struct replay_job replay = { .touch = job->touch,
				     .use_tsc = job->use_tsc };
	int err;

	err = bench_process_pin(job->cpu, diag);
	if (err < 0)
		return err;
	err = bench_target_open(&replay, &target, diag);
	if (err == 0)
		err = run_lap(shared, self, &replay, diag);
	bench_target_close(&replay);
	return err;
}

int bench_lockstep_main(void)
{
	struct shared *shared = bench_shared_attach(sizeof(*shared));
	struct side *side;
	unsigned self;

	bench_process_follow_parent();
	if (!shared || shared->version != BENCH_LOCKSTEP_VERSION) {
		kb_complain("bench", "this program name is for bench's own "
				     "lock-step runners; run 'bench compare'");
		return KB_EXIT_USAGE;
	}
	self = atomic_fetch_add(&shared->arrived, 1);
	if (self > 1)
		return KB_EXIT_USAGE;
	side = &shared->side[self];
	bench_env_build(side->build, sizeof(side->build));
	atomic_store(&side->version, BENCH_LOCKSTEP_VERSION);
	replay_futex_wake(&side->version);
	/* If the sides only report their versions, no turn follows. */
	if (atomic_load(&shared->turn) < BENCH_LOCKSTEP_TURNS)
		side->status = do_side(shared, self, &side->diag);
	end_side(side, shared);
	return 0;
}

/* Waits until a side has reported its version, has ended, or has taken too
 * long. */
static bool wait_for_version(struct side *side, pid_t child)
{
	/* Counted, so that a clock that stops makes nobody wait. */
	uint64_t looks = GREETING_NS / REPLAY_FUTEX_PATIENCE_NS;
	siginfo_t info;

	while (atomic_load(&side->version) == 0 && looks-- > 0) {
		replay_futex_wait(&side->version, 0);
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)child, &info,
			   WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid != 0 || kb_signal)
			break;
	}
	return atomic_load(&side->version) != 0;
}

/* Side numbers go by order of arrival, so the second program is started when
 * the first has arrived. */
static int start_side(struct bench_shared *memory, unsigned which,
		      const char *exe, pid_t *child, struct kb_diag *diag)
{
	struct shared *shared = memory->memory;

	*child = bench_process_spawn(exe, BENCH_LOCKSTEP_NAME, memory);
	if (*child < 0)
		return kb_fail(diag, KB_E_IO, "cannot start '%s': %s", exe,
			       strerror(errno));
	if (wait_for_version(&shared->side[which], *child))
		return 0;
	return kb_fail(diag, KB_E_ENVIRONMENT,
		       "'%s' does not speak version %d of the lock-step "
		       "protocol: it is no bench, or one too old or too new "
		       "to be compared with",
		       exe, BENCH_LOCKSTEP_VERSION);
}

/* The result of a side that has ended. A signal sent from outside is not its
 * fault; one that a fault raises is. */
static int judge_end(const struct side *side, const char *exe, int wait_status,
		     struct kb_diag *diag)
{
	int number = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;

	if (number == SIGKILL || number == SIGTERM || number == SIGINT ||
	    number == SIGHUP)
		return kb_fail(diag, KB_E_IO,
			       "'%s' was killed (%s); run the comparison again",
			       exe, strsignal(number));
	if (number)
		return kb_fail(diag, KB_E_WRONG, "'%s' crashed: %s", exe,
			       strsignal(number));
	if (!atomic_load(&side->done))
		return kb_fail(diag, KB_E_WRONG,
			       "'%s' ended in the middle of its work with "
			       "status %d",
			       exe, WEXITSTATUS(wait_status));
	/* Its allocator may have written into the shared memory too. */
	if (atomic_load(&side->version) != BENCH_LOCKSTEP_VERSION ||
	    side->status > 0)
		return kb_fail(diag, KB_E_WRONG,
			       "the allocator in '%s' has overwritten memory "
			       "that is not its own, so its process has no "
			       "valid result",
			       exe);
	if (side->status < 0)
		return kb_fail(diag, side->status, "%.*s",
			       (int)sizeof(side->diag.text) - 1,
			       side->diag.text);
	return 0;
}

static void stop_child(pid_t *child)
{
	if (*child > 0) {
		kill(*child, SIGKILL);
		bench_process_reap(*child);
	}
	*child = 0;
}

/* Waits for both sides, whichever ends first: if one ends early, the other
 * waits for a turn that never comes. */
static int wait_for_end(struct shared *shared, pid_t *child,
			const char *const *exe, struct kb_diag *diag)
{
	int err = 0;

	while (err == 0 && (child[0] || child[1])) {
		siginfo_t info;
		unsigned i;

		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0 &&
		    !kb_signal)
			continue;
		if (kb_signal)
			return KB_E_STOPPED;
		i = info.si_pid == child[1];
		err = judge_end(&shared->side[i], exe[i],
				bench_process_reap(child[i]), diag);
		child[i] = 0;
	}
	return err;
}

static int run_sides(struct bench_shared *memory, const char *const *exe,
		     struct kb_diag *diag)
{
	struct shared *shared = memory->memory;
	pid_t child[2] = { 0, 0 };
	int err = 0;

	shared->version = BENCH_LOCKSTEP_VERSION;
	for (unsigned i = 0; i < 2 && err == 0; i++)
		err = start_side(memory, i, exe[i], &child[i], diag);
	if (err == 0)
		err = wait_for_end(shared, child, exe, diag);
	stop_child(&child[0]);
	stop_child(&child[1]);
	return kb_signal ? KB_E_STOPPED : err;
}

/* One epoch of two fresh processes; without a job they only report their
 * versions. */
static int run_once(struct bench_shared *memory,
		    const struct bench_lockstep_job *job, const char *base,
		    const char *candidate, struct kb_diag *diag)
{
	const char *const exe[2] = { base, candidate };
	struct shared *shared;
	int err = bench_shared_new(memory, sizeof(*shared), diag);

	if (err < 0)
		return err;
	shared = memory->memory;
	if (job)
		shared->job = *job;
	else
		shared->turn = BENCH_LOCKSTEP_TURNS;
	return run_sides(memory, exe, diag);
}

int bench_lockstep_meet(const char *base, const char *candidate,
			char (*build)[BENCH_LOCKSTEP_BUILD_SIZE],
			struct kb_diag *diag)
{
	struct bench_shared memory;
	int err = run_once(&memory, NULL, base, candidate, diag);
	const struct shared *shared = memory.memory;

	for (unsigned i = 0; shared && i < 2; i++)
		snprintf(build[i], sizeof(build[i]), "%.*s",
			 (int)sizeof(build[i]) - 1, shared->side[i].build);
	bench_shared_release(&memory);
	return err;
}

int bench_lockstep_run(const struct bench_lockstep_job *job, const char *base,
		       const char *candidate, struct bench_lockstep_epoch *out,
		       struct kb_diag *diag)
{
	struct bench_shared memory;
	int err = run_once(&memory, job, base, candidate, diag);
	const struct shared *shared = memory.memory;

	for (unsigned i = 0; shared && i < 2; i++) {
		memcpy(out->ticks[i], shared->side[i].ticks,
		       sizeof(out->ticks[i]));
		memcpy(out->readings[i], shared->side[i].readings,
		       sizeof(out->readings[i]));
	}
	bench_shared_release(&memory);
	return err;
}

double bench_lockstep_ratio(const struct bench_lockstep_epoch *epoch,
			    double reading_ticks)
{
	double ratio[BENCH_LOCKSTEP_BLOCKS];

	for (size_t b = 0; b < BENCH_LOCKSTEP_BLOCKS; b++) {
		double net[2];

		for (unsigned i = 0; i < 2; i++)
			net[i] =
				(double)(epoch->ticks[i][2 * b] +
					 epoch->ticks[i][2 * b + 1]) -
				reading_ticks *
					(double)(epoch->readings[i][2 * b] +
						 epoch->readings[i][2 * b + 1]);
		ratio[b] = log(net[1] / net[0]);
	}
	bench_sort(ratio, BENCH_LOCKSTEP_BLOCKS);
	return bench_median(ratio, BENCH_LOCKSTEP_BLOCKS);
}
