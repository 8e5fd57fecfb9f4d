# What a trace requests: the sizes of its objects, and how long they live.
#   gnuplot -c sizes.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Sizes and lifetimes"

# Bars are two to a power: [lo, hi] in log2. Series 1 is the sizes (upper end,
# objects, bytes), series 2 the lifetimes (lower end, objects; without an end
# for what was still live when the trace ended).
lo_size = NaN
hi_size = NaN
hi_life = NaN
objects = 0.0
bytes = 0.0
freed = 0.0
live = 0.0
visit(s, row) = skipped(s, row) ? 0 : \
	s == 1 ? see_size(number(1), number(2), number(3)) : \
	s == 2 ? see_life(number(1), number(2)) : 0
see_size(upto, n, b) = !is_number(upto) || !is_number(n) || upto <= 0 ? 0 : ( \
	lo_size = lesser(lo_size, upto), hi_size = greater(hi_size, upto), \
	objects = objects + n, bytes = bytes + (is_number(b) ? b : 0), 0)
see_life(from, n) = !is_number(n) ? 0 : is_number(from) && from > 0 ? ( \
	hi_life = greater(hi_life, from), freed = freed + n, 0) : \
	(live = live + n, 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

legend_list = ""
array legend_text[1]
legend_note = ""
y_title = ""
plot_px = 480
left_px = 104
right_px = 30
top_px = 30
load here . "frame.gp"

if (objects == 0) {
	why = "Nothing to draw: the data contain no objects."
	load here . "nothing.gp"
	exit
}

lower_top_px = area_bottom_px + 190
upper_bottom_px = lower_top_px + (in_letters ? 110 : 60)
size_text(v) = v >= 1048576 ? sprintf("%g MiB", v / 1048576.0) : \
	v >= 1024 ? sprintf("%g KiB", v / 1024.0) : sprintf("%g B", v)
log2(v) = log(v) / log(2)
tic_step = in_letters && mode_number(2) < 100 ? 8 : 4

set multiplot

# Lifetimes, below.
axis_bare = 0
axis = "y"
axis_log = 0
axis_unit = "share"
axis_lo = 0
axis_hi = 1
load here . "axis.gp"
hi_x = is_number(hi_life) ? log2(hi_life) + 1 : 1
set xrange [0:greater(hi_x, 8)] noextend
set xtics scale 0.6, 0.35 nomirror out ()
do for [k = 0:int(greater(hi_x, 8))] {
	set xtics add (k % tic_step == 0 ? count_text(2.0 ** k) : "" k)
}
set xlabel "x: events from alloc to free"
set tmargin at screen at_y(lower_top_px)
set label panel_text("Lifetimes: share of objects freed in fewer than x events" . \
	(live > 0 ? sprintf("; %s (%s) never freed", whole(live), \
	share_text(live / objects)) : "")) \
	at graph 0, graph 1 offset character 0, panel_offset
if (freed == 0) {
	set label "This trace frees nothing." center at graph 0.5, 0.5
	plot -1 notitle
} else {
	life_sum = 0.0
	hover_life(n, row) = (life_seen = (row < 1 ? 0.0 : life_seen) + n, \
		life_seen / objects)
	life_seen = 0.0
	life_to(n) = (life_sum = life_sum + n, life_sum / objects)
	plot data index 2 every ::1 using (is_number(number(1)) ? \
		log2(number(1)) + 1 : NaN):(is_number(number(1)) ? \
		life_to(number(2)) : NaN) with linespoints lw 2.5 dt solid \
		lc rgb "#0072B2" pt 7 ps point_size notitle, \
		for [k = 1:hover] data index 2 every ::1 using (is_number(number(1)) ? \
		log2(number(1)) + 1 : NaN):(is_number(number(1)) ? \
		hover_life(number(2), column(0)) : NaN):(sprintf( \
		"%s freed in fewer than %s events", share_text(life_seen / objects), \
		whole(2 * number(1)))) with labels hypertext noenhanced \
		point pt 7 ps point_size lc rgb "#0072B2" notitle
}

# Sizes, above.
unset label
unset arrow
unset xlabel
set tmargin at screen at_y(area_top_px)
set bmargin at screen at_y(upper_bottom_px)
axis = "y"
axis_lo = 0
axis_hi = 1
load here . "axis.gp"
lo_x = log2(lo_size) - 1
hi_x = log2(hi_size)
set xrange [lo_x:greater(hi_x, lo_x + 4)] noextend
set xtics scale 0.6, 0.35 nomirror out ()
do for [k = int(lo_x):int(greater(hi_x, lo_x + 4))] {
	set xtics add (k % (tic_step / 2) == 0 ? size_text(2.0 ** k) : "" k)
}
if (!in_letters && 12 >= lo_x && 12 <= greater(hi_x, lo_x + 4)) {
	set arrow from first 12, graph 0 to first 12, graph 1 nohead \
		lc rgb "#777777" lw 1 dt 2 back
	set label " one page" left at first 12, graph 0.1 textcolor rgb "#444444"
}
set label panel_text(in_letters ? \
	"Requested sizes: share of objects (G), of bytes (E)" : \
	"Requested sizes: share of objects (circles) and of bytes (squares) up to each size") \
	at graph 0, graph 1 offset character 0, panel_offset
object_sum = 0.0
byte_sum = 0.0
objects_seen = 0.0
bytes_seen = 0.0
hover_size(n, b, row) = (objects_seen = (row < 1 ? 0.0 : objects_seen) + n, \
	bytes_seen = (row < 1 ? 0.0 : bytes_seen) + b, objects_seen / objects)
object_to(n) = (object_sum = object_sum + n, object_sum / objects)
byte_to(b) = (byte_sum = byte_sum + b, byte_sum / greater(bytes, 1))
plot data index 1 every ::1 using (log2(number(1))):(object_to(number(2))) \
		with linespoints lw 2.5 dt solid lc rgb "#000000" pt 7 \
		ps point_size notitle, \
	data index 1 every ::1 using (log2(number(1))):(byte_to(number(3))) \
		with linespoints lw 2.5 dt 2 lc rgb "#D55E00" pt 5 \
		ps point_size notitle, \
	for [k = 1:hover] data index 1 every ::1 using (log2(number(1))): \
		(hover_size(number(2), number(3), column(0))):(sprintf( \
		"up to %s: %s of objects, %s of bytes", size_text(number(1)), \
		share_text(objects_seen / objects), \
		share_text(bytes_seen / greater(bytes, 1)))) \
		with labels hypertext noenhanced point pt 7 ps point_size \
		lc rgb "#000000" notitle
unset multiplot
