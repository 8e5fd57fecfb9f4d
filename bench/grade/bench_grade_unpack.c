#include "bench_grade_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BYTES_MAX   (UINT64_C(256) << 20)
#define ENTRIES_MAX 20000
#define BLOCK	    65536

#define GUARDS                                                               \
	(ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT | \
	 ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS |                            \
	 ARCHIVE_EXTRACT_NO_OVERWRITE)

struct unpacking {
	struct archive *in;
	struct archive *out;
	const char *archive;
	const char *folder;
	uint64_t bytes;
	unsigned entries;
};

static int refuse(const struct unpacking *u, struct archive *who,
		  struct kb_diag *diag)
{
	const char *why = archive_error_string(who);

	return kb_fail(diag, KB_E_ARG,
		       "'%s' cannot be unpacked as a zip or tar archive: %s",
		       u->archive, why ? why : "it is damaged");
}

static int too_large(const struct unpacking *u, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_ARG,
		       "'%s' has more than 20,000 files or 256 MiB",
		       u->archive);
}

static int copy_data(struct unpacking *u, struct kb_diag *diag)
{
	const void *block;
	size_t size;
	int64_t at;
	int got;

	while ((got = archive_read_data_block(u->in, &block, &size, &at)) ==
	       ARCHIVE_OK) {
		u->bytes += size;
		if (u->bytes > BYTES_MAX || (uint64_t)at > BYTES_MAX)
			return too_large(u, diag);
		if (archive_write_data_block(u->out, block, size, at) < 0)
			return refuse(u, u->out, diag);
	}
	return got == ARCHIVE_EOF ? 0 : refuse(u, u->in, diag);
}

static int copy_entry(struct unpacking *u, struct archive_entry *entry,
		      struct kb_diag *diag)
{
	const mode_t type = archive_entry_filetype(entry);
	const char *name = archive_entry_pathname(entry);
	char *path;
	int err = 0;

	if (++u->entries > ENTRIES_MAX)
		return too_large(u, diag);
	/* Links and devices are no source files. */
	if (!name || (type != AE_IFREG && type != AE_IFDIR) ||
	    archive_entry_hardlink(entry))
		return 0;
	if (asprintf(&path, "%s/%s", u->folder, name) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	free(path);
	if (archive_write_header(u->out, entry) != ARCHIVE_OK)
		return refuse(u, u->out, diag);
	if (type == AE_IFREG)
		err = copy_data(u, diag);
	if (err == 0 && archive_write_finish_entry(u->out) != ARCHIVE_OK)
		return refuse(u, u->out, diag);
	return err;
}

static int copy_all(struct unpacking *u, struct kb_diag *diag)
{
	struct archive_entry *entry;
	int got, err = 0;

	while (err == 0 &&
	       (got = archive_read_next_header(u->in, &entry)) != ARCHIVE_EOF) {
		if (got < ARCHIVE_WARN)
			return refuse(u, u->in, diag);
		err = copy_entry(u, entry, diag);
	}
	return err;
}

int grade_unpack(const char *archive, const char *folder, struct kb_diag *diag)
{
	struct unpacking u = { .archive = archive, .folder = folder };
	int err;

	u.in = archive_read_new();
	u.out = archive_write_disk_new();
	if (!u.in || !u.out)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	archive_read_support_format_zip(u.in);
	archive_read_support_format_tar(u.in);
	archive_read_support_filter_all(u.in);
	archive_write_disk_set_options(u.out, GUARDS);
	if (mkdir(folder, 0755) != 0)
		err = kb_fail(diag, KB_E_ARG, "cannot make a folder");
	else if (archive_read_open_filename(u.in, archive, BLOCK) != ARCHIVE_OK)
		err = refuse(&u, u.in, diag);
	else
		err = copy_all(&u, diag);
	if (err == 0 && u.entries == 0)
		err = kb_fail(diag, KB_E_ARG, "'%s' has no files", archive);
	archive_read_free(u.in);
	archive_write_free(u.out);
	return err;
}
