#include "bench_sweep_best.h"

#include "kb_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* The index of a name in a list, which is added to it if it is not there. */
static int find_name(char ***list, size_t *count, const char *name,
		     size_t *index, struct kb_diag *diag)
{
	char **grown, *copy;

	for (*index = 0; *index < *count; ++*index)
		if (strcmp((*list)[*index], name) == 0)
			return 0;
	copy = strdup(name);
	grown = copy ? reallocarray(*list, *count + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return no_memory(diag);
	}
	grown[(*count)++] = copy;
	*list = grown;
	return 0;
}

static double number_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : INFINITY;
}

/* The point of a result's trace and configuration; added if there is none. NULL
 * without memory. */
static struct bench_sweep_point *find_point(struct bench_sweep_best *best,
					    const json_t *result,
					    struct kb_diag *diag)
{
	json_int_t pages =
		json_integer_value(json_object_get(result, "heap_pages"));
	struct bench_sweep_point *grown, *point;
	size_t trace, config;
	char name[256];

	if (pages)
		snprintf(name, sizeof(name), "%s, %lld pages",
			 kb_json_string_of(result, "allocator"),
			 (long long)pages);
	else
		snprintf(name, sizeof(name), "%s",
			 kb_json_string_of(result, "allocator"));
	if (find_name(&best->trace, &best->traces,
		      kb_json_string_of(result, "trace"), &trace, diag) < 0 ||
	    find_name(&best->config, &best->configs, name, &config, diag) < 0)
		return NULL;
	for (size_t i = 0; i < best->points; i++)
		if (best->point[i].trace == trace &&
		    best->point[i].config == config)
			return &best->point[i];
	grown = reallocarray(best->point, best->points + 1, sizeof(*grown));
	if (!grown) {
		no_memory(diag);
		return NULL;
	}
	best->point = grown;
	point = &grown[best->points++];
	memset(point, 0, sizeof(*point));
	point->trace = trace;
	point->config = config;
	for (int i = 0; i < BENCH_SWEEP_COSTS; i++)
		point->cost[i] = INFINITY;
	return point;
}

/* The exact costs of a result. */
static int add_result(struct bench_sweep_best *best, const json_t *result,
		      struct kb_diag *diag)
{
	const json_t *counters = json_object_get(result, "counters");
	struct bench_sweep_point *point = find_point(best, result, diag);
	double lookups = number_of(counters, "lookups");

	if (!point)
		return KB_E_NOMEM;
	point->served = !json_object_get(result, "failed") &&
			number_of(counters, "failed_allocs") == 0;
	point->cost[BENCH_SWEEP_MEMORY] =
		number_of(result, "mapped_peak_bytes");
	point->cost[BENCH_SWEEP_INDEX] =
		number_of(counters, "lookup_bytes_peak");
	if (best->timed || !(lookups > 0) || isinf(lookups))
		return 0;
	point->cost[BENCH_SWEEP_TIME] =
		number_of(counters, "nodes_visited") / lookups;
	point->cost[BENCH_SWEEP_TAIL] =
		number_of(counters, "nodes_visited_max");
	point->low = point->high = point->cost[BENCH_SWEEP_TIME];
	return 0;
}

static int add_timed(struct bench_sweep_best *best, const json_t *result,
		     struct kb_diag *diag)
{
	struct bench_sweep_point *point = find_point(best, result, diag);
	double ns = number_of(result, "ns_per_event");

	if (!point)
		return KB_E_NOMEM;
	point->cost[BENCH_SWEEP_TIME] = ns;
	point->low = json_is_number(json_object_get(result, "ci_low"))
			     ? number_of(result, "ci_low")
			     : 0;
	point->high = number_of(result, "ci_high");
	point->cost[BENCH_SWEEP_TAIL] =
		number_of(json_object_get(result, "kfree_ns"), "p99");
	return 0;
}

/* Which machine's times count: the one named, or the only one. */
static int choose_machine(const json_t *timed, const char **machine,
			  struct kb_diag *diag)
{
	const json_t *result;
	const char *only = NULL;
	size_t i;

	json_array_foreach(timed, i, result) {
		const char *own = kb_json_string_of(result, "machine");

		if (*machine && strcmp(own, *machine) == 0)
			return 0;
		if (!*machine && only && strcmp(own, only) != 0)
			return kb_fail(diag, KB_E_ARG,
				       "there are times of several machines; "
				       "choose one with --machine, for example "
				       "'%.200s'",
				       own);
		only = own;
	}
	if (*machine)
		return kb_fail(diag, KB_E_ARG,
			       "there are no times of a machine '%.200s'",
			       *machine);
	*machine = only;
	return 0;
}

static int read_points(struct bench_sweep_best *best, const json_t *document,
		       const char *machine, struct kb_diag *diag)
{
	const json_t *results = json_object_get(document, "results");
	const json_t *timed = json_object_get(document, "timed"), *result;
	int err = 0;
	size_t i;

	if (!json_is_array(results) || !json_is_array(timed))
		return kb_fail(diag, KB_E_FORMAT,
			       "is no merged sweep; make one with 'bench sweep "
			       "merge'");
	best->timed = json_array_size(timed) > 0;
	if (best->timed)
		err = choose_machine(timed, &machine, diag);
	json_array_foreach(results, i, result)
		if (err == 0 && !json_object_get(result, "cpus"))
			err = add_result(best, result, diag);
	json_array_foreach(timed, i, result)
		if (err == 0 &&
		    strcmp(kb_json_string_of(result, "machine"), machine) == 0)
			err = add_timed(best, result, diag);
	if (err == 0 && best->points == 0)
		err = kb_fail(diag, KB_E_ARG,
			      "has no results of passes to compare; replays on "
			      "several CPUs are not");
	return err;
}

