#include "trc_strings.h"

#include "kb_status.h"
#include "trc_format.h"

#include <stdlib.h>
#include <string.h>

/* The strings of one block, copied whole; entries point into it. */
struct trc_string_chunk {
	struct trc_string_chunk *next;
	char bytes[];
};

/* Keeps a copy of `size` bytes until release; NULL without memory. */
static const char *keep(struct trc_strings *strings, const uint8_t *data,
			size_t size)
{
	struct trc_string_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	if (size > 0)
		memcpy(chunk->bytes, data, size);
	chunk->next = strings->chunks;
	strings->chunks = chunk;
	strings->bytes += size;
	return chunk->bytes;
}

/* Length of the string at `p`, including its NUL; 0 if there is no NUL in
 * range. */
static size_t string_size(const char *p, const char *end)
{
	size_t room = (size_t)(end - p);
	const char *nul;

	if (room > TRC_STRING_SIZE_MAX)
		room = TRC_STRING_SIZE_MAX;
	nul = room > 0 ? memchr(p, 0, room) : NULL;
	return nul ? (size_t)(nul - p) + 1 : 0;
}

/* Makes room for `need` entries of `size` bytes. */
static int reserve(void **array, uint32_t *room, uint64_t need, size_t size)
{
	uint64_t want = *room ? *room : 64;
	void *grown;

	while (want < need)
		want *= 2;
	if (want == *room)
		return 0;
	grown = realloc(*array, (size_t)want * size);
	if (!grown)
		return KB_E_NOMEM;
	*array = grown;
	*room = (uint32_t)want;
	return 0;
}

int trc_strings_add_sites(struct trc_strings *strings, const uint8_t *data,
			  size_t size, uint32_t count)
{
	uint64_t total = (uint64_t)strings->sites_seen + count;
	void *sites = strings->sites;
	const char *p;
	const char *end;
	int err;

	if (total > TRC_SITES_MAX ||
	    strings->bytes + size > TRC_STRINGS_FILE_MAX)
		return KB_E_RANGE;
	if (total <= strings->site_count) {
		strings->sites_seen = (uint32_t)total;
		return 0;
	}
	err = reserve(&sites, &strings->site_room, total,
		      sizeof(*strings->sites));
	if (err < 0)
		return err;
	strings->sites = sites;
	p = keep(strings, data, size);
	if (!p)
		return KB_E_NOMEM;
	end = p + size;
	for (uint32_t i = 0; i < count; i++) {
		struct trc_site_entry *entry =
			&strings->sites[strings->sites_seen + i];
		size_t text_size = string_size(p, end);
		size_t module_size = string_size(p + text_size, end);

		if (text_size == 0 || module_size == 0)
			return KB_E_CORRUPT;
		entry->text = p;
		entry->module = p + text_size;
		p += text_size + module_size;
	}
	if (p != end)
		return KB_E_CORRUPT;
	strings->sites_seen = (uint32_t)total;
	strings->site_count = (uint32_t)total;
	return 0;
}

int trc_strings_add_tasks(struct trc_strings *strings, const uint8_t *data,
			  size_t size, const int32_t *pids, uint32_t count)
{
	uint64_t total = (uint64_t)strings->tasks_seen + count;
	void *tasks = strings->tasks;
	const char *p;
	const char *end;
	int err;

	if (total > TRC_TASKS_MAX ||
	    strings->bytes + size > TRC_STRINGS_FILE_MAX)
		return KB_E_RANGE;
	if (total <= strings->task_count) {
		strings->tasks_seen = (uint32_t)total;
		return 0;
	}
	err = reserve(&tasks, &strings->task_room, total,
		      sizeof(*strings->tasks));
	if (err < 0)
		return err;
	strings->tasks = tasks;
	p = keep(strings, data, size);
	if (!p)
		return KB_E_NOMEM;
	end = p + size;
	for (uint32_t i = 0; i < count; i++) {
		struct trc_task_entry *entry =
			&strings->tasks[strings->tasks_seen + i];
		size_t comm_size = string_size(p, end);

		if (comm_size == 0)
			return KB_E_CORRUPT;
		entry->comm = p;
		entry->pid = pids[i];
		p += comm_size;
	}
	if (p != end)
		return KB_E_CORRUPT;
	strings->tasks_seen = (uint32_t)total;
	strings->task_count = (uint32_t)total;
	return 0;
}

void trc_strings_rewind(struct trc_strings *strings)
{
	strings->sites_seen = 0;
	strings->tasks_seen = 0;
}

void trc_strings_release(struct trc_strings *strings)
{
	while (strings->chunks) {
		struct trc_string_chunk *next = strings->chunks->next;

		free(strings->chunks);
		strings->chunks = next;
	}
	free(strings->sites);
	free(strings->tasks);
	memset(strings, 0, sizeof(*strings));
}
