#include "alloc_library.h"

#include "kb_bits.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

/*
 * A library whose thread-local variables use the initial-exec model, such as
 * tcmalloc, gets space in the static TLS block when it is loaded. The C library
 * refuses that ("cannot allocate memory in static TLS block") if the variables
 * need a larger alignment than any object that the program started with.
 * tcmalloc aligns its own to the cache line, 64 bytes on x86-64 and arm64 and
 * 256 on s390x; only on x86-64 does every program start with that much. This
 * variable gives every program that links this file the largest of these
 * alignments.
 */
#define TLS_ALIGNMENT 256

static _Alignas(TLS_ALIGNMENT) _Thread_local const char tls_aligned
	__attribute__((used)) = 1;

/* AddressSanitizer refuses RTLD_DEEPBIND, for it must see every malloc. It then
 * checks the library's own state too, and takes it for leaked. */
#if KB_ASAN
#include <sanitizer/lsan_interface.h>

void *alloc_library_load(const char *file)
{
	void *library;

	__lsan_disable();
	library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	__lsan_enable();
	return library;
}
#else
void *alloc_library_load(const char *file)
{
	return dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}
#endif

/* POSIX lets an object pointer carry a function's address; C has no conversion
 * for it. */
static bool find(void *library, const char *symbol, void *function)
{
	void *address = dlsym(library, symbol);

	memcpy(function, &address, sizeof(address));
	return address != NULL;
}

/* Fills `out`. Returns NULL, or the name of a function that the library lacks. */
static const char *find_all(void *library,
			    const struct alloc_library_names *names,
			    struct alloc_library *out)
{
	void (*version)(void);

	out->free_sized = NULL;
	if (!find(library, names->malloc, &out->malloc))
		return names->malloc;
	if (!find(library, names->free, &out->free))
		return names->free;
	if (names->free_sized &&
	    !find(library, names->free_sized, &out->free_sized))
		return names->free_sized;
	if (!find(library, names->usable, &out->usable))
		return names->usable;
	if (!find(library, names->stats, &out->stats))
		return names->stats;
	return find(library, names->version, &version) ? NULL : names->version;
}

/* The file that a loaded library came from: a soname alone does not say which
 * of several copies was found. */
static const char *file_of(void *library, const char *soname)
{
	struct link_map *map;

	return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map->l_name
							   : soname;
}

/* Whether dlopen's `reason` is that there is no file of this name: if it exists
 * but needs another that is missing, the reason names the other. */
static bool is_absent(const char *soname, const char *reason)
{
	const size_t length = strlen(soname);

	return strncmp(reason, soname, length) == 0 &&
	       strcmp(reason + length, ": cannot open shared object file: "
				       "No such file or directory") == 0;
}

/* What to do about a library that exists and cannot be loaded. */
static void explain_load(const struct alloc_library_names *names,
			 const char *reason, struct kb_diag *diag)
{
	if (strstr(reason, "static TLS"))
		kb_fail(diag, KB_E_ENVIRONMENT,
			"cannot be loaded: %s; make room with "
			"GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384",
			reason);
	else
		kb_fail(diag, KB_E_ENVIRONMENT,
			"cannot be loaded: %s; repair it, or reinstall %s",
			reason, names->packages);
}

/* Loads one library and finds its functions. Returns it; or NULL, with `diag`
 * filled unless there is no such file. The library is never closed: memory that
 * it handed out, and its thread-local data, may outlive the allocator. */
static void *load_one(const struct alloc_library_names *names,
		      const char *soname, struct alloc_library *out,
		      struct kb_diag *diag)
{
	void *library = alloc_library_load(soname);
	const char *lacking;

	if (!library) {
		const char *reason = dlerror();

		if (!is_absent(soname, reason))
			explain_load(names, reason, diag);
		return NULL;
	}
	lacking = find_all(library, names, out);
	if (!lacking)
		return library;
	kb_fail(diag, KB_E_ENVIRONMENT,
		"%s has no %s, so its version is too old or too new; use the "
		"one in %s",
		file_of(library, soname), lacking, names->packages);
	return NULL;
}

static void explain_absence(const struct alloc_library_names *names,
			    struct kb_diag *diag)
{
	char list[128] = "";

	for (const char *const *soname = names->sonames; *soname; soname++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%s", *list ? " or " : "", *soname);
	kb_fail(diag, KB_E_ENVIRONMENT, "not installed (no %s); install %s",
		list, names->packages);
}

/* Loads the first usable library of the list. Returns it; or NULL with `diag`,
 * which may be NULL, saying why the first one found is unusable. */
static void *load(const struct alloc_library_names *names,
		  struct alloc_library *out, struct kb_diag *diag)
{
	struct kb_diag first = { 0 };

	for (const char *const *soname = names->sonames; *soname; soname++) {
		void *library = load_one(names, *soname, out, &first);

		if (library)
			return library;
	}
	if (first.status == 0)
		explain_absence(names, &first);
	kb_fail(diag, first.status, "%s", first.text);
	return NULL;
}

int alloc_library_available(const struct alloc_library_names *names,
			    struct kb_diag *diag)
{
	struct alloc_library found;

	return load(names, &found, diag) ? 0 : KB_E_ENVIRONMENT;
}

bool alloc_library_function(const struct alloc_library_names *names,
			    const char *symbol, void *function)
{
	struct alloc_library found;
	void *library = load(names, &found, NULL);

	return library && find(library, symbol, function);
}

int alloc_library_open(struct alloc_library **out,
		       const struct alloc_library_names *names,
		       struct kb_diag *diag)
{
	struct alloc_library found;
	struct kb_diag why = { 0 };

	if (!load(names, &found, &why))
		return kb_fail(diag, why.status, "%s: %s", names->allocator,
			       why.text);
	*out = malloc(sizeof(**out));
	if (!*out)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	**out = found;
	return 0;
}

uint64_t alloc_library_usable_of(const void *ctx, uint64_t handle)
{
	const struct alloc_library *library = ctx;

	return library->usable((void *)(uintptr_t)handle);
}

void alloc_library_close(void *ctx)
{
	free(ctx);
}
