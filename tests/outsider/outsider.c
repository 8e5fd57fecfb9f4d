/*
 * An outsider's measurement of an allocator: reads the operations of a trace from a
 * flat file, and replays them straight through, again and again in one process. It
 * shares no code with bench. scripts/certify holds bench against it.
 *
 * Usage: outsider FILE CPU REPLAYS [KIB]
 *
 * FILE has two 64-bit numbers, operations and slots, then two 32-bit numbers per
 * operation: 2 * slot, + 1 for a free, and a size (flatten.c). Prints the ns per
 * operation of each replay. Between replays live objects are freed in slot order,
 * not timed. With KIB, that many KiB are read before each replay, not timed either.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* An allocator that does not replace malloc has its calls in a header. */
#ifdef OUTSIDER_CALLS
#include OUTSIDER_CALLS
#define malloc own_malloc
#define free   own_free
#endif

struct operation {
	uint32_t slot_kind;
	uint32_t size;
};

/* Pages of its own, outside the allocator under test, all present and, as far as they
 * fit, in the caches: the first replay is to be slow for the allocator alone. */
static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("outsider");
		exit(2);
	}
	memset(p, 0, bytes);
	return p;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Runs of allocs and runs of frees in turn: one branch for both kinds would be
 * mispredicted more often, and this is to measure the allocator. */
__attribute__((noinline)) static void replay(const struct operation *op,
					     size_t count, void **object)
{
	const struct operation *end = op + count;

	while (op != end) {
		for (; op != end && !(op->slot_kind & 1); op++)
			object[op->slot_kind >> 1] = malloc(op->size);
		for (; op != end && (op->slot_kind & 1); op++)
			free(object[op->slot_kind >> 1]);
	}
}

static void evict(const volatile char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i += 64)
		(void)bytes[i];
}

int main(int argc, char **argv)
{
	const size_t kib = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	uint64_t head[2];
	FILE *file = argc > 3 ? fopen(argv[1], "rb") : NULL;
	struct operation *op;
	void **object, **held;
	char *other;
	cpu_set_t cpu;

	if (argc > 3) {
		CPU_ZERO(&cpu);
		CPU_SET(atoi(argv[2]), &cpu);
		if (sched_setaffinity(0, sizeof(cpu), &cpu) != 0) {
			perror("outsider");
			return 2;
		}
	}
	if (!file || fread(head, sizeof(head), 1, file) != 1) {
		fprintf(stderr, "usage: outsider FILE CPU REPLAYS [KIB]\n");
		return 2;
	}
	op = pages(head[0] * sizeof(*op));
	object = pages(head[1] * sizeof(*object));
	held = pages(head[1] * sizeof(*held));
	other = pages(kib * 1024);
	if (fread(op, sizeof(*op), head[0], file) != head[0])
		return 2;
	fclose(file);
	for (size_t i = 0; i < head[0]; i++)
		held[op[i].slot_kind >> 1] =
			op[i].slot_kind & 1 ? NULL : (void *)op;
	for (int n = atoi(argv[3]), i = 0; i < n; i++) {
		double begin;

		for (size_t s = 0; i > 0 && s < head[1]; s++)
			if (held[s])
				free(object[s]);
		evict(other, kib * 1024);
		begin = now_ns();
		replay(op, head[0], object);
		printf("%.4f\n", (now_ns() - begin) / (double)head[0]);
	}
	return 0;
}
