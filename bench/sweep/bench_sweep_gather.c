#include "bench_sweep_gather.h"

#include "bench_settings.h"
#include "bench_sweep_plan.h"
#include "bench_sweep_result.h"
#include "kb_bits.h"
#include "kb_json.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One planned job, whichever plans have it. */
struct planned {
	char key[BENCH_SWEEP_KEY_SIZE];
	bool has_result;
};

struct gathering {
	struct bench_sweep_gather *to;
	bench_sweep_tell tell;
	void *user;
	bool (*stop)(void);
	struct kb_diag *diag;

	/* Sorted by key once all plans have been read. */
	struct planned *planned;
	size_t count;
	size_t room;
	size_t found_room;
};

/* What must be the same wherever a job runs: members of a cell. */
static const char *const exact_members[] = { "counters", "digest",
					     "verified", "lookup_steps",
					     "speedup",	 "waits" };

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* Makes room for one more in an array of `size`-byte items. */
static int grow(void **array, size_t count, size_t *room, size_t size,
		struct kb_diag *diag)
{
	size_t more = *room ? 2 * *room : 256;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*array, more, size);
	if (!grown)
		return no_memory(diag);
	*array = grown;
	*room = more;
	return 0;
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Which of the machines a result is of. Returns 0 with `*index`, or <0. */
static int find_machine(struct bench_sweep_gather *to, const json_t *document,
			unsigned *index, struct kb_diag *diag)
{
	const json_t *context = json_object_get(document, "context");
	char **grown, *name;

	if (asprintf(&name, "%s, %lld CPUs, %s, %s",
		     kb_json_string_of(context, "cpu_model"),
		     (long long)number_of(context, "cpus"),
		     kb_json_string_of(context, "system"),
		     kb_json_string_of(json_object_get(document, "sweep"),
				       "host")) < 0)
		return no_memory(diag);
	for (*index = 0; *index < to->machines; ++*index) {
		if (strcmp(to->machine[*index], name) == 0) {
			free(name);
			return 0;
		}
	}
	grown = reallocarray(to->machine, to->machines + 1, sizeof(*grown));
	if (!grown) {
		free(name);
		return no_memory(diag);
	}
	grown[to->machines++] = name;
	to->machine = grown;
	return 0;
}

static int hash_exact(char out[65], const json_t *cell, struct kb_diag *diag)
{
	json_t *exact = json_object();
	char *text;

	for (size_t i = 0; i < KB_ARRAY_LEN(exact_members); i++)
		json_object_set(exact, exact_members[i],
				json_object_get(cell, exact_members[i]));
	json_object_set_new(exact, "failed",
			    json_boolean(json_object_get(cell, "error")));
	text = json_dumps(exact, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(exact);
	if (!text)
		return no_memory(diag);
	SHA256Data((const uint8_t *)text, strlen(text), out);
	free(text);
	return 0;
}

/* The allocator before the options: one trace's results come together. */
static int set_label(struct bench_sweep_found *found, const json_t *cell,
		     const struct bench_sweep_job *job, struct kb_diag *diag)
{
	char passes[BENCH_SWEEP_PASSES_SIZE];
	int n = asprintf(&found->label,
			 "%s\t%s\t%s\t%s\t%010" PRIu32 "\t%010" PRIu32
			 "\t%020" PRIu64 "\t%010" PRIu32 "\t%010" PRIu32,
			 kb_json_string_of(cell, "trace"), job->trace_sha256,
			 job->allocator,
			 bench_sweep_passes(passes, job->passes), job->cpus,
			 job->heap_pages, job->seed, job->budget_ms,
			 job->repeat);

	if (n < 0) {
		found->label = NULL;
		return no_memory(diag);
	}
	found->label_group =
		(size_t)(strrchr(found->label, '\t') - found->label);
	return 0;
}

static int add_found(struct gathering *g, const struct bench_sweep_job *job,
		     unsigned folder, const json_t *document,
		     const char *sha256)
{
	const json_t *cell =
		json_array_get(json_object_get(document, "results"), 0);
	struct bench_sweep_gather *to = g->to;
	struct bench_sweep_found *found;
	int err = grow((void **)&to->found, to->count, &g->found_room,
		       sizeof(*to->found), g->diag);

	if (err < 0)
		return err;
	found = &to->found[to->count];
	memset(found, 0, sizeof(*found));
	memcpy(found->key, job->key, sizeof(found->key));
	memcpy(found->sha256, sha256, sizeof(found->sha256));
	found->folder = folder;
	found->timed = job->passes & BENCH_PASS_TIMED;
	found->failed = json_object_get(cell, "error") != NULL;
	err = hash_exact(found->exact, cell, g->diag);
	if (err == 0)
		err = find_machine(to, document, &found->machine, g->diag);
	if (err == 0)
		err = set_label(found, cell, job, g->diag);
	if (err == 0)
		to->count++;
	return err;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct planned *)a)->key,
		      ((const struct planned *)b)->key);
}

