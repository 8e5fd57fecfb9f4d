#include "bench_failure.h"

#include "kb_escape.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <stdio.h>

/* The event at place `i` of a block. An alloc's size is the trace's; a free's is its
 * object's, which only the allocator's side knows. */
static void take_event(struct bench_failure *f, struct trc_reader *reader,
		       const struct trc_block *block, uint32_t i)
{
	struct alloc_fault *fault = &f->fault;
	const bool is_alloc = block->kind[i] == TRC_ALLOC;
	const char *module;
	const char *site = trc_reader_site(reader, block->site[i], &module);

	if (site)
		kb_escape_clean(f->site, sizeof(f->site), site);
	if (!fault->call[0])
		snprintf(fault->call, sizeof(fault->call), "%s",
			 is_alloc ? "kmalloc" : "kfree");
	if (is_alloc && !fault->has_size) {
		fault->has_size = true;
		fault->size = block->size[i];
	}
}

/* A trace that cannot be read again leaves the call site out. */
static void find_event(struct bench_failure *f, const struct bench_trace *trace)
{
	struct trc_reader *reader;
	struct trc_block block;
	struct kb_diag diag;
	uint64_t before = 0;

	kb_diag_init(&diag);
	if (trc_reader_open_fd(&reader, trace->fd, trace->given,
			       TRC_COLUMNS_ALL, &diag) < 0)
		return;
	while (trc_reader_next(reader, &block, &diag) == 0) {
		if (f->event - before < block.count) {
			take_event(f, reader, &block,
				   (uint32_t)(f->event - before));
			break;
		}
		before += block.count;
	}
	trc_reader_close(reader);
}

/* "kmalloc(4096)", "kfree(0xF6000000)", "kmalloc", or nothing. */
static void write_call(const struct alloc_fault *fault, char *text, size_t size)
{
	text[0] = '\0';
	if (!fault->call[0])
		return;
	if (fault->has_address)
		snprintf(text, size, "%s(0x%08" PRIX64 "): ", fault->call,
			 fault->address);
	else if (fault->has_size)
		snprintf(text, size, "%s(%" PRIu64 "): ", fault->call,
			 fault->size);
	else
		snprintf(text, size, "%s: ", fault->call);
}

static void write_sentence(const struct bench_failure *f, const char *alloc,
			   struct bench_outcome *out)
{
	const struct alloc_fault *fault = &f->fault;
	char event[40] = "", call[80], line[ALLOC_FAULT_TEXT_SIZE + 24] = "";

	if (fault->source[0])
		snprintf(line, sizeof(line), " (%s:%" PRIu32 ")", fault->source,
			 fault->line);
	if (f->has_event)
		snprintf(event, sizeof(event), "event %" PRIu64 ": ", f->event);
	write_call(fault, call, sizeof(call));
	kb_diag_init(&out->diag);
	kb_fail(&out->diag, out->status, "%s %s: %s%s%s%s", alloc,
		fault->judged ? "is wrong" : "could not be judged", event, call,
		fault->message, line);
}

void bench_failure_fill(struct bench_failure *f,
			const struct bench_trace *trace, const char *alloc,
			struct bench_outcome *out)
{
	f->fault = out->fault;
	f->has_event = out->fault_event != REPLAY_NO_EVENT;
	f->event = f->has_event ? out->fault_event : 0;
	f->by_clock = out->by_clock;
	f->site[0] = '\0';
	if (f->has_event)
		find_event(f, trace);
	if (f->fault.source[0])
		write_sentence(f, alloc, out);
}
