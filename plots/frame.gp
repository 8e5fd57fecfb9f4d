# The picture around the axes: terminal and size, title, trace and revision,
# legend, machine. Sizes are pixels, counted from the bottom left.
#   out            the picture's file, "" for standard output
#   kind           what the picture is (style.gp), which chooses the terminal
#   default_title  the title, where the data name none
#   plot_px        the height of all panels together
#   y_title        what the vertical axis shows, "" where a panel says so itself
#   left_px, right_px, top_px   room beside and above the panels
#   legend_list    the series in the legend, "1 2 5"; "" for no legend
#   legend_text    array: what the legend says of each series
#   legend_boxes   1 where series are areas; legend_color(i) is the color
#   legend_note    a text in the legend's place, if it is not ""
# It sets area_bottom_px and area_top_px (the panels' edges) and the functions
# at_x and at_y from pixels to gnuplot's screen coordinates.

# In letters a column is worth some pixels.
picture_px = in_letters ? 9.3 * mode_number(2) : 1000
header_px = 62
legend_row_px = 19
legend_width = 0
do for [w in legend_list] {
	legend_text[nth(w)] = fitted(legend_text[nth(w)], picture_px - 110)
	legend_width = greater(legend_width, text_px(legend_text[nth(w)]))
}
legend_columns = int((picture_px - 40) / (legend_width + 76))
legend_columns = greater(1, lesser(legend_columns, words(legend_list)))
legend_rows = (words(legend_list) + legend_columns - 1) / legend_columns
if (legend_note ne "") { legend_rows = 1 }
# What is not drawn is said in a row of its own, below the legend.
if (series_left_out) { legend_rows = legend_rows + 1 }

# In letters a line of the legend takes a whole row of the terminal, and all rows
# together are as many as it has.
if (in_letters) {
	# A little more than a row, since the terminal rounds.
	legend_row_px = 1.1 * (98 + plot_px + top_px + header_px) / \
		greater(mode_number(3) - 1.1 * legend_rows, 4.0)
}
area_bottom_px = 98 + legend_rows * legend_row_px
area_top_px = area_bottom_px + plot_px
height_px = area_top_px + top_px + header_px
at_x(px) = px / (picture_px + 0.0)
at_y(px) = px / (height_px + 0.0)

# Fonts in sixels shrink with the picture.
sixel_scale = in_sixels ? mode_number(2) / 1000.0 : 1.0
if (kind eq "svg") {
	# The second family is for readers who have not got the first.
	set terminal svg size picture_px, height_px fixed \
		font "DejaVu Sans,sans-serif,13" background rgb "white"
}
if (kind eq "png") {
	# Its points are larger than SVG's pixels.
	set terminal pngcairo size picture_px, height_px \
		font "DejaVu Sans,11" background rgb "white"
}
if (in_letters) {
	set terminal dumb size mode_number(2), mode_number(3) noenhanced
}
# Since version 6 sixels are drawn over the window's top unless they are to scroll;
# 5.4 knows no such word and always scrolls.
sixel_scrolls = GPVAL_VERSION >= 6 ? "scroll" : ""
if (in_sixels) {
	set terminal sixelgd @sixel_scrolls size picture_px * sixel_scale, height_px * sixel_scale \
		font "DejaVu Sans," . sprintf("%.1f", 10 * sixel_scale) \
		truecolor background rgb "white"
}
if (kind eq "pdf") {
	# A pixel is a 96th of an inch; cairo draws type larger here than in PNG.
	set terminal pdfcairo size picture_px / 96.0, height_px / 96.0 \
		font "DejaVu Sans,7.5" fontscale 1 background rgb "white"
}
if (!in_letters && !in_sixels && kind ne "svg" && kind ne "png" && kind ne "pdf") {
	print sprintf("%s: a picture's name ends in .svg, .png or .pdf", out)
	exit status 1
}
if (out ne "") { set output out }
font_px = kind eq "svg" ? 13 / 12.0 : \
	kind eq "pdf" ? 7.5 / 12.0 : \
	in_sixels ? 10 / 12.0 * sixel_scale : 11 / 12.0
font_of(px) = sprintf(",%.1f", px * font_px)

