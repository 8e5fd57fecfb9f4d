/* The commands of trc that make one trace of another, as a person runs them. */
#include "trc_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBIAN	    TRC_TEST_TRACES "debian-boot.trc"
#define RECORD_LIVE KB_SOURCE_DIR "/scripts/record-live"

struct setting {
	const char *trc;
	char *directory;
};

/* Runs a shell script in the test's directory, where $TRC is the program and
 * $T a trace; it must end with `status`. */
static void run(const struct setting *set, int status, const char *script)
{
	char command[4096];
	int got;

	snprintf(command, sizeof(command),
		 "cd %s; TRC=%s; T=" DEBIAN
		 "; mv -f out before 2>/dev/null; exec >out 2>&1; set -e; "
		 "%s",
		 set->directory, set->trc, script);
	got = system(command);
	if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
		fail_msg("status %d, not %d: %s", WEXITSTATUS(got), status,
			 script);
}

static void test_trc_commands__convert_gives_every_column_back(void **state)
{
	run(*state, 0,
	    "$TRC print $T >a; for f in ftrace csv; do "
	    "$TRC convert --to $f $T t.$f; $TRC import t.$f b.trc; "
	    "$TRC print b.trc >b; cmp a b; "
	    "$TRC convert --to $f $T - | cmp - t.$f; done");
}

/* Flags of kernels of several ages and of PREEMPT_RT, and none. */
static void test_trc_commands__contexts(void **state)
{
	run(*state, 0,
	    "n=0; for f in d..1 d.s1. dNh2. d.H1. d.Z1. d.z1. d..s1.. '' ????; "
	    "do n=$((n+1)); echo \"t-1 [000] $f 1.00000$n: kmalloc: "
	    "call_site=f+0x1/0x2 ptr=00000000f000100$n bytes_req=9 "
	    "bytes_alloc=16 gfp_flags=0\"; done >t; $TRC import t a.trc; "
	    "$TRC print a.trc | cut -f 10 | tr '\\n' ' ' >a; "
	    "echo 'task softirq hardirq hardirq nmi nmi softirq - - ' | "
	    "tr -d '\\n' | cmp - a; "
	    "$TRC info --json a.trc | grep -q '\"dropped_fields\": 1'; "
	    "for f in ftrace csv; do $TRC convert --to $f a.trc t; "
	    "$TRC import t b.trc; $TRC print b.trc >b; "
	    "$TRC print a.trc | cmp - b; done");
}

/* CSV of before there were contexts, and a word that is none. */
static void test_trc_commands__csv_of_other_versions(void **state)
{
	run(*state, 0,
	    "$TRC convert --to csv $T c; cut -d , -f 1-10 c >o; "
	    "$TRC import o o.trc; $TRC print o.trc | cut -f 1-9 >a; "
	    "$TRC print $T | cut -f 1-9 | cmp - a; "
	    "test $($TRC print o.trc | cut -f 10 | sort -u) = -; "
	    "sed 's/softirq$/soft/' c >s; $TRC import s s.trc; "
	    "$TRC info --json s.trc | grep -q '\"dropped_fields\": 1195'");
}

/* The two allocs of A were no pair, for a kfree that is not in the trace: the text
 * keeps them apart. */
static void test_trc_commands__convert_keeps_implied_frees(void **state)
{
	run(*state, 0,
	    "a='t-1 [000] ..... 1.000001: kmalloc: call_site=f+0x1/0x2 "
	    "ptr=ffff8e9aa6507c80 bytes_req=9 bytes_alloc=16 gfp_flags=0'; "
	    "f='t-1 [000] ..... 1.000001: kfree: call_site=f+0x1/0x2 "
	    "ptr=0000000000000000'; "
	    "printf '%s\n' \"$a\" \"$f\" \"$a\" >t; $TRC import t a.trc; "
	    "$TRC print a.trc >a; grep -q free-implied a; "
	    "$TRC convert --to ftrace a.trc t; $TRC import t b.trc; "
	    "$TRC print b.trc | cmp - a");
}

static void test_trc_commands__unknown_values_stay_unknown(void **state)
{
	run(*state, 0,
	    "printf '%s\\n' '= Start' '@ p:[0x1] + 0x1000 0x10' "
	    "'@ p:[0x2] - 0x1000' >m; $TRC import m m.trc; $TRC print m.trc "
	    ">a; "
	    "for f in ftrace csv; do $TRC convert --to $f m.trc t; "
	    "$TRC import t b.trc; $TRC print b.trc | cmp - a; done");
}

