/*
 * kb_parent: a child process that ends with its parent, however that ends.
 */
#ifndef KB_PARENT_H
#define KB_PARENT_H

#include <sys/types.h>

/*
 * In a child that `parent` has just forked: from now on the kernel kills it when its
 * parent ends (PR_SET_PDEATHSIG, prctl(2)). If that has happened already, it exits with
 * status 1. The setting outlives exec. In another PID namespace than its parent's a
 * child cannot ask for it: see sandbox_space.c.
 */
void kb_parent_follow(pid_t parent);

#endif /* KB_PARENT_H */
