#ifndef KERN_CONC_KSPINLOCK_H
#define KERN_CONC_KSPINLOCK_H

#include <inc/types.h>

struct kspinlock {
	uint32 locked;
	char name[20];
};

void init_kspinlock(struct kspinlock *lock, char *name);
void acquire_kspinlock(struct kspinlock *lock);
void release_kspinlock(struct kspinlock *lock);

#endif
