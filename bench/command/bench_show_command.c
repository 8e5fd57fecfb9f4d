/*
 * show: replays a trace up to one event and draws the heap at that point.
 */
#include "bench_commands.h"
#include "bench_lapse.h"
#include "bench_options.h"
#include "bench_places.h"
#include "bench_show.h"
#include "bench_tape_read.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_read.h"
#include "kb_signal.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Columns if there is no terminal to ask. */
#define WIDTH_DEFAULT 80

struct show_options {
	const char *trace;
	const char *alloc;
	const char *svg;
	const char *html;
	const char *json;

	/* UINT64_MAX for the last event. */
	uint64_t at;
	bool step;
};

static size_t terminal_width(void)
{
	struct winsize window;

	if (kb_terminal_window(STDOUT_FILENO, &window))
		return window.ws_col;
	return kb_terminal_variable("COLUMNS", WIDTH_DEFAULT);
}

/* True if the user wants another event. */
static bool ask_for_more(const struct show_scene *s)
{
	char c = '\0';

	if (s->event >= s->events) {
		printf("That was the last event.\n");
		return false;
	}
	printf("Enter: event %" PRIu64 "; q: end ", s->event);
	fflush(stdout);
	if (kb_read(STDIN_FILENO, &c, 1) != 1 || c != '\n')
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

static int write_json(const struct bench_player *p, const char *path,
		      struct kb_diag *diag)
{
	json_t *document = bench_show_json(&p->scene);
	int err = kb_json_write(NULL, path, document, JSON_COMPACT, diag);

	json_decref(document);
	return err;
}

/* Writes what was asked for, once the scene is the one to be shown. */
static int draw(const struct show_options *o, struct bench_player *player,
		struct kb_diag *diag)
{
	if (o->svg)
		return draw_svg(player, o->svg, diag);
	if (o->json)
		return write_json(player, o->json, diag);
	return draw_text(player, o->step, diag);
}

static int show(const struct show_options *o, struct bench_player *player,
		struct kb_diag *diag)
{
	int err = bench_player_open(player, o->trace, o->alloc, diag);

	if (player->trace.fd >= 0)
		bench_commands_tell_sample(&player->trace);
	if (err == 0)
		err = bench_player_play_to(
			player,
			o->at < UINT64_MAX ? o->at : player->scene.events,
			diag);
	if (player->trace.fd >= 0)
		err = bench_trace_judge(&player->trace, err, diag);
	if (err < 0)
		return err;
	err = draw(o, player, diag);
	return bench_trace_judge(&player->trace, err, diag);
}

static int write_places(const struct show_options *o,
			const struct bench_places *places, struct kb_diag *diag)
{
	const bool is_stdout = o->svg && strcmp(o->svg, "-") == 0;
	json_t *document;
	struct kb_out out;
	int err;

	if (o->json) {
		document = bench_places_json(places);
		err = kb_json_write(NULL, o->json, document, JSON_COMPACT,
				    diag);
		json_decref(document);
		return err;
	}
	if (is_stdout)
		return bench_places_svg(stdout, places, diag);
	if (!o->svg)
		bench_places_text(stdout, places, terminal_width(),
				  kb_terminal_has_colour());
	if (!o->svg)
		return 0;
	err = kb_out_open(&out, o->svg, diag);
	if (err < 0)
		return err;
	err = bench_places_svg(out.stream, places, diag);
	return kb_out_end(&out, err, diag);
}

/* An allocator that runs only in a process of its own. Returns 1 if it is drawn, but
 * wrong. */
static int show_places(const struct show_options *o,
		       const struct alloc_spec *spec, struct kb_diag *diag)
{
	struct bench_trace trace = { .fd = -1 };
	struct bench_places places = { .count = 0 };
	int err;

	if (o->step)
		return kb_fail(diag, KB_E_ARG,
			       "--step needs an allocator that has rows; for "
			       "%s use --at",
			       spec->name);
	err = bench_commands_open(&trace, o->trace, diag);
	if (err < 0)
		return err;
	err = bench_places_read(&places, &trace, spec, o->at, diag);
	err = bench_trace_judge(&trace, err, diag);
	if (err == 0)
		err = write_places(o, &places, diag);
	if (err == 0)
		err = places.failure.fault.kind[0] &&
		      places.failure.fault.judged;
	bench_places_release(&places);
	bench_trace_release(&trace);
	return err;
}

static int write_page(const struct bench_tape *tape, const char *trace,
		      const char *path, struct kb_diag *diag)
{
	struct kb_out out;
	int err;

	if (strcmp(path, "-") == 0)
		return bench_lapse_page(stdout, tape, trace, diag);
	err = kb_out_open(&out, path, diag);
	if (err < 0)
		return err;
	err = bench_lapse_page(out.stream, tape, trace, diag);
	return kb_out_end(&out, err, diag);
}

/* Replays the trace into each allocator. */
static int tape_all(struct bench_tape *tape, const struct bench_trace *trace,
		    const struct alloc_spec *specs, size_t count,
		    struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < count && err == 0; i++) {
		const struct alloc_config config = { .spec = &specs[i] };

		err = bench_tape_add(tape, trace, &config, diag);
	}
	return err;
}

