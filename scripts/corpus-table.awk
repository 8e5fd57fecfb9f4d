# The table of docs/corpus.md from tab-separated figures, with the spread below.

# Three digits; a count as it is, with commas.
function figure(x,   text) {
	if (x >= 1000) {
		text = sprintf("%.0f", x)
		return substr(text, 1, length(text) - 3) "," substr(text, length(text) - 2)
	}
	return sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f", x)
}

# Sorts the column into value[1..NR].
function sort_column(column,   i, j, x) {
	for (i = 1; i <= NR; i++) {
		x = cell[i, column]
		for (j = i - 1; j > 0 && value[j] > x; j--)
			value[j + 1] = value[j]
		value[j + 1] = x
	}
}

function spread(name, what,   column, i, x) {
	printf "| %s | |", name
	for (column = 3; column <= NF; column++) {
		sort_column(column)
		if (what == "smallest") x = value[1]
		if (what == "largest") x = value[NR]
		if (what == "median")
			x = (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2
		if (what == "mean") {
			x = 0
			for (i = 1; i <= NR; i++)
				x += log(value[i])
			x = exp(x / NR)
		}
		printf " %s |", figure(x)
	}
	print ""
}

BEGIN {
	print "| recording | live max | `kheap` | head | blocks | rbtree | pte, bytes " \
		"| first | next | best | worst |"
	print "|---|---|---|---|---|---|---|---|---|---|---|"
}

{
	printf "| `%s` |", $1
	for (i = 2; i <= NF; i++) {
		cell[NR, i] = $i + 0
		printf " %s |", figure($i)
	}
	print ""
}

END {
	spread("smallest", "smallest")
	spread("median", "median")
	spread("largest", "largest")
	spread("geometric mean", "mean")
}
