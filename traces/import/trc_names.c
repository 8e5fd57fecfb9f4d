#include "trc_names.h"

#include "kb_bits.h"
#include "trc_format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The functions that allocate the pages that the recorder writes to (import
 * rule 3). */
static const char *const recorder_symbols[] = {
	"__rb_allocate_pages",
	"rb_allocate_cpu_buffer",
};

/* A call site taken apart; nothing is terminated. */
struct parts {
	/* "symbol+0xoff", or the digits of an address. */
	const char *text;
	size_t size;

	/* Length of the symbol; 0 for an address. */
	size_t symbol_size;
	bool is_address;

	const char *module;
	size_t module_size;
};

/* Bytes of hexadecimal digits at `p`. */
static size_t hex_span(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && isxdigit((unsigned char)*p))
		p++;
	return (size_t)(p - start);
}

/* Skips "0x" and digits; NULL if they are absent. */
static const char *skip_0x(const char *p, const char *end)
{
	size_t digits;

	if (end - p < 3 || p[0] != '0' || p[1] != 'x')
		return NULL;
	digits = hex_span(p + 2, end);
	return digits > 0 && digits <= 16 ? p + 2 + digits : NULL;
}

static bool parse_address(const char *text, size_t size, struct parts *parts)
{
	const char *end = text + size;

	if (size > 2 && text[0] == '0' && text[1] == 'x')
		text += 2;
	parts->text = text;
	parts->size = (size_t)(end - text);
	parts->is_address = true;
	return parts->size > 0 && parts->size <= 16 &&
	       hex_span(text, end) == parts->size;
}

/* "symbol+0xoff", then perhaps "/0xlen", then perhaps " [module]". */
static bool parse_symbol(const char *text, size_t size, struct parts *parts)
{
	const char *end = text + size;
	const char *plus = memchr(text, '+', size);
	const char *p = plus ? skip_0x(plus + 1, end) : NULL;

	if (!p || plus == text)
		return false;
	parts->text = text;
	parts->size = (size_t)(p - text);
	parts->is_address = false;
	parts->symbol_size = (size_t)(plus - text);
	if (p < end && *p == '/')
		p = skip_0x(p + 1, end);
	if (!p || p == end)
		return p != NULL;
	if (end - p < 4 || p[0] != ' ' || p[1] != '[' || end[-1] != ']')
		return false;
	parts->module = p + 2;
	parts->module_size = (size_t)(end - 1 - parts->module);
	return true;
}

static bool matches(const char *name, const struct parts *parts)
{
	size_t size = strlen(name);

	if (size == 0)
		return false;
	return (size == parts->symbol_size || size == parts->size) &&
	       memcmp(name, parts->text, size) == 0;
}

static bool is_excluded(const struct trc_names *names,
			const struct parts *parts)
{
	if (!names->keep_recorder)
		for (size_t i = 0; i < KB_ARRAY_LEN(recorder_symbols); i++)
			if (matches(recorder_symbols[i], parts))
				return true;
	for (size_t i = 0; i < names->exclude_count; i++)
		if (matches(names->exclude[i], parts))
			return true;
	return false;
}

/* Makes room for entry `number` of an array. */
static int reserve(void **array, uint32_t *room, uint32_t number, size_t size)
{
	uint32_t want = *room ? *room : 256;
	void *grown;

	if (number < *room)
		return 0;
	while (want <= number)
		want *= 2;
	grown = realloc(*array, want * size);
	if (!grown)
		return KB_E_NOMEM;
	*array = grown;
	*room = want;
	return 0;
}

/* How many names the array has that entry `number` is in. */
static size_t array_room(uint32_t number)
{
	return (size_t)TRC_NAME_FIRST << trc_names_array(number);
}

