# How the heap window fills and fragments over the trace.
#   gnuplot -c heap-window.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Heap window over the trace"

# Live bytes are drawn as the pages they would fill, so that the distance to the
# mapped pages is what rounding up to whole pages costs.
page_bytes = 4096.0
pages_of(bytes) = bytes / page_bytes
# A full window is neither whole nor broken.
fragmentation(free, longest) = is_number(free) && is_number(longest) && \
	free > 0 ? 1 - longest / (free + 0.0) : NaN

array filled[blocks + 1]
array fill_sum[blocks + 1]
array broken[blocks + 1]
array broken_sum[blocks + 1]
do for [i = 1:blocks + 1] {
	filled[i] = 0
	fill_sum[i] = 0.0
	broken[i] = 0
	broken_sum[i] = 0.0
}
hi_event = NaN
hi_pages = NaN
hi_broken = NaN
visit(s, row) = skipped(s, row) ? 0 : see(s, row, number(1), number(2), \
	pages_of(number(3)), fragmentation(number(4), number(5)))
see(s, row, event, mapped, live, share) = !is_number(event) ? 0 : ( \
	see_fill(s, row, event, mapped), see_fill(s, row, event, live), \
	see_broken(s, row, event, share))
see_fill(s, row, event, pages) = \
	(fill_sum[s] = summed(summed(fill_sum[s], row, pages), row, event), \
	!is_number(pages) ? 0 : (filled[s] = filled[s] + 1, \
	hi_event = greater(hi_event, event), hi_pages = greater(hi_pages, pages), 0))
see_broken(s, row, event, share) = \
	(broken_sum[s] = summed(summed(broken_sum[s], row, share), row, event), \
	!is_number(share) ? 0 : (broken[s] = broken[s] + 1, \
	hi_event = greater(hi_event, event), hi_broken = greater(hi_broken, share), 0))
stats data using (visit(int(column(-2)), column(0))) nooutput

fill_list = ""
broken_list = ""
legend_list = ""
array legend_text[blocks + 1]
first_fill = 0
fill_alike = 1
first_broken = 0
broken_alike = 1
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (filled[i] + broken[i] ? "" : " — no values")
	if (filled[i]) {
		fill_list = fill_list . sprintf("%d ", i)
		if (first_fill == 0) { first_fill = i }
		if (!same_sum(fill_sum[i], fill_sum[first_fill])) { fill_alike = 0 }
	}
	if (broken[i]) {
		broken_list = broken_list . sprintf("%d ", i)
		if (first_broken == 0) { first_broken = i }
		if (!same_sum(broken_sum[i], broken_sum[first_broken])) { broken_alike = 0 }
	}
}
fill_alike = fill_alike && words(fill_list) > 1
broken_alike = broken_alike && words(broken_list) > 1

# Which line is whose says nothing where all are drawn as one.
legend_note = ""
if (fill_alike && broken_alike && words(fill_list) == blocks && \
	words(broken_list) == blocks) {
	legend_list = ""
	do for [i = 1:blocks] {
		legend_note = legend_note . (i == 1 ? "Allocators: " : ", ") . series_label[i]
	}
}

y_title = ""
plot_px = 450
left_px = 104
right_px = 30
top_px = 30
load here . "frame.gp"

if (fill_list eq "" && broken_list eq "") {
	why = "Nothing to draw: the data contain no heap window."
	load here . "nothing.gp"
	exit
}

lower_top_px = area_bottom_px + 200
upper_bottom_px = lower_top_px + 36

set multiplot

# Fragmentation, below.
axis_bare = 0
axis = "x"
axis_log = 0
axis_unit = "count"
axis_lo = 0
axis_hi = greater(hi_event, 1)
load here . "axis.gp"
set xlabel "trace event"
set tmargin at screen at_y(lower_top_px)
axis = "y"
axis_unit = "share"
axis_lo = 0
axis_hi = broken_list eq "" ? 1 : lesser(1.05, greater(hi_broken * 1.08, 0.01))
load here . "axis.gp"
set label "Fragmentation: 1 − longest free run / free pages" . \
	(broken_alike ? " (same for every allocator)" : "") \
	at graph 0, graph 1 offset character 0, 0.9
share_of(row) = fragmentation(number(4), number(5))
if (broken_list eq "") {
	set label "No free page at any of these events." center at graph 0.5, 0.5
	plot -1 notitle
} else {
	if (broken_alike) {
		plot data index first_broken every ::1 using (number(1)):(share_of(0)) \
			with linespoints lc rgb "#444444" lw 2 dt solid pt 7 \
			ps (series_rows[first_broken] > 20 ? 0.2 : 0.7) * point_size notitle
	} else {
		plot for [w in broken_list] data index (nth(w)) every ::1 using \
				(number(1)):(share_of(0)) with lines lt (nth(w)) notitle, \
			for [w in broken_list] data index (nth(w)) every ::1 using \
				(lone_x(nth(w), column(0) + 1, number(1), share_of(0))):(lone_y) \
				with points lt (nth(w)) pt 7 ps 0.4 * point_size notitle, \
			for [w in broken_list] data index (nth(w)) \
				every marker_step(nth(w))::marker_first(nth(w)) using \
				(number(1)):(share_of(0)) with points lt (nth(w)) notitle
	}
}

# Pages, above. The words and the legend are drawn already.
unset label
unset arrow
unset xlabel
set tmargin at screen at_y(area_top_px)
set bmargin at screen at_y(upper_bottom_px)
axis = "x"
axis_unit = "count"
axis_bare = 1
axis_lo = 0
axis_hi = greater(hi_event, 1)
load here . "axis.gp"
if (fill_list eq "") {
	why = "The data contain neither mapped pages nor live bytes."
	load here . "nothing.gp"
} else {
	axis = "y"
	axis_lo = 0
	axis_hi = greater(hi_pages * 1.08, 1)
	load here . "axis.gp"
	set label fill_alike ? "Mapped pages (line) and live bytes ÷ " . \
		"4,096 (gray area), same for every allocator" : \
		"Mapped pages (with markers) and live bytes ÷ 4,096 (thin, pale)" \
		at graph 0, graph 1 offset character 0, 0.9
	if (fill_alike) {
		plot data index first_fill every ::1 using \
				(number(1)):(pages_of(number(3))) \
				with filledcurves y1=0 fc rgb "#dddddd" notitle, \
			data index first_fill every ::1 using (number(1)):(number(2)) \
				with linespoints lc rgb "#444444" lw 2 dt solid \
				pt 7 ps (series_rows[first_fill] > 20 ? 0.2 : 0.7) * point_size notitle
	} else {
		plot for [w in fill_list] data index (nth(w)) every ::1 using \
				(number(1)):(pages_of(number(3))) \
				with linespoints lt (100 + nth(w)) notitle, \
			for [w in fill_list] data index (nth(w)) every ::1 using \
				(number(1)):(number(2)) with lines lt (nth(w)) notitle, \
			for [w in fill_list] data index (nth(w)) every ::1 using \
				(lone_x(nth(w), column(0) + 1, number(1), number(2))):(lone_y) \
				with points lt (nth(w)) pt 7 ps 0.4 * point_size notitle, \
			for [w in fill_list] data index (nth(w)) \
				every marker_step(nth(w))::marker_first(nth(w)) using \
				(number(1)):(number(2)) with points lt (nth(w)) notitle
	}
}
unset multiplot
