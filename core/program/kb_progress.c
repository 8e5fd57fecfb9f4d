#include "kb_progress.h"

#include "kb_digits.h"
#include "kb_terminal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* 100% is shown at the end alone. */
#define SHARE_MAX	 0.99

#define DRAW_INTERVAL_NS UINT64_C(100000000)

/* Columns if the terminal does not say, or is too narrow for a line. */
#define WIDTH_DEFAULT 80
#define WIDTH_MIN     10

/* The time left is not estimated before this much time has passed. */
#define GUESS_AFTER_S 1.0

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t terminal_width(void)
{
	struct winsize window;

	kb_terminal_window(STDERR_FILENO, &window);
	return window.ws_col < WIDTH_MIN ? WIDTH_DEFAULT : window.ws_col;
}

/* The share of the whole, which only rises. Only the end is all of it. */
static double raise_share(struct kb_progress *p, double share)
{
	share = p->from + share * (p->to - p->from);
	if (share > SHARE_MAX)
		share = SHARE_MAX;
	if (share > p->shown)
		p->shown = share;
	return p->shown;
}

/* Draws the line: the share that is done, unless it is below 0: not known. */
static void draw(struct kb_progress *p, double share)
{
	char line[512] = "";
	size_t width = terminal_width() - 1;
	double elapsed = (double)(now_ns() - p->start_ns) / 1e9;
	int used = 0;

	if (width >= sizeof(line))
		width = sizeof(line) - 1;
	if (share >= 0)
		used = snprintf(line, sizeof(line), "%3.0f%%  ", share * 100);
	if (elapsed > GUESS_AFTER_S && share > 0.02)
		used += snprintf(line + used, sizeof(line) - (size_t)used,
				 "%.0f s left  ",
				 elapsed / share * (1 - share));
	snprintf(line + used, sizeof(line) - (size_t)used, "%s", p->what);
	line[width] = '\0';
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
	p->drawn_ns = now_ns();
	p->is_drawn = true;
}

/* The share of all steps, of which a part of the next one is done too. */
static double share_of(struct kb_progress *p, double part)
{
	return raise_share(
		p, p->total ? ((double)p->done + part) / (double)p->total : 0);
}

/* Whether the line is shown, and is due to be redrawn. */
static bool is_due(const struct kb_progress *p)
{
	return p->enabled && now_ns() - p->drawn_ns >= DRAW_INTERVAL_NS;
}

void kb_progress_begin(struct kb_progress *p)
{
	memset(p, 0, sizeof(*p));
	p->enabled = isatty(STDERR_FILENO);
	p->start_ns = now_ns();
	p->drawn_ns = p->start_ns;
	p->to = 1;
}

void kb_progress_part(struct kb_progress *p, double from, double to)
{
	p->from = from;
	p->to = to;
	p->done = 0;
	p->total = 0;
}

void kb_progress_step(struct kb_progress *p, const char *pass,
		      const char *alloc)
{
	if (!p->enabled)
		return;
	snprintf(p->what, sizeof(p->what), "%s  %s", pass, alloc);
	draw(p, share_of(p, 0));
}

void kb_progress_tick(struct kb_progress *p, uint64_t events,
		      uint64_t events_total)
{
	double part = events_total ? (double)events / (double)events_total : 0;

	if (is_due(p))
		draw(p, share_of(p, part > 1 ? 1 : part));
}

void kb_progress_hush(struct kb_progress *p)
{
	p->enabled = false;
}

void kb_progress_events(struct kb_progress *p, uint64_t done, uint64_t total,
			uint64_t events)
{
	char digits[KB_DIGITS_SIZE];
	int used = 0;

	if (!is_due(p))
		return;
	if (total == 0)
		used = snprintf(p->what, sizeof(p->what), "%.1f MB  ",
				(double)done / 1e6);
	snprintf(p->what + used, sizeof(p->what) - (size_t)used, "%s events",
		 kb_digits(digits, events));
	draw(p, total ? raise_share(p, (double)done / (double)total) : -1);
}

void kb_progress_end(struct kb_progress *p)
{
	if (!p->is_drawn)
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->is_drawn = false;
}

void kb_progress_finish(struct kb_progress *p)
{
	if (p->enabled && p->shown > 0) {
		p->what[0] = '\0';
		draw(p, 1);
	}
	kb_progress_end(p);
}
