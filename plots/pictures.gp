# Draws one figure several times in one gnuplot, as bench does: for a page, as PNG.
#   gnuplot -c pictures.gp PLOTS/FIGURE.gp DATA.tsv KIND OUT [KIND OUT]...
# KIND is what a figure's script takes as its third argument (README.md). There are
# at most three pictures. After each it prints a line to standard output, so that
# whoever reads it knows which ones are whole if a later one cannot be drawn.

figure = ARG1
figure_data = ARG2
array picture_kinds[3] = [ARG3, ARG5, ARG7]
array picture_files[3] = [ARG4, ARG6, ARG8]
do for [picture = 1:(ARGC - 2) / 2] {
	picture_kind = picture_kinds[picture]
	picture_file = picture_files[picture]
	call figure figure_data picture_file picture_kind
	# Closes the picture's file.
	set output
	set print "-"
	print "drawn"
	set print
}
