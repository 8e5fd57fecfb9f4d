# The heap window as a map, address over time: the age of what is there, its row,
# and the call site that requested it.
#   gnuplot -c address-map.gp DATA.tsv OUT.svg|OUT.png
# See README.md for the data.

data = ARG1
out = ARG2
mode = ARG3
here = ARG0
while (strlen(here) > 0 && here[strlen(here):*] ne "/") {
	here = here[1:strlen(here) - 1]
}
load here . "style.gp"

default_title = "Heap window: address over time"

# Series 1 is the ages, 2 the rows, each further one a call site, the last all
# others together. A line is a run of pages over some events.
hi_page = NaN
hi_event = NaN
hi_age = NaN
hi_size = NaN
visit(s, row) = skipped(s, row) ? 0 : \
	see(s, number(1) + number(2), number(4), s <= 2 ? number(5) : NaN)
see(s, page, event, v) = !is_number(page) || !is_number(event) ? 0 : ( \
	hi_page = greater(hi_page, page), hi_event = greater(hi_event, event), \
	s == 1 ? (hi_age = greater(hi_age, v)) : \
	s == 2 ? (hi_size = greater(hi_size, v)) : 0, 0)
stats data using (visit(int(column(-2)), column(0))) nooutput

# In letters there is room for one panel.
legend_list = ""
site_list = ""
array legend_text[blocks + 1]
has_sites = blocks > 2 && !in_letters
do for [i = 3:blocks] {
	legend_text[i] = series_label[i]
	if (has_sites) { legend_list = legend_list . sprintf("%d ", i) }
	# The others first, or what they overlap would be lost.
	if (series_rows[i]) {
		site_list = i == blocks ? sprintf("%d ", i) . site_list : \
			site_list . sprintf("%d ", i)
	}
}
# Okabe and Ito's colors without their yellow, which is lost on white: the sites are
# areas side by side.
array site_palette[7] = [0x000000, 0xD55E00, 0x0072B2, 0x009E73, 0xCC79A7, \
	0xE69F00, 0x56B4E9]
site_color(s) = s == blocks ? 0xC4C4C4 : site_palette[(s - 3) % 7 + 1]
legend_boxes = 1
legend_color(i) = site_color(i)
legend_note = ""
y_title = is_number(hi_page) ? "heap window page" : ""
panels = in_letters ? 1 : has_sites ? 3 : 2
panel_px = in_letters ? 400 : 220
gap_px = 56
plot_px = panels * panel_px + (panels - 1) * gap_px
left_px = 104
right_px = in_letters ? 46 : 130
top_px = 30
load here . "frame.gp"

if (!is_number(hi_page)) {
	why = "Nothing to draw: no allocator here has anything in a heap window."
	load here . "nothing.gp"
	exit
}

# Boxes that meet overlap a little, or their edges would shine through.
slack_x = hi_event / 2000.0
slack_y = 1.2 * hi_page / panel_px
box_x1(from, to) = lesser(to + slack_x, hi_event)
shade(v) = is_number(v) && v > 0 ? log10(v) : NaN

set multiplot
set palette defined (0 "#d6e6f2", 0.35 "#7fb2d6", 0.7 "#2c6da4", 1 "#08203f")

array panel_title[3] = ["Age: events since alloc, for most of each bin; blank: free", \
	"Size: pages per cluster (row + 1)", \
	"Call sites that hold the most pages over time"]
do for [p = 1:panels] {
	if (p > 1) {
		unset label
		unset object
	}
	panel_bottom_px = area_bottom_px + (panels - p) * (panel_px + gap_px)
	set bmargin at screen at_y(panel_bottom_px)
	set tmargin at screen at_y(panel_bottom_px + panel_px)
	axis = "x"
	axis_log = 0
	axis_unit = "count"
	axis_bare = p < panels
	axis_lo = 0
	axis_hi = greater(hi_event, 1)
	load here . "axis.gp"
	axis = "y"
	axis_bare = 0
	axis_hi = greater(hi_page, 1)
	load here . "axis.gp"
	set xlabel p == panels ? "trace event" : ""
	set grid noxtics noytics
	set label panel_text(in_letters ? \
		"Digits: events since alloc, 0 for 1 to 9, 1 for 10 to 99, …" : \
		panel_title[p]) at graph 0, graph 1 offset character 0, panel_offset
	unset colorbox
	if (p < 3 && !in_letters) {
		shade_hi = greater(log10(greater(p == 1 ? hi_age : hi_size, 1)), 1)
		set cbrange [0:shade_hi]
		set colorbox user origin screen at_x(picture_px - 100), \
			screen at_y(panel_bottom_px) \
			size screen at_x(18), screen at_y(panel_px)
		set cbtics scale 0.4 nomirror out ()
		do for [k = 0:int(floor(shade_hi + 1e-9))] {
			set cbtics add (count_text(10.0 ** k) k)
		}
	}
	if (p < 3 && !series_rows[p]) {
		plot -1 notitle
	} else { if (in_letters) {
		letter_columns = greater(mode_number(2) - 14, 20)
		plot for [c = 0:letter_columns] data index 1 every ::1 using \
			(hi_event * (c + 0.5) / (letter_columns + 1.0)): \
			(number(1) + number(2) / 2): \
			(number(3) <= hi_event * (c + 0.5) / (letter_columns + 1.0) && \
			number(4) > hi_event * (c + 0.5) / (letter_columns + 1.0) ? \
			sprintf("%d", int(shade(number(5)))) : "") \
			with labels notitle
	} else {
		if (p < 3) {
			plot data index p every ::1 using (number(3)):(number(1)): \
				(number(3)):(box_x1(number(3), number(4))):(number(1)): \
				(number(1) + number(2) + slack_y):(shade(number(5))) \
				with boxxyerror fc palette fs solid noborder notitle, \
				for [k = 1:hover ? 1 : 0] data index p every 6::1 using \
				(number(4) - number(3) > hi_event / 24 ? \
				(number(3) + number(4)) / 2 : NaN):(number(1) + number(2) / 2): \
				(sprintf("page %s, events %s to %s: %s", whole(number(1)), \
				whole(number(3)), whole(number(4)), p == 1 ? sprintf( \
				"at least %s events old", whole(number(5))) : sprintf( \
				"clusters of %s pages", whole(number(5))))) \
				with labels hypertext noenhanced point pt 7 ps 1.2 \
				lc rgb "#FF000000" notitle
		} else {
			plot for [s in site_list] data index (nth(s)) every ::1 using \
				(number(3)):(number(1)):(number(3)): \
				(box_x1(number(3), number(4))):(number(1)): \
				(number(1) + number(2) + slack_y) \
				with boxxyerror fc rgb site_color(nth(s)) fs solid noborder notitle
		}
	} }
}
unset multiplot
