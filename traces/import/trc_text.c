#include "trc_text.h"

#include "kb_bits.h"

#include <string.h>

/* Reads the line at hand as what it is. */
static int read_any(struct trc_text *text, int (*read_line)(struct trc_text *))
{
	text->reason = NULL;
	if (kb_unlikely(text->line.is_too_long))
		return trc_text_bad(text, "it is longer than 64 KiB");
	return read_line(text);
}

int trc_text_run(struct trc_text *text, int (*read_line)(struct trc_text *))
{
	struct trc_lines lines;
	int err;

	trc_lines_init(&lines, text->job->source);
	lines.is_stopped = text->job->is_stopped;
	lines.user = text->job->user;
	for (;;) {
		err = trc_lines_next(&lines, &text->line, text->diag);
		if (err != 0)
			break;
		err = read_any(text, read_line);
		if (kb_unlikely(err == KB_E_FORMAT && text->reason))
			err = trc_job_bad_line(text->job, &text->line,
					       text->reason, text->diag);
		if (err < 0)
			break;
	}
	return err == KB_END ? 0 : err;
}

/* An error of the tables as an error of the line. */
static int name_error(struct trc_text *text, int err, const char *too_long)
{
	if (err == KB_E_RANGE)
		return trc_text_bad(text, too_long);
	if (err == KB_E_NOMEM)
		return kb_fail(text->diag, err, "%s: out of memory",
			       text->job->name);
	return err;
}

int trc_text_site(struct trc_text *text, const char *site, size_t size,
		  uint32_t *number)
{
	int err;

	if (kb_unlikely(size == 3 && memcmp(site, "0x0", 3) == 0)) {
		*number = TRC_NAME_NONE;
		return 0;
	}
	err = trc_names_site(&text->job->names, site, size, number);
	if (err == KB_E_FORMAT)
		return trc_text_bad(text, "the call site is neither "
					  "symbol+0xoff nor an address");
	return name_error(text, err, "the call site's name is too long");
}

int trc_text_task(struct trc_text *text, const char *comm, size_t size,
		  int32_t pid, uint32_t *number)
{
	if (size == 0 && pid == 0) {
		*number = TRC_NAME_NONE;
		return 0;
	}
	return name_error(
		text,
		trc_names_task(&text->job->names, comm, size, pid, number),
		"the task's name is too long or holds a NUL");
}
