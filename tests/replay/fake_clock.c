#include "fake_clock.h"

#include <math.h>

/* What asking both clocks takes, ns: time goes on while one waits for it. */
#define NOW_COST_NS 1000.0

static void pass(struct fake_clock *fake, double ns)
{
	fake->now_ns += ns;
	fake->now_ticks += ns / fake->tick_ns;
}

static uint64_t shown(const struct fake_clock *fake)
{
	return (uint64_t)(fake->now_ticks / (double)fake->step) * fake->step;
}

/* From 0 to below 1. */
static double chance(struct fake_clock *fake)
{
	return (double)kb_rng_below(&fake->rng, UINT32_MAX) / UINT32_MAX;
}

uint64_t fake_clock_read(struct fake_clock *fake, double ns)
{
	uint64_t begin;
	double cost;

	if (fake->readings++ == 0)
		fake->rng = kb_rng_init(1);
	fake->was_preempted = fake->preempted_every &&
			      fake->readings % fake->preempted_every == 0;
	/* Pairs do not come in step with the clock. */
	pass(fake, 20 * fake->tick_ns * (double)fake->step * chance(fake));
	begin = shown(fake);
	cost = fake->cost_low + fake->cost_spread * chance(fake);
	pass(fake, cost * fake->tick_ns + ns);
	if (fake->was_preempted)
		pass(fake, fake->preempted_ns);
	return shown(fake) - begin;
}

uint64_t fake_clock_ticks(const struct fake_clock *fake, double ns)
{
	return (uint64_t)ceil(ns / fake->tick_ns + fake->cost_low +
			      fake->cost_spread);
}

static uint64_t fake_pair(void *ctx)
{
	return fake_clock_read(ctx, 0);
}

static void fake_now(void *ctx, uint64_t *ticks, uint64_t *ns)
{
	struct fake_clock *fake = ctx;

	pass(fake, NOW_COST_NS);
	*ticks = shown(fake);
	*ns = (uint64_t)fake->now_ns;
}

struct replay_clock_source fake_clock_source(struct fake_clock *fake)
{
	static const struct replay_clock_ops ops = { fake_pair, fake_now };

	return (struct replay_clock_source){ &ops, fake };
}
