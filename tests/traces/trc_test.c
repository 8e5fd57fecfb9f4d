#include "trc_test.h"

#include "trc_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

const struct trc_counts trc_test_boot = {
	.events = 31619,
	.objects = 19028,
	.allocs = 19028,
	.frees = 12591,
	.null_frees = 2295,
	.unmatched_frees = 6,
	.excluded_allocs = 24683,
	.live_max = 7655,
	.live_at_end = 6437,
};

const struct trc_counts trc_test_boot_6_12 = {
	.events = 36964,
	.objects = 22930,
	.allocs = 22930,
	.frees = 14034,
	.null_frees = 2832,
	.unmatched_frees = 40,
	.excluded_allocs = 16459,
	.live_max = 10886,
	.live_at_end = 8896,
	.duplicate_allocs = 36,
};

const struct trc_counts trc_test_debian_boot = {
	.events = 97972,
	.objects = 56597,
	.allocs = 56597,
	.frees = 41375,
	.implied_frees = 1627,
	.null_frees = 20472,
	.unmatched_frees = 6,
	.excluded_allocs = 154213,
	.live_max = 15324,
	.live_at_end = 15222,
};

static void blob_reserve(struct blob *blob, size_t more)
{
	size_t need = blob->size + more + 1;

	if (need <= blob->room)
		return;
	blob->room = need * 2 + 4096;
	blob->data = realloc(blob->data, blob->room);
	assert_non_null(blob->data);
}

void blob_printf(struct blob *blob, const char *fmt, ...)
{
	char line[2048];
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	assert_in_range(size, 0, sizeof(line) - 1);
	blob_reserve(blob, (size_t)size);
	memcpy(blob->data + blob->size, line, (size_t)size + 1);
	blob->size += (size_t)size;
}

int blob_drain(struct blob *blob, struct trc_source *source,
	       struct kb_diag *diag)
{
	const char *data;
	size_t size;
	int err;

	*blob = (struct blob){ 0 };
	blob_reserve(blob, 0);
	while ((err = trc_source_next(source, &data, &size, diag)) == 0) {
		blob_reserve(blob, size);
		memcpy(blob->data + blob->size, data, size);
		blob->size += size;
	}
	return err;
}

static struct blob read_fd(int fd)
{
	struct blob blob = { 0 };
	off_t size = lseek(fd, 0, SEEK_END);

	assert_true(size >= 0);
	blob.data = malloc((size_t)size + 1);
	assert_non_null(blob.data);
	while (blob.size < (size_t)size) {
		ssize_t n = pread(fd, blob.data + blob.size,
				  (size_t)size - blob.size, (off_t)blob.size);

		assert_true(n > 0);
		blob.size += (size_t)n;
	}
	blob.data[size] = 0;
	return blob;
}

struct blob blob_zstd(const struct blob *plain)
{
	struct blob packed = { .size = ZSTD_compressBound(plain->size) };

	packed.data = malloc(packed.size);
	assert_non_null(packed.data);
	packed.size = ZSTD_compress(packed.data, packed.size, plain->data,
				    plain->size, 1);
	assert_false(ZSTD_isError(packed.size));
	return packed;
}

struct blob blob_gzip(const struct blob *plain)
{
	struct blob packed = { .size = plain->size + 1024 };
	z_stream z = { 0 };

	packed.data = malloc(packed.size);
	assert_non_null(packed.data);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	z.next_in = (Bytef *)plain->data;
	z.avail_in = (uInt)plain->size;
	z.next_out = (Bytef *)packed.data;
	z.avail_out = (uInt)packed.size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	packed.size = z.total_out;
	deflateEnd(&z);
	return packed;
}

struct blob read_whole(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct blob blob;

	if (fd < 0)
		fail_msg("%s: cannot open", path);
	blob = read_fd(fd);
	close(fd);
	return blob;
}

void write_whole(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

char *make_directory(void)
{
	char *directory = strdup("/tmp/trc-test-XXXXXX");

	assert_non_null(directory);
	assert_non_null(mkdtemp(directory));
	return directory;
}

int remove_directory(char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512];

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		assert_int_equal(unlink(path), 0);
		count++;
	}
	closedir(dir);
	assert_int_equal(rmdir(directory), 0);
	free(directory);
	return count;
}

static void dump_event(struct blob *dump, const struct trc_reader *reader,
		       const struct trc_block *b, uint32_t i)
{
	static const char *const kinds[] = { "alloc", "free", "implied" };
	const char *module = "";
	const char *site = trc_reader_site(reader, b->site[i], &module);
	int32_t pid = 0;
	const char *comm = trc_reader_task(reader, b->task[i], &pid);

	blob_printf(dump, "%s %" PRIu32, kinds[b->kind[i]], b->slot[i]);
	if (b->kind[i] == TRC_ALLOC)
		blob_printf(dump, " %" PRIu64 "/%" PRIu64, b->size[i],
			    b->size_granted[i]);
	blob_printf(dump, " @%" PRIu64 " cpu%u %s", b->time_ns[i], b->cpu[i],
		    site ? site : "?");
	if (*module)
		blob_printf(dump, " [%s]", module);
	blob_printf(dump, " %s-%" PRId32 "\n", comm ? comm : "?", pid);
}

int trc_test_dump(const void *data, size_t size, struct blob *dump,
		  struct kb_diag *diag)
{
	struct trc_reader *reader;
	struct trc_block block;
	int err;

	*dump = (struct blob){ 0 };
	blob_printf(dump, "%s", "");
	kb_diag_init(diag);
	err = trc_reader_open_memory(&reader, data, size, "memory",
				     TRC_COLUMNS_ALL, diag);
	if (err < 0)
		return err;
	while ((err = trc_reader_next(reader, &block, diag)) == 0)
		for (uint32_t i = 0; i < block.count; i++)
			dump_event(dump, reader, &block, i);
	trc_reader_close(reader);
	return err == KB_END ? 0 : err;
}

struct imported import_bytes(const void *data, size_t size,
			     const struct trc_import_options *opts)
{
	struct imported im = { .status = 0 };
	int fd = memfd_create("trace", 0);

	assert_true(fd >= 0);
	im.status = trc_import_memory(data, size, "text", fd, opts, &im.counts,
				      &im.diag);
	if (im.status == 0) {
		struct kb_diag diag;

		im.file = read_fd(fd);
		if (trc_test_dump(im.file.data, im.file.size, &im.dump, &diag))
			fail_msg("%s", diag.text);
	}
	close(fd);
	return im;
}

struct imported import_text(const char *text)
{
	struct imported im = import_bytes(text, strlen(text), NULL);

	if (im.status < 0)
		fail_msg("%s", im.diag.text);
	return im;
}

void imported_release(struct imported *imported)
{
	free(imported->file.data);
	free(imported->dump.data);
}

void assert_says(const struct kb_diag *diag, const char *part)
{
	if (!strstr(diag->text, part))
		fail_msg("\"%s\" does not say \"%s\"", diag->text, part);
}
