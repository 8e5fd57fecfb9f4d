#include "smp_costs.h"

#include "kb_bits.h"

#include <string.h>

const struct smp_costs smp_costs_default = {
#define X(name, ps, origin) .name##_ps = (ps),
	SMP_FIXED_COSTS(X)
#undef X
#define X(name, ps, origin) .step_ps[SMP_STEP_##name] = (ps),
		SMP_STEP_COSTS(X)
#undef X
};

static const char *const step_names[] = {
#define X(name, ps, origin) #name,
	SMP_STEP_COSTS(X)
#undef X
};

static const char *const state_names[] = {
#define X(name) #name,
	SMP_STATES(X)
#undef X
};

const char *smp_costs_step_name(size_t i)
{
	return i < KB_ARRAY_LEN(step_names) ? step_names[i] : NULL;
}

int smp_costs_step(const char *name)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(step_names); i++)
		if (strcmp(step_names[i], name) == 0)
			return (int)i;
	return -1;
}

bool smp_costs_is_state(const char *name)
{
	for (size_t i = 0; i < KB_ARRAY_LEN(state_names); i++)
		if (strcmp(state_names[i], name) == 0)
			return true;
	return false;
}