unset key
set border 3 back lc rgb "#555555"
set tics textcolor rgb "#222222"
if (!in_letters) { set grid xtics ytics back lt 1 lc rgb "#d4d4d4" lw 1 dt solid }
set style fill solid noborder
set lmargin at screen at_x(left_px)
set rmargin at screen at_x(picture_px - right_px)
set bmargin at screen at_y(area_bottom_px)
set tmargin at screen at_y(area_top_px)

title_text = (meta_title eq "" ? default_title : meta_title) . \
	(meta_partial ? " (partial: some measurements are missing)" : "")
about_text = meta_trace eq "" ? "unnamed trace" : meta_trace
if (is_number(meta_events)) {
	about_text = about_text . " · " . whole(meta_events) . " events"
}
if (is_number(meta_objects)) {
	about_text = about_text . " · " . whole(meta_objects) . " objects"
}
# The revision must survive a long trace name.
revision_text = meta_revision eq "" ? "" : " · revision " . meta_revision
room_px = picture_px - 40
about_text = fitted(about_text, room_px - text_px(revision_text)) . revision_text
# In letters these are the two top rows.
title_y = in_letters ? 1.0 : at_y(height_px - 25)
about_y = in_letters ? 1 - 1.0 / (mode_number(3) - 1) : at_y(height_px - 48)
set label fitted(title_text, in_letters ? room_px : room_px * 12 / 17.0) noenhanced \
	at screen at_x(20), title_y font font_of(17)
set label about_text noenhanced textcolor rgb "#444444" \
	at screen at_x(20), about_y font font_of(12)
# gnuplot places an axis' title by the width that it guesses for the numbers.
set label y_title noenhanced center rotate by 90 \
	at screen at_x(17), at_y(area_bottom_px + plot_px / 2)
# In few rows of letters it would be in the way of an axis.
if (!in_letters || mode_number(3) >= 24) {
	set label fitted(meta_machine, room_px * 12 / 10.0) noenhanced \
		textcolor rgb "#666666" at screen at_x(20), at_y(13) font font_of(10)
}

# What a panel says above itself, cut to its width: a label `at graph 0, graph 1
# offset character 0, panel_offset`.
panel_offset = in_letters ? 1.3 : 0.9
panel_text(s) = fitted(s, picture_px - left_px - (in_letters ? 10 : right_px))

if (legend_note ne "") {
	set label fitted(legend_note, room_px) noenhanced at screen at_x(20), \
		at_y(series_left_out ? 39 + legend_row_px : 39)
}

# In letters a line is drawn with the character of its number, a point with the
# letter of its shape.
letter_line(i) = "*#$%@&="[(i - 1) % 7 + 1:(i - 1) % 7 + 1]
letter_sample(i) = letter_line(i) . sprintf("%c", 64 + shapes[(i - 1) % 12 + 1]) . \
	letter_line(i)

# The legend is drawn here because gnuplot's own one trusts the terminal's
# estimate of a text's width, which is wrong for long names.
legend_at = 0
legend_base_px = 39
if (series_left_out) {
	set label sprintf("… and %s more, not drawn; see the data and the tables", \
		whole(series_left_out)) noenhanced at screen at_x(20), at_y(39)
	legend_base_px = 39 + legend_row_px
	legend_rows = legend_rows - 1
}
do for [w in legend_list] {
	i = nth(w)
	lx = 20 + legend_at / legend_rows * (legend_width + 76)
	ly = legend_base_px + (legend_rows - 1 - legend_at % legend_rows) * legend_row_px
	if (in_letters) {
		set label letter_sample(i) . " " . legend_text[i] noenhanced \
			at screen at_x(lx), at_y(ly)
	} else { if (legend_boxes) {
		set object rectangle from screen at_x(lx + 8), at_y(ly - 6) \
			to screen at_x(lx + 36), at_y(ly + 6) front \
			fc rgb legend_color(i) fs solid border lc rgb "#777777"
		set label legend_text[i] noenhanced at screen at_x(lx + 52), at_y(ly)
	} else {
		set arrow from screen at_x(lx), at_y(ly) to screen at_x(lx + 44), at_y(ly) \
			nohead lt i
		set label "" at screen at_x(lx + 22), at_y(ly) point lt i
		set label legend_text[i] noenhanced at screen at_x(lx + 52), at_y(ly)
	} }
	legend_at = legend_at + 1
}
