#include "kb_stdio.h"

#include "kb_status.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int kb_stdio_keep(void)
{
	/* open returns the lowest free number, which is this one: those below
	 * it are open. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return KB_E_IO;
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
