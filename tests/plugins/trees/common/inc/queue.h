#ifndef INC_QUEUE_H
#define INC_QUEUE_H

#define LIST_HEAD(name, type)       \
	struct name {               \
		struct type *first; \
		struct type *last;  \
		uint32 size;        \
	}

#define LIST_ENTRY(type)           \
	struct {                   \
		struct type *next; \
		struct type *prev; \
	}

#define LIST_INIT(list)	   ((list)->first = (list)->last = NULL, (list)->size = 0)
#define LIST_FIRST(list)   ((list)->first)
#define LIST_NEXT(element) ((element)->prev_next_info.next)
#define LIST_SIZE(list)	   ((list)->size)

#define LIST_INSERT_HEAD(list, element)                                 \
	do {                                                            \
		(element)->prev_next_info.prev = NULL;                  \
		(element)->prev_next_info.next = (list)->first;         \
		if ((list)->first)                                      \
			(list)->first->prev_next_info.prev = (element); \
		else                                                    \
			(list)->last = (element);                       \
		(list)->first = (element);                              \
		(list)->size++;                                         \
	} while (0)

#define LIST_INSERT_TAIL(list, element)                                \
	do {                                                           \
		(element)->prev_next_info.next = NULL;                 \
		(element)->prev_next_info.prev = (list)->last;         \
		if ((list)->last)                                      \
			(list)->last->prev_next_info.next = (element); \
		else                                                   \
			(list)->first = (element);                     \
		(list)->last = (element);                              \
		(list)->size++;                                        \
	} while (0)

#define LIST_REMOVE(list, element)                                            \
	do {                                                                  \
		if ((element)->prev_next_info.prev)                           \
			(element)->prev_next_info.prev->prev_next_info.next = \
				(element)->prev_next_info.next;               \
		else                                                          \
			(list)->first = (element)->prev_next_info.next;       \
		if ((element)->prev_next_info.next)                           \
			(element)->prev_next_info.next->prev_next_info.prev = \
				(element)->prev_next_info.prev;               \
		else                                                          \
			(list)->last = (element)->prev_next_info.prev;        \
		(list)->size--;                                               \
	} while (0)

#define LIST_FOREACH(var, list) \
	for ((var) = LIST_FIRST(list); (var); (var) = LIST_NEXT(var))

#endif
