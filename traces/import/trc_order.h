/*
 * trc_order: whether a recording's events are in order of time.
 *
 * A recorder that merges its CPUs' buffers writes them in order. Time that goes
 * back means that another recording begins in the same file: another boot, the
 * same events again, another CPU's buffer after the first one's. What is live
 * in one is not in the other, so the import must not go on.
 *
 * A recorder that reads the buffers while they fill (trace_pipe) may print one
 * CPU's event a little after a later event of another CPU, but never out of
 * order on one CPU.
 *
 * Private to this folder.
 */
#ifndef TRC_ORDER_H
#define TRC_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* How far time may go back from one CPU to another, ns: far longer than a
 * reader of trace_pipe is delayed, far shorter than a boot. */
#define TRC_ORDER_SLACK_NS UINT64_C(100000000)

/* A zeroed struct is empty. */
struct trc_order {
	/* The latest time of each CPU, plus 1; 0 if it had none. */
	uint64_t *latest;
	uint32_t cpus;

	/* The latest time of all, and whether there is one. */
	uint64_t latest_of_all;
	bool has_any;
};

/* How late an event may be. */
enum trc_order_rule {
	/* Never on its own CPU; by TRC_ORDER_SLACK_NS otherwise. */
	TRC_ORDER_BY_CPU,

	/* By TRC_ORDER_SLACK_NS: the CPU is unknown. */
	TRC_ORDER_BY_TIME,

	/* Not at all: it is the first after a recorder's header. */
	TRC_ORDER_STRICT
};

/*
 * Takes the time of the next event. Sets `*back` to 0, or to how far time has
 * gone back if that is more than allowed. Returns 0 or KB_E_NOMEM.
 */
int trc_order_take(struct trc_order *order, enum trc_order_rule rule,
		   uint16_t cpu, uint64_t time_ns, uint64_t *back);

/* As trc_order_take, by TRC_ORDER_BY_CPU, of a time that is the latest so far:
 * true if it was and has been taken. */
static inline bool trc_order_goes_on(struct trc_order *order, uint16_t cpu,
				     uint64_t time_ns)
{
	if (!order->has_any || cpu >= order->cpus ||
	    order->latest[cpu] > time_ns + 1 || order->latest_of_all > time_ns)
		return false;
	order->latest[cpu] = time_ns + 1;
	order->latest_of_all = time_ns;
	return true;
}

/* Forgets all times, as at the beginning of another recording. */
void trc_order_reset(struct trc_order *order);

void trc_order_release(struct trc_order *order);

#endif /* TRC_ORDER_H */
