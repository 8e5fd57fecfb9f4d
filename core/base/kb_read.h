/*
 * kb_read: read(2) for callers who have nothing else to do until bytes arrive.
 */
#ifndef KB_READ_H
#define KB_READ_H

#include <stddef.h>
#include <sys/types.h>

/*
 * As read(2): the number of bytes, 0 at the end, or -1 with errno set. Handling
 * EINTR is up to the caller. Waits for a non-blocking descriptor, which an
 * inherited standard input may be.
 */
ssize_t kb_read(int fd, void *buffer, size_t size);

#endif /* KB_READ_H */
