#include "kb_read.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

ssize_t kb_read(int fd, void *buffer, size_t size)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	for (;;) {
		ssize_t n = read(fd, buffer, size);

		if (n >= 0 || errno != EAGAIN)
			return n;
		if (poll(&readable, 1, -1) < 0)
			return -1;
	}
}
