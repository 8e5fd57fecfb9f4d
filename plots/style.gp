# What every figure shares: how a data file is read, which line belongs to which
# series, and how numbers and names are written. A figure's script sets `data`
# and `here`, loads this file, works out its ranges, loads frame.gp (the picture
# around the axes) and axis.gp (one axis), and plots.
#
# Nothing here runs another program, so that a figure depends on gnuplot alone.

# Whatever the reader's own ~/.gnuplot sets for graphs.
reset
# No `set encoding utf8`: where the locale is plain C, it warns. Both terminals
# take UTF-8 as it is; only the functions on strings then see single bytes.
set datafile separator "\t"
# Labels may begin with a hash, so no character begins a comment.
set datafile commentschars ""

# What kind of picture it is: the first word of the third argument (README.md) or,
# without one, the ending of its file's name.
mode_word(k) = words(mode) < k ? "" : word(mode, k)
mode_number(k) = words(mode) < k ? 0 : word(mode, k) + 0
kind = mode ne "" ? mode_word(1) : \
	strlen(out) > 4 && out[strlen(out) - 3:strlen(out) - 3] eq "." ? \
	out[strlen(out) - 2:*] : ""
in_letters = kind eq "dumb"
in_sixels = kind eq "sixel"
# A terminal takes several bytes for one character only if it is told so; bench
# gives it a locale in which that is no news.
if (in_letters) { set encoding utf8 }

# --- The data file -----------------------------------------------------------

# More lines than this in one picture cannot be told apart: the first ones are
# drawn, and the legend says how many are not. A script may set another number.
if (!exists("series_max")) { series_max = 24 }

rows = 0
blocks = 0
stats data using (rows = rows + 1, blocks = int(column(-2)), 0) nooutput
if (rows == 0) {
	print sprintf("%s: cannot read it, or it is empty", data)
	exit status 1
}

# Metadata (block 0). A number that is absent or `?` is NaN.
meta_title = ""
meta_trace = ""
meta_revision = ""
meta_machine = ""
meta_events = NaN
meta_objects = NaN
meta_floor_ns = NaN
meta_null_ns = NaN
meta_partial = 0
meta_colors = ""

# Series are numbered from 1, as gnuplot numbers the blocks; series_rows does
# not count the line of column names. The arrays have one element too many,
# because an array cannot be empty.
array series_label[blocks + 1]
array series_rows[blocks + 1]
do for [i = 1:blocks + 1] {
	series_label[i] = ""
	series_rows[i] = 0
}

read_meta(key) = key eq "title" ? (meta_title = text(2), 0) : \
	key eq "trace" ? (meta_trace = text(2), 0) : \
	key eq "revision" ? (meta_revision = text(2), 0) : \
	key eq "machine" ? (meta_machine = text(2), 0) : \
	key eq "events" ? (meta_events = number(2), 0) : \
	key eq "objects" ? (meta_objects = number(2), 0) : \
	key eq "floor_ns" ? (meta_floor_ns = number(2), 0) : \
	key eq "null_ns" ? (meta_null_ns = number(2), 0) : \
	key eq "partial" ? (meta_partial = 1, 0) : \
	key eq "colors" ? (meta_colors = text(2), 0) : 0
read_line(b, row) = b == 0 ? read_meta(strcol(1)) : \
	row == 0 ? (series_label[b] = text(1), 0) : \
	(series_rows[b] = series_rows[b] + 1, 0)

# A cell as a text: gnuplot turns \n into a line's end, which no label may have.
text(c) = one_line(strcol(c))
one_line(s) = strstrt(s, "\n") ? \
	s[1:strstrt(s, "\n") - 1] . " " . one_line(s[strstrt(s, "\n") + 1:*]) : s

# A cell as a number, NaN if it holds none.
number(c) = valid(c) ? column(c) : NaN
is_number(v) = v == v

stats data using (read_line(int(column(-2)), int(column(0)))) nooutput
series_left_out = blocks > series_max ? blocks - series_max : 0
blocks = blocks - series_left_out

# Each script visits the numbers of all series once, to find its ranges, by
# `stats data using (visit(int(column(-2)), column(0))) nooutput`; its visit(s,
# row) begins with this test.
skipped(s, row) = s == 0 || row == 0 || s > blocks

lesser(a, b) = is_number(a) ? (is_number(b) && b < a ? b : a) : b
greater(a, b) = is_number(a) ? (is_number(b) && b > a ? b : a) : b

# --- Lines -------------------------------------------------------------------

