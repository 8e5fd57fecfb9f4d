/*
 * A library with the functions that bench wants of mimalloc and of tcmalloc. It
 * never uses memory again.
 *
 * OTHER_VERSION is mimalloc's number; OTHER_LACKS leaves out a function that
 * every version has had so far; OTHER_TLS_ALIGNMENT and OTHER_TLS_SIZE are those
 * of a thread-local variable of the initial-exec model, as tcmalloc has.
 */
#include <stddef.h>
#include <string.h>

#ifndef OTHER_TLS_ALIGNMENT
#define OTHER_TLS_ALIGNMENT 8
#endif
#ifndef OTHER_TLS_SIZE
#define OTHER_TLS_SIZE 8
#endif

#define HEADER 16

static _Alignas(16) char memory[1 << 20];
static size_t used;

static _Alignas(OTHER_TLS_ALIGNMENT) _Thread_local char local[OTHER_TLS_SIZE]
	__attribute__((tls_model("initial-exec"), used));

void *mi_malloc(size_t size)
{
	size_t need = HEADER + ((size + HEADER - 1) & ~(size_t)(HEADER - 1));
	char *p = memory + used;

	if (need > sizeof(memory) - used)
		return NULL;
	used += need;
	memcpy(p, &size, sizeof(size));
	local[0]++;
	return p + HEADER;
}

void mi_free(void *p)
{
	(void)p;
	local[0]--;
}

#ifndef OTHER_LACKS
void mi_free_size(void *p, size_t size)
{
	(void)size;
	mi_free(p);
}
#endif

size_t mi_usable_size(const void *p)
{
	size_t size;

	memcpy(&size, (const char *)p - HEADER, sizeof(size));
	return size;
}

void mi_process_info(size_t *elapsed_ms, size_t *user_ms, size_t *system_ms,
		     size_t *rss, size_t *rss_peak, size_t *commit,
		     size_t *commit_peak, size_t *page_faults)
{
	(void)elapsed_ms;
	(void)user_ms;
	(void)system_ms;
	(void)rss;
	(void)rss_peak;
	(void)commit_peak;
	(void)page_faults;
	*commit = sizeof(memory);
}

int mi_version(void)
{
	return OTHER_VERSION;
}

void *tc_malloc(size_t size)
{
	return mi_malloc(size);
}

void tc_free(void *p)
{
	mi_free(p);
}

void tc_free_sized(void *p, size_t size)
{
	(void)size;
	mi_free(p);
}

size_t tc_malloc_size(void *p)
{
	return mi_usable_size(p);
}

int MallocExtension_GetNumericProperty(const char *name, size_t *value)
{
	(void)name;
	*value = sizeof(memory);
	return 1;
}

const char *tc_version(int *major, int *minor, const char **patch)
{
	(void)major;
	(void)minor;
	(void)patch;
	return "other 1.0";
}
