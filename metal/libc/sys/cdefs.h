/*
 * Nothing: all that libbsd's <bsd/sys/tree.h>, which the heap uses for its balanced
 * trees, wants of a C library is this header's name.
 */
