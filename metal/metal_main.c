/*
 * The kernel: it finds its request, makes the heap twice, and says how it went.
 *
 *   0        1 MiB                                            end of memory
 *   │        │ kernel │ request │ the heap's records │ frames │
 *
 * All of it is mapped to itself by pages of 4 MiB. The heap's window, far above, is
 * mapped by the heap alone, to the frames.
 */
#include "kb_host.h"
#include "metal_heap.h"
#include "metal_machine.h"
#include "metal_memory.h"
#include "metal_replay.h"
#include "metal_request.h"

/* What a multiboot loader leaves in eax, and in the flags of its information if
 * there are modules (Multiboot Specification 0.6.96, 3.2 and 3.3). */
#define LOADER_MAGIC   UINT32_C(0x2BADB002)
#define LOADER_MEMORY  UINT32_C(1)
#define LOADER_MODULES UINT32_C(8)

struct loader_info {
	uint32_t flags;

	/* KiB of memory below 1 MiB, and of that from there up to the first
	 * hole. */
	uint32_t lower_kib;
	uint32_t upper_kib;
	uint32_t boot_device;
	uint32_t command_line;

	uint32_t module_count;
	const struct loader_module *modules;
};

struct loader_module {
	uint32_t begin;
	uint32_t end;
};

#define MEMORY_STEP (UINT32_C(4) << 20)

void metal_main(uint32_t magic, const struct loader_info *info);

/* The end of memory. QEMU keeps 64 to 128 KiB below it for the firmware, and says so
 * by not counting them; what is mapped is whole steps. */
static uint32_t memory_of(const struct loader_info *info)
{
	const uint32_t bytes = (info->upper_kib << 10) + (UINT32_C(1) << 20);

	return (bytes + MEMORY_STEP - 1) & ~(MEMORY_STEP - 1);
}

/* The request in the loader's only module; ends the machine if it is none. */
static const struct metal_request *request_of(const struct loader_info *info,
					      uint32_t *end)
{
	const struct metal_request *request;
	uint32_t bytes;
	uint32_t i;

	if (!(info->flags & LOADER_MODULES) || info->module_count != 1)
		metal_machine_fail("there is not one boot module");
	request = (const struct metal_request *)info->modules[0].begin;
	*end = info->modules[0].end;
	bytes = *end - info->modules[0].begin;
	if (bytes < sizeof(*request) ||
	    strcmp(request->magic, METAL_MAGIC) != 0 ||
	    request->lookup[sizeof(request->lookup) - 1] != 0)
		metal_machine_fail("the boot module is not a request of bench");
	if (request->version != METAL_VERSION)
		metal_machine_fail("the request is of another version");
	if (request->bytes != bytes ||
	    (bytes - sizeof(*request)) / sizeof(struct metal_op) !=
		    request->ops)
		metal_machine_fail("the request is not whole");
	for (i = 0; i < request->ops; i++) {
		const struct metal_op *ops = (const void *)(request + 1);

		if (ops[i].slot_kind >> 1 >= request->slots)
			metal_machine_fail("an operation's slot is too large");
	}
	return request;
}

/* The first frame of the heap: the last ones of memory, which leave room for
 * records. */
static pfn_t first_frame_of(const struct metal_request *request,
			    uint32_t records, uint32_t memory)
{
	const uint32_t pages = memory >> KVA_PAGE_SHIFT;

	if (request->frames == 0 || request->frames >= pages ||
	    (pages - request->frames) << KVA_PAGE_SHIFT <= records)
		metal_machine_fail("the machine has fewer page frames than the "
				   "request asks for");
	if (request->base < memory)
		metal_machine_fail("the heap's window is in the way of the "
				   "machine's memory");
	return pages - request->frames;
}

static void print_place(const char *name, const void *place, uint32_t count)
{
	metal_machine_text("at ");
	metal_machine_text(name);
	metal_machine_text(" 0x");
	metal_machine_hex((uint32_t)place, 8);
	metal_machine_put(' ');
	metal_machine_number(count);
	metal_machine_put('\n');
}

static void run(const struct metal_request *request, pfn_t first_frame)
{
	struct metal_heap_state heap;
	struct metal_replay replay = {
		.request = request,
		.ops = (const void *)(request + 1),
		.heap = &heap,
		.first_frame = first_frame,
	};
	uint32_t *ticks = calloc(request->ops + 1, sizeof(*ticks));
	uint32_t frees;

	replay.live = calloc(request->slots + 1, sizeof(*replay.live));
	if (!ticks || !replay.live)
		metal_machine_fail("out of memory for the operations");
	metal_heap_make(&heap, request, first_frame);
	frees = metal_replay_plain(&replay, ticks);
	metal_heap_free(&heap);
	metal_heap_make(&heap, request, first_frame);
	metal_machine_count_invlpgs();
	metal_replay_counted(&replay);
	print_place("ticks", ticks, frees);
	print_place("directory", metal_machine_directory(), 1024);
	print_place("frames", (void *)(first_frame << KVA_PAGE_SHIFT),
		    request->frames);
}

/* Called by metal_boot.S. */
void metal_main(uint32_t magic, const struct loader_info *info)
{
	const struct metal_request *request;
	uint32_t memory;
	uint32_t end;
	pfn_t first_frame;

	metal_machine_text("kheap-metal 1\n");
	if (magic != LOADER_MAGIC || !(info->flags & LOADER_MEMORY))
		metal_machine_fail("the loader is not a multiboot loader");
	memory = memory_of(info);
	request = request_of(info, &end);
	first_frame = first_frame_of(request, end, memory);
	metal_memory_start(end, first_frame << KVA_PAGE_SHIFT);
	metal_machine_start(memory);
	run(request, first_frame);
	metal_machine_text("end\n");
	metal_machine_exit(METAL_EXIT_DONE);
}
