# The memory each allocator takes over the trace, and the least it could take.
#   gnuplot -c memory.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Memory over the trace"

# Series 1 is the trace itself; the others are allocators.
positive(v) = is_number(v) && v > 0 ? v : NaN
# Where an allocator does not report what it maps, its resident memory is drawn.
held_of(mapped, resident) = is_number(mapped) ? mapped : resident
share_unrequested(requested, of) = is_number(requested) && is_number(of) && of > 0 && \
	of >= requested ? 1 - requested / (of + 0.0) : NaN

array held[blocks + 1]
array mapped_known[blocks + 1]
array wasted[blocks + 1]
array needed[5]
do for [i = 1:blocks + 1] {
	held[i] = 0
	mapped_known[i] = 0
	wasted[i] = 0
}
do for [k = 1:5] { needed[k] = 0 }
hi_event = NaN
hi_bytes = NaN
lo_bytes = NaN
visit(s, row) = skipped(s, row) || !is_number(number(1)) ? 0 : \
	s == 1 ? see_trace(number(1), number(2), number(3), number(4), number(5)) : \
	see_held(s, number(1), number(2), number(3), number(4), number(5))
see_trace(event, requested, kernel, pages, packed) = ( \
	see_needed(2, event, requested), see_needed(3, event, kernel), \
	see_needed(4, event, pages), see_needed(5, event, packed))
see_needed(k, event, v) = !is_number(positive(v)) ? 0 : \
	(needed[k] = needed[k] + 1, see_bytes(event, v))
see_bytes(event, v) = !is_number(positive(v)) ? 0 : \
	(hi_event = greater(hi_event, event), hi_bytes = greater(hi_bytes, v), \
	lo_bytes = lesser(lo_bytes, v), 0)
see_held(s, event, requested, granted, mapped, resident) = ( \
	mapped_known[s] = mapped_known[s] + is_number(mapped), \
	held[s] = held[s] + is_number(positive(held_of(mapped, resident))), \
	wasted[s] = wasted[s] + \
		is_number(share_unrequested(requested, held_of(mapped, resident))), \
	see_bytes(event, granted), \
	see_bytes(event, held_of(mapped, resident)))
stats data using (visit(int(column(-2)), column(0))) nooutput

# The lines of the trace have types of their own, numbered after all others.
ref = blocks + 100
set linetype ref + 3 lc rgb "#444444" lw 2.5 dt 2 pt 0
set linetype ref + 4 lc rgb "#000000" lw 2.5 dt 3 pt 0
set linetype ref + 5 lc rgb "#888888" lw 1.2 dt solid pt 0
array legend_text[ref + 5]
legend_list = ""
held_list = ""
waste_list = ""
legend_text[ref + 3] = "recorded kernel (bytes_alloc)"
legend_text[ref + 4] = "live pages (the minimum in whole pages)"
legend_text[ref + 5] = "offline packing"
do for [k = 3:5] {
	if (needed[k]) { legend_list = legend_list . sprintf("%d ", ref + k) }
}
if (blocks > 1) {
	do for [i = 2:blocks] {
		legend_list = legend_list . sprintf("%d ", i)
		legend_text[i] = series_label[i] . (held[i] == 0 ? \
			mapped_known[i] ? " — maps nothing" : " — no values" : \
			mapped_known[i] ? "" : " — resident (mapped is not reported)")
		if (held[i]) { held_list = held_list . sprintf("%d ", i) }
		if (wasted[i]) { waste_list = waste_list . sprintf("%d ", i) }
	}
}
legend_note = ""

y_title = ""
plot_px = 520
left_px = 104
right_px = 30
top_px = 30
load here . "frame.gp"

if (!is_number(hi_bytes)) {
	why = "Nothing to draw: the data contain no bytes."
	load here . "nothing.gp"
	exit
}

lower_top_px = area_bottom_px + 150
upper_bottom_px = lower_top_px + 36
bytes_log = hi_bytes > 30 * lo_bytes
bytes_lo = bytes_log ? greater(lo_bytes * 0.7, hi_bytes / 5000.0) : 0

