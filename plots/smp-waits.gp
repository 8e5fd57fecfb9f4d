# How long callers wait for the heap's lock: the share of its acquisitions that wait at
# least x. Simulated, so the same on every machine.
#   gnuplot -c smp-waits.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Waits for the lock"

array shown[blocks + 1]
do for [i = 1:blocks + 1] { shown[i] = 0 }
lo_ns = NaN
hi_ns = NaN
lo_share = NaN
visible(v) = is_number(v) && v > 0
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2))
see(s, ns, share) = !visible(ns) || !visible(share) ? 0 : ( \
	shown[s] = shown[s] + 1, lo_share = lesser(lo_share, share), \
	lo_ns = lesser(lo_ns, ns), hi_ns = greater(hi_ns, ns), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

draw_list = ""
legend_list = ""
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (shown[i] ? "" : " — no waits")
	if (shown[i]) { draw_list = draw_list . sprintf("%d ", i) }
}

legend_note = ""
y_title = "share of acquisitions that wait at least x"
plot_px = 400
left_px = 104
right_px = 46
top_px = 6
load here . "frame.gp"

if (draw_list eq "") {
	why = "Nothing to draw: nothing waited for the lock."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_log = 1
axis_unit = "ns"
axis_lo = lo_ns * 0.8
axis_hi = greater(hi_ns * 1.25, axis_lo * 12)
load here . "axis.gp"
set xlabel "x: wait for the lock (log scale)"

axis = "y"
axis_unit = "share"
axis_lo = lesser(lo_share * 0.6, 0.06)
axis_hi = 1.3
load here . "axis.gp"

# Rows are powers of two of a picosecond; nothing is known between two of them.
point(c) = visible(number(c)) ? number(c) : NaN
plot for [w in draw_list] data index (nth(w)) every ::1 using (point(1)):(point(2)) \
		with lines lt (nth(w)) notitle, \
	for [w in draw_list] data index (nth(w)) \
		every marker_step(nth(w))::marker_first(nth(w)) using (point(1)):(point(2)) \
		with points lt (nth(w)) notitle, \
	for [k = 1:hover ? words(draw_list) : 0] data index (hovered(draw_list, k)) \
		every marker_step(hovered(draw_list, k))::marker_first(hovered(draw_list, k)) using \
		(point(1)):(point(2)):(sprintf("%s: %s wait at least %s", \
		series_label[hovered(draw_list, k)], share_text(number(2)), \
		time_text(number(1)))) \
		with labels hypertext noenhanced point lt (hovered(draw_list, k)) notitle