/* Finds or adds the site of these parts, whatever their spelling. */
static int find_site(struct trc_names *names, const struct parts *parts,
		     uint32_t *number)
{
	char key[2 * TRC_STRING_SIZE_MAX];
	const char *prefix = parts->is_address ? "0x" : "";
	size_t size = strlen(prefix);
	struct trc_name_site **array;
	struct trc_name_site *site;
	bool is_new;
	int err;

	if (parts->size + size >= TRC_STRING_SIZE_MAX ||
	    parts->module_size >= TRC_STRING_SIZE_MAX)
		return KB_E_RANGE;
	memcpy(key, prefix, size);
	memcpy(key + size, parts->text, parts->size);
	size += parts->size;
	key[size++] = 0;
	if (parts->module_size > 0)
		memcpy(key + size, parts->module, parts->module_size);
	size += parts->module_size;
	err = trc_intern(&names->site_keys, key, size, number, &is_new);
	if (err < 0 || !is_new)
		return err;
	array = &names->sites[trc_names_array(*number)];
	if (!*array)
		*array = malloc(array_room(*number) * sizeof(**array));
	if (!*array)
		return KB_E_NOMEM;
	site = trc_names_site_at(names, *number);
	site->text = names->site_keys.entries[*number].bytes;
	site->module = site->text + strlen(site->text) + 1;
	site->id = TRC_STRING_NONE;
	site->is_excluded = is_excluded(names, parts);
	return 0;
}

/* Parses a spelling seen for the first time. */
static int add_spelling(struct trc_names *names, const char *text, size_t size,
			uint32_t spelling)
{
	struct parts parts = { 0 };
	void *array = names->spelling_site;
	uint32_t site = TRC_NAME_NONE;
	int err;

	err = reserve(&array, &names->spelling_room, spelling, sizeof(site));
	if (err < 0)
		return err;
	names->spelling_site = array;
	if (memchr(text, 0, size) || (!parse_address(text, size, &parts) &&
				      !parse_symbol(text, size, &parts)))
		err = KB_E_FORMAT;
	else
		err = find_site(names, &parts, &site);
	names->spelling_site[spelling] = site;
	return err;
}

int trc_names_site(struct trc_names *names, const char *text, size_t size,
		   uint32_t *number)
{
	uint32_t spelling;
	bool is_new;
	int err = trc_intern(&names->spellings, text, size, &spelling, &is_new);

	if (err < 0)
		return err;
	if (is_new)
		err = add_spelling(names, text, size, spelling);
	/* What is no call site must not fill the memory. */
	if (err < 0) {
		trc_intern_undo(&names->spellings);
		return err;
	}
	*number = names->spelling_site[spelling];
	return 0;
}

int trc_names_site_of(struct trc_names *names, const char *text,
		      const char *module, uint32_t *number)
{
	/* As it is: not every writer's names are a symbol and an offset. */
	const struct parts parts = {
		.text = text,
		.size = strlen(text),
		.symbol_size = strcspn(text, "+"),
		.module = module,
		.module_size = strlen(module),
	};

	return find_site(names, &parts, number);
}

int trc_names_task(struct trc_names *names, const char *comm, size_t size,
		   int32_t pid, uint32_t *number)
{
	char key[TRC_STRING_SIZE_MAX + sizeof(pid)];
	struct trc_name_task **array;
	struct trc_name_task *task;
	bool is_new;
	int err;

	if (size >= TRC_STRING_SIZE_MAX || memchr(comm, 0, size))
		return KB_E_RANGE;
	memcpy(key, comm, size);
	key[size] = 0;
	memcpy(key + size + 1, &pid, sizeof(pid));
	err = trc_intern(&names->task_keys, key, size + 1 + sizeof(pid), number,
			 &is_new);
	if (err < 0 || !is_new)
		return err;
	array = &names->tasks[trc_names_array(*number)];
	if (!*array)
		*array = malloc(array_room(*number) * sizeof(**array));
	if (!*array)
		return KB_E_NOMEM;
	task = trc_names_task_at(names, *number);
	task->comm = names->task_keys.entries[*number].bytes;
	task->pid = pid;
	task->id = TRC_STRING_NONE;
	return 0;
}

void trc_names_release(struct trc_names *names)
{
	trc_intern_release(&names->spellings);
	trc_intern_release(&names->site_keys);
	trc_intern_release(&names->task_keys);
	free(names->spelling_site);
	for (uint32_t i = 0; i < TRC_NAME_ARRAYS; i++) {
		free(names->sites[i]);
		free(names->tasks[i]);
	}
	memset(names, 0, sizeof(*names));
}
