#include "trc_order.h"

#include "kb_bits.h"
#include "kb_status.h"

#include <stdlib.h>
#include <string.h>

static int grow(struct trc_order *order, uint32_t cpus)
{
	uint64_t *grown = realloc(order->latest, cpus * sizeof(*grown));

	if (!grown)
		return KB_E_NOMEM;
	memset(grown + order->cpus, 0, (cpus - order->cpus) * sizeof(*grown));
	order->latest = grown;
	order->cpus = cpus;
	return 0;
}

int trc_order_take(struct trc_order *order, enum trc_order_rule rule,
		   uint16_t cpu, uint64_t time_ns, uint64_t *back)
{
	uint64_t slack = rule == TRC_ORDER_STRICT ? 0 : TRC_ORDER_SLACK_NS;
	uint64_t *latest;

	*back = 0;
	if (kb_unlikely(cpu >= order->cpus) &&
	    grow(order, ((uint32_t)cpu + 64) & ~UINT32_C(63)) < 0)
		return KB_E_NOMEM;
	latest = &order->latest[cpu];
	if (kb_unlikely(rule != TRC_ORDER_BY_TIME && *latest > time_ns + 1))
		*back = *latest - 1 - time_ns;
	else if (order->has_any && order->latest_of_all > time_ns &&
		 order->latest_of_all - time_ns > slack)
		*back = order->latest_of_all - time_ns;
	if (*back > 0)
		return 0;
	*latest = time_ns + 1;
	if (time_ns > order->latest_of_all || !order->has_any)
		order->latest_of_all = time_ns;
	order->has_any = true;
	return 0;
}

void trc_order_reset(struct trc_order *order)
{
	if (order->cpus > 0)
		memset(order->latest, 0, order->cpus * sizeof(*order->latest));
	order->latest_of_all = 0;
	order->has_any = false;
}

void trc_order_release(struct trc_order *order)
{
	free(order->latest);
	memset(order, 0, sizeof(*order));
}
