#include "fuzz_support.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* A stream that nobody sees. */
struct sink {
	FILE *stream;
	size_t bytes;
};

static struct sink out_sink, err_sink;
static FILE *real_out, *real_err;
static char folder[64];

static ssize_t swallow(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;

	(void)data;
	sink->bytes += size;
	return (ssize_t)size;
}

static void open_sink(struct sink *sink)
{
	static const cookie_io_functions_t functions = { .write = swallow };

	sink->stream = fopencookie(sink, "w", functions);
	fuzz_require(sink->stream != NULL);
}

void fuzz_hush(void)
{
	if (!out_sink.stream) {
		open_sink(&out_sink);
		open_sink(&err_sink);
	}
	err_sink.bytes = 0;
	real_out = stdout;
	real_err = stderr;
	stdout = out_sink.stream;
	stderr = err_sink.stream;
}

size_t fuzz_speak(void)
{
	fflush(out_sink.stream);
	fflush(err_sink.stream);
	stdout = real_out;
	stderr = real_err;
	return err_sink.bytes;
}

int fuzz_file_new(void)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_require(fd >= 0);
	return fd;
}

void fuzz_file_fill(int fd, const void *data, size_t size)
{
	fuzz_require(ftruncate(fd, (off_t)size) == 0);
	if (size)
		fuzz_require(pwrite(fd, data, size, 0) == (ssize_t)size);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
	if (folder[0])
		return folder;
	strcpy(folder, "/tmp/kheap-replay-fuzz-XXXXXX");
	fuzz_require(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	return folder;
}

void fuzz_folder_make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
	fuzz_require(mkdir(path, 0700) == 0);
}

void fuzz_folder_link_path(const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
	fuzz_require(symlink(target, path) == 0);
}

void fuzz_folder_link(const char *name, int fd)
{
	char target[64];

	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	fuzz_folder_link_path(name, target);
}

const uint8_t *fuzz_part(const uint8_t **data, size_t *size, size_t *length)
{
	const uint8_t *part = *data;
	const uint8_t *end = *size ? memchr(part, '\0', *size) : NULL;

	*length = end ? (size_t)(end - part) : *size;
	*data += *length + (end != NULL);
	*size -= *length + (end != NULL);
	return part;
}

int __wrap_kb_out_write(const char *where, const char *name,
			void (*write)(FILE *out, const void *user),
			const void *user, struct kb_diag *diag)
{
	(void)where;
	(void)name;
	(void)diag;
	write(stdout, user);
	return 0;
}
