#include "kb_stdio.h"

#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the pipe or terminal once more, so that it waits here and stays as it is
 * for those it is shared with. Nothing is done if that cannot be. */
static void make_waiting(int fd)
{
	char path[32];
	struct stat st;
	const int flags = fcntl(fd, F_GETFL);
	int again;

	if (flags < 0 || !(flags & O_NONBLOCK) || fstat(fd, &st) != 0 ||
	    !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path,
		     (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		return;
	if (fcntl(again, F_SETFL, flags & ~O_NONBLOCK) == 0)
		dup2(again, fd);
	close(again);
}

int kb_stdio_keep(void)
{
	/* open returns the lowest free number, which is this one: those below
	 * it are open. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return KB_E_IO;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		make_waiting(fd);
	return 0;
}

int kb_stdio_flush(FILE *stream)
{
	if (fflush(stream) != 0)
		return errno;
	if (!ferror(stream))
		return 0;
	return write(fileno(stream), "\n", 1) < 0 ? errno : EIO;
}

int kb_stdio_finish(const char *program)
{
	int cause = kb_stdio_flush(stdout);

	if (cause == 0 || cause == EPIPE)
		return KB_EXIT_GOOD;
	kb_complain(program, "cannot write to standard output: %s",
		    strerror(cause));
	return KB_EXIT_USAGE;
}
