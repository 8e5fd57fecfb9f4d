#include "trc_text.h"

#include "kb_bits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int trc_text_alone(struct trc_text *text, struct trc_scan piece)
{
	if (!text->holds_event || !text->holds_event(text, piece))
		return 0;
	return trc_text_bad(text,
			    "an event has run into a line of another kind");
}

/* Reads the current line by its kind. */
static int read_any(struct trc_text *text, int (*read_line)(struct trc_text *))
{
	int err;

	text->reason = NULL;
	text->dropped = 0;
	if (kb_unlikely(text->line.is_too_long))
		return trc_text_bad(text, "it is longer than 64 KiB");
	text->rest = (struct trc_scan){ text->line.text,
					text->line.text + text->line.size };
	err = read_line(text);
	return err == 0 && text->rest.p < text->rest.end
		       ? trc_text_alone(text, text->rest)
		       : err;
}

int trc_text_run(struct trc_text *text, int (*read_line)(struct trc_text *))
{
	struct trc_lines lines;
	int err;

	trc_lines_init(&lines, text->job->source);
	lines.is_stopped = text->job->is_stopped;
	lines.user = text->job->user;
	for (;;) {
		err = text->read_fast ? text->read_fast(text, &lines) : 0;
		if (err == 0)
			err = trc_lines_next(&lines, &text->line, text->diag);
		if (err != 0)
			break;
		err = read_any(text, read_line);
		if (kb_unlikely(err == KB_E_FORMAT && text->reason))
			err = trc_job_bad_line(text->job, &text->line,
					       text->reason, text->diag);
		else
			text->job->rules.counts.dropped_fields += text->dropped;
		if (err < 0)
			break;
	}
	trc_order_release(&text->order);
	if (err == KB_END && text->job->boot > text->boot + 1)
		return kb_fail(
			text->diag, KB_E_RANGE,
			"%s: there is no boot %" PRIu64 "; it holds %" PRIu64,
			text->job->name, text->job->boot, text->boot + 1);
	return err == KB_END ? 0 : err;
}

/* Has a name's number, or leaves out what is none. */
static int name_found(struct trc_text *text, int err, uint32_t *number)
{
	if (kb_likely(err == 0))
		return 0;
	if (err == KB_E_NOMEM)
		return kb_fail(text->diag, err, "%s: out of memory",
			       text->job->name);
	*number = TRC_NAME_NONE;
	trc_text_drop(text);
	return 0;
}

int trc_text_process(struct trc_text *text, uint64_t pid)
{
	const struct trc_job *job = text->job;

	if (job->pid != 0) {
		if (pid != job->pid)
			trc_text_used(text);
		return pid != job->pid;
	}
	if (!text->has_process) {
		text->has_process = true;
		text->process = pid;
	}
	if (pid == text->process)
		return 0;
	snprintf(text->reason_text, sizeof(text->reason_text),
		 "process %" PRIu64 " begins here, and what came before is of "
		 "process %" PRIu64 ": each has a heap of its own; choose one "
		 "with --pid",
		 pid, text->process);
	return trc_text_bad(text, text->reason_text);
}

/* Whether an event is of another boot than the one that is wanted. */
static int leave_out(struct trc_text *text)
{
	const uint64_t wanted = text->job->boot;

	if (wanted == 0 || text->boot + 1 == wanted)
		return 0;
	text->dropped = 0;
	trc_text_used(text);
	return 1;
}

int trc_text_time(struct trc_text *text, enum trc_order_rule rule, uint16_t cpu,
		  uint64_t time_ns)
{
	uint64_t wanted = text->job->boot;
	uint64_t back;

	if (trc_order_take(&text->order, rule, cpu, time_ns, &back) < 0)
		return kb_fail(text->diag, KB_E_NOMEM, "%s: out of memory",
			       text->job->name);
	if (kb_likely(back == 0))
		return leave_out(text);
	if (wanted == 0) {
		snprintf(text->reason_text, sizeof(text->reason_text),
			 text->job->clock == TRC_CLOCK_NS
				 ? "time goes back by %.6g s: another boot or "
				   "recording begins here; choose one with "
				   "--boot"
				 : "time goes back by %.6g ticks: another boot "
				   "or recording begins here; choose one with "
				   "--boot",
			 text->job->clock == TRC_CLOCK_NS ? (double)back / 1e9
							  : (double)back);
		return trc_text_bad(text, text->reason_text);
	}
	text->boot++;
	trc_order_reset(&text->order);
	trc_order_take(&text->order, rule, cpu, time_ns, &back);
	return leave_out(text);
}

int trc_text_no_time(struct trc_text *text, uint64_t *time_ns)
{
	*time_ns = text->order.latest_of_all;
	return leave_out(text);
}

struct trc_scan trc_text_without_colors(struct trc_scan line, char *plain,
					size_t size)
{
	struct trc_scan copy = { plain, plain };
	char *to = plain;

	if (kb_likely(!memchr(line.p, '\x1b', trc_scan_left(&line))) ||
	    trc_scan_left(&line) > size)
		return line;
	while (line.p < line.end) {
		if (!TRC_SKIP(&line, "\x1b[")) {
			*to++ = *line.p++;
			continue;
		}
		while (line.p < line.end &&
		       (trc_scan_is_digit(*line.p) || *line.p == ';'))
			line.p++;
		if (line.p < line.end)
			line.p++;
	}
	copy.end = to;
	return copy;
}

struct trc_scan trc_text_plain(const struct trc_text *text, char *plain)
{
	const struct trc_scan line = { text->line.text,
				       text->line.text + text->line.size };

	return trc_text_without_colors(line, plain, TRC_LINE_MAX);
}

int trc_text_site(struct trc_text *text, const char *site, size_t size,
		  uint32_t *number)
{
	if (kb_unlikely(size == 3 && memcmp(site, "0x0", 3) == 0)) {
		*number = TRC_NAME_NONE;
		return 0;
	}
	return name_found(text,
			  trc_names_site(&text->job->names, site, size, number),
			  number);
}

int trc_text_task(struct trc_text *text, const char *comm, size_t size,
		  int32_t pid, uint32_t *number)
{
	if (size == 0 && pid == 0) {
		*number = TRC_NAME_NONE;
		return 0;
	}
	return name_found(
		text,
		trc_names_task(&text->job->names, comm, size, pid, number),
		number);
}
