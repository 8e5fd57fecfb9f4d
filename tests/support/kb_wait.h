/*
 * kb_wait: the moment at which a process waits for input, for tests that want to
 * disturb it there. Seen, not guessed: a test waits for it as long as it takes.
 */
#ifndef KB_WAIT_H
#define KB_WAIT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* True once the process has read all that is in the pipe and sleeps: in its next
 * read, if there is nothing else that it sleeps for. `pipe` is either end of it. */
static inline bool kb_waits_for_input(pid_t pid, int pipe)
{
	char path[64], state = '?';
	int unread = -1;
	FILE *f;

	if (ioctl(pipe, FIONREAD, &unread) != 0 || unread != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(f);
	return state == 'S';
}

#endif /* KB_WAIT_H */
