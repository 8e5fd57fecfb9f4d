# Nanoseconds per event by replay, from a process's first one to its last.
#   gnuplot -c warm-up.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Time per event, by replay"

array timed[blocks + 1]
do for [i = 1:blocks + 1] { timed[i] = 0 }
hi_replay = NaN
lo_ns = NaN
hi_ns = NaN
drawable(v) = is_number(v) && v > 0 ? v : NaN
visit(s, row) = skipped(s, row) ? 0 : see(s, drawable(number(1)), drawable(number(2)))
see(s, replay, ns) = !is_number(replay) || !is_number(ns) ? 0 : ( \
	timed[s] = timed[s] + 1, hi_replay = greater(hi_replay, replay), \
	lo_ns = lesser(lo_ns, ns), hi_ns = greater(hi_ns, ns), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

time_list = ""
legend_list = ""
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (timed[i] ? "" : " — no values")
	if (timed[i]) { time_list = time_list . sprintf("%d ", i) }
}

legend_note = ""
y_title = ""
plot_px = 260
left_px = 104
right_px = 30
top_px = 30
load here . "frame.gp"

if (time_list eq "") {
	why = "Nothing to draw: no trace was replayed more than once."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_log = 0
axis_unit = "count"
axis_lo = 0
axis_hi = greater(hi_replay + 1, 2)
load here . "axis.gp"
set xlabel "replay"
axis = "y"
axis_unit = "number"
axis_log = hi_ns > 30 * lo_ns
axis_lo = axis_log ? lo_ns * 0.7 : 0
axis_hi = axis_log ? hi_ns * 1.5 : hi_ns * 1.08
load here . "axis.gp"
set label "ns per event" . (axis_log ? " (log scale)" : "") \
	at graph 0, graph 1 offset character 0, panel_offset
plot for [w in time_list] data index (nth(w)) every ::1 using \
		(number(1)):(drawable(number(2))) with linespoints lt (nth(w)) notitle, \
	for [k = 1:hover ? words(time_list) : 0] data index (hovered(time_list, k)) \
		every ::1 using (number(1)):(drawable(number(2))):(sprintf( \
		"%s, replay %s: %s ns per event", series_label[hovered(time_list, k)], \
		whole(number(1)), measured(number(2)))) \
		with labels hypertext noenhanced point lt (hovered(time_list, k)) notitle