static void test_trc_commands__cut(void **state)
{
	run(*state, 0,
	    "$TRC cut --to 1000 $T c.trc; $TRC print --limit 1000 $T >a; "
	    "$TRC print c.trc | cmp - a; "
	    "$TRC cut --from 1000 --to 1000 $T c.trc; "
	    "test -z \"$($TRC print c.trc)\"; "
	    "$TRC cut --from 500 $T c.trc; "
	    "$TRC verify c.trc | grep -q whole; "
	    "$TRC cut --from-time 2780000000 --to-time 2781000000 $T c.trc; "
	    "$TRC print c.trc | awk '$2 < 2780000000 || $2 >= 2781000000 "
	    "{ bad = 1 } END { exit bad || NR == 0 }'");
}

static void test_trc_commands__filter_and_merge(void **state)
{
	run(*state, 0,
	    "$TRC filter --min-size 4097 $T f.trc; "
	    "$TRC filter --invert --min-size 4097 $T g.trc; "
	    "$TRC print f.trc | awk '$5 == \"alloc\" && $7 < 4097 "
	    "{ exit 1 }'; $TRC merge f.trc g.trc m.trc; "
	    "$TRC print m.trc | cut -f 2-5,7- | sort >a; "
	    "$TRC print $T | cut -f 2-5,7- | sort | cmp - a; "
	    "$TRC filter --site kfree --cpu 1 --comm none $T n.trc; "
	    "test -z \"$($TRC print n.trc)\"");
}

static void test_trc_commands__anonymize(void **state)
{
	run(*state, 0,
	    "$TRC anonymize $T a.trc; $TRC print a.trc | cut -f 1-3,5-8 >a; "
	    "$TRC print $T | cut -f 1-3,5-8 | cmp - a; "
	    "! $TRC convert --to csv a.trc - | grep -E "
	    "'kernfs|systemd|virtio|udev|init'; "
	    "$TRC anonymize --keep-tasks $T a.trc; "
	    "$TRC convert --to csv a.trc - | grep -q systemd");
}

static void test_trc_commands__gen_is_deterministic(void **state)
{
	run(*state, 0,
	    "o='--events 30000 --cpus 2 --size pareto:16,1.2'; "
	    "$TRC gen $o --seed 5 a.trc; $TRC gen $o --seed 5 b.trc; "
	    "cmp a.trc b.trc; $TRC gen $o --seed 6 b.trc; "
	    "! cmp -s a.trc b.trc; $TRC verify a.trc | grep -q 30,000; "
	    "$TRC gen --like $T --events 5000 l.trc; $TRC verify l.trc; "
	    "$TRC gen --live-max 7 --life fixed:1000 --events 1000 v.trc; "
	    "$TRC info v.trc | grep -qE 'live_max +7 '");
}

static void test_trc_commands__stat(void **state)
{
	run(*state, 0,
	    "$TRC stat --top 3 $T >a; grep -q __kernfs_new_node+0x40 a; "
	    "grep -qE 'never freed +15,222' a; "
	    "$TRC stat --json $T | grep -q '\"never_freed\": 15222'");
	/* One object lives for 5 ns, one for 2000, one's clock goes back. */
	run(*state, 0,
	    "echo time_ns,cpu,comm,pid,kind,slot,size,granted,site,module >c;"
	    "for e in 10,0,,,alloc,0,8,8 10,0,,,alloc,1,8,8 "
	    "15,1,,,free,0,, 2010,0,,,free,1,, 3000,0,,,alloc,0,8,8 "
	    "2999,0,,,free,0,,; do echo $e,,; done >>c; "
	    "$TRC import --quiet c c.trc; $TRC stat c.trc >a; "
	    "sed -n '/^lifetimes in ns/,/never/p' a | tr -s ' ' >b; "
	    "grep -q '^ from 0 1 ' b; grep -q '^ from 4 1 ' b; "
	    "grep -q '^ from 1,024 1 ' b; "
	    "grep -q '^frees on another cpu: 1 of 3' a; "
	    "grep -q '^cross-cpu frees: 1 of 3, 33.3%' a; "
	    /* The last four follow each other, two before them on cpu 0. */
	    "grep -q '^parallelism: 1.20, .*, 5$' a; "
	    "grep -q '^stamps: 1 events .*, 1 an earlier one' a; "
	    "$TRC stat --json c.trc >a; "
	    "grep -q '\"lifetimes_ns\": \\[{\"from\": 0, ' a; "
	    "sed s/time_ns/time_ticks/ c >t; $TRC import --quiet t t.trc; "
	    "$TRC stat --json t.trc | grep -q lifetimes_ticks");
}

