/* A small kernel of the FOS family, for the tests. */
#ifndef INC_TYPES_H
#define INC_TYPES_H

#define NULL		((void *)0)
#define ROUNDDOWN(a, n) ((a) - (a) % (n))
#define ROUNDUP(a, n)	ROUNDDOWN((a) + (n)-1, n)

typedef int bool;
typedef unsigned char uint8;
typedef unsigned short uint16;
typedef int int32;
typedef unsigned int uint32;

#endif
