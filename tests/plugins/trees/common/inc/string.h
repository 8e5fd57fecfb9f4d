#ifndef INC_STRING_H
#define INC_STRING_H

#include <inc/types.h>

void *memset(void *to, int byte, uint32 count);
void *memcpy(void *to, const void *from, uint32 count);

#endif
