/*
 * The program that tests/traces/data/forms/program-* are recordings of: a
 * thousand mallocs, reallocs and callocs, and the frees. Not part of any build.
 *
 *   gcc -o program tests/traces/program.c
 *   LD_PRELOAD=libc_malloc_debug.so.0 MALLOC_TRACE=program-mtrace.txt ./program
 *   valgrind --trace-malloc=yes ./program 2>program-valgrind.txt
 *   heaptrack --raw -o program-heaptrack ./program
 */
#include <mcheck.h>
#include <stdlib.h>

#define SLOTS 64

int main(void)
{
	char *objects[SLOTS] = { NULL };

	mtrace();
	for (size_t i = 0; i < 1000; i++) {
		char **object = &objects[i * 7 % SLOTS];

		if (i % 3 == 1) {
			*object = realloc(*object, 5 * i + 1);
			continue;
		}
		free(*object);
		*object = i % 3 == 0 ? malloc(10 + i) : calloc(i, 3);
	}
	for (size_t i = 0; i < SLOTS; i++)
		free(objects[i]);
	muntrace();
	return 0;
}