static void test_trc_commands__minimize(void **state)
{
	run(*state, 0,
	    "$TRC filter --min-size 8192 $T f.trc; "
	    "printf '#!/bin/sh\\n%s print \"$1\" | grep -q "
	    "\"\t524288\t\" && exit 3\\nexit 0\\n' \"$TRC\" >fails; "
	    "chmod +x fails; "
	    "$TRC minimize --status 3 f.trc m.trc -- ./fails {} ; "
	    "test $($TRC print m.trc | grep -c alloc) = 1; "
	    "$TRC print m.trc | grep -q 524288; ls; "
	    "test -z \"$(ls -A | grep try)\"");
	run(*state, 130,
	    "$TRC minimize $T m2.trc -- sh -c 'kill -INT $PPID; exit 3'");
	run(*state, 0, "test -z \"$(ls -A | grep -e m2 -e try)\"");
	run(*state, 2, "$TRC minimize $T m2.trc -- true");
	run(*state, 2, "$TRC minimize $T m2.trc -- ./no-such-program");
	run(*state, 0, "test ! -e m2.trc");
}

static void test_trc_commands__damage_leaves_nothing(void **state)
{
	run(*state, 0, "head -c 100000 $T >d.trc");
	run(*state, 2, "$TRC verify d.trc");
	run(*state, 2, "$TRC stat d.trc");
	run(*state, 2, "$TRC cut d.trc x.trc");
	run(*state, 2, "$TRC filter d.trc x.trc");
	run(*state, 2, "$TRC anonymize d.trc x.trc");
	run(*state, 2, "$TRC merge d.trc $T x.trc");
	run(*state, 2, "$TRC convert --to csv d.trc x.trc");
	run(*state, 2, "$TRC gen --like d.trc x.trc");
	run(*state, 0,
	    "echo '= Start' >m; $TRC import --allow-empty m empty.trc");
	run(*state, 2, "$TRC gen --like empty.trc x.trc");
	run(*state, 0, "grep -q 'empty.trc: has no allocs to fit to' before");
	run(*state, 0, "test -z \"$(ls -A | grep -e x.trc -e import)\"");
}