static struct planned *find_planned(const struct gathering *g, const char *key)
{
	struct planned wanted;

	memcpy(wanted.key, key, sizeof(wanted.key));
	return bsearch(&wanted, g->planned, g->count, sizeof(wanted), by_key);
}

static int add_planned(struct gathering *g, const struct bench_sweep_job *job)
{
	int err = grow((void **)&g->planned, g->count, &g->room,
		       sizeof(*g->planned), g->diag);

	if (err < 0)
		return err;
	memset(&g->planned[g->count], 0, sizeof(*g->planned));
	memcpy(g->planned[g->count++].key, job->key, sizeof(job->key));
	return 0;
}

/* Calls `each` for all jobs of a folder's plan. */
static int for_jobs(struct gathering *g, unsigned folder,
		    int (*each)(struct gathering *g, unsigned folder,
				const struct bench_sweep_job *job))
{
	struct bench_sweep_plan plan;
	struct bench_sweep_job job;
	int err = bench_sweep_plan_open(&plan, g->to->folder[folder], g->diag);

	while (err == 0 && !g->stop()) {
		err = bench_sweep_plan_next(&plan, &job, g->diag);
		if (err == 0)
			err = each(g, folder, &job);
	}
	bench_sweep_plan_release(&plan);
	if (err == KB_END)
		return 0;
	return err < 0 ? err : KB_E_STOPPED;
}

static int note_planned(struct gathering *g, unsigned folder,
			const struct bench_sweep_job *job)
{
	(void)folder;
	return add_planned(g, job);
}

static void sort_planned(struct gathering *g)
{
	size_t kept = 0;

	/* Without jobs there is no array, which qsort does not take. */
	if (g->count)
		qsort(g->planned, g->count, sizeof(*g->planned), by_key);
	for (size_t i = 0; i < g->count; i++)
		if (kept == 0 ||
		    by_key(&g->planned[kept - 1], &g->planned[i]) != 0)
			g->planned[kept++] = g->planned[i];
	g->count = kept;
	g->to->jobs = kept;
}

static int read_result(struct gathering *g, unsigned folder,
		       const struct bench_sweep_job *job)
{
	char *path = bench_sweep_result_path(g->to->folder[folder], job->key);
	struct planned *planned = find_planned(g, job->key);
	struct kb_diag why = { 0 };
	json_t *document;
	char sha256[65];
	int err;

	if (!path)
		return no_memory(g->diag);
	err = bench_sweep_result_read(&document, sha256, path, job->key, &why);
	if (err == 0) {
		err = add_found(g, job, folder, document, sha256);
		planned->has_result = true;
		json_decref(document);
	} else if (err == KB_E_NOMEM) {
		err = no_memory(g->diag);
	} else {
		if (err == KB_E_FORMAT || access(path, F_OK) == 0) {
			g->to->damaged++;
			g->tell(g->user, why.text);
		}
		err = 0;
	}
	free(path);
	return err;
}

/* Counts the files of a results folder that no plan has a job for. */
static void count_strays(struct gathering *g, const char *folder)
{
	char *path, line[KB_DIAG_TEXT_SIZE];
	const struct dirent *entry;
	size_t strays = 0;
	DIR *dir;

	if (asprintf(&path, "%s/results", folder) < 0)
		return;
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char key[BENCH_SWEEP_KEY_SIZE];

		if (strlen(entry->d_name) != 64 + 5 ||
		    strcmp(entry->d_name + 64, ".json") != 0)
			continue;
		memcpy(key, entry->d_name, 64);
		key[64] = '\0';
		strays += !find_planned(g, key);
	}
	if (dir)
		closedir(dir);
	free(path);
	if (strays) {
		snprintf(line, sizeof(line),
			 "%s/results: skipped what belongs to no job of the "
			 "plans (another build's, or an earlier plan's): "
			 "%zu in all",
			 folder, strays);
		g->tell(g->user, line);
	}
	g->to->strays += strays;
}

