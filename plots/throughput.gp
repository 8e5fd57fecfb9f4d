# Nanoseconds per event, by allocator: the median and its 95% interval.
#   gnuplot -c throughput.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Time per event, by allocator"

# The rows are the allocators, so this figure keeps them all.
n = blocks > 0 ? series_rows[1] : 0
array name[n + 1]
array ns[n + 1]
array low[n + 1]
array high[n + 1]
array rank[n + 1]
lo_ns = NaN
hi_ns = NaN
lo_runs = NaN
hi_runs = NaN
positive(v) = is_number(v) && v > 0 ? v : NaN
widen(v) = is_number(v) ? \
	(lo_ns = lesser(lo_ns, v), hi_ns = greater(hi_ns, v), 0) : 0
visit(s, row) = s != 1 || row == 0 ? 0 : ( \
	name[row] = text(1), ns[row] = positive(number(2)), \
	low[row] = positive(number(3)), high[row] = positive(number(4)), \
	!is_number(ns[row]) ? 0 : ( \
		widen(ns[row]), widen(low[row]), widen(high[row]), \
		lo_runs = lesser(lo_runs, number(5)), \
		hi_runs = greater(hi_runs, number(5)), 0))
stats data using (visit(int(column(-2)), int(column(0)))) nooutput

# The fastest on top, those without a value below all, equal ones as they came.
before(a, b) = is_number(ns[a]) && is_number(ns[b]) && ns[a] != ns[b] ? \
	ns[a] < ns[b] : \
	is_number(ns[a]) != is_number(ns[b]) ? is_number(ns[a]) : a < b
do for [i = 1:n] {
	rank[i] = 1 + (sum [j = 1:n] (j != i && before(j, i)))
}

array said[n + 1]
said_head = "median  [95% interval]"
said_px = text_px(said_head)
name_px = 60
do for [i = 1:n] {
	name[i] = fitted(name[i], 400)
	name_px = greater(name_px, text_px(name[i]))
	said[i] = !is_number(ns[i]) ? "no value" : measured(ns[i])
	if (is_number(ns[i]) && is_number(low[i]) && is_number(high[i])) {
		said[i] = sprintf("%s  [%s, %s]", said[i], measured(low[i]), measured(high[i]))
	}
	said_px = greater(said_px, text_px(said[i]))
}

row_px = 27
legend_note = ""
y_title = ""
plot_px = greater(int(n * row_px + 14), 150)
left_px = int(name_px + 36)
right_px = int(said_px + 30)
top_px = 30
legend_list = ""
array legend_text[1]
load here . "frame.gp"

has_null = is_number(positive(meta_null_ns))
if (!is_number(hi_ns)) {
	why = n == 0 ? "Nothing to draw: the data contain no allocators." : \
		"Nothing to draw: no allocator has a time per event."
	load here . "nothing.gp"
	exit
}

if (has_null) { widen_null = widen(meta_null_ns) }
axis_bare = 0
axis = "x"
axis_unit = "number"
axis_log = hi_ns > 30 * lo_ns
axis_lo = axis_log ? lo_ns * 0.7 : 0
axis_hi = axis_log ? hi_ns * 1.4 : hi_ns * 1.08
load here . "axis.gp"
from_ns = axis_lo
runs_text = !is_number(hi_runs) || hi_runs < 1 ? "" : \
	lo_runs < hi_runs ? \
	sprintf(", median of %d to %d runs", lo_runs, hi_runs) : \
	hi_runs < 2 ? ", a single run" : \
	sprintf(", median of %d runs", hi_runs)
set xlabel "ns per event" . runs_text . (axis_log ? " (log scale)" : "")

set yrange [0:n + 1] noextend
unset ytics
set border 1
if (!in_letters) { set grid noytics }
y_of(i) = n + 1 - rank[i]
set print $points
set print
set print $bars
set print
npoints = 0
nbars = 0
do for [i = 1:n] {
	set label name[i] noenhanced right \
		at screen at_x(left_px - 14), first y_of(i)
	if (!in_letters) {
		set arrow from graph 0, first y_of(i) to graph 1, first y_of(i) \
			nohead lt 1 lc rgb "#d4d4d4" lw 1 dt 3 back
	}
	if (is_number(ns[i])) {
		set print $points append
		print sprintf("%.17g\t%d\t%s: %s ns per event\t%d", ns[i], y_of(i), \
			name[i], said[i], color_of(place(i)))
		set print
		npoints = npoints + 1
		if (is_number(low[i]) && is_number(high[i])) {
			set print $bars append
			print sprintf("%.17g\t%d\t%.17g\t%.17g\t%d", ns[i], y_of(i), low[i], \
				high[i], color_of(place(i)))
			set print
			nbars = nbars + 1
		}
	}
	set label said[i] noenhanced at screen at_x(picture_px - right_px + 14), first y_of(i)
}
set label said_head noenhanced textcolor rgb "#444444" \
	at screen at_x(picture_px - right_px + 14), at_y(area_top_px + 10)

if (has_null) {
	set arrow from first meta_null_ns, graph 0 to first meta_null_ns, graph 1 \
		nohead lc rgb "#444444" lw 1.5 dt 2 back
	null_text = sprintf("harness overhead (null): %s ns", measured(meta_null_ns))
	# Centred on its line as far as the panel's edges let it.
	panel_px = picture_px - right_px - left_px
	null_share = axis_log ? log10(meta_null_ns / from_ns) / log10(axis_hi / from_ns) : \
		(meta_null_ns - from_ns) / (axis_hi - from_ns)
	null_at = left_px + null_share * panel_px
	null_half = text_px(null_text) / 2
	null_at = lesser(greater(null_at, left_px + null_half), picture_px - right_px - null_half)
	set label null_text noenhanced center textcolor rgb "#444444" \
		at screen at_x(null_at), at_y(area_top_px + 10)
}

if (nbars > 0) {
	plot $bars using 1:2:3:4:5 with xerrorbars lc rgb variable lw 2 dt solid pt 0 notitle, \
		$points using 1:2:4 with points pt 7 ps point_size lc rgb variable notitle, \
		for [k = 1:hover] $points using 1:2:(strcol(3)) \
		with labels hypertext noenhanced point pt 7 ps point_size lc rgb "#FF000000" notitle
} else {
	plot $points using 1:2:4 with points pt 7 ps point_size lc rgb variable notitle, \
		for [k = 1:hover] $points using 1:2:(strcol(3)) \
		with labels hypertext noenhanced point pt 7 ps point_size lc rgb "#FF000000" notitle
}
