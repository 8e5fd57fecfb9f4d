#include "alloc_plugin_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t start(const char *path, const char *address, int out)
{
	char *const argv[] = { (char *)"addr2line", (char *)"-e", (char *)path,
			       (char *)address, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (posix_spawnp(&child, "addr2line", &actions, NULL, argv, environ) !=
	    0)
		child = -1;
	posix_spawn_file_actions_destroy(&actions);
	return child;
}

/* "FILE:LINE" or "FILE:LINE (...)"; "??:0" is none. */
static void take_line(char *text, char *source, size_t size, uint32_t *line)
{
	char *end = text + strcspn(text, " \n");
	char *colon;
	unsigned long number;

	*end = '\0';
	colon = strrchr(text, ':');
	if (!colon || text[0] == '?')
		return;
	number = strtoul(colon + 1, NULL, 10);
	*colon = '\0';
	if (number == 0 || number > UINT32_MAX)
		return;
	while (strncmp(text, "./", 2) == 0)
		text += 2;
	snprintf(source, size, "%s", text);
	*line = (uint32_t)number;
}

void alloc_plugin_line(const char *path, uint64_t pc, char *source, size_t size,
		       uint32_t *line)
{
	char address[24], text[1024] = "";
	FILE *answer;
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return;
	snprintf(address, sizeof(address), "0x%" PRIx64, pc);
	child = start(path, address, fds[1]);
	close(fds[1]);
	answer = fdopen(fds[0], "r");
	if (!answer)
		close(fds[0]);
	else if (child > 0 && fgets(text, sizeof(text), answer))
		take_line(text, source, size, line);
	if (answer)
		fclose(answer);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
}