set multiplot

# What was not requested, below.
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
axis_hi = 1.05
load here . "axis.gp"
set label in_letters ? "Waste: unrequested share of mapped and usable bytes" : \
	"Waste: unrequested share of mapped bytes (with markers) and of " . \
	"usable bytes (thin, pale)" at graph 0, graph 1 offset character 0, 0.9
waste(row) = share_unrequested(number(2), held_of(number(4), number(5)))
inside(row) = share_unrequested(number(2), number(3))
if (waste_list eq "") {
	set label "No allocator reports what it maps." center at graph 0.5, 0.5
	plot -1 notitle
} else {
	plot for [w in waste_list] data index (nth(w)) every ::1 using \
			(number(1)):(inside(0)) with linespoints lt (100 + nth(w)) notitle, \
		for [w in waste_list] data index (nth(w)) every ::1 using \
			(number(1)):(waste(0)) with lines lt (nth(w)) notitle, \
		for [w in waste_list] data index (nth(w)) every ::1 using \
			(lone_x(nth(w), column(0) + 1, number(1), waste(0))):(lone_y) \
			with points lt (nth(w)) pt 7 ps 0.4 * point_size notitle, \
		for [w in waste_list] data index (nth(w)) \
			every marker_step(nth(w))::marker_first(nth(w)) using \
			(number(1)):(waste(0)) with points lt (nth(w)) notitle
}

# Bytes, above. The words and the legend are drawn already.
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
axis = "y"
axis_unit = "bytes"
axis_log = bytes_log
axis_lo = bytes_lo
axis_hi = bytes_log ? hi_bytes * 1.5 : greater(hi_bytes * 1.08, 1)
load here . "axis.gp"
set label in_letters ? "Bytes mapped, usable, and requested (X)" : \
	"Bytes mapped (with markers), usable (thin, pale), and requested " . \
	"(gray area)" at graph 0, graph 1 offset character 0, 0.9
held_at(row) = positive(held_of(number(4), number(5)))
# gnuplot would leave out a plot without a value, and warn.
ref_list = ""
do for [k = 3:5] { if (needed[k]) { ref_list = ref_list . sprintf("%d ", k) } }
surface_list = needed[2] ? "1" : ""
plot for [w in surface_list] data index (nth(w)) every ::1 using \
		(number(1)):(greater(positive(number(2)), bytes_lo)) \
		with filledcurves y1=bytes_lo fc rgb "#dddddd" notitle, \
	for [w in held_list] data index (nth(w)) every ::1 using \
		(number(1)):(positive(number(3))) with linespoints lt (100 + nth(w)) notitle, \
	for [k in ref_list] data index 1 every ::1 using \
		(number(1)):(positive(number(nth(k)))) with linespoints lt (ref + nth(k)) notitle, \
	for [w in held_list] data index (nth(w)) every ::1 using \
		(number(1)):(held_at(0)) with lines lt (nth(w)) notitle, \
	for [w in held_list] data index (nth(w)) every ::1 using \
		(lone_x(nth(w), column(0) + 1, number(1), held_at(0))):(lone_y) \
		with points lt (nth(w)) pt 7 ps 0.4 * point_size notitle, \
	for [w in held_list] data index (nth(w)) \
		every marker_step(nth(w))::marker_first(nth(w)) using \
		(number(1)):(held_at(0)) with points lt (nth(w)) notitle, \
	for [k = 1:hover ? words(held_list) : 0] data index (hovered(held_list, k)) \
		every 8::1 using (number(1)):(held_at(0)):(sprintf( \
		"%s, event %s: %s mapped, %s requested", \
		series_label[hovered(held_list, k)], whole(number(1)), \
		bytes_text(rounded(held_at(0))), bytes_text(rounded(number(2))))) \
		with labels hypertext noenhanced point pt 7 ps 0.8 \
		lc rgb "#FF000000" notitle
unset multiplot
