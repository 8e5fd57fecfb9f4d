/*
 * pager_mmap: the heap's window on the host, so that what the simulation counts
 * can be compared with what a real MMU costs.
 *
 * The window is reserved once, at an address of the host's choice, inaccessible
 * and without memory. Mapping a cluster maps its pages there, readable,
 * writable and populated at once (MAP_POPULATE), so that page-table entries and
 * frames exist as after a kernel's eager map; unmapping puts the reservation
 * back, which drops both and the TLB's entries. A touch writes one byte; a
 * page's payload is its first word. No privilege is needed.
 *
 * Limits:
 *   - Linux allows a process 65,530 mappings (vm.max_map_count). Each run of
 *     mapped clusters is one and each gap between them is one, so a window of
 *     up to 65,000 pages stays below the limit; in a larger one a map may fail
 *     with KB_E_NOMEM. An unmap that would exceed the limit drops the memory
 *     and leaves the page accessible instead.
 *   - Pages come from the host's memory, zeroed by it each time they are mapped.
 *   - The host places the pages: no translation, no reverse map,
 *     and no counters.
 *
 * Whoever makes a heap may include this file.
 */
#ifndef PAGER_MMAP_H
#define PAGER_MMAP_H

#include "pager.h"

/*
 * Reserves a window of `pages` pages, 1 … KVA_SPACE_PAGES, from `base`, page
 * aligned. `*out` is freed by pager_release. Returns 0, KB_E_RANGE,
 * KB_E_UNSUPPORTED where the host's page is not KVA_PAGE_SIZE bytes, or
 * KB_E_NOMEM.
 */
int pager_mmap_new(struct pager *out, kva_t base, uint32_t pages);

#endif /* PAGER_MMAP_H */
