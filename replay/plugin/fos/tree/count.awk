# Reads gcc's assembly of 32-bit x86 code and writes it so that it counts the
# instructions that it executes: at the head of each run of instructions that are
# executed together, the word fos_left gets less by their number, and once it is below
# zero fos_exhausted is called. Flags and registers stay as they are. Only the
# instructions of the source count, not those added here.
#
# A run ends before a label that can be jumped to, and after a jump, a call or a
# return. gcc's labels for debuggers are no such labels.

function flush_run() {
	if (count > 0) {
		runs++
		printf "\tpushfl\n\tsubl\t$%d, fos_left\n\tjns\t.Lfos%d\n", count, runs
		printf "\tcall\tfos_exhausted\n.Lfos%d:\n\tpopfl\n", runs
	}
	printf "%s", held
	held = ""
	count = 0
}

function hold() {
	if (count > 0)
		held = held $0 "\n"
	else
		print
}

# An instruction of gcc's, or a line of the source's own assembly.
function take(text, parts, n, i, word) {
	n = split(text, parts, ";")
	for (i = 1; i <= n; i++) {
		word = parts[i]
		gsub(/^[ \t]+/, "", word)
		if (word ~ /^[a-z]/)
			count++
	}
	held = held text "\n"
	if (text ~ /^[ \t]*(j|call|ret|loop|int|ud2|hlt)/)
		flush_run()
}

/^\t\.(text|section|data|bss|pushsection|previous|popsection)/ {
	flush_run()
	is_code = $1 == ".text" || ($1 == ".section" && $2 ~ /^\.text/)
	print
	next
}

!is_code { print; next }

/^\.L(VL|BB|BE|BI|FB|FE|CFI|VU|M|text|etext|C|ASF|SFDE|EFDE|frame|debug|FS|HOT|COLD)[A-Za-z]*[0-9]*:/ { hold(); next }

/^[^ \t#].*:/ { flush_run(); print; next }

/^[ \t]*[.#]/ { hold(); next }

/^[ \t]*$/ { hold(); next }

{ take($0) }

END { flush_run() }
