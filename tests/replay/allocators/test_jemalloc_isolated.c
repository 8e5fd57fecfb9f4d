/*
 * jemalloc must stay in its own library: if its malloc were the process's,
 * every other figure would be of another program, and glibc's row would be
 * false.
 */
#include "kb_test.h"

#include "jemalloc_isolated.h"
#include "kb_bits.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that an address was loaded from. */
static const char *file_of(const void *address)
{
	Dl_info info;

	assert_int_not_equal(dladdr(address, &info), 0);
	return info.dli_fname;
}

static const void *symbol(const char *name)
{
	void *address = dlsym(RTLD_DEFAULT, name);

	assert_non_null(address);
	return address;
}

static void test_jemalloc_isolated__malloc_is_still_glibcs(void **state)
{
	static const char *const names[] = { "malloc", "free", "calloc",
					     "realloc", "memalign" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		const char *file = file_of(symbol(names[i]));

		assert_null(strstr(file, "libkb_jemalloc"));
#if !KB_ASAN
		assert_non_null(strstr(file, "/libc.so.6"));
#endif
	}
}

static void test_jemalloc_isolated__ours_is_in_its_library(void **state)
{
	static const char *const names[] = {
		"kb_jemalloc_malloc",	"kb_jemalloc_free",
		"kb_jemalloc_sdallocx", "kb_jemalloc_usable_size",
		"kb_jemalloc_memory",	"kb_jemalloc_version",
		"kb_jemalloc_options"
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		assert_non_null(
			strstr(file_of(symbol(names[i])), "libkb_jemalloc"));
}

/* From the library's own handle a search goes on in what it needs: libc's
 * malloc may turn up, jemalloc's must not. */
static void test_jemalloc_isolated__its_handle_leads_to_libc(void **state)
{
	void *handle = dlopen(file_of(symbol("kb_jemalloc_malloc")),
			      RTLD_NOLOAD | RTLD_LAZY);
	const void *found;

	(void)state;
	assert_non_null(handle);
	found = dlsym(handle, "malloc");
	assert_true(!found || !strstr(file_of(found), "libkb_jemalloc"));
	assert_null(dlsym(handle, "mallctl"));
	assert_null(dlsym(handle, "je_malloc"));
	assert_non_null(dlsym(handle, "kb_jemalloc_malloc"));
	dlclose(handle);
}

/* Calls `fn` with each symbol that the ELF file defines for others. */
static void for_each_export(const unsigned char *elf,
			    void (*fn)(const char *name, void *user),
			    void *user)
{
	const ElfW(Ehdr) *header = (const void *)elf;
	const ElfW(Shdr) *section = (const void *)(elf + header->e_shoff);

	for (unsigned i = 0; i < header->e_shnum; i++) {
		const ElfW(Sym) * symbols;
		const char *strings;

		if (section[i].sh_type != SHT_DYNSYM)
			continue;
		symbols = (const void *)(elf + section[i].sh_offset);
		strings = (const char *)elf +
			  section[section[i].sh_link].sh_offset;
		for (size_t k = 0; k < section[i].sh_size / sizeof(*symbols);
		     k++)
			if (symbols[k].st_shndx != SHN_UNDEF &&
			    symbols[k].st_name)
				fn(strings + symbols[k].st_name, user);
	}
}

static void check_export(const char *name, void *user)
{
	unsigned *count = user;

	(*count)++;
	if (strncmp(name, "kb_jemalloc_", 12) != 0) {
		print_error("libkb_jemalloc exports '%s'\n", name);
		fail();
	}
}

static void test_jemalloc_isolated__exports_its_entry_points_alone(void **state)
{
	int fd = open(file_of(symbol("kb_jemalloc_malloc")),
		      O_RDONLY | O_CLOEXEC);
	unsigned count = 0;
	struct stat st;
	void *elf;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(elf != MAP_FAILED);
	for_each_export(elf, check_export, &count);
	assert_int_equal(count, 8);
	munmap(elf, (size_t)st.st_size);
	close(fd);
}

/* It is jemalloc indeed, works, and lives beside the process's own. */
static void test_jemalloc_isolated__both_work_side_by_side(void **state)
{
	void *ours[100], *theirs[100];

	(void)state;
	assert_true(kb_jemalloc_version()[0] >= '1' &&
		    kb_jemalloc_version()[0] <= '9');
	for (size_t i = 0; i < 100; i++) {
		ours[i] = kb_jemalloc_malloc(i * 97);
		theirs[i] = malloc(i * 97 + 1);
		assert_non_null(ours[i]);
		assert_non_null(theirs[i]);
		memset(ours[i], (int)i, i * 97);
		memset(theirs[i], (int)~i, i * 97 + 1);
	}
	for (size_t i = 0; i < 100; i++) {
		const unsigned char *bytes = ours[i];

		for (size_t k = 0; k < i * 97; k++)
			assert_int_equal(bytes[k], i);
		kb_jemalloc_free(ours[i]);
		free(theirs[i]);
	}
}

static size_t resident(void)
{
	struct kb_jemalloc_memory memory;

	assert_int_equal(kb_jemalloc_memory(&memory), 0);
	return memory.resident;
}

/* 64 MiB that were freed go back to the system within the seconds of a clock that is
 * set, though none of them pass. */
static void
test_jemalloc_isolated__purges_by_the_clock_it_is_given(void **state)
{
	static void *objects[4096];
	uint64_t ns = 1000;

	(void)state;
	kb_jemalloc_set_clock(ns);
	for (size_t i = 0; i < 4096; i++) {
		objects[i] = kb_jemalloc_malloc(16384);
		memset(objects[i], 1, 16384);
	}
	for (size_t i = 0; i < 4096; i++)
		kb_jemalloc_free(objects[i]);
	assert_true(resident() > 48u << 20);
	for (unsigned i = 0; i < 400000; i++) {
		ns += 50000;
		kb_jemalloc_set_clock(ns);
		kb_jemalloc_free(kb_jemalloc_malloc(100));
		/* Large ones, too large for a thread's cache, tell the arena. */
		if (i % 100 == 0)
			kb_jemalloc_free(kb_jemalloc_malloc(100000));
	}
	assert_true(resident() < 16u << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_jemalloc_isolated__malloc_is_still_glibcs),
		cmocka_unit_test(
			test_jemalloc_isolated__ours_is_in_its_library),
		cmocka_unit_test(
			test_jemalloc_isolated__its_handle_leads_to_libc),
		cmocka_unit_test(
			test_jemalloc_isolated__exports_its_entry_points_alone),
		cmocka_unit_test(
			test_jemalloc_isolated__both_work_side_by_side),
		cmocka_unit_test(
			test_jemalloc_isolated__purges_by_the_clock_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
