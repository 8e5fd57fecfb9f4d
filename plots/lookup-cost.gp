# Latency of one lookup, by percentile.
#   gnuplot -c lookup-cost.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Lookup latency (whole kfree where an allocator has no lookup)"

# Percentiles are drawn by the share that lies above them, 1 − q, so that each
# further nine takes as much room as the one before. The slowest of n samples (q =
# 1) is in the middle of the share 1/n that it represents.
array last_x[blocks + 1]
array samples[blocks + 1]
array below_q[blocks + 1]
array shown[blocks + 1]
array slowest[blocks + 1]
do for [i = 1:blocks + 1] {
	last_x[i] = NaN
	samples[i] = NaN
	below_q[i] = NaN
	shown[i] = 0
	slowest[i] = 0
}
lo_ns = NaN
hi_ns = NaN
x_of(q) = -log10(1 - q)
visible(ns) = is_number(ns) && ns > 0
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2), number(3))
see(s, q, ns, n) = !is_number(q) ? 0 : ( \
	samples[s] = greater(samples[s], n), \
	q < 1 ? (last_x[s] = greater(last_x[s], x_of(q))) : (slowest[s] = 1), \
	visible(ns) ? (shown[s] = shown[s] + 1, lo_ns = lesser(lo_ns, ns), \
		hi_ns = greater(hi_ns, ns)) \
		: (below_q[s] = shown[s] ? below_q[s] : greater(below_q[s], q)), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

has_floor = visible(meta_floor_ns)
floor_text = has_floor ? time_text(rounded(meta_floor_ns)) : ""
draw_list = ""
legend_list = ""
sampled = 0
all_slowest = 1
array legend_text[blocks + 1]
hi_x = 1.0
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	sampled = sampled + series_rows[i]
	if (!is_number(last_x[i])) { last_x[i] = 0.0 }
	if (slowest[i] && is_number(samples[i]) && samples[i] > 0) {
		last_x[i] = greater(last_x[i], log10(2 * samples[i]))
	}
	note = ""
	if (shown[i]) {
		draw_list = draw_list . sprintf("%d ", i)
		all_slowest = all_slowest && slowest[i]
		hi_x = greater(hi_x, last_x[i])
		if (has_floor && is_number(below_q[i]) && below_q[i] >= 0.001) {
			note = sprintf(" — %s below %s", quantile_text(below_q[i]), \
				floor_text)
		}
	} else {
		note = series_rows[i] == 0 ? " — no samples" : \
			has_floor ? sprintf(" — all below %s", floor_text) : " — no values"
	}
	legend_text[i] = series_label[i] . note
}

legend_note = ""
y_title = "latency"
plot_px = 400
left_px = 104
right_px = 46
top_px = 6
load here . "frame.gp"

if (draw_list eq "") {
	why = sampled == 0 ? \
		"Nothing to draw: the data contain no lookup or kfree samples." : \
		has_floor ? "Nothing to draw: every operation is below the timer's " . \
		"resolution (" . floor_text . ")." : \
		"Nothing to draw: no operation has a time."
	load here . "nothing.gp"
	exit
}

# The band below the floor takes an eighth of the height, unless values reach
# further down.
if (has_floor) {
	hi_ns = greater(hi_ns * 1.5, meta_floor_ns * 12)
	lo_ns = lesser(lo_ns * 0.7, \
		meta_floor_ns * (meta_floor_ns / hi_ns) ** (1 / 7.0))
} else {
	hi_ns = greater(hi_ns * 1.5, lo_ns * 12)
	lo_ns = lo_ns * 0.7
}

axis_bare = 0
axis = "y"
axis_log = 1
axis_unit = "ns"
axis_lo = lo_ns
axis_hi = hi_ns
load here . "axis.gp"

hi_x = hi_x * 1.03
set xrange [0:hi_x] noextend
set xtics scale 0.6, 0.35 nomirror out ()
do for [nines = 0:int(floor(hi_x))] {
	set xtics add (percent_tic(1 - 10.0 ** -nines) nines)
}
set xtics add ("50%%" x_of(0.5))
if (hi_x < 4) { set xtics add ("75%%" x_of(0.75)) } else { set xtics add ("" 0) }
set xlabel "percentile" . \
	(all_slowest ? " (each line ends at its slowest sample)" : "")

if (has_floor) {
	set object rectangle from graph 0, first lo_ns to graph 1, first meta_floor_ns \
		fillcolor rgb "#ececec" fillstyle solid noborder behind
	set arrow from graph 0, first meta_floor_ns to graph 1, first meta_floor_ns \
		nohead lc rgb "#999999" lw 1 dt solid back
	set label sprintf("below timer resolution (<%s)", floor_text) \
		at graph 0.01, first sqrt(lo_ns * meta_floor_ns) textcolor rgb "#444444"
}

point_x(s, q) = q < 1 ? x_of(q) : last_x[s]
# A line that comes out of the band joins it at the last quantile there.
plot for [w in draw_list] data index (nth(w)) every ::1 using \
		(point_x(nth(w), number(1))):(visible(number(2)) ? number(2) : \
		has_floor && number(1) == below_q[nth(w)] ? meta_floor_ns : NaN) \
		with lines lt (nth(w)) notitle, \
	for [w in draw_list] data index (nth(w)) \
		every marker_step(nth(w))::marker_first(nth(w)) using \
		(point_x(nth(w), number(1))):(visible(number(2)) ? number(2) : NaN) \
		with points lt (nth(w)) notitle, \
	for [k = 1:hover ? words(draw_list) : 0] data index (hovered(draw_list, k)) \
		every marker_step(hovered(draw_list, k))::marker_first(hovered(draw_list, k)) using \
		(point_x(hovered(draw_list, k), number(1))):(visible(number(2)) ? number(2) : NaN): \
		(sprintf("%s: %s take at most %s", series_label[hovered(draw_list, k)], \
		number(1) < 1 ? quantile_text(number(1)) : "all", \
		time_text(rounded(number(2))))) \
		with labels hypertext noenhanced point lt (hovered(draw_list, k)) notitle
