#include "bench_elf.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file in memory. */
struct image {
	const unsigned char *data;
	size_t size;
};

static bool load(struct image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
			    fd, 0);
	if (fd >= 0)
		close(fd);
	image->data = data == MAP_FAILED ? NULL : data;
	image->size = data == MAP_FAILED ? 0 : (size_t)st.st_size;
	return image->data != NULL;
}

static void unload(struct image *image)
{
	if (image->data)
		munmap((void *)image->data, image->size);
}

static bool lies_within(const struct image *image, uint64_t offset,
			uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/* The section headers; NULL if there are none to be had. Copies are taken, as
 * a file from anywhere may have them at odd offsets. */
static bool read_header(const struct image *image, Elf64_Ehdr *header)
{
	if (!lies_within(image, 0, sizeof(*header)))
		return false;
	memcpy(header, image->data, sizeof(*header));
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_shentsize == sizeof(Elf64_Shdr) &&
	       lies_within(image, header->e_shoff,
			   (uint64_t)header->e_shnum * sizeof(Elf64_Shdr));
}

/* The i-th executable section; false if there are fewer, or if it is not within
 * the file. */
static bool code_section(const struct image *image, const Elf64_Ehdr *header,
			 size_t i, Elf64_Shdr *out)
{
	for (size_t k = 0; k < header->e_shnum; k++) {
		memcpy(out, image->data + header->e_shoff + k * sizeof(*out),
		       sizeof(*out));
		if (!(out->sh_flags & SHF_EXECINSTR) ||
		    out->sh_type != SHT_PROGBITS)
			continue;
		if (i-- == 0)
			return lies_within(image, out->sh_offset, out->sh_size);
	}
	return false;
}

static bool same_sections(const struct image *a, const struct image *b)
{
	Elf64_Ehdr ha, hb;
	Elf64_Shdr sa, sb;
	size_t i = 0;

	if (!read_header(a, &ha) || !read_header(b, &hb))
		return false;
	for (;; i++) {
		bool in_a = code_section(a, &ha, i, &sa);
		bool in_b = code_section(b, &hb, i, &sb);

		if (!in_a || !in_b)
			return in_a == in_b && i > 0;
		if (sa.sh_addr != sb.sh_addr || sa.sh_size != sb.sh_size ||
		    memcmp(a->data + sa.sh_offset, b->data + sb.sh_offset,
			   sa.sh_size) != 0)
			return false;
	}
}

bool bench_elf_same_code(const char *a, const char *b)
{
	struct image ia = { NULL, 0 }, ib = { NULL, 0 };
	bool same = load(&ia, a) && load(&ib, b) && same_sections(&ia, &ib);

	unload(&ia);
	unload(&ib);
	return same;
}
