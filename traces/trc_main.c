#include "trc_import.h"
#include "trc_reader.h"
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	struct kb_diag diag = { 0 };
	struct trc_counts c;
	struct trc_import_options o = { .level = argc > 3 ? atoi(argv[3]) : 0 };
	int err = trc_import_file(argv[1], argv[2], &o, &c, &diag);
	if (err < 0) { fprintf(stderr, "trc: %s\n", diag.text); return 2; }
#define X(name, help) printf(#name " %lu\n", (unsigned long)c.name);
	TRC_COUNTS(X)
#undef X
	struct trc_reader *r;
	struct trc_block b;
	if (trc_reader_open(&r, argv[2], TRC_COLUMNS_ALL, &diag) == 0)
		while ((err = trc_reader_next(r, &b, &diag)) == 0)
			;
	if (err < 0) { fprintf(stderr, "trc: %s\n", diag.text); return 2; }
	trc_reader_close(r);
}
