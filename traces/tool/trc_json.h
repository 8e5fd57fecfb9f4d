/*
 * trc_json: what the trc program's reports as JSON share.
 *
 * Private to the trc program.
 */
#ifndef TRC_JSON_H
#define TRC_JSON_H

#include <jansson.h>
#include <stdint.h>

/* A string of a text that need not be UTF-8: then '?' stands for each byte that
 * is not ASCII. NULL without memory. */
json_t *trc_json_text(const char *text);

/* A number; beyond the range of JSON's integers, the nearest real one. NULL
 * without memory. */
json_t *trc_json_count(uint64_t count);

/* Adds a value, which it takes over, to an array or, by its name, to an object;
 * without memory for one of both, that is NULL from then on. */
void trc_json_append(json_t **array, json_t *value);
void trc_json_set(json_t **object, const char *name, json_t *value);

/* Prints an object, which it takes over, in one line; NULL is one for which there
 * was no memory. Returns an exit status, after a complaint. */
int trc_json_print(json_t *object);

#endif /* TRC_JSON_H */
