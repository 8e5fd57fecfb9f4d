# Latency of one kfree, against what its counters predict.
#   gnuplot -c cost-model.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "kfree latency predicted from counters"

# A point is a sample whose time the clock resolves. What the counters predict may
# be zero or negative: such a point is drawn at the edge.
array sampled[blocks + 1]
array timed[blocks + 1]
do for [i = 1:blocks + 1] {
	sampled[i] = 0
	timed[i] = 0
}
lo_ns = NaN
hi_ns = NaN
lo_predicted = NaN
visible(ns) = is_number(ns) && ns > 0
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2))
see(s, predicted, ns) = !is_number(predicted) ? 0 : ( \
	sampled[s] = sampled[s] + 1, !visible(ns) ? 0 : ( \
		timed[s] = timed[s] + 1, lo_ns = lesser(lo_ns, ns), \
		hi_ns = greater(hi_ns, greater(ns, predicted)), \
		lo_predicted = lesser(lo_predicted, predicted)), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

has_floor = visible(meta_floor_ns)
floor_text = has_floor ? time_text(rounded(meta_floor_ns)) : ""
draw_list = ""
legend_list = ""
drawn = 0
any_sample = 0
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	any_sample = any_sample || sampled[i]
	hidden = sampled[i] - timed[i]
	legend_text[i] = series_label[i] . (sampled[i] == 0 ? " — no samples" : \
		hidden == 0 ? "" : timed[i] == 0 ? (has_floor ? \
		" — all below " . floor_text : " — no values") : \
		sprintf(" — %s of samples %s", share_text(rounded(hidden \
		/ (sampled[i] + 0.0))), has_floor ? "below " . floor_text : "without a time"))
	if (timed[i]) {
		draw_list = draw_list . sprintf("%d ", i)
		drawn = drawn + series_rows[i]
	}
}

legend_note = ""
y_title = "measured"
plot_px = 520
left_px = 104
right_px = 46
top_px = 6
load here . "frame.gp"

if (draw_list eq "") {
	why = !any_sample ? \
		"Nothing to draw: the data contain no kfree that was both timed and counted." : \
		has_floor ? "Nothing to draw: every kfree is below the timer's " . \
		"resolution (" . floor_text . ")." : \
		"Nothing to draw: no kfree has a time."
	load here . "nothing.gp"
	exit
}

# Both axes are the same, so that the diagonal goes from corner to corner. They
# begin where the clock does, and a little earlier if predictions do.
lo = lesser(lo_ns, has_floor ? meta_floor_ns : lo_ns)
lo = 0.6 * (lo_predicted < lo ? greater(lo_predicted, lo / 4) : lo)
hi = greater(hi_ns * 1.5, lo * 12)
at_edge = lo_predicted < lo

axis_bare = 0
axis_log = 1
axis_unit = "ns"
axis_lo = lo
axis_hi = hi
axis = "y"
load here . "axis.gp"
axis = "x"
load here . "axis.gp"
set xlabel "predicted from its counters" . \
	(at_edge ? " (smaller predictions are at the left edge)" : "")

if (has_floor && meta_floor_ns > lo) {
	set object rectangle from graph 0, first lo to graph 1, first meta_floor_ns \
		fillcolor rgb "#ececec" fillstyle solid noborder behind
	set label sprintf("below timer resolution (<%s)", floor_text) right \
		at graph 0.99, first sqrt(lo * meta_floor_ns) textcolor rgb "#444444"
}

# Lines of one ratio: as predicted; half and twice as long.
set arrow from first lo, first lo to first hi, first hi \
	nohead lc rgb "#555555" lw 1.6 dt solid front
set arrow from first 2 * lo, first lo to first hi, first hi / 2 \
	nohead lc rgb "#888888" lw 1 dt 3 front
set arrow from first lo, first 2 * lo to first hi / 2, first hi \
	nohead lc rgb "#888888" lw 1 dt 3 front
# Their names are where no sample is: far above, and below the clock's floor.
if (!in_letters) {
	set label "twice the prediction" noenhanced right textcolor rgb "#444444" \
		at first hi / 2, first hi offset character -4.5, -0.8
	set label "half the prediction" noenhanced textcolor rgb "#444444" \
		at first 2 * lo, first lo offset character 3, 0.8
}

# This many points are a cloud; more would only make a larger file.
points_max = 4000.0
point_step = int(ceil(greater(drawn / points_max, 1)))
hover_step(i) = greater(1, int(series_rows[i] / 40))
plot for [w in draw_list] data index (nth(w)) every point_step::1 using \
		(greater(number(1), lo)):(visible(number(2)) ? number(2) : NaN) \
		with points lt (nth(w)) ps (series_rows[nth(w)] > 40 ? 0.5 : 1.0) * point_size \
		notitle, \
	for [k = 1:hover ? words(draw_list) : 0] data index (hovered(draw_list, k)) \
		every hover_step(hovered(draw_list, k))::1 using \
		(greater(number(1), lo)):(visible(number(2)) ? number(2) : NaN): \
		(sprintf("%s: %s, predicted %s", series_label[hovered(draw_list, k)], \
		time_text(rounded(number(2))), time_text(rounded(number(1))))) \
		with labels hypertext noenhanced point lt (hovered(draw_list, k)) \
		ps 0.5 * point_size notitle
