# How many list nodes a lookup compares: the share of lookups that compare at least
# x nodes. Counted, not timed, so the same on every machine.
#   gnuplot -c lookup-nodes.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Nodes compared per lookup"

# A logarithmic axis has no zero; a lookup that compares nothing is drawn at one
# half, under a tic that says 0.
array shown[blocks + 1]
do for [i = 1:blocks + 1] { shown[i] = 0 }
lo_nodes = NaN
hi_nodes = NaN
lo_share = NaN
place(nodes) = nodes < 0.5 ? 0.5 : nodes
visible(share) = is_number(share) && share > 0
visit(s, row) = skipped(s, row) ? 0 : see(s, number(1), number(2))
see(s, nodes, share) = !is_number(nodes) || !visible(share) ? 0 : ( \
	shown[s] = shown[s] + 1, lo_share = lesser(lo_share, share), \
	lo_nodes = lesser(lo_nodes, place(nodes)), \
	hi_nodes = greater(hi_nodes, place(nodes)), 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

draw_list = ""
legend_list = ""
array legend_text[blocks + 1]
do for [i = 1:blocks] {
	legend_list = legend_list . sprintf("%d ", i)
	legend_text[i] = series_label[i] . (shown[i] ? "" : " — no lookups")
	if (shown[i]) { draw_list = draw_list . sprintf("%d ", i) }
}

legend_note = ""
y_title = "share of lookups comparing at least x nodes"
plot_px = 400
left_px = 104
right_px = 46
top_px = 6
load here . "frame.gp"

if (draw_list eq "") {
	why = "Nothing to draw: the data contain no lookups."
	load here . "nothing.gp"
	exit
}

axis_bare = 0
axis = "x"
axis_log = 1
axis_unit = "count"
axis_lo = lo_nodes * 0.8
axis_hi = greater(hi_nodes * 1.25, axis_lo * 12)
load here . "axis.gp"
if (lo_nodes < 1) { set xtics add ("0" 0.5 0) }
set xlabel "x: nodes compared per lookup"

axis = "y"
axis_unit = "share"
axis_lo = lesser(lo_share * 0.6, 0.06)
axis_hi = 1.3
load here . "axis.gp"

# Between two rows the share is that of the higher one, hence the kind of steps.
# The last step goes down to the axis: no lookup compares more.
plot for [w in draw_list] data index (nth(w)) every ::1 using \
		(place(number(1))):(visible(number(2)) ? number(2) : NaN) \
		with fsteps lt (nth(w)) notitle, \
	for [w in draw_list] data index (nth(w)) every ::series_rows[nth(w)] using \
		(place(number(1))):(visible(number(2)) ? number(2) : NaN) \
		with impulses lt (nth(w)) notitle, \
	for [w in draw_list] data index (nth(w)) \
		every marker_step(nth(w))::marker_first(nth(w)) using \
		(place(number(1))):(visible(number(2)) ? number(2) : NaN) \
		with points lt (nth(w)) notitle, \
	for [k = 1:hover ? words(draw_list) : 0] data index (hovered(draw_list, k)) \
		every marker_step(hovered(draw_list, k))::marker_first(hovered(draw_list, k)) using \
		(place(number(1))):(visible(number(2)) ? number(2) : NaN):(sprintf( \
		"%s: %s of lookups compare at least %s nodes", series_label[hovered(draw_list, k)], \
		share_text(number(2)), count_text(number(1)))) \
		with labels hypertext noenhanced point lt (hovered(draw_list, k)) notitle
