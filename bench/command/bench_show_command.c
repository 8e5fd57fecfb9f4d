/*
 * show: replays a trace up to one event and draws the heap as it then is.
 */
#include "bench_commands.h"
#include "bench_show.h"
#include "kb_args.h"
#include "kb_bits.h"
#include "kb_out.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int bench_show_main(int argc, char **argv);

/* Columns where there is no terminal to ask. */
#define WIDTH_DEFAULT 80

/* clang-format off */
static const char show_help[] =
	"usage: bench show --trace FILE [--at N] [--alloc SPEC] [--step]\n"
	"                  [--svg FILE]\n"
	"\n"
	"Draws the heap after event N of a trace (default: its last): the rows with\n"
	"their nodes, the tracking arrays, and what the last event did, step by step.\n"
	"\n"
	"  --at N        the event, from 1; 0 is the empty heap before the first\n"
	"  --alloc SPEC  an allocator that has rows (default kheap)\n"
	"  --step        plays on: Enter draws the next event, q ends\n"
	"  --svg FILE    draws a picture instead ('-' for standard output)\n"
	"\n"
	"  bench show --trace traces/seed-example.trc --at 3\n"
	"\n"
	"Exit status: 0 drawn; 2 usage, unreadable input, no such event; 5 wrong\n"
	"result.\n";
/* clang-format on */

struct show_options {
	const char *trace;
	const char *alloc;
	const char *svg;
	uint64_t at;
	bool has_at;
	bool step;
	bool help;
};

static size_t terminal_width(void)
{
	struct winsize window;

	if (kb_terminal_window(STDOUT_FILENO, &window))
		return window.ws_col;
	return kb_terminal_variable("COLUMNS", WIDTH_DEFAULT);
}

/* True if there is to be another event. */
static bool ask_for_more(const struct show_scene *s)
{
	int c;

	if (s->event >= s->events) {
		printf("That was the last event.\n");
		return false;
	}
	printf("Enter: event %" PRIu64 "; q: end ", s->event + 1);
	fflush(stdout);
	c = getchar();
	if (c != '\n')
		return false;
	if (!isatty(STDIN_FILENO))
		printf("\n");
	return true;
}

static int draw_text(struct bench_player *p, bool step, struct kb_diag *diag)
{
	int err = 0;

	do {
		bench_show_text(stdout, &p->scene, terminal_width(),
				kb_terminal_has_colour());
	} while (step && ask_for_more(&p->scene) &&
		 (err = bench_player_play_to(p, p->scene.event + 1, diag)) ==
			 0);
	return err;
}

static int draw_svg(const struct bench_player *p, const char *path,
		    struct kb_diag *diag)
{
	struct kb_out out;
	int err;

	if (strcmp(path, "-") == 0) {
		bench_show_svg(stdout, &p->scene);
		return 0;
	}
	err = kb_out_open(&out, path, diag);
	if (err < 0)
		return err;
	bench_show_svg(out.stream, &p->scene);
	return kb_out_commit(&out, diag);
}

static int parse(struct show_options *o, int argc, char **argv,
		 struct kb_diag *diag)
{
	const char *at = NULL;
	const struct kb_arg args[] = {
		{ "--trace", &o->trace, NULL }, { "--at", &at, NULL },
		{ "--alloc", &o->alloc, NULL }, { "--svg", &o->svg, NULL },
		{ "--step", NULL, &o->step },	{ "--help", NULL, &o->help },
	};
	int err = kb_args_parse(args, KB_ARRAY_LEN(args), argc, argv, diag);

	o->has_at = at != NULL;
	if (err == 0 && !o->trace && !o->help)
		return kb_fail(diag, KB_E_ARG, "show needs --trace FILE");
	if (err == 0 && at)
		err = kb_args_number("--at", at, 0, UINT64_MAX, &o->at, diag);
	return err;
}

int bench_show_main(int argc, char **argv)
{
	struct show_options o = { .alloc = "kheap" };
	struct bench_player player;
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	memset(&player, 0, sizeof(player));
	player.trace.fd = -1;
	err = parse(&o, argc, argv, &diag);
	if (err == 0 && o.help) {
		fputs(show_help, stdout);
		return 0;
	}
	if (err == 0)
		err = bench_player_open(&player, o.trace, o.alloc, &diag);
	if (err == 0)
		err = bench_player_play_to(
			&player, o.has_at ? o.at : player.scene.events, &diag);
	if (err == 0 && o.svg)
		err = draw_svg(&player, o.svg, &diag);
	else if (err == 0)
		err = draw_text(&player, o.step, &diag);
	bench_player_close(&player);
	if (err == 0)
		return 0;
	fprintf(stderr, "bench: %s\n", diag.text);
	return bench_commands_status(err);
}
