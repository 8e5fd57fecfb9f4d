/* The text of --help, laid out from a command's table. */
#include "kb_options.h"

#include "kb_bits.h"

#include <string.h>

/* The rightmost column where the sentences of options begin; a longer option
 * has a line to itself. */
#define HELP_COLUMN_MAX 26

/* The column where the meaning of an exit status begins. */
#define EXIT_COLUMN 7

/* A page being written: words fill lines between `indent` and the margin. */
struct page {
	FILE *out;
	size_t indent;

	/* Where the next character goes, from 0. */
	size_t column;
};

static size_t columns_of(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

static void put(struct page *page, const char *text, size_t size)
{
	fwrite(text, 1, size, page->out);
	page->column += columns_of(text, size);
}

static void put_text(struct page *page, const char *text)
{
	put(page, text, strlen(text));
}

static void end_line(struct page *page)
{
	fputc('\n', page->out);
	page->column = 0;
}

static void go_to(struct page *page, size_t column)
{
	while (page->column < column)
		put(page, " ", 1);
}

/* A word, on the next line if this one has no room for it. */
static void put_word(struct page *page, const char *word, size_t size)
{
	size_t width = columns_of(word, size);

	if (page->column > page->indent &&
	    page->column + 1 + width > KB_OPTIONS_COLUMNS)
		end_line(page);
	else if (page->column > page->indent)
		put(page, " ", 1);
	go_to(page, page->indent);
	put(page, word, size);
}

/* A line of text, without its newline: wrapped, or verbatim if it begins with a
 * blank or holds none. */
static void put_line(struct page *page, const char *line, size_t size)
{
	if (size > 0 && line[0] == ' ') {
		go_to(page, page->indent);
		put(page, line, size);
		return;
	}
	for (size_t at = 0; at < size;) {
		const char *end = memchr(line + at, ' ', size - at);
		size_t length = end ? (size_t)(end - line) - at : size - at;

		put_word(page, line + at, length);
		at += length + 1;
	}
}

/* A text, and the end of its last line. */
static void put_paragraphs(struct page *page, const char *text)
{
	for (;;) {
		size_t size = strcspn(text, "\n");

		put_line(page, text, size);
		end_line(page);
		if (!text[size] || !text[size + 1])
			return;
		text += size + 1;
	}
}

static void put_title(struct page *page, const char *title)
{
	end_line(page);
	put_text(page, title);
	put_text(page, ":");
	end_line(page);
}

/* A line of a list: a name and, at `column`, its text. */
static void put_item(struct page *page, const char *name, size_t column,
		     const char *text)
{
	put_text(page, "  ");
	put_text(page, name);
	if (page->column + 2 > column)
		end_line(page);
	page->indent = column;
	go_to(page, column);
	put_paragraphs(page, text);
	page->indent = 0;
}

/* Room for "-h, --name VALUE". */
#define NAME_SIZE 64

static const char *name_option(char out[NAME_SIZE], const struct kb_option *o)
{
	char letter[5] = "";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(out, NAME_SIZE, "%s--%s%s%s%s", letter, o->name,
		 o->kind == KB_OPTION_FOREIGN ? "*" : "", o->value ? " " : "",
		 o->value ? o->value : "");
	return out;
}

static const struct kb_option help_option = { .name = "help",
					      .letter = 'h',
					      .help = "show this text" };

/* The column where the sentences of a list with such names begin. */
static void widen(size_t *column, const char *name)
{
	size_t width = columns_of(name, strlen(name)) + 4;

	if (width > *column && width <= HELP_COLUMN_MAX)
		*column = width;
}

static void put_options(struct page *page, const struct kb_command *command)
{
	const struct kb_option *o = command->options;
	char name[NAME_SIZE];
	size_t column = 0;

	widen(&column, name_option(name, &help_option));
	for (; o->name; o++)
		widen(&column, name_option(name, o));
	o = command->options;
	if (!o->name || !o->heading)
		put_title(page, "Options");
	for (; o->name; o++) {
		if (o->heading)
			put_title(page, o->heading);
		put_item(page, name_option(name, o), column, o->help);
	}
	put_item(page, name_option(name, &help_option), column,
		 help_option.help);
}

static void put_commands(struct page *page, const struct kb_command *program)
{
	size_t column = 0;

	put_title(page, "Commands");
	for (const struct kb_command *const *c = program->commands; *c; c++)
		widen(&column, (*c)->name);
	for (const struct kb_command *const *c = program->commands; *c; c++)
		put_item(page, (*c)->name, column, (*c)->summary);
	end_line(page);
	put_text(page, "'");
	put_text(page, program->program);
	put_text(page, " COMMAND --help' describes a command.");
	end_line(page);
}

static void put_operand(struct page *page, const struct kb_operand *o)
{
	char name[NAME_SIZE];
	size_t size = strlen(o->name);

	if (o->min == 0) {
		snprintf(name, sizeof(name), "[%s]%s", o->name,
			 o->max > 1 ? "..." : "");
		put_word(page, name, strlen(name));
		return;
	}
	for (size_t i = 1; i < o->min; i++)
		put_word(page, o->name, size);
	snprintf(name, sizeof(name), "%s%s", o->name,
		 o->max > o->min ? "..." : "");
	put_word(page, name, strlen(name));
}

static void put_usage(struct page *page, const struct kb_command *command)
{
	char name[NAME_SIZE];

	put_text(page, "usage: ");
	page->indent = page->column;
	put_line(page, command->program, strlen(command->program));
	if (command->name)
		put_word(page, command->name, strlen(command->name));
	for (const struct kb_option *o = command->options; o->name; o++)
		if (o->is_required) {
			name_option(name, o);
			put_word(page, name, strlen(name));
		}
	put_word(page, "[OPTION]...", strlen("[OPTION]..."));
	for (const struct kb_operand *o = command->operands; o && o->name; o++)
		put_operand(page, o);
	if (command->rest) {
		put_word(page, "--", 2);
		put_line(page, command->rest, strlen(command->rest));
	}
	end_line(page);
	if (command->commands) {
		go_to(page, page->indent);
		put_text(page, command->program);
		put_text(page, " COMMAND [ARGUMENT]...");
		end_line(page);
	}
	page->indent = 0;
}

/* The exit statuses, each a number and what it means. */
static void put_exits(struct page *page, const char *text)
{
	put_title(page, "Exit status");
	while (*text) {
		size_t size = strcspn(text, "\n");
		size_t number = strcspn(text, " ");

		put_text(page, "  ");
		put(page, text, number);
		page->indent = EXIT_COLUMN;
		go_to(page, EXIT_COLUMN);
		put_line(page, text + number + 1, size - number - 1);
		end_line(page);
		page->indent = 0;
		text += size + (text[size] != '\0');
	}
}

void kb_options_help(FILE *out, const struct kb_command *command)
{
	struct page page = { .out = out };

	put_usage(&page, command);
	end_line(&page);
	put_paragraphs(&page, command->about);
	if (command->commands)
		put_commands(&page, command);
	put_options(&page, command);
	if (command->notes) {
		end_line(&page);
		put_paragraphs(&page, command->notes);
	}
	if (command->write_more) {
		end_line(&page);
		command->write_more(out);
	}
	put_title(&page, "Examples");
	page.indent = 2;
	put_paragraphs(&page, command->examples);
	page.indent = 0;
	put_exits(&page, command->exits);
}