# An allocator has the same color, dashes and point shape in every figure of a run,
# and the color that it has in the report (bench/report/page/base.css): the data say
# which of the run's allocators a series is (`colors`), 0 for none. Colors and dashes
# have coprime cycles: two series look the same only after 55, and any two neighbors
# differ without color too.
array palette[11] = [0x0060A8, 0xB4500A, 0x0B6B4F, 0x8A3A78, 0x6B5A00, \
	0x1A6D85, 0x7A3B2E, 0x4A4F9C, 0x3F6212, 0x9C2F52, 0x555E66]
place(i) = words(meta_colors) < i ? i : int(word(meta_colors, i) + 0)
color_of(place) = place < 1 ? 0x444444 : palette[(place - 1) % 11 + 1]
turn(i, cycle) = 1 + (place(i) < 1 ? 0 : (place(i) - 1) % cycle)
array shapes[12] = [7, 5, 9, 13, 11, 6, 4, 8, 12, 10, 2, 1]
# Dash type 1 is gnuplot's own, a solid line.
set dashtype 2 (12, 5)
set dashtype 3 (3, 3)
set dashtype 4 (14, 4, 3, 4)
set dashtype 5 (22, 4, 3, 4, 3, 4)

paler_byte(v) = 255 - (255 - v) * 2 / 5
paler(c) = paler_byte(c >> 16 & 255) << 16 | paler_byte(c >> 8 & 255) << 8 | \
	paler_byte(c & 255)

# SVG draws larger points than PNG, and so does PDF.
point_size = kind eq "svg" ? 0.75 : kind eq "pdf" ? 0.7 : 1.0

# Line type i is series i; line type 100 + i is its paler, thinner companion.
# Earlier series are drawn wider: where lines coincide, the first ones show
# at the edges of the last.
line_width(i) = blocks < 2 ? 2.5 : 1.8 + 1.8 * (blocks - i) / (blocks - 1.0)
do for [i = 1:(blocks > 0 ? blocks : 1)] {
	set linetype i lc rgb color_of(place(i)) lw line_width(i) \
		dt turn(i, 5) pt shapes[turn(i, 12)] ps point_size
	set linetype 100 + i lc rgb paler(color_of(place(i))) lw 1 \
		dt solid pt 7 ps 0.2 * point_size
}

# Only about ten of a series' points have a marker, and they are others than
# its neighbor's, so that coinciding lines still show all their markers.
marker_step(i) = series_rows[i] > 24 ? series_rows[i] / 10 : 1
marker_first(i) = 1 + (i - 1) * marker_step(i) / blocks

# Most series are lines (frame.gp).
legend_boxes = 0
legend_color(i) = color_of(place(i))

# In mode "svg hover" a script adds, for the page that bench writes, texts that a
# point shows under the pointer. A loop over none of the series, for [k = 1:0],
# still evaluates its index once, so this must be a number.
hover = mode_word(2) eq "hover"
hovered(list, k) = words(list) < k ? 1 : word(list, k) + 0

# A word of a list of series, as a number. So does a loop over an empty list, for
# [w in ""], whose word is then no number.
nth(w) = strlen(w) ? w + 0 : 1

# --- Words and numbers -------------------------------------------------------

# Every byte of a UTF-8 character but its first.
continuation = ""
do for [i = 128:191] { continuation = continuation . sprintf("%c", i) }
# The first byte of those of three bytes and more, such as — and ….
wide_first = ""
do for [i = 224:247] { wide_first = wide_first . sprintf("%c", i) }
inside_character(c) = strlen(c) == 1 && strstrt(continuation, c) > 0

# The width of a text in pixels, a little generously (a rasteriser may round each
# glyph up to whole pixels). The terminals' own guesses are for type of fixed
# width. Single quotes, because in double ones a backquote would run a program.
glyph_px(c) = inside_character(c) ? 0 : in_letters ? 9.3 : \
	strstrt('ijlI.,:;|!''`()[]/ rtf-', c) ? 5.7 : \
	strstrt('mwMW@%', c) ? 13.5 : \
	strstrt('ABCDEFGHJKLNOPQRSTUVXYZ=+<>~#&', c) ? 11.2 : \
	strstrt(wide_first, c) ? 13.5 : 9.2
text_px(s) = strlen(s) == 0 ? 0 : sum [k = 1:strlen(s)] glyph_px(s[k:k])

# A text too long for its place loses its middle, since names of allocators
# differ at the end and paths at both ends.
head(s, n) = n > 0 && inside_character(s[n + 1:n + 1]) ? head(s, n - 1) : s[1:n]
tail(s, n) = n > 0 && inside_character(s[strlen(s) - n + 1:strlen(s) - n + 1]) ? \
	tail(s, n - 1) : n > 0 ? s[strlen(s) - n + 1:*] : ""
