/*
 * plugin_lender: pages that a plugin borrows from the harness (take_pages and
 * give_pages of allocator_plugin.h), and how many it has.
 *
 * alloc_plugin.c and the 32-bit worker include this file.
 */
#ifndef PLUGIN_LENDER_H
#define PLUGIN_LENDER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a page. */
#define PLUGIN_LENDER_PAGE 4096

/* Zeroed: nothing is reserved before the first page is lent. */
struct plugin_lender {
	/* Address space for all pages, and a byte for each: 1 if it is lent. Owned. */
	char *base;
	uint8_t *lent;
	size_t pages;

	/* No page below `low` is free, none from `high` on was ever lent. */
	size_t low;
	size_t high;

	/* Pages lent now. */
	size_t count;
};

/* Lends `pages` pages in a row, zeroed; NULL if there are not as many, or none are
 * asked for. */
void *plugin_lender_take(struct plugin_lender *lender, size_t pages);

/* Takes back `pages` pages from `first` on, whose content is lost. Returns 0, or -1 with
 * nothing changed if not all of them are lent. */
int plugin_lender_give(struct plugin_lender *lender, void *first, size_t pages);

/* Bytes lent; and bytes of them in physical memory, or UINT64_MAX if the system does not
 * say. */
uint64_t plugin_lender_mapped(const struct plugin_lender *lender);
uint64_t plugin_lender_resident(const struct plugin_lender *lender);

/* Releases all pages, lent or not. */
void plugin_lender_release(struct plugin_lender *lender);

#endif /* PLUGIN_LENDER_H */