/* --html: the whole trace as a page. */
static int show_page(const struct show_options *o, struct kb_diag *diag)
{
	struct bench_trace trace = { .fd = -1 };
	struct bench_tape tape;
	struct alloc_spec *specs = NULL;
	size_t count = 0;
	int err;

	memset(&tape, 0, sizeof(tape));
	err = alloc_spec_parse_list(&specs, &count, o->alloc, diag);
	if (err == 0 && count > BENCH_TAPE_ALLOCS)
		err = kb_fail(diag, KB_E_ARG,
			      "a page shows at most %d allocators",
			      BENCH_TAPE_ALLOCS);
	if (err == 0)
		err = bench_commands_open(&trace, o->trace, diag);
	if (err == 0) {
		err = tape_all(&tape, &trace, specs, count, diag);
		err = bench_trace_judge(&trace, err, diag);
	}
	if (err == 0)
		err = write_page(&tape, trace.file, o->html, diag);
	bench_tape_release(&tape);
	bench_trace_release(&trace);
	free(specs);
	return err;
}

static int check_show(void *target, struct kb_diag *diag)
{
	const struct show_options *o = target;

	if (!!o->svg + !!o->html + !!o->json + o->step > 1)
		return kb_fail(diag, KB_E_ARG,
			       "--svg, --html, --json and --step exclude each "
			       "other");
	if (o->html && o->at < UINT64_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "--html shows every event; open the page with "
			       "#at=%" PRIu64 " after its address",
			       o->at);
	return 0;
}

/* True if the allocator is one that runs only in a process of its own; then it has been
 * shown, and `*status` is the exit status. */
static bool show_foreign(const struct show_options *o, int *status)
{
	struct alloc_spec spec;
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	if (alloc_spec_parse(&spec, o->alloc, &diag) < 0 || !spec.ops->foreign)
		return false;
	kb_signal_catch();
	err = show_places(o, &spec, &diag);
	*status = err == 0   ? KB_EXIT_GOOD
		  : err == 1 ? KB_EXIT_WRONG
			     : kb_complain_diag("bench", &diag);
	return true;
}

static int show_main(int argc, char **argv)
{
	struct show_options o = { .alloc = "kheap", .at = UINT64_MAX };
	struct bench_player player;
	struct kb_diag diag;
	int status;
	int err;

	if (!kb_options_go(&bench_show_command, &o, argc, argv, &status))
		return status;
	kb_diag_init(&diag);
	memset(&player, 0, sizeof(player));
	if (o.html) {
		kb_signal_catch();
		err = show_page(&o, &diag);
		return err == 0 ? KB_EXIT_GOOD
				: kb_complain_diag("bench", &diag);
	}
	if (show_foreign(&o, &status))
		return status;
	player.trace.fd = -1;
	err = show(&o, &player, &diag);
	bench_player_close(&player);
	return err == 0 ? KB_EXIT_GOOD : kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct show_options, member)

static const struct kb_option options[] = {
	BENCH_OPTION_ONE_TRACE(offsetof(struct show_options, trace)),
	{ .name = "at",
	  .value = "N",
	  .help = "draw the heap after N events, just before event N of "
		  "'trc print'; 0 is the empty heap (default: after all)",
	  .kind = KB_OPTION_NUMBER,
	  .high = UINT64_MAX - 1,
	  AT(at) },
	{ .name = "alloc",
	  .value = "SPEC",
	  .help = "an allocator that has rows (default kheap), or a plugin; "
		  "for --html up to two with rows, with a comma between",
	  .kind = KB_OPTION_TEXT,
	  AT(alloc) },
	{ .name = "step",
	  .help = "step through the trace: Enter for the next event, q to quit",
	  .kind = KB_OPTION_SWITCH,
	  AT(step) },
	{ .name = "svg",
	  .value = "FILE",
	  .help = "draw an SVG picture instead; '-' is standard output",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(svg) },
	{ .name = "html",
	  .value = "FILE",
	  .help = "write a page that plays the whole trace, forward and back; "
		  "'-' is standard output",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(html) },
	{ .name = "json",
	  .value = "FILE",
	  .help = "write the heap as JSON instead; '-' is standard output",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(json) },
	{ .name = NULL },
};

const struct kb_command bench_show_command = {
	.program = "bench",
	.name = "show",
	.summary = "draw the heap after some events of a trace",
	.about =
		"Draws the heap after N events of a trace: the rows with their "
		"nodes, the tracking arrays, and what the last event did, "
		"step by step. --html writes a page with all of them. Of a "
		"plugin, draws where its live objects are, or, where pass "
		"verify finds a fault before that, where they were then.",
	.options = options,
	.stray = "trace",
	.check = check_show,
	.examples = "bench show --trace failing.trc --alloc plugin:./mine.so\n"
		    "bench show --trace traces/seed-example.trc --at 3\n"
		    "bench show --trace traces/seed-example.trc --at 3 "
		    "--alloc kheap:first_index=5\n"
		    "bench show --trace boot.trc --html boot.html --alloc "
		    "kheap,kheap:order=head",
	.exits = "0 drawn\n"
		 "2 usage, unreadable input, no such event\n"
		 "5 wrong result",
	.main = show_main,
};