shortened(s, n) = head(s, n - n / 2) . "…" . tail(s, n / 2)
fit_from(s, px, n) = n < 4 || text_px(shortened(s, n)) <= px ? \
	shortened(s, n) : fit_from(s, px, n - (n > 40 ? n / 20 : 1))
fitted(s, px) = text_px(s) <= px ? s : \
	fit_from(s, px, int(strlen(s) * px / text_px(s)))

# 31619 → 31,619. No locale takes part.
grouped(n) = n < 0 ? "-" . grouped(-n) : n < 1000 ? sprintf("%d", int(n)) : \
	grouped(floor(n / 1000)) . sprintf(",%03d", \
	int(n - 1000 * floor(n / 1000)))
whole(v) = abs(v) < 1e15 ? grouped(floor(v + 0.5)) : sprintf("%g", v)
measured(v) = v >= 999.5e6 ? sprintf("%.4g G", v / 1e9) : \
	v >= 999.5e3 ? sprintf("%.4g M", v / 1e6) : v >= 1000 ? whole(v) : \
	v >= 100 ? sprintf("%.0f", v) : \
	v >= 10 ? sprintf("%.1f", v) : v >= 0.095 ? sprintf("%.2f", v) : \
	sprintf("%.2g", v)
# Three significant digits are what a clock is worth.
rounded(v) = !is_number(v) || v <= 0 ? v : \
	round_to(v, 10.0 ** (floor(log10(v)) - 2))
round_to(v, unit) = unit * floor(v / unit + 0.5)
count_text(v) = v >= 1e9 ? sprintf("%g G", v / 1e9) : \
	v >= 1e6 ? sprintf("%g M", v / 1e6) : \
	v >= 1 || v == 0 ? whole(v) : sprintf("%g", v)
number_text(v) = v >= 1000 ? count_text(v) : sprintf("%g", v)
time_text(ns) = ns < 999.5 ? sprintf("%g ns", ns) : \
	ns < 999.5e3 ? sprintf("%g µs", ns / 1e3) : \
	ns < 999.5e6 ? sprintf("%g ms", ns / 1e6) : whole(ns / 1e9) . " s"
# Powers of ten, as the axis has them: 1 MB is a million bytes.
bytes_text(v) = v >= 999.5e6 ? sprintf("%g GB", v / 1e9) : \
	v >= 999.5e3 ? sprintf("%g MB", v / 1e6) : \
	v >= 999.5 ? sprintf("%g kB", v / 1e3) : sprintf("%g B", v)
percent_text(share) = sprintf("%.10g%%", 100 * share)
# A quantile, rounded down, with as many decimals as it has nines.
quantile_text(q) = quantile_digits(q, q < 0.99 ? 1 : \
	int(ceil(-log10(1 - q + 1e-12) - 1e-9)) - 1)
quantile_digits(q, n) = \
	sprintf("%.10g%%", floor(q * 100 * 10 ** n + 1e-6) / 10.0 ** n)
# A share with three digits, but never 100% for what is not all.
share_text(share) = share > 0.5 && share < 1 ? quantile_text(share) : \
	percent_text(rounded(share))
# A tic's label is a format, in which a percent sign is written twice.
percent_tic(share) = share > 0 && share < 5e-7 ? \
	sprintf("1e%d%%%%", floor(log10(100 * share) + 0.5)) : \
	sprintf("%.10g%%%%", 100 * share)

# --- Telling equal columns apart ---------------------------------------------

# Much of what the trace alone decides (live clusters, mapped pages) is the same
# for every allocator, and is then drawn once. Two columns are taken for equal if
# these sums are; each row weighs differently.
row_weight(row) = 1.5 + sin(row)
summed(sum, row, v) = is_number(v) ? sum + row_weight(row) * v : sum + 1e-3
same_sum(a, b) = abs(a - b) <= 1e-9 * (abs(a) + abs(b))

# --- Lines with gaps ---------------------------------------------------------

# A line breaks where a value is missing, so a value between two missing ones
# would not show. A plot of lone_x(…):(lone_y) has a point at each of those and
# nothing else. It is one row late, since it must know the next value; the last
# row answers for itself.
lone_x(s, row, x, y) = (lone_y = NaN, lone_at = x, \
	row == 1 ? (lone_y2 = NaN, lone_y1 = NaN) : 0, \
	row == series_rows[s] && is_number(y) && !is_number(lone_y1) ? (lone_y = y) : \
	!is_number(y) && is_number(lone_y1) && !is_number(lone_y2) ? \
	(lone_y = lone_y1, lone_at = lone_x1) : 0, \
	lone_y2 = lone_y1, lone_y1 = y, lone_x1 = x, lone_at)
