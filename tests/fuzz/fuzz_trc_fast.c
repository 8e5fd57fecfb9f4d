/*
 * Bytes to the fast and to the plain reader of ftrace's text: both give the same
 * trace, byte for byte, or the same error. Half of the inputs come after lines
 * from which the fast reader has learned what it needs.
 */
#include "fuzz_support.h"
#include "trc_import.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Largest trace that is compared, bytes. */
#define TRACE_MAX (1ul << 20)

/* What the fast reader wants to have left behind a line that it reads. */
#define BEHIND 600

#define LINE(pid, flags, time, event) \
	"          <idle>-" pid "       [000] " flags " " time ": " event "\n"
#define ALLOC(site, pointer, tail)                 \
	"kmalloc: call_site=" site " ptr=" pointer \
	" bytes_req=64 bytes_alloc=64 gfp_flags=" tail

static const char warm_up[] = LINE("0", "d..1.", "    2.779778",
				   ALLOC("tracepoint_add_func+0xf7/0x3f0",
					 "ffff8e9aa6507c80",
					 "GFP_KERNEL node=-1 accounted=false"))
	LINE("0", "d..1.", "    2.779779",
	     "kfree: call_site=load_elf+0x1/0x2 [ext4] ptr=ffff8e9aa6507c80")
		LINE("1", ".....", "    2.779780",
		     ALLOC("load_elf+0x1/0x2 [ext4]", "ffff8e9aa6507c00",
			   "GFP_ATOMIC|__GFP_ZERO node=0 accounted=false"))
			LINE("1", "..s1.", "    2.779781",
			     ALLOC("tracepoint_add_func+0xf7/0x3f0",
				   "ffff8e9aa6507d00",
				   "GFP_ATOMIC|__GFP_ZERO node=0 "
				   "accounted=false"))
				LINE("0", ".....", "    3.000000",
				     ALLOC("tracepoint_add_func+0xf7/0x3f0",
					   "ffff8e9aa6507e00",
					   "GFP_KERNEL node=-1 "
					   "accounted=false"));

struct outcome {
	int err;
	size_t size;
	struct trc_counts counts;
	struct kb_diag diag;
	uint8_t trace[TRACE_MAX];
};

static struct outcome plain, fast;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void import(const char *text, size_t size, bool is_plain, bool lenient,
		   struct outcome *outcome)
{
	const struct trc_import_options opts = {
		.format = "ftrace",
		.lenient = lenient,
		.is_plain = is_plain,
		.level = TRC_LEVEL_MIN,
	};
	static int fd = -1;
	ssize_t n;

	if (fd < 0)
		fd = fuzz_file_new();
	fuzz_file_fill(fd, NULL, 0);
	memset(&outcome->counts, 0, sizeof(outcome->counts));
	memset(&outcome->diag, 0, sizeof(outcome->diag));
	outcome->err = trc_import_memory(text, size, "fuzz", fd, &opts,
					 &outcome->counts, &outcome->diag);
	n = pread(fd, outcome->trace, TRACE_MAX, 0);
	fuzz_require(n >= 0 && n < (ssize_t)TRACE_MAX);
	outcome->size = (size_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t before = size & 2 ? 0 : sizeof(warm_up) - 1;
	char *text = malloc(before + size + BEHIND);

	fuzz_require(text != NULL);
	memcpy(text, warm_up, before);
	if (size > 0)
		memcpy(text + before, data, size);
	/* Comments, so that the input itself is read fast up to its end. */
	memset(text + before + size, '#', BEHIND);
	text[before + size] = '\n';
	import(text, before + size + BEHIND, true, size & 1, &plain);
	import(text, before + size + BEHIND, false, size & 1, &fast);
	free(text);
	fuzz_require(fast.err == plain.err &&
		     strcmp(fast.diag.text, plain.diag.text) == 0);
	fuzz_require(memcmp(&fast.counts, &plain.counts, sizeof(fast.counts)) ==
		     0);
	fuzz_require(fast.err < 0 ||
		     (fast.size == plain.size &&
		      memcmp(fast.trace, plain.trace, fast.size) == 0));
	return 0;
}
