/*
 * kb_read: read(2) for whoever has nothing else to do until there are bytes.
 */
#ifndef KB_READ_H
#define KB_READ_H

#include <stddef.h>
#include <sys/types.h>

/*
 * As read(2): the number of bytes, 0 at the end, or -1 with errno set. EINTR is
 * the caller's to judge; a descriptor that somebody has made non-blocking, as
 * an inherited standard input may be, is waited for.
 */
ssize_t kb_read(int fd, void *buffer, size_t size);

#endif /* KB_READ_H */
