/*
 * fail_malloc: preloaded into a program, makes its n-th allocation fail, n
 * being KB_FAIL_MALLOC, counted over malloc, calloc and realloc of one process,
 * once the libraries have initialized themselves. It then creates the file
 * KB_FAIL_MALLOC_SAID, so that a loop over all n knows where to end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

/* How many allocations there have been since the libraries are ready. */
static atomic_bool is_ready;
static atomic_long allocations;

/* A preloaded library is initialized after those that the program names. */
__attribute__((constructor)) static void begin(void)
{
	is_ready = true;
}

static int is_to_fail(void)
{
	const char *nth = getenv("KB_FAIL_MALLOC");
	const char *said = getenv("KB_FAIL_MALLOC_SAID");
	int fd;

	if (!is_ready || !nth ||
	    atomic_fetch_add(&allocations, 1) + 1 != atol(nth))
		return 0;
	fd = said ? open(said, O_CREAT | O_WRONLY, 0600) : -1;
	if (fd >= 0)
		close(fd);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return is_to_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return is_to_fail() ? NULL : __libc_realloc(p, size);
}
