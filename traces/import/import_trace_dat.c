/*
 * import_trace_dat: trace-cmd's own file, versions 6 and 7, through libtracecmd
 * if the program was built with it. The library crashes on some damaged files,
 * so it runs in a process of its own, which prints the events as `trace-cmd
 * report` does.
 */
#include "trc_child.h"
#include "trc_scan.h"

#include "kb_bits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#ifdef TRC_HAS_TRACECMD

#include <event-parse.h>
#include <trace-cmd.h>
#include <trace-seq.h>

#define NS_PER_S 1000000000

/* Whether the import uses an event's fields. */
static bool is_wanted(const char *name)
{
	static const char *const names[] = {
		"kmalloc",	    "kmalloc_node",	     "kfree",
		"kmem_cache_alloc", "kmem_cache_alloc_node", "kmem_cache_free",
		"mm_page_alloc",    "mm_page_free",
	};

	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	/* No recording in the tests has others. */
	return false;
}

/* Prints what libtraceevent has to say of an event: its fields, or its flags. */
static void print_text(struct tep_handle *tep, struct tep_record *record,
		       const char *what)
{
	struct trace_seq text;

	trace_seq_init(&text);
	tep_print_event(tep, &text, record, "%s", what);
	trace_seq_terminate(&text);
	fputs(text.buffer, stdout);
	trace_seq_destroy(&text);
}

static int print_event(struct tracecmd_input *input, struct tep_record *record,
		       int cpu, void *user)
{
	struct tep_handle *tep = tracecmd_get_tep(input);
	struct tep_event *event = tep_find_event_by_record(tep, record);
	const char *name = event ? event->name : "unknown";
	int pid = tep_data_pid(tep, record);
	uint64_t time_ns = record->ts;

	(void)user;
	if (record->missed_events > 0)
		printf("CPU:%d [%lld EVENTS DROPPED]\n", cpu,
		       record->missed_events);
	else if (record->missed_events < 0)
		printf("CPU:%d [EVENTS DROPPED]\n", cpu);
	printf("%16s-%-7d [%03d] ",
	       pid ? tep_data_comm_from_pid(tep, pid) : "<idle>", pid, cpu);
	print_text(tep, record, TEP_PRINT_LATENCY);
	printf(" %5" PRIu64 ".%09" PRIu64 ": %s: ", time_ns / NS_PER_S,
	       time_ns % NS_PER_S, name);
	if (event && is_wanted(name))
		print_text(tep, record, TEP_PRINT_INFO);
	putchar('\n');
	return ferror(stdout) ? -1 : 0;
}

static int run_library(const char *path)
{
	struct tracecmd_input *input;
	int status;

	tracecmd_set_loglevel(TEP_LOG_ERROR);
	input = tracecmd_open(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!input) {
		fputs("it is no trace.dat of version 6 or 7, or damaged\n",
		      stderr);
		fflush(stderr);
		return 1;
	}
	puts("trace-cmd version");
	status = tracecmd_iterate_events(input, NULL, 0, print_event, NULL);
	if (fflush(stdout) != 0)
		status = -1;
	fflush(stderr);
	return status == 0 ? 0 : 1;
}

static int import_trace_dat(struct trc_job *job, struct kb_diag *diag)
{
	return trc_child_import(job, "libtracecmd", run_library,
				&trc_format_trace_cmd, diag);
}

#else

static int import_trace_dat(struct trc_job *job, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_UNSUPPORTED,
		       "%s: is a trace.dat, and this program was built without "
		       "libtracecmd; try: trace-cmd report %s | trc import - "
		       "OUT.trc",
		       job->name, job->name);
}

#endif

static bool is_trace_dat(const char *head, size_t size)
{
	return size >= 10 && memcmp(head, "\x17\x08\x44tracing", 10) == 0;
}

static size_t detect_trace_dat(const char *head, size_t size)
{
	return trc_scan_first(is_trace_dat(head, size));
}

const struct trc_format trc_format_trace_dat = {
	.name = "trace.dat",
	.is_of_kernel = true,
	.detect = detect_trace_dat,
	.import = import_trace_dat,
};
