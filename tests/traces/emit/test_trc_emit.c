/* trc_emit: what kheap_trace.h writes is what the importer reads. */
#include "trc_test.h"

#include <string.h>

/* The kernel's port: a test program's array. */
static char port[1024];
static size_t port_size;

int kernel_putchar(int c);
void emit_example(void);

int kernel_putchar(int c)
{
	assert_true(port_size + 1 < sizeof(port));
	port[port_size++] = (char)c;
	return c;
}

static void test_trc_emit__example(void **state)
{
	struct imported im;

	(void)state;
	emit_example();
	assert_string_equal(port, "kh+ 1000 f0000000 t=64 c=1 s=c0100010\n"
				  "kh+ 0 20 t=64 c=1 s=c0100010\n"
				  "kh- f0000000 t=64 c=1 s=c0100010\n");
	im = import_text(port);
	assert_string_equal(im.dump.data,
			    "alloc 0 4096/4096 @100 cpu1 0xc0100010 ?-0\n"
			    "alloc 1 0/0 @100 cpu1 0xc0100010 ?-0\n"
			    "free 0 @100 cpu1 0xc0100010 ?-0\n");
	imported_release(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_emit__example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
