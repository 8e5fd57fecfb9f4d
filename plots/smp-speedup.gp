# What more CPUs bring: events per time on x CPUs, as a multiple of the same on one.
# Simulated, so the same on every machine.
#   gnuplot -c smp-speedup.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Speed-up by number of CPUs"

array shown[blocks + 1]
do for [i = 1:blocks + 1] { shown[i] = 0 }
hi_cpus = NaN
lo_ratio = NaN
hi_ratio = NaN
visible(v) = is_number(v) && v > 0
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2))
see(s, cpus, ratio) = !visible(cpus) || !visible(ratio) ? 0 : ( \
	shown[s] = shown[s] + 1, hi_cpus = greater(hi_cpus, cpus), \
	lo_ratio = lesser(lo_ratio, ratio), hi_ratio = greater(hi_ratio, ratio), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

draw_list = ""
legend_list = ""
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (shown[i] ? "" : " — no time passes")
	if (shown[i]) { draw_list = draw_list . sprintf("%d ", i) }
}

legend_note = ""
y_title = "events per time, relative to one CPU (log scale)"
plot_px = 400
left_px = 104
right_px = 46
top_px = 6
load here . "frame.gp"

if (draw_list eq "") {
	why = "Nothing to draw: no run took any time."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_log = 1
axis_unit = "count"
axis_lo = 0.9
axis_hi = greater(hi_cpus * 1.1, 2.2)
load here . "axis.gp"
# CPUs come in powers of two.
set xtics scale 0.6, 0.35 nomirror out ()
do for [e = 0:12] {
	if (2 ** e <= axis_hi) { set xtics add (sprintf("%d", 2 ** e) 2 ** e) }
}
set xlabel "CPUs (log scale)"

axis = "y"
axis_unit = "number"
axis_lo = lesser(lo_ratio * 0.8, 0.5)
axis_hi = greater(hi_ratio * 1.25, 2)
load here . "axis.gp"

# Where a further CPU would bring what the first did.
set arrow from 1, 1 to lesser(hi_cpus, axis_hi), lesser(hi_cpus, axis_hi) nohead \
	lc rgb "#444444" lw 1.5 dt 2 back
point(c) = visible(number(c)) ? number(c) : NaN
plot for [w in draw_list] data index (nth(w)) every ::1 using (point(1)):(point(2)) \
		with lines lt (nth(w)) notitle, \
	for [w in draw_list] data index (nth(w)) every ::1 using (point(1)):(point(2)) \
		with points lt (nth(w)) notitle, \
	for [k = 1:hover ? words(draw_list) : 0] data index (hovered(draw_list, k)) \
		every ::1 using (point(1)):(point(2)):(sprintf("%s: %s times on %s CPUs", \
		series_label[hovered(draw_list, k)], number_text(number(2)), \
		count_text(number(1)))) \
		with labels hypertext noenhanced point lt (hovered(draw_list, k)) notitle
