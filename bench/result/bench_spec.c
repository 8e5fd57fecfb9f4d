#include "bench_spec.h"

#include <string.h>

void bench_spec_choose(struct alloc_spec *spec, const char *key,
		       const char *value)
{
	const struct alloc_key *keys = spec->ops->keys;

	for (size_t k = 0; keys && keys[k].name; k++)
		for (size_t i = 0; keys[k].value(i); i++)
			if (strcmp(keys[k].name, key) == 0 &&
			    strcmp(keys[k].value(i), value) == 0)
				spec->choice[k] = (uint32_t)i;
}