static int by_label(const void *left, const void *right)
{
	const struct bench_sweep_found *a = left, *b = right;
	int order = strcmp(a->label, b->label);

	if (order == 0)
		order = strcmp(a->key, b->key);
	if (order == 0)
		order = (a->machine > b->machine) - (a->machine < b->machine);
	return order ? order : strcmp(a->sha256, b->sha256);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Numbers the machines by name: the order of the folders must not matter. */
static int sort_machines(struct bench_sweep_gather *to, struct kb_diag *diag)
{
	char **sorted = calloc(to->machines + 1, sizeof(*sorted));

	if (!sorted)
		return no_memory(diag);
	for (size_t i = 0; i < to->machines; i++)
		sorted[i] = to->machine[i];
	qsort(sorted, to->machines, sizeof(*sorted), by_name);
	for (size_t i = 0; i < to->count; i++) {
		unsigned rank = 0;

		while (sorted[rank] != to->machine[to->found[i].machine])
			rank++;
		to->found[i].machine = rank;
	}
	free(to->machine);
	to->machine = sorted;
	return 0;
}

/* The first counter in which two cells differ. */
static void describe_difference(char *out, size_t size, const json_t *a,
				const json_t *b)
{
	const json_t *left = json_object_get(a, "counters");
	const json_t *right = json_object_get(b, "counters"), *value;
	const char *name;

	snprintf(out, size, "their exact results differ");
	json_object_foreach((json_t *)left, name, value) {
		const json_t *other = json_object_get(right, name);

		if (json_equal(value, other))
			continue;
		snprintf(out, size,
			 "%s is %lld in the first, %lld in the second", name,
			 (long long)json_integer_value(value),
			 (long long)json_integer_value(other));
		return;
	}
}

static json_t *load_cell(json_t **document, const struct gathering *g,
			 const struct bench_sweep_found *found)
{
	char *path = bench_sweep_result_path(g->to->folder[found->folder],
					     found->key);
	struct kb_diag ignored = { 0 };

	*document = NULL;
	if (path)
		bench_sweep_result_read(document, NULL, path, found->key,
					&ignored);
	free(path);
	return json_array_get(json_object_get(*document, "results"), 0);
}

static int tell_difference(const struct gathering *g,
			   const struct bench_sweep_found *a,
			   const struct bench_sweep_found *b)
{
	const struct bench_sweep_gather *to = g->to;
	json_t *first, *second;
	const json_t *left = load_cell(&first, g, a);
	const json_t *right = load_cell(&second, g, b);
	char what[160];
	int err;

	describe_difference(what, sizeof(what), left, right);
	err = kb_fail(
		g->diag, KB_E_WRONG,
		"job %.12s differs between %s (%s) and %s (%s): %s", a->key,
		kb_json_string_of(json_object_get(first, "sweep"), "host"),
		to->folder[a->folder],
		kb_json_string_of(json_object_get(second, "sweep"), "host"),
		to->folder[b->folder], what);
	json_decref(first);
	json_decref(second);
	return err;
}

static int by_found_key(const void *left, const void *right)
{
	const struct bench_sweep_found *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	if (order == 0)
		order = strcmp(a->label, b->label);
	return order ? order : strcmp(a->sha256, b->sha256);
}

/* Compares the results of each job, and gives them one label: a trace may have
 * another name on another machine. */
static int check_exact(const struct gathering *g)
{
	struct bench_sweep_gather *to = g->to;

	if (to->count == 0)
		return 0;
	qsort(to->found, to->count, sizeof(*to->found), by_found_key);
	for (size_t i = 1; i < to->count; i++) {
		struct bench_sweep_found *a = &to->found[i - 1];
		struct bench_sweep_found *b = &to->found[i];
		char *label;

		if (strcmp(a->key, b->key) != 0)
			continue;
		if (strcmp(a->exact, b->exact) != 0)
			return tell_difference(g, a, b);
		label = strdup(a->label);
		if (!label)
			return no_memory(g->diag);
		free(b->label);
		b->label = label;
		b->label_group = a->label_group;
	}
	return 0;
}

static int list_missing(struct gathering *g)
{
	struct bench_sweep_gather *to = g->to;

	to->missing = calloc(g->count + 1, sizeof(*to->missing));
	if (!to->missing)
		return no_memory(g->diag);
	for (size_t i = 0; i < g->count; i++)
		if (!g->planned[i].has_result)
			memcpy(to->missing[to->missings++], g->planned[i].key,
			       sizeof(*to->missing));
	return 0;
}

int bench_sweep_gather(struct bench_sweep_gather *gather, bench_sweep_tell tell,
		       void *user, bool (*stop)(void), struct kb_diag *diag)
{
	struct gathering g = { .to = gather,
			       .tell = tell,
			       .user = user,
			       .stop = stop,
			       .diag = diag };
	int err = 0;

	for (unsigned i = 0; i < gather->folders && err == 0; i++)
		err = for_jobs(&g, i, note_planned);
	sort_planned(&g);
	for (unsigned i = 0; i < gather->folders && err == 0; i++)
		err = for_jobs(&g, i, read_result);
	for (size_t i = 0; i < gather->folders && err == 0; i++)
		count_strays(&g, gather->folder[i]);
	if (err == 0)
		err = list_missing(&g);
	if (err == 0)
		err = sort_machines(gather, diag);
	if (err == 0)
		err = check_exact(&g);
	if (err == 0 && gather->count)
		qsort(gather->found, gather->count, sizeof(*gather->found),
		      by_label);
	free(g.planned);
	return err;
}

void bench_sweep_gather_release(struct bench_sweep_gather *gather)
{
	for (size_t i = 0; i < gather->count; i++)
		free(gather->found[i].label);
	for (size_t i = 0; i < gather->machines; i++)
		free(gather->machine[i]);
	free(gather->found);
	free(gather->machine);
	free(gather->missing);
}
