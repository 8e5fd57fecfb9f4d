/*
 * A kernel around the example of docs/in-your-kernel.md: it uses the heap and looks
 * whether the processor agrees.
 */
#include "metal_machine.h"
#include "metal_request.h"

/* MiB */
#define MEMORY	64
#define RECORDS 8
#define FRAMES	32

#define PAGES	3000

int my_heap_start(uint32_t *directory, pfn_t first, pfn_t last,
		  uint32_t records);
void *kmalloc(uint32_t size);
void kfree(void *address);
void metal_main(void);

static void expect(int holds, const char *otherwise)
{
	if (!holds)
		metal_machine_fail(otherwise);
}

/* Called by metal_boot.S. */
void metal_main(void)
{
	static char *live[PAGES];
	uint32_t value;

	metal_machine_start(MEMORY << 20);
	expect(my_heap_start(metal_machine_directory(), FRAMES << 8,
			     (MEMORY << 8) - 1, RECORDS << 20) == 0,
	       "the heap cannot be made");
	for (uint32_t i = 0; i < PAGES; i++) {
		live[i] = kmalloc(5000);
		expect(live[i] != 0, "kmalloc fails");
		live[i][4999] = (char)i;
	}
	for (uint32_t i = 0; i < PAGES; i++) {
		expect(live[i][4999] == (char)i, "a page was overwritten");
		kfree(live[i]);
		expect(!metal_probe_read((kva_t)live[i], &value),
		       "a freed page is still there");
	}
	expect(kmalloc(1) == live[0], "the heap is not empty again");
	metal_machine_text("the example works\n");
	metal_machine_exit(METAL_EXIT_DONE);
}
