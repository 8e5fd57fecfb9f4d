#include "lookup_lines.h"

#include "kb_bits.h"
#include "kb_host.h"
#include "kb_status.h"

/* Lines of an area over a window of `pages`. */
static uint64_t area_lines(const struct lookup_area *area, uint32_t pages)
{
	const uint64_t rounded = UINT64_C(2) << kb_log2(pages);
	const uint64_t elements =
		kb_max(rounded * area->per_page, LOOKUP_AREA_MIN);

	return kb_div_up(elements * area->size, LOOKUP_LINE_SIZE);
}

int lookup_lines_init(struct lookup_lines *lines,
		      const struct lookup_ops *lookup, uint32_t pages)
{
	unsigned i;

	memset(lines, 0, sizeof(*lines));
	for (i = 0; i < LOOKUP_AREAS_MAX; i++) {
		const struct lookup_area *area = &lookup->areas[i];

		lines->size[i] = area->size;
		lines->first[i + 1] = lines->first[i];
		if (area->size != 0)
			lines->first[i + 1] += area_lines(area, pages);
	}
	if (lines->first[LOOKUP_AREAS_MAX] == 0)
		return 0;
	lines->stamps =
		calloc(lines->first[LOOKUP_AREAS_MAX], sizeof(*lines->stamps));
	return lines->stamps ? 0 : KB_E_NOMEM;
}

void lookup_lines_release(struct lookup_lines *lines)
{
	free(lines->stamps);
	lines->stamps = NULL;
}
