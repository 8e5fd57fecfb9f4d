/*
 * bench metal where there is no kernel, no QEMU, or something else by that name.
 */
#include "cli.h"
#include "kb_wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define METAL "metal --trace $TRACES/seed-example.trc --alloc kheap"

#if KB_METAL

/* Puts a program in QEMU's place, alone in a folder in front of the others. */
static void fake_qemu(struct cli *c, const char *commands)
{
	cli_sh(c,
	       "mkdir -p bin && printf '#!/bin/sh\\n%%s\\n' '%s' "
	       ">bin/qemu-system-i386 && chmod +x bin/qemu-system-i386",
	       commands);
	cli_expect(c, 0);
}

#define WITH_FAKE "PATH=$PWD/bin:$PATH $BENCH " METAL

static void test_bench_metal__without_qemu(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "PATH=/nowhere $BENCH " METAL " --json j");
	cli_refused(c, 4, "qemu-system-i386", "package qemu-system-x86");
	assert_false(cli_exists("j"));
}

static void test_bench_metal__qemu_fails(void **state)
{
	struct cli *c = *state;

	fake_qemu(c, "echo out of luck >&2; exit 1");
	cli_sh(c, WITH_FAKE);
	cli_refused(c, 4,
		    "QEMU did not start the kernel (status 1): out of "
		    "luck");
	fake_qemu(c, "echo kheap-metal 1; echo event 3; kill -9 $$");
	cli_sh(c, WITH_FAKE);
	cli_refused(c, 4, "QEMU was ended by signal 9", "after event 3");
}

/* Whatever the kernel says, it is bench that says whether it is equal. */
static void test_bench_metal__strange_answers(void **state)
{
	struct cli *c = *state;

	fake_qemu(c, "yes");
	cli_sh(c, WITH_FAKE);
	cli_expect(c, 5);
	cli_holds(c->out, "this is not the kernel of this bench");
	fake_qemu(c, "echo kheap-metal 1; exec yes");
	cli_sh(c, WITH_FAKE);
	cli_expect(c, 5);
	cli_holds(c->out, "the kernel does not stop talking");
	fake_qemu(c, "echo kheap-metal 1; echo error on purpose");
	cli_sh(c, WITH_FAKE);
	cli_expect(c, 5);
	cli_holds(c->out, "the kernel gave up: on purpose");
	fake_qemu(c, "echo kheap-metal 1; echo event 4");
	cli_sh(c, WITH_FAKE);
	cli_expect(c, 5);
	cli_holds(c->out, "the machine ended after event 4 without");
	fake_qemu(c, "printf \"kheap-metal 1\\nat ticks 0xfffffffffffffffc "
		     "18446744073709551615\\nat directory 0xfffffffffffffff0 "
		     "9\\nat frames 0x1 1\\ncounter maps 4\\nend\\n\"; exit "
		     "33");
	cli_sh(c, WITH_FAKE);
	cli_expect(c, 5);
	cli_holds(c->out, "unmaps: the kernel does not tell");
	cli_holds(c->out, "at the end, page 0xf0003000: simulated frame 4");
}

/* True if the process whose number is in file `p` is gone. */
static bool is_gone(struct cli *c)
{
	cli_sh(c, "! kill -0 $(cat p) 2>/dev/null");
	return c->status == 0;
}

/* A machine that says nothing more is stopped, and nothing of it is left. */
static void test_bench_metal__hung_machine(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkfifo f");
	fake_qemu(c, "echo kheap-metal 1; echo $$ >p; exec cat f");
	cli_sh(c, WITH_FAKE " --timeout 0.1");
	cli_expect(c, 5);
	cli_holds(c->out, "the kernel has said nothing for 0.1 seconds after "
			  "event 0 and was stopped");
	assert_true(is_gone(c));
}

static bool is_running(const struct cli *c)
{
	(void)c;
	return cli_exists("p");
}

static void test_bench_metal__stops_on_a_signal(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkfifo f");
	fake_qemu(c, "echo kheap-metal 1; echo $$ >p; exec cat f");
	cli_start(c, "env PATH=$PWD/bin:$PATH $BENCH " METAL
		     " --timeout 1000000 --json j");
	cli_until(c, is_running);
	kill(c->pid, SIGINT);
	cli_wait(c);
	cli_expect(c, 130);
	assert_true(is_gone(c));
	assert_true(cli_exists("j"));
}

static void test_bench_metal__what_it_cannot_run(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH metal");
	cli_refused(c, 2, "metal needs --trace FILE");
	cli_sh(c, "$BENCH metal --trace $TRACES/seed-example.trc --alloc null");
	cli_refused(c, 2, "null does not run on a real MMU", "kheap-fast");
	cli_sh(c, "$BENCH " METAL ":pager=none");
	cli_refused(c, 2, "only pager=sim");
	cli_sh(c, "$BENCH " METAL ":lookup=judy");
	cli_refused(c, 2, "needs a library");
	cli_sh(c, "$BENCH " METAL " --heap-base 0x400000");
	cli_refused(c, 2, "in the way of the machine's memory", "--heap-base");
	cli_sh(c, "$BENCH " METAL " --heap-base 0xFF000000 --heap-pages 3500");
	cli_refused(c, 2, "array of page-table entries");
	cli_sh(c, "$BENCH " METAL " --memory 4");
	cli_refused(c, 2, "page frames", "--memory");
	cli_sh(c, "$BENCH " METAL " --image nothing");
	cli_refused(c, 2, "nothing: No such file");
}

/* 2 GiB of pages live at once. */
static void test_bench_metal__too_large_for_the_machine(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "printf 'kh+ 7ffff000 1000\\n' >big && $BENCH metal --trace "
		  "big --alloc kheap:lookup=pagemap --heap-base 0x60000000 "
		  "--heap-pages 524288");
	cli_refused(c, 2, "the trace needs 52", "page frames",
		    "the kernel can use 2,048");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_metal__without_qemu),
		cli_test(test_bench_metal__qemu_fails),
		cli_test(test_bench_metal__strange_answers),
		cli_test(test_bench_metal__hung_machine),
		cli_test(test_bench_metal__stops_on_a_signal),
		cli_test(test_bench_metal__what_it_cannot_run),
		cli_test(test_bench_metal__too_large_for_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_bench_metal__without_a_kernel(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " METAL);
	cli_refused(c, 4, "no 32-bit code", "gcc-multilib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_metal__without_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
