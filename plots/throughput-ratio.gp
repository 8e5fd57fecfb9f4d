# Two runs' time per event, allocator by allocator: B relative to A, with the
# interval that follows from both runs' intervals.
#   gnuplot -c throughput-ratio.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Time per event: B relative to A"

n = blocks > 0 ? series_rows[1] : 0
array name[n + 1]
array ratio[n + 1]
array low[n + 1]
array high[n + 1]
lo_ratio = 1.0
hi_ratio = 1.0
positive(v) = is_number(v) && v > 0 ? v : NaN
widen(v) = is_number(v) ? \
	(lo_ratio = lesser(lo_ratio, v), hi_ratio = greater(hi_ratio, v), 0) : 0
visit(s, row) = s != 1 || row == 0 ? 0 : ( \
	name[row] = text(1), ratio[row] = positive(number(2)), \
	low[row] = positive(number(3)), high[row] = positive(number(4)), \
	widen(ratio[row]), widen(low[row]), widen(high[row]), 0)
stats data using (visit(int(column(-2)), int(column(0)))) nooutput

# If two intervals overlap, there is no significant difference.
verdict(i) = !is_number(ratio[i]) ? "no value" : \
	!is_number(low[i]) || !is_number(high[i]) ? "inconclusive (no interval)" : \
	high[i] < 1 ? "faster" : low[i] > 1 ? "slower" : "no significant difference"
array said[n + 1]
said_px = 60
name_px = 60
values = 0
do for [i = 1:n] {
	name[i] = fitted(name[i], 400)
	name_px = greater(name_px, text_px(name[i]))
	said[i] = (is_number(ratio[i]) ? \
		sprintf("%+.1f%%  ", 100 * (ratio[i] - 1)) : "") . verdict(i)
	said_px = greater(said_px, text_px(said[i]))
	values = values + is_number(ratio[i])
}

legend_note = ""
y_title = ""
plot_px = greater(int(n * 27 + 14), 150)
left_px = int(name_px + 36)
right_px = int(said_px + 30)
top_px = 30
legend_list = ""
array legend_text[1]
load here . "frame.gp"

if (values == 0) {
	why = "Nothing to draw: no allocator has a time per event in both runs."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_unit = "number"
axis_log = 1
axis_lo = lesser(lo_ratio / 1.1, 0.8)
axis_hi = greater(hi_ratio * 1.1, 1.25)
load here . "axis.gp"
# Close to 1 a decade's tics are too few.
if (axis_hi / axis_lo < 5) {
	set xtics scale 0.6, 0.35 nomirror out ()
	do for [k = 1:60] {
		if (0.1 * k >= axis_lo && 0.1 * k <= axis_hi) {
			set xtics add ((axis_hi / axis_lo < 2.6 || k % 5 == 0) ? \
				sprintf("%g", 0.1 * k) : "" 0.1 * k)
		}
	}
}
set xlabel "time per event, B / A (left of 1: B is faster; log scale)"
set yrange [0:n + 1] noextend
unset ytics
set border 1
if (!in_letters) { set grid noytics }
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "#444444" lw 1.5 dt 2 back
set print $points
set print
set print $bars
set print
bars = 0
do for [i = 1:n] {
	set label name[i] noenhanced right \
		at screen at_x(left_px - 14), first n + 1 - i
	set label said[i] noenhanced \
		at screen at_x(picture_px - right_px + 14), first n + 1 - i
	if (is_number(ratio[i])) {
		set print $points append
		print sprintf("%.17g\t%d\t%s: %s", ratio[i], n + 1 - i, name[i], said[i])
		set print
	}
	if (is_number(ratio[i]) && is_number(low[i]) && is_number(high[i])) {
		set print $bars append
		print sprintf("%.17g\t%d\t%.17g\t%.17g", ratio[i], n + 1 - i, low[i], high[i])
		set print
		bars = bars + 1
	}
}
if (bars > 0) {
	plot $bars using 1:2:3:4 with xerrorbars lc rgb "#D55E00" lw 2 dt solid pt 0 notitle, \
		$points using 1:2 with points pt 7 ps point_size lc rgb "#000000" notitle, \
		for [k = 1:hover] $points using 1:2:(strcol(3)) \
		with labels hypertext noenhanced point pt 7 ps point_size lc rgb "#000000" notitle
} else {
	plot $points using 1:2 with points pt 7 ps point_size lc rgb "#000000" notitle, \
		for [k = 1:hover] $points using 1:2:(strcol(3)) \
		with labels hypertext noenhanced point pt 7 ps point_size lc rgb "#000000" notitle
}