static void test_trc_commands__usage(void **state)
{
	static const char *const bad[] = {
		"$TRC cut",
		"$TRC cut $T",
		"$TRC cut --from x $T x.trc",
		"$TRC cut --min-size 5 $T x.trc",
		"$TRC merge $T x.trc",
		"$TRC convert $T x",
		"$TRC convert --to pdf $T x",
		"$TRC gen --size 5 x.trc",
		"$TRC gen --size uniform:9,5 x.trc",
		"$TRC gen --life exp:-1 x.trc",
		"$TRC gen --cpus 0 x.trc",
		"$TRC import --format nonsense $T x.trc",
		"cp $T s.trc; $TRC cut s.trc s.trc",
		"$TRC stat",
		"$TRC verify",
		"$TRC minimize $T x.trc",
		"echo time_ticks,cpu,comm,pid,kind,slot,size,granted,site,"
		"module >k; $TRC import --quiet k k.trc; $TRC merge $T k.trc "
		"x.trc",
		"$TRC minimize --nonsense $T x.trc -- false",
		"$TRC minimize --tries x $T x.trc -- false",
		"$TRC minimize $T x.trc false",
		"$TRC --nonsense",
		"$TRC print --limit +1 $T",
		"$TRC print --limit 99999999999999999999 $T",
		"$TRC stat --top x $T",
		"$TRC stat $T $T",
		"$TRC stat --nonsense $T",
		"$TRC gen --nonsense x.trc",
		"$TRC gen x.trc y.trc",
		"$TRC gen",
		"$TRC gen --cpus 65537 x.trc",
		"$TRC gen --live-max 0 x.trc",
		"$TRC gen --size uniform:1 x.trc",
		"$TRC gen --size uniform:1,0 x.trc",
		"$TRC gen --size uniform:1,1e99 x.trc",
		"$TRC gen --size fixed:1e99 x.trc",
		"$TRC gen --size log:0,5 x.trc",
		"$TRC gen --level 0 x.trc",
		"$TRC gen --level 123 x.trc",
		"$TRC cut --level a $T x.trc",
		"$TRC filter $T $T x.trc",
		"$TRC convert --nonsense $T x",
		"$TRC convert --to csv $T x y",
		"$TRC convert --to csv $T",
	};
	static const char *const commands[] = {
		"import", "info",  "stat",    "print",	   "verify", "cut",
		"filter", "merge", "convert", "anonymize", "gen",    "minimize",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		run(*state, 2, bad[i]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char script[200];

		snprintf(script, sizeof(script),
			 "$TRC %s --help >h; grep -q '^usage: trc %s ' h; "
			 "$TRC --help | grep -q '^  %s '",
			 commands[i], commands[i], commands[i]);
		run(*state, 0, script);
	}
}

/* What is kept hangs on every part of the condition. */
static void test_trc_commands__filter_conditions(void **state)
{
	run(*state, 0,
	    "cat >c <<E\n"
	    "time_ns,cpu,comm,pid,kind,slot,size,granted,site,module\n"
	    "1,0,a,1,alloc,0,8,8,f+0x1,\n"
	    "2,1,b,2,alloc,1,16,16,f+0x1,m\n"
	    "3,0,,,alloc,2,32,32,,\n"
	    "4,0,a,1,alloc,3,64,64,ff+0x2,\n"
	    "E\n"
	    "$TRC import --quiet c c.trc; kept() { $TRC filter --quiet --level "
	    "1 "
	    "\"$@\" c.trc o.trc; $TRC print o.trc | cut -f 7 | tr '\\n' ' '; "
	    "}; "
	    "test \"$(kept --site f)\" = '8 16 '; "
	    "test \"$(kept --site f+0x1)\" = '8 16 '; "
	    "test \"$(kept --site ff)\" = '64 '; "
	    "test \"$(kept --site f+0x)\" = ''; "
	    "test \"$(kept --comm a)\" = '8 64 '; "
	    "test \"$(kept --max-size 16)\" = '8 16 '; "
	    "test \"$(kept --min-size 16 --max-size 32)\" = '16 32 '; "
	    "test \"$(kept --cpu 1)\" = '16 '; "
	    "test \"$(kept --invert --cpu 1)\" = '8 32 64 '");
}

/* Names that a table, a terminal or a spreadsheet would take amiss. */
static void test_trc_commands__odd_names(void **state)
{
	run(*state, 0,
	    "printf '%s\\n%s\\n%b\\n' "
	    "time_ns,cpu,comm,pid,kind,slot,size,granted,site,module "
	    "'1,0,\"a,\"\"b\",1,alloc,0,8,8,f+0x1,m' "
	    "'2,0,c\\001d\\177,1,alloc,1,8,8,f+0x1,' >c; "
	    "$TRC import --quiet c c.trc; $TRC print c.trc >p; "
	    "grep -q 'c?d?-1' p; $TRC convert --to csv c.trc d; "
	    "grep -q '^1,0,\"a,\"\"b\",1,' d; grep -q '^2,0,c?d?,1,' d; "
	    "$TRC import --quiet d d.trc; $TRC print d.trc | cmp - p; "
	    "$TRC stat c.trc | grep -q ' f+0x1 .m.$'; "
	    "$TRC stat --json c.trc | grep -q '\"module\": \"m\"'");
}

/* A recording of perf's goes through perf, which may not be there. */
static void test_trc_commands__perf_data(void **state)
{
	run(*state, 0,
	    "printf 'PERFILE2 and so on' >in; printf '2ELIFREP and so on' "
	    ">in2; "
	    "zstd -dqf " TRC_TEST_DATA "perf-script.txt.zst -o text; "
	    "printf '#!/bin/sh\ncat text\n' >perf; chmod +x perf");
	run(*state, 0,
	    "for i in in in2; do PATH=.:$PATH $TRC import --quiet $i a.trc; "
	    "$TRC import --quiet text b.trc; $TRC print a.trc >a; "
	    "$TRC print b.trc | cmp - a; done");
	run(*state, 2, "rm a.trc perf; PATH=/nonexistent $TRC import in a.trc");
	run(*state, 0,
	    "grep -q 'perf script is needed, which is not there: cannot run' "
	    "before; test ! -e a.trc");
	/* One that complains, at no length, or not at all. */
	run(*state, 2,
	    "printf '#!/bin/sh\necho no such thing >&2\nexit 3\n' >perf; "
	    "chmod +x perf; PATH=.:$PATH $TRC import in a.trc");
	run(*state, 0,
	    "grep -q 'cannot read it (exit status 3): no such thing' before");
	run(*state, 2,
	    "printf '#!/bin/sh\nexit 3\n' >perf; PATH=.:$PATH $TRC import in "
	    "a.trc");
	run(*state, 0, "grep -q 'cannot read it (exit status 3)$' before");
	run(*state, 2,
	    "printf '#!/bin/sh\nkill -SEGV $$\n' >perf; "
	    "PATH=.:$PATH $TRC import in a.trc");
	run(*state, 0,
	    "grep -q 'ended by signal 11 (Segmentation fault)' before; "
	    "test ! -e a.trc");
}

/* Neither ends by itself; the import does, and soon. */
static void test_trc_commands__endless_pipes_and_bombs(void **state)
{
	run(*state, 2,
	    "(echo '# tracer: nop'; cat /dev/zero) | $TRC import - x.trc");
	run(*state, 0, "grep -q 'standard input:2: .*64 KiB' before");
	run(*state, 2, "(echo '# tracer: nop'; yes x) | $TRC import - x.trc");
	run(*state, 2, "cat /dev/zero | $TRC import - x.trc");
	run(*state, 0,
	    "(echo '# tracer: nop'; head -c 400000000 /dev/zero) | "
	    "zstd -q >bomb.zst");
	run(*state, 2, "$TRC import --lenient bomb.zst x.trc");
	run(*state, 0, "grep -q '4096 times' before; test ! -e x.trc");
}

/* A machine that permits tracing would record: that is not for a test. */
static void test_trc_commands__record_live_refused(void **state)
{
	if (access("/sys/kernel/tracing/trace", W_OK) == 0 ||
	    access("/sys/kernel/debug/tracing/trace", W_OK) == 0)
		skip();
	run(*state, 4, RECORD_LIVE " x.trc -- true");
	run(*state, 0,
	    "grep -q record-boot before; grep -q 'not permitted' before");
	run(*state, 2, RECORD_LIVE);
	run(*state, 2, RECORD_LIVE " --seconds x y.trc");
	run(*state, 0, "test ! -e x.trc");
}

static void test_trc_commands__man_pages(void **state)
{
	run(*state, 0,
	    KB_SOURCE_DIR "/cmake/help-to-man trc cut $TRC >m; "
			  "grep -q '^trc-cut .- keep a range' m; "
			  "test $(grep -c '^\\.nf' m) = $(grep -c '^\\.fi' m); "
			  "grep -q '^.SH OPTIONS' m");
}

static int setup(void **state)
{
	struct setting *set = *state;

	set->directory = make_directory();
	return 0;
}

static int teardown(void **state)
{
	struct setting *set = *state;

	remove_directory(set->directory);
	return 0;
}

#define TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(test_trc_commands__##name, setup, \
					teardown)

int main(int argc, char **argv)
{
	struct setting set = { argc > 1 ? argv[1] : "trc", NULL };
	struct CMUnitTest tests[] = {
		TEST(convert_gives_every_column_back),
		TEST(contexts),
		TEST(csv_of_other_versions),
		TEST(convert_keeps_implied_frees),
		TEST(unknown_values_stay_unknown),
		TEST(cut),
		TEST(filter_and_merge),
		TEST(anonymize),
		TEST(gen_is_deterministic),
		TEST(stat),
		TEST(minimize),
		TEST(damage_leaves_nothing),
		TEST(usage),
		TEST(filter_conditions),
		TEST(odd_names),
		TEST(perf_data),
		TEST(endless_pipes_and_bombs),
		TEST(record_live_refused),
		TEST(man_pages),
	};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i].initial_state = &set;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
