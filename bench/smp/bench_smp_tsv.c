#include "bench_smp_report.h"

#include "kb_escape.h"
#include "kb_out.h"

#include <inttypes.h>

/* What the figures' titles say; "series" ends it. */
static void write_meta(FILE *out, const struct bench_smp *smp,
		       const char *title, size_t series)
{
	fprintf(out, "title\t%s\ntrace\t", title);
	kb_escape_tsv(out, smp->trace->file);
	fprintf(out,
		"\nevents\t%" PRIu32 "\nobjects\t%" PRIu32 "\nseries\t%zu\n",
		smp->program->events, smp->program->objects, series);
}

static void write_label(FILE *out, const struct bench_smp *smp,
			const struct bench_smp_result *r)
{
	char speed[SMP_SPEED_TEXT];

	kb_escape_tsv(out, r->allocator);
	if (smp->settings->speed_count > 1 || r->speed.thousandths)
		fprintf(out, ", speed %s", smp_speed_text(speed, r->speed));
}

/* Two results of one line. */
static bool same_series(const struct bench_smp_result *a,
			const struct bench_smp_result *b)
{
	return a->allocator == b->allocator &&
	       a->speed.thousandths == b->speed.thousandths;
}

static const struct bench_smp_result *next_by_cpus(const struct bench_smp *smp,
						   size_t first, uint32_t above)
{
	const struct bench_smp_result *next = NULL;

	for (size_t i = first;
	     i < smp->count &&
	     same_series(&smp->result[first], &smp->result[i]);
	     i++) {
		const struct bench_smp_result *r = &smp->result[i];

		if (r->cpus > above && (!next || r->cpus < next->cpus))
			next = r;
	}
	return next;
}

static void write_speedup(FILE *out, const void *user)
{
	const struct bench_smp *smp = user;
	const struct bench_smp_result *r;
	size_t series = 0;

	for (size_t i = 0; i < smp->count; i++)
		series += i == 0 ||
			  !same_series(&smp->result[i - 1], &smp->result[i]);
	write_meta(out, smp, "Speed-up by number of CPUs", series);
	for (size_t i = 0; i < smp->count; i++) {
		if (i > 0 && same_series(&smp->result[i - 1], &smp->result[i]))
			continue;
		fprintf(out, "\n\n");
		write_label(out, smp, &smp->result[i]);
		fprintf(out, "\tspeed-up\n");
		for (r = next_by_cpus(smp, i, 0); r;
		     r = next_by_cpus(smp, i, r->cpus)) {
			if (r->speedup)
				fprintf(out,
					"%" PRIu32 "\t%" PRIu64 ".%03" PRIu64
					"\n",
					r->cpus, r->speedup / SMP_SPEED_ONE,
					r->speedup % SMP_SPEED_ONE);
			else
				fprintf(out, "%" PRIu32 "\t?\n", r->cpus);
		}
	}
}

/* Shares of the acquisitions that wait at least x. */
static void write_wait_series(FILE *out, const struct bench_smp *smp,
			      const struct bench_smp_result *r)
{
	const uint64_t all = r->counters.lock_acquisitions;
	uint64_t left = all - r->wait[0];

	fprintf(out, "\n\n");
	write_label(out, smp, r);
	fprintf(out, ", %" PRIu32 " CPUs\tshare\n", r->cpus);
	for (unsigned b = 1; b < BENCH_SMP_BUCKETS && left > 0; b++) {
		if (r->wait[b] == 0)
			continue;
		fprintf(out, "%.6g\t%.6g\n",
			(double)(UINT64_C(1) << (b - 1)) / 1000,
			(double)left / (double)all);
		left -= r->wait[b];
	}
}

/* One CPU never waits. */
static void write_waits(FILE *out, const void *user)
{
	const struct bench_smp *smp = user;
	size_t series = 0;

	for (size_t i = 0; i < smp->count; i++)
		series += smp->result[i].cpus > 1;
	write_meta(out, smp, "Waits for the lock", series);
	for (size_t i = 0; i < smp->count; i++)
		if (smp->result[i].cpus > 1)
			write_wait_series(out, smp, &smp->result[i]);
}

/* Every counter, a heap's own among them, by name: heaps differ in theirs. */
static void write_counters(FILE *out, const void *user)
{
	const struct bench_smp *smp = user;
	char text[SMP_SPEED_TEXT];

	fprintf(out, "trace\tallocator\tcpus\tspeed\tlock\tmagazines\tevents\t"
		     "speedup\theadroom");
#define X(name, help) fprintf(out, "\t" #name);
	SMP_COUNTERS(X)
#undef X
	fputc('\n', out);
	for (size_t i = 0; i < smp->count; i++) {
		const struct bench_smp_result *r = &smp->result[i];

		kb_escape_tsv(out, smp->trace->file);
		fprintf(out,
			"\t%s\t%" PRIu32 "\t%s\t%s\t%" PRIu32 "\t%" PRIu64
			"\t%" PRIu64 ".%03" PRIu64,
			r->allocator, r->cpus, smp_speed_text(text, r->speed),
			r->lock, r->magazines, r->events,
			r->speedup / SMP_SPEED_ONE, r->speedup % SMP_SPEED_ONE);
		/* "0" means that even the recorded speed is too much. */
		if (!smp->settings->headroom)
			fprintf(out, "\t?");
		else
			fprintf(out, "\t%" PRIu64 ".%03" PRIu64,
				r->headroom.thousandths / SMP_SPEED_ONE,
				r->headroom.thousandths % SMP_SPEED_ONE);
#define X(name, help) fprintf(out, "\t%" PRIu64, r->counters.name);
		SMP_COUNTERS(X)
#undef X
		fputc('\n', out);
	}
}

int bench_smp_tsv(const char *folder, const struct bench_smp *smp,
		  struct kb_diag *diag)
{
	static const struct {
		const char *name;
		void (*write)(FILE *out, const void *user);
	} files[] = {
		{ "smp.tsv", write_counters },
		{ "smp-speedup.tsv", write_speedup },
		{ "smp-waits.tsv", write_waits },
	};
	int err = 0;

	if (smp->settings->threads)
		return 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && err == 0; i++)
		err = kb_out_write(folder, files[i].name, files[i].write, smp,
				   diag);
	return err;
}
