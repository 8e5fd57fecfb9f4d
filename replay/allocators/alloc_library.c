#include "alloc_library.h"

#include "kb_bits.h"

#include <dlfcn.h>
#include <string.h>

/* The address sanitizer refuses RTLD_DEEPBIND, for it must see every malloc. The
 * library's own state is then the sanitizer's to check, and looks leaked. */
#if KB_ASAN
#include <sanitizer/lsan_interface.h>

static void *load(const char *soname)
{
	void *library;

	__lsan_disable();
	library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	__lsan_enable();
	return library;
}
#else
static void *load(const char *soname)
{
	return dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}
#endif

void *alloc_library_symbol(const struct alloc_library_names *names,
			   const char *symbol, struct kb_diag *diag)
{
	void *library = load(names->soname);
	void *address = library ? dlsym(library, symbol) : NULL;

	/* The library is not closed: what it has handed out, and its threads'
	 * data, may outlive the allocator. */
	if (!address)
		kb_fail(diag, KB_E_UNSUPPORTED, "%s: %s; install %s",
			names->allocator, dlerror(), names->package);
	return address;
}

int alloc_library_open(struct alloc_library **out,
		       const struct alloc_library_names *names,
		       struct kb_diag *diag)
{
	void *malloc_fn = alloc_library_symbol(names, names->malloc_name, diag);
	void *free_fn = alloc_library_symbol(names, names->free_name, diag);
	struct alloc_library *library;

	if (!malloc_fn || !free_fn)
		return KB_E_UNSUPPORTED;
	library = malloc(sizeof(*library));
	if (!library)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	/* POSIX lets an object pointer carry a function's address; C has no
	 * conversion for it. */
	memcpy(&library->malloc, &malloc_fn, sizeof(malloc_fn));
	memcpy(&library->free, &free_fn, sizeof(free_fn));
	*out = library;
	return 0;
}

void alloc_library_close(void *ctx)
{
	free(ctx);
}
