# How many live clusters each row holds over the trace, as a map of shades.
#   gnuplot -c rows.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
series_max = 64
load here . "style.gp"

default_title = "Live clusters per row over the trace"

hi_event = NaN
hi_live = NaN
array held[blocks + 1]
do for [i = 1:blocks + 1] { held[i] = 0 }
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2))
see(s, event, n) = !is_number(event) || !is_number(n) ? 0 : ( \
	hi_event = greater(hi_event, event), hi_live = greater(hi_live, n), \
	n > 0 ? (held[s] = held[s] + 1) : 0, 0)
stats data using (visit(int(column(-2)), column(0))) nooutput
draw_list = ""
do for [i = 1:blocks] {
	if (held[i]) { draw_list = draw_list . sprintf("%d ", i) }
}

# Each row's name is beside it.
name_px = 60
do for [i = 1:blocks] {
	series_label[i] = fitted(series_label[i], 260)
	name_px = greater(name_px, text_px(series_label[i]))
}
legend_list = ""
array legend_text[1]
legend_note = ""
y_title = ""
row_px = 22
plot_px = int(greater(blocks * row_px, 150))
left_px = int(name_px + 36)
right_px = 130
top_px = 30
load here . "frame.gp"

if (draw_list eq "") {
	why = "Nothing to draw: the data contain no live clusters."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_log = 0
axis_unit = "count"
axis_lo = 0
axis_hi = greater(hi_event, 1)
load here . "axis.gp"
set xlabel "trace event"
# Row 0 is on top, as the seed draws it.
set yrange [blocks + 0.5:0.5] noextend
unset ytics
set grid noxtics noytics
do for [i = 1:blocks] {
	set label series_label[i] noenhanced right \
		at screen at_x(left_px - 14), first i
}
set label panel_text(in_letters ? \
	"Digits: live clusters, 0 for 1 to 9, 1 for 10 to 99, …" : \
	"Live clusters; blank: none") \
	at graph 0, graph 1 offset character 0, panel_offset

# Darker is more: the shades stay in order in black and white.
shade_hi = greater(log10(greater(hi_live, 1)), 1)
set palette defined (0 "#d6e6f2", 0.35 "#7fb2d6", 0.7 "#2c6da4", 1 "#08203f")
set cbrange [0:shade_hi]
set colorbox user origin screen at_x(picture_px - 100), screen at_y(area_bottom_px) \
	size screen at_x(18), screen at_y(plot_px)
set cbtics scale 0.4 nomirror out ()
do for [k = 0:int(floor(shade_hi))] {
	set cbtics add (count_text(10.0 ** k) k)
}

# A bin reaches from the end of the one before it to its own.
from_event = 0.0
begin(row, event) = (row <= 1 ? (from_event = 0.0) : 0, \
	bin_from = from_event, from_event = event, bin_from)
shade(n) = is_number(n) && n > 0 ? log10(n) : NaN
if (in_letters) {
	unset colorbox
	plot for [w in draw_list] data index (nth(w)) every ::1 using \
		(number(1)):(number(2) > 0 ? nth(w) : NaN):(number(2) > 0 ? \
		sprintf("%d", int(log10(number(2)))) : "") \
		with labels notitle
} else {
	plot for [w in draw_list] data index (nth(w)) every ::1 using \
		(number(1)):(nth(w)):(begin(column(0) + 1, number(1))):(number(1)): \
		(w - 0.42):(w + 0.42):(shade(number(2))) \
		with boxxyerror fc palette fs solid noborder notitle, \
		for [k = 1:hover ? words(draw_list) : 0] data index hovered(draw_list, k) \
		every 4::1 using (number(2) > 0 ? number(1) : NaN):(hovered(draw_list, k)): \
		(sprintf("%s, event %s: %s live", series_label[hovered(draw_list, k)], \
		whole(number(1)), whole(number(2)))) \
		with labels hypertext noenhanced point pt 7 ps 1.2 \
		lc rgb "#FF000000" notitle
}
