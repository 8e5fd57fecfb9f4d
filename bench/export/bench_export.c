#include "bench_export.h"

void bench_export_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

int bench_export_write(FILE *out, const struct bench_export *e,
		       struct kb_diag *diag)
{
	if (e->format == BENCH_EXPORT_PERFETTO)
		return bench_export_perfetto(out, e, diag);
	return bench_export_sites(out, e, diag);
}
