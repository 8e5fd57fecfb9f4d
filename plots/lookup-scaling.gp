# Lookup cost by number of live clusters: the time of one lookup, and the nodes it
# compares.
#   gnuplot -c lookup-scaling.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Lookup cost by number of live clusters"
# A micro-benchmark has no trace to be named.
if (meta_trace eq "") {
	meta_trace = "One-page clusters, looked up in random order; no trace"
}

# What Linux's own vmalloc was measured at with test_vmalloc, ns, as published on
# its mailing list (20201214175640.GA20756@pc638.lan). These are whole operations
# (a free run chosen, the area kept, found again and freed), so they are no
# lookups' times but what those are to be weighed against.
array kernel_ns[4] = [430.0, 1280.0, 7660.0, 9140.0]
kernel_live = 15000.0

array timed[blocks + 1]
array counted[blocks + 1]
do for [i = 1:blocks + 1] {
	timed[i] = 0
	counted[i] = 0
}
lo_live = NaN
hi_live = NaN
lo_ns = NaN
hi_ns = NaN
lo_nodes = NaN
hi_nodes = NaN
drawable(v) = is_number(v) && v > 0 ? v : NaN
visit(s, row) = skipped(s, row) ? 0 : \
	see(s, drawable(number(1)), drawable(number(2)), drawable(number(3)))
see(s, live, ns, nodes) = !is_number(live) ? 0 : ( \
	!is_number(ns) ? 0 : (timed[s] = timed[s] + 1, see_live(live), \
		lo_ns = lesser(lo_ns, ns), hi_ns = greater(hi_ns, ns)), \
	!is_number(nodes) ? 0 : (counted[s] = counted[s] + 1, see_live(live), \
		lo_nodes = lesser(lo_nodes, nodes), \
		hi_nodes = greater(hi_nodes, nodes)), 0)
see_live(live) = (lo_live = lesser(lo_live, live), hi_live = greater(hi_live, live))
stats data using (visit(int(column(-2)), column(0))) nooutput

time_list = ""
node_list = ""
legend_list = ""
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (timed[i] + counted[i] == 0 ? \
		" — no values" : counted[i] == 0 ? " — counts no nodes" : \
		timed[i] == 0 ? " — not timed" : "")
	if (timed[i]) { time_list = time_list . sprintf("%d ", i) }
	if (counted[i]) { node_list = node_list . sprintf("%d ", i) }
}

legend_note = ""
y_title = ""
plot_px = 560
left_px = 104
right_px = in_letters ? 310 : 238
top_px = 30
load here . "frame.gp"

if (time_list eq "" && node_list eq "") {
	why = "Nothing to draw: the data contain no lookups."
	load here . "nothing.gp"
	exit
}

lower_top_px = area_bottom_px + 225
upper_bottom_px = lower_top_px + 36

lo_x = lo_live * 0.8
hi_x = greater(hi_live * 1.25, lo_x * 12)

set multiplot

# Nodes, below.
axis_bare = 0
axis = "x"
axis_log = 1
axis_unit = "count"
axis_lo = lo_x
axis_hi = hi_x
load here . "axis.gp"
set xlabel "live clusters"
set tmargin at screen at_y(lower_top_px)
axis = "y"
axis_lo = lesser(lo_nodes, 1.0) * 0.7
axis_hi = greater(greater(hi_nodes, 1.0) * 1.5, axis_lo * 12)
load here . "axis.gp"
set label "Mean nodes compared per lookup" \
	at graph 0, graph 1 offset character 0, 0.9
if (node_list eq "") {
	set label "None of these lookups counts nodes." center at graph 0.5, 0.5
	plot 1e-9 notitle
} else {
	plot for [w in node_list] data index (nth(w)) every ::1 using \
			(drawable(number(1))):(drawable(number(3))) \
			with linespoints lt (nth(w)) notitle, \
		for [k = 1:hover ? words(node_list) : 0] data index (hovered(node_list, k)) every ::1 using \
			(drawable(number(1))):(drawable(number(3))):(sprintf( \
			"%s, %s live: %s nodes", series_label[hovered(node_list, k)], \
			count_text(number(1)), measured(number(3)))) \
			with labels hypertext noenhanced point lt (hovered(node_list, k)) notitle
}

# Time, above. The words and the legend are drawn already.
unset label
unset arrow
unset xlabel
set tmargin at screen at_y(area_top_px)
set bmargin at screen at_y(upper_bottom_px)
axis = "x"
axis_bare = 1
axis_lo = lo_x
axis_hi = hi_x
load here . "axis.gp"
if (time_list eq "") {
	why = "None of these lookups was timed."
	load here . "nothing.gp"
} else {
	axis = "y"
	axis_unit = "ns"
	axis_lo = lo_ns * 0.7
	axis_hi = greater(greater(hi_ns, kernel_ns[4]) * 1.5, axis_lo * 12)
	load here . "axis.gp"
	set label "Mean time of one lookup, warm caches" \
		at graph 0, graph 1 offset character 0, 0.9

	# The kernel's figures are beside the panel, each at its line, but far enough
	# apart to be read.
	do for [i = 1:4] {
		set arrow from graph 0, first kernel_ns[i] \
			to graph 1, first kernel_ns[i] nohead \
			lc rgb "#555555" lw 1.2 dt 3 back
	}
	if (kernel_live > lo_x && kernel_live < hi_x) {
		do for [i = 3:4] {
			set label "" at kernel_live, kernel_ns[i] \
				point pt 2 ps 1.2 * point_size lc rgb "#222222"
		}
	}
	panel_px = area_top_px - upper_bottom_px
	share_of(ns) = log10(ns / axis_lo) / log10(axis_hi / axis_lo)
	px_of(ns) = upper_bottom_px + share_of(ns) * panel_px
	low_px = greater(px_of(kernel_ns[1]), upper_bottom_px + 8)
	mid_px = greater(px_of(kernel_ns[2]), low_px + 16)
	high_px = greater(px_of(sqrt(kernel_ns[3] * kernel_ns[4])), mid_px + 31)
	side(px) = at_y(px)
	side_x = at_x(picture_px - right_px + 8)
	set label "1 alloc + 1 free: rb-tree 0.43 µs" noenhanced \
		at screen side_x, side(low_px) font font_of(10) textcolor rgb "#444444"
	set label "1 alloc + 1 free: XArray 1.28 µs" noenhanced \
		at screen side_x, side(mid_px) font font_of(10) textcolor rgb "#444444"
	set label "2 + 2 beside 15,000 live (×):" noenhanced \
		at screen side_x, side(high_px + 8) font font_of(10) textcolor rgb "#444444"
	set label "rb-tree 7.66 µs, XArray 9.14 µs" noenhanced \
		at screen side_x, side(high_px - 7) font font_of(10) textcolor rgb "#444444"
	set label "Linux vmalloc, published: whole" noenhanced \
		at screen side_x, side(high_px + 46) font font_of(10)
	set label "operations, not lookups alone" noenhanced \
		at screen side_x, side(high_px + 31) font font_of(10)

	plot for [w in time_list] data index (nth(w)) every ::1 using \
			(drawable(number(1))):(drawable(number(2))) \
			with linespoints lt (nth(w)) notitle, \
		for [k = 1:hover ? words(time_list) : 0] data index (hovered(time_list, k)) every ::1 using \
			(drawable(number(1))):(drawable(number(2))):(sprintf( \
			"%s, %s live: %s", series_label[hovered(time_list, k)], \
			count_text(number(1)), time_text(rounded(number(2))))) \
			with labels hypertext noenhanced point lt (hovered(time_list, k)) notitle
}
unset multiplot
