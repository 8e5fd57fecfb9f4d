/*
 * kb_tailq: the doubly linked lists of <sys/queue.h>, also where there is no such
 * header: the few macros that the heap uses, with the same names, fields and
 * meaning.
 *
 *   head: first ──> node ──> node ──> NULL
 *         last_next ──────────────────^      each node's previous_next points at
 *                                            the pointer that points at the node
 *
 * Anyone may include this file.
 */
#ifndef KB_TAILQ_H
#define KB_TAILQ_H

#if __STDC_HOSTED__

#include <sys/queue.h>

#else

#include <stddef.h>

#define TAILQ_HEAD(name, type)          \
	struct name {                   \
		struct type *tqh_first; \
		struct type **tqh_last; \
	}

#define TAILQ_ENTRY(type)               \
	struct {                        \
		struct type *tqe_next;  \
		struct type **tqe_prev; \
	}

#define TAILQ_FIRST(head)	((head)->tqh_first)
#define TAILQ_NEXT(node, field) ((node)->field.tqe_next)
#define TAILQ_EMPTY(head)	((head)->tqh_first == NULL)

/* The last node's previous_next is where a head's last would be: both structures
 * are a pointer to a node and a pointer to such a pointer. */
#define TAILQ_LAST(head, name) \
	(*(((struct name *)(void *)(head)->tqh_last)->tqh_last))

#define TAILQ_FOREACH(node, head, field)                 \
	for ((node) = TAILQ_FIRST(head); (node) != NULL; \
	     (node) = TAILQ_NEXT(node, field))

#define TAILQ_INIT(head)                               \
	do {                                           \
		(head)->tqh_first = NULL;              \
		(head)->tqh_last = &(head)->tqh_first; \
	} while (0)

#define TAILQ_INSERT_HEAD(head, node, field)                        \
	do {                                                        \
		(node)->field.tqe_next = (head)->tqh_first;         \
		(node)->field.tqe_prev = &(head)->tqh_first;        \
		if ((head)->tqh_first != NULL)                      \
			(head)->tqh_first->field.tqe_prev =         \
				&(node)->field.tqe_next;            \
		else                                                \
			(head)->tqh_last = &(node)->field.tqe_next; \
		(head)->tqh_first = (node);                         \
	} while (0)

#define TAILQ_INSERT_TAIL(head, node, field)                \
	do {                                                \
		(node)->field.tqe_next = NULL;              \
		(node)->field.tqe_prev = (head)->tqh_last;  \
		*(head)->tqh_last = (node);                 \
		(head)->tqh_last = &(node)->field.tqe_next; \
	} while (0)

#define TAILQ_REMOVE(head, node, field)                            \
	do {                                                       \
		if ((node)->field.tqe_next != NULL)                \
			(node)->field.tqe_next->field.tqe_prev =   \
				(node)->field.tqe_prev;            \
		else                                               \
			(head)->tqh_last = (node)->field.tqe_prev; \
		*(node)->field.tqe_prev = (node)->field.tqe_next;  \
	} while (0)

#endif

#endif /* KB_TAILQ_H */