static bool dominates(const struct bench_sweep_point *a,
		      const struct bench_sweep_point *b)
{
	bool lower = false;

	for (int i = 0; i < BENCH_SWEEP_COSTS; i++) {
		if (a->cost[i] > b->cost[i])
			return false;
		lower |= a->cost[i] < b->cost[i];
	}
	return lower;
}

static void find_fronts(struct bench_sweep_best *best)
{
	for (size_t i = 0; i < best->points; i++) {
		struct bench_sweep_point *own = &best->point[i];

		own->on_front = own->served;
		for (size_t k = 0; k < best->points && own->on_front; k++) {
			const struct bench_sweep_point *other = &best->point[k];

			if (other->trace == own->trace && other->served &&
			    dominates(other, own))
				own->on_front = false;
		}
	}
}

/* The smallest time on each trace, of what served it. */
static void find_smallest(const struct bench_sweep_best *best, double *smallest)
{
	for (size_t i = 0; i < best->traces; i++)
		smallest[i] = INFINITY;
	for (size_t i = 0; i < best->points; i++) {
		const struct bench_sweep_point *p = &best->point[i];

		if (p->served)
			smallest[p->trace] = fmin(smallest[p->trace],
						  p->cost[BENCH_SWEEP_TIME]);
	}
}

/* Adds up logarithms; the counts say on how many traces. */
static void add_up(struct bench_sweep_best *best, const double *smallest,
		   size_t *traces)
{
	for (size_t i = 0; i < best->points; i++) {
		struct bench_sweep_point *p = &best->point[i];
		struct bench_sweep_overall *o = &best->overall[p->config];
		const double least = smallest[p->trace];

		for (int k = 0; k < BENCH_SWEEP_COSTS; k++)
			o->total[k] += p->cost[k];
		if (!p->served || isinf(p->cost[BENCH_SWEEP_TIME]) ||
		    !(least > 0))
			continue;
		traces[p->config]++;
		p->ratio = p->cost[BENCH_SWEEP_TIME] / least;
		o->ratio += log(p->ratio);
		o->low += log(p->low / least);
		o->high += log(p->high / least);
		o->wins += p->cost[BENCH_SWEEP_TIME] <= least;
	}
}

static int sum_up(struct bench_sweep_best *best, struct kb_diag *diag)
{
	size_t *traces = calloc(best->configs + 1, sizeof(*traces));
	double *smallest = calloc(best->traces + 1, sizeof(*smallest));

	best->overall = calloc(best->configs + 1, sizeof(*best->overall));
	if (!traces || !smallest || !best->overall) {
		free(traces);
		free(smallest);
		return no_memory(diag);
	}
	find_smallest(best, smallest);
	add_up(best, smallest, traces);
	free(smallest);
	for (size_t i = 0; i < best->configs; i++) {
		struct bench_sweep_overall *o = &best->overall[i];
		double n = (double)best->traces;
		bool all = traces[i] == best->traces;

		o->ratio = all ? exp(o->ratio / n) : 0;
		o->low = all ? exp(o->low / n) : 0;
		o->high = all ? exp(o->high / n) : 0;
	}
	free(traces);
	return 0;
}

/* Whether configuration `a` is better than `b`, by the rule in the header. */
static bool is_better(const struct bench_sweep_best *best, size_t a, size_t b)
{
	const double left = best->overall[a].ratio;
	const double right = best->overall[b].ratio;

	if ((left == 0) != (right == 0))
		return left > 0;
	if (left != right)
		return left < right;
	for (int i = BENCH_SWEEP_MEMORY; i < BENCH_SWEEP_COSTS; i++) {
		const double x = best->overall[a].total[i];
		const double y = best->overall[b].total[i];

		if (x != y)
			return x < y;
	}
	return strcmp(best->config[a], best->config[b]) < 0;
}

static int choose(struct bench_sweep_best *best, struct kb_diag *diag)
{
	size_t *order = calloc(best->configs + 1, sizeof(*order));
	size_t able = 0;

	best->order = order;
	if (!order)
		return no_memory(diag);
	for (size_t i = 0; i < best->configs; i++) {
		size_t k = i;

		for (; k > 0 && is_better(best, i, order[k - 1]); k--)
			order[k] = order[k - 1];
		order[k] = i;
		able += best->overall[i].ratio > 0;
	}
	best->best = able > 0 ? order[0] : SIZE_MAX;
	best->next = able > 1 ? order[1] : SIZE_MAX;
	best->is_sure = able == 1 ||
			(able > 1 &&
			 (!best->timed || best->overall[order[0]].high <
						  best->overall[order[1]].low));
	return 0;
}

int bench_sweep_best(struct bench_sweep_best *best, const json_t *document,
		     const char *machine, struct kb_diag *diag)
{
	int err;

	memset(best, 0, sizeof(*best));
	err = read_points(best, document, machine, diag);
	if (err == 0) {
		find_fronts(best);
		err = sum_up(best, diag);
	}
	if (err == 0)
		err = choose(best, diag);
	return err;
}

void bench_sweep_best_release(struct bench_sweep_best *best)
{
	for (size_t i = 0; i < best->traces; i++)
		free(best->trace[i]);
	for (size_t i = 0; i < best->configs; i++)
		free(best->config[i]);
	free(best->trace);
	free(best->config);
	free(best->point);
	free(best->overall);
	free(best->order);
	memset(best, 0, sizeof(*best));
}
