#include "bench_sweep_job.h"

#include "bench_env.h"
#include "bench_settings.h"
#include "kb_bits.h"
#include "kb_version.h"

#include <errno.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* Longest text that a key is made of, bytes. */
#define KEY_TEXT_SIZE 2048

/* In place of passes: a replay on several CPUs. */
#define SMP "smp"

char *bench_sweep_passes(char out[BENCH_SWEEP_PASSES_SIZE], unsigned passes)
{
	size_t used = 0;

	*out = '\0';
	for (const struct bench_pass_entry *p = bench_passes; p->name; p++)
		if (passes & p->pass)
			used += (size_t)snprintf(
				out + used, BENCH_SWEEP_PASSES_SIZE - used,
				"%s%s", used ? "," : "", p->name);
	if (used == 0)
		strcpy(out, SMP);
	return out;
}

void bench_sweep_build(char *out, size_t size)
{
	char build[512];

	bench_env_build(build, sizeof(build));
	snprintf(out, size, "%s %s %s", kb_version, kb_revision, build);
}

/* An allocator's name with every key: also those left at their defaults, so that
 * a default that changes changes the key. */
static void write_whole_name(char *out, size_t size,
			     const struct alloc_spec *spec)
{
	const struct alloc_key *keys = spec->ops->keys;
	size_t used;

	if (spec->ops->parse || !keys) {
		snprintf(out, size, "%s", spec->name);
		return;
	}
	used = (size_t)snprintf(out, size, "%s", spec->ops->name);
	for (int i = 0; keys[i].name && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%c%s=%s",
					 i ? ',' : ':', keys[i].name,
					 keys[i].value(spec->choice[i]));
}

int bench_sweep_job_set_key(struct bench_sweep_job *job, struct kb_diag *diag)
{
	char passes[BENCH_SWEEP_PASSES_SIZE], name[KEY_TEXT_SIZE / 4];
	char build[KEY_TEXT_SIZE / 4], text[KEY_TEXT_SIZE], cpus[32] = "";
	struct alloc_spec spec;
	int n, err = alloc_spec_parse(&spec, job->allocator, diag);

	if (err < 0)
		return err;
	write_whole_name(name, sizeof(name), &spec);
	bench_sweep_build(build, sizeof(build));
	if (job->cpus)
		snprintf(cpus, sizeof(cpus), "cpus %" PRIu32 "\n", job->cpus);
	n = snprintf(text, sizeof(text),
		     "kheap-replay job 1\ntrace %s\nallocator %s\npasses %s\n"
		     "heap_pages %" PRIu32 "\nseed %" PRIu64 "\nrepeat %" PRIu32
		     "\nbudget_ms %" PRIu32 "\n%sbuild %s\n",
		     job->trace_sha256, name,
		     bench_sweep_passes(passes, job->passes), job->heap_pages,
		     job->seed, job->repeat, job->budget_ms, cpus, build);
	SHA256Data((const uint8_t *)text, (size_t)n, job->key);
	return 0;
}

void bench_sweep_job_write_names(FILE *out)
{
	fputs("number\tkey\ttrace\tallocator\tpasses\theap_pages\tseed\trepeat"
	      "\tbudget_ms\ttrace_sha256\tcpus\n",
	      out);
}

void bench_sweep_job_write(FILE *out, const struct bench_sweep_job *job)
{
	char passes[BENCH_SWEEP_PASSES_SIZE];

	fprintf(out,
		"%" PRIu64 "\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu64
		"\t%" PRIu32 "\t%" PRIu32 "\t%s\t%" PRIu32 "\n",
		job->number, job->key, job->trace, job->allocator,
		bench_sweep_passes(passes, job->passes), job->heap_pages,
		job->seed, job->repeat, job->budget_ms, job->trace_sha256,
		job->cpus);
}

/* The next field of a line, which is cut there; NULL if there is none. */
static char *next_field(char **at)
{
	char *field = *at;

	if (!field)
		return NULL;
	*at = strchr(field, '\t');
	if (*at)
		*(*at)++ = '\0';
	return field;
}

static bool take_text(char **at, char *out, size_t size)
{
	const char *field = next_field(at);
	size_t length = field ? strlen(field) : 0;

	if (length == 0 || length >= size)
		return false;
	memcpy(out, field, length + 1);
	return true;
}

static bool take_number(char **at, uint64_t high, uint64_t *out)
{
	const char *field = next_field(at);
	char *end;

	if (!field || *field < '0' || *field > '9')
		return false;
	errno = 0;
	*out = strtoull(field, &end, 10);
	return errno == 0 && *end == '\0' && *out <= high;
}

static bool take_number32(char **at, uint32_t *out)
{
	uint64_t number;

	if (!take_number(at, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool take_passes(char **at, unsigned *out)
{
	char *save = NULL, *list = next_field(at);
	unsigned pass;

	*out = 0;
	for (char *name = list ? strtok_r(list, ",", &save) : NULL; name;
	     name = strtok_r(NULL, ",", &save)) {
		if (strcmp(name, SMP) == 0)
			return *out == 0 && !strtok_r(NULL, ",", &save);
		pass = bench_pass_find(name, NULL);
		if (!pass)
			return false;
		*out |= pass;
	}
	return *out != 0;
}

/* A lower-case SHA-256: it becomes a file's name, so nothing else will do. */
static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

int bench_sweep_job_read(struct bench_sweep_job *job, const char *line)
{
	char copy[2 * BENCH_SWEEP_PATH_SIZE];
	char *at = copy;
	size_t length = strcspn(line, "\n");

	if (length >= sizeof(copy))
		return KB_E_FORMAT;
	memcpy(copy, line, length);
	copy[length] = '\0';
	memset(job, 0, sizeof(*job));
	if (take_number(&at, UINT64_MAX, &job->number) && job->number > 0 &&
	    take_text(&at, job->key, sizeof(job->key)) &&
	    take_text(&at, job->trace, sizeof(job->trace)) &&
	    take_text(&at, job->allocator, sizeof(job->allocator)) &&
	    take_passes(&at, &job->passes) &&
	    take_number32(&at, &job->heap_pages) &&
	    take_number(&at, INT64_MAX, &job->seed) &&
	    take_number32(&at, &job->repeat) &&
	    take_number32(&at, &job->budget_ms) &&
	    take_text(&at, job->trace_sha256, sizeof(job->trace_sha256)) &&
	    take_number32(&at, &job->cpus) && !at &&
	    !job->passes == !!job->cpus && is_sha256(job->key) &&
	    is_sha256(job->trace_sha256))
		return 0;
	return KB_E_FORMAT;
}
