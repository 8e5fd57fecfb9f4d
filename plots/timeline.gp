# What lookups cost over the trace, and how many clusters were live.
#   gnuplot -c timeline.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Lookups over the trace"

array looked[blocks + 1]
array lived[blocks + 1]
array live_sum[blocks + 1]
do for [i = 1:blocks + 1] {
	looked[i] = 0
	lived[i] = 0
	live_sum[i] = 0.0
}
hi_event = NaN
lo_nodes = NaN
hi_nodes = NaN
hi_live = NaN
visit(s, row) = skipped(s, row) ? 0 : \
	see(s, row, number(1), number(2), number(3), number(4))
see(s, row, event, live, mean, most) = !is_number(event) ? 0 : ( \
	see_live(s, row, event, live), see_nodes(s, event, mean), \
	see_nodes(s, event, most))
see_live(s, row, event, live) = !is_number(live) ? 0 : ( \
	lived[s] = lived[s] + 1, hi_live = greater(hi_live, live), \
	hi_event = greater(hi_event, event), \
	live_sum[s] = summed(summed(live_sum[s], row, live), row, event), 0)
see_nodes(s, event, nodes) = !is_number(nodes) ? 0 : ( \
	looked[s] = looked[s] + 1, hi_nodes = greater(hi_nodes, nodes), \
	hi_event = greater(hi_event, event), \
	lo_nodes = nodes > 0 ? lesser(lo_nodes, nodes) : lo_nodes, 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

look_list = ""
live_list = ""
legend_list = ""
array legend_text[blocks + 1]
first_live = 0
live_alike = 1
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (looked[i] ? "" : " — no lookups")
	if (looked[i]) { look_list = look_list . sprintf("%d ", i) }
	if (lived[i]) {
		live_list = live_list . sprintf("%d ", i)
		if (first_live == 0) { first_live = i }
		if (!same_sum(live_sum[i], live_sum[first_live])) { live_alike = 0 }
	}
}

legend_note = ""
y_title = ""
plot_px = 430
left_px = 104
right_px = 30
top_px = 30
load here . "frame.gp"

if (look_list eq "" && live_list eq "") {
	why = "Nothing to draw: the data contain no events."
	load here . "nothing.gp"
	exit
}

lower_top_px = area_bottom_px + 130
upper_bottom_px = lower_top_px + (in_letters ? 60 : 34)
nodes_log = is_number(lo_nodes) && hi_nodes > 30 * lo_nodes

set multiplot

# Live clusters, below.
axis_bare = 0
axis = "x"
axis_log = 0
axis_unit = "count"
axis_lo = 0
axis_hi = greater(hi_event, 1)
load here . "axis.gp"
set xlabel "trace event"
set tmargin at screen at_y(lower_top_px)
if (live_list eq "") {
	set label "The data contain no live clusters." center at graph 0.5, 0.5
}
axis = "y"
axis_lo = 0
axis_hi = greater(hi_live * 1.08, 1)
load here . "axis.gp"
set label (live_alike ? "Live clusters" . (words(live_list) > 1 ? \
	" (same for every allocator)" : "") : "Live clusters") \
	at graph 0, graph 1 offset character 0, panel_offset
if (live_list eq "") {
	plot -1 notitle
} else {
	if (live_alike) {
		# The area below it makes this line known without a legend.
		plot data index first_live every ::1 using (number(1)):(number(2)) \
				with filledcurves y1=0 fc rgb "#dddddd" notitle, \
			data index first_live every ::1 using (number(1)):(number(2)) \
				with linespoints lc rgb "#444444" lw 2 dt solid \
				pt 7 ps (series_rows[first_live] > 20 ? 0.2 : 0.7) * point_size notitle
	} else {
		plot for [w in live_list] data index (nth(w)) every ::1 using \
				(number(1)):(number(2)) with lines lt (nth(w)) notitle, \
			for [w in live_list] data index (nth(w)) \
				every marker_step(nth(w))::marker_first(nth(w)) using \
				(number(1)):(number(2)) with points lt (nth(w)) notitle
	}
}

# Nodes per lookup, above. The words and the legend are drawn already.
unset label
unset arrow
unset xlabel
set tmargin at screen at_y(area_top_px)
set bmargin at screen at_y(upper_bottom_px)
axis = "x"
axis_bare = 1
axis_lo = 0
axis_hi = greater(hi_event, 1)
load here . "axis.gp"
if (look_list eq "") {
	why = "No lookups in this trace: it frees nothing."
	load here . "nothing.gp"
} else {
	axis = "y"
	axis_log = nodes_log
	axis_lo = nodes_log ? lo_nodes * 0.7 : 0
	axis_hi = nodes_log ? hi_nodes * 1.5 : greater(hi_nodes * 1.08, 1)
	load here . "axis.gp"
	set label panel_text("Nodes compared per lookup: mean (with markers) and max (thin, pale)") \
		at graph 0, graph 1 offset character 0, panel_offset
	drawable(v) = is_number(v) && (!nodes_log || v > 0) ? v : NaN
	plot for [w in look_list] data index (nth(w)) every ::1 using \
			(number(1)):(drawable(number(4))) \
			with linespoints lt (100 + w) notitle, \
		for [w in look_list] data index (nth(w)) every ::1 using \
			(number(1)):(drawable(number(3))) with lines lt (nth(w)) notitle, \
		for [w in look_list] data index (nth(w)) every ::1 using \
			(lone_x(nth(w), column(0) + 1, number(1), drawable(number(3)))):(lone_y) \
			with points lt (nth(w)) pt 7 ps 0.4 * point_size notitle, \
		for [w in look_list] data index (nth(w)) \
			every marker_step(nth(w))::marker_first(nth(w)) using \
			(number(1)):(drawable(number(3))) with points lt (nth(w)) notitle, \
		for [k = 1:hover ? words(look_list) : 0] data index (hovered(look_list, k)) \
			every 8::1 using (number(1)):(drawable(number(3))):(sprintf( \
			"%s, event %s: %s nodes per lookup, max %s, %s live", \
			series_label[hovered(look_list, k)], whole(number(1)), \
			measured(number(3)), whole(number(4)), whole(number(2)))) \
			with labels hypertext noenhanced point pt 7 ps 0.8 \
			lc rgb "#FF000000" notitle
}
unset multiplot
