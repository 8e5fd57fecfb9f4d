#include "replay_support.h"

#include "trc_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Every object has its own address, far from NULL. */
#define ADDRESS(name) (UINT64_C(0xffff888000000000) + (name)*64)

/* Writes one word of a script as a line of a recording. */
static void write_line(FILE *out, const char *word, unsigned line)
{
	char *end;
	uint64_t name = strtoull(word + 1, &end, 10);

	fprintf(out, "t-1 [000] ..... 0.%06u: ", line);
	if (*word == '-') {
		assert_int_equal(*end, '\0');
		fprintf(out, "kfree: call_site=f+0x1/0x9 ptr=%016" PRIx64 "\n",
			ADDRESS(name));
		return;
	}
	assert_int_equal(*word, '+');
	assert_int_equal(*end, ':');
	fprintf(out,
		"kmalloc: call_site=m+0x1/0x9 ptr=%016" PRIx64
		" bytes_req=%s bytes_alloc=%s gfp_flags=GFP_KERNEL\n",
		ADDRESS(name), end + 1, end + 1);
}

static char *text_of(const char *script, size_t *size)
{
	char *copy = strdup(script);
	char *text, *save = NULL;
	FILE *out = open_memstream(&text, size);
	unsigned line = 0;

	assert_non_null(copy);
	assert_non_null(out);
	fprintf(out, "# tracer: nop\n#\n");
	for (const char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		write_line(out, word, ++line);
	assert_int_equal(fclose(out), 0);
	free(copy);
	return text;
}

static struct trc_reader *open_reader(const char *path)
{
	struct trc_reader *reader;
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (trc_reader_open(&reader, path, TRC_COLUMNS_REPLAY, &diag) < 0) {
		print_error("%s\n", diag.text);
		fail();
	}
	return reader;
}

struct trc_reader *test_trace(const char *script)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct trc_reader *reader;
	struct kb_diag diag;
	char path[64];
	size_t size;
	char *text = text_of(script, &size);

	assert_true(fd >= 0);
	kb_diag_init(&diag);
	if (trc_import_memory(text, size, "script", fd, NULL, NULL, &diag) <
	    0) {
		print_error("%s\n", diag.text);
		fail();
	}
	free(text);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open_reader(path);
	close(fd);
	return reader;
}

char *test_script(unsigned count, unsigned depth)
{
	unsigned allocated = 0, freed = 0;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned i = 0; i < count; i++) {
		if (allocated - freed > depth)
			fprintf(out, "-%u ", freed++);
		else
			fprintf(out, "+%u:1 ", allocated++);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Called by LeakSanitizer, in builds that have it. A replay into the process's
 * own allocator leaves behind what the trace leaves live. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:glibc_alloc\nleak:glibc_page_alloc\n";
}

struct trc_reader *test_trace_file(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/traces/%s", KB_SOURCE_DIR, name);
	return open_reader(path);
}

const char *test_alloc_name(const struct alloc_ops *ops)
{
	return ops->foreign ? "plugin:" KB_SKELETON : ops->name;
}

static void refuse_panic(void *user, const char *alloc, const char *reason,
			 const struct alloc_fault *fault)
{
	(void)user;
	(void)fault;
	print_error("%s: %s\n", alloc, reason);
	abort();
}

struct alloc test_alloc_open(const char *name, uint32_t heap_pages)
{
	struct alloc_spec spec;
	struct alloc_config config = { .spec = &spec,
				       .heap_pages = heap_pages,
				       .report = { .panic = refuse_panic },
				       .unconfined = true };
	struct alloc alloc = { NULL, NULL };
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (alloc_spec_parse(&spec, name, &diag) < 0 ||
	    alloc_open(&alloc, &config, &diag) < 0) {
		print_error("%s\n", diag.text);
		fail();
	}
	return alloc;
}

uint64_t test_counter(const struct replay_count_result *result,
		      const char *name)
{
	const struct replay_counter *counter =
		replay_counters_find(&result->counters, name);

	if (!counter) {
		print_error("no counter '%s'\n", name);
		fail();
		return 0;
	}
	return counter->value;
}

bool test_has_counter(const struct replay_count_result *result,
		      const char *name)
{
	return replay_counters_find(&result->counters, name) != NULL;
}
