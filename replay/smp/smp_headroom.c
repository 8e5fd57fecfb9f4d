#include "smp_headroom.h"

const uint64_t smp_headroom_speed[SMP_HEADROOM_STEPS] = {
	1000,	   1189,      1414,	  1682,	     2000,	2378,
	2828,	   3364,      4000,	  4757,	     5657,	6727,
	8000,	   9514,      11314,	  13454,     16000,	19027,
	22627,	   26909,     32000,	  38055,     45255,	53817,
	64000,	   76109,     90510,	  107635,    128000,	152219,
	181019,	   215269,    256000,	  304437,    362039,	430539,
	512000,	   608874,    724077,	  861078,    1024000,	1217748,
	1448155,   1722156,   2048000,	  2435496,   2896309,	3444312,
	4096000,   4870992,   5792619,	  6888623,   8192000,	9741985,
	11585238,  13777247,  16384000,	  19483969,  23170475,	27554494,
	32768000,  38967939,  46340950,	  55108987,  65536000,	77935877,
	92681900,  110217975, 131072000,  155871755, 185363800, 220435950,
	262144000, 311743510, 370727600,  440871900, 524288000, 623487020,
	741455200, 881743800, 1048576000,
};

/* 10 * makespan > 11 * free, without a product that could overflow. */
static bool is_exceeded(const struct smp_counters *n)
{
	return n->makespan_ps - n->zero_cost_makespan_ps >
	       n->zero_cost_makespan_ps / 10;
}

static int run_at(const struct smp_sim_job *job, uint64_t thousandths,
		  smp_open_fn open, void *user, bool *exceeded,
		  struct kb_diag *diag)
{
	struct smp_sim_job own = *job;
	struct smp_sim_result result;
	int err;

	own.speed.thousandths = thousandths;
	own.makespans_only = true;
	err = open(user, &own.alloc, diag);
	if (err < 0)
		return err;
	err = smp_sim_run(&own, &result, diag);
	own.alloc.vt->close(own.alloc.ctx);
	if (err < 0)
		return err;
	*exceeded = is_exceeded(&result.counters);
	smp_sim_release(&result);
	return 0;
}

int smp_headroom(const struct smp_sim_job *job, smp_open_fn open, void *user,
		 struct smp_speed *out, struct kb_diag *diag)
{
	bool exceeded = false;

	out->thousandths = 0;
	for (unsigned i = 0; i < SMP_HEADROOM_STEPS; i++) {
		int err = run_at(job, smp_headroom_speed[i], open, user,
				 &exceeded, diag);

		if (err < 0)
			return err;
		if (exceeded)
			break;
		out->thousandths = smp_headroom_speed[i];
	}
	return 0;
}
