#include "alloc_library.h"

#include "kb_bits.h"

#include <dlfcn.h>
#include <string.h>

/* The address sanitizer refuses RTLD_DEEPBIND, for it must see every malloc. The
 * library's own state is then the sanitizer's to check, and looks leaked. */
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

void *alloc_library_symbol(const struct alloc_library_names *names,
			   const char *symbol, struct kb_diag *diag)
{
	void *library = alloc_library_load(names->soname);
	void *address = library ? dlsym(library, symbol) : NULL;

	/* The library is not closed: what it has handed out, and its threads'
	 * data, may outlive the allocator. */
	if (!address)
		kb_fail(diag, KB_E_UNSUPPORTED, "%s: %s; install %s",
			names->allocator, dlerror(), names->package);
	return address;
}

/* Puts the function called `symbol` into `*function`. Without a name there is
 * none to look for. */
static bool find(const struct alloc_library_names *names, const char *symbol,
		 void *function, struct kb_diag *diag)
{
	void *address;

	if (!symbol)
		return true;
	address = alloc_library_symbol(names, symbol, diag);
	/* POSIX lets an object pointer carry a function's address; C has no
	 * conversion for it. */
	memcpy(function, &address, sizeof(address));
	return address != NULL;
}

int alloc_library_open(struct alloc_library **out,
		       const struct alloc_library_names *names,
		       struct kb_diag *diag)
{
	struct alloc_library found = { .malloc = NULL };

	if (!find(names, names->malloc, &found.malloc, diag) ||
	    !find(names, names->free, &found.free, diag) ||
	    !find(names, names->free_sized, &found.free_sized, diag) ||
	    !find(names, names->usable, &found.usable, diag) ||
	    !find(names, names->stats, &found.stats, diag))
		return KB_E_UNSUPPORTED;
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
