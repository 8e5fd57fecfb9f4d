# The computation of scripts/include-graph. Reads lines
#
#   file PATH           a source or a header; these come first
#   include PATH NAME   one of its includes
#   allow ROOM ROOM...  the folders that a folder may include besides itself
#
# and prints the tables that scripts/include-graph describes. In the code a room is a
# source folder, a floor a level, an arrow an edge, and a circle a cycle.

function base_of(path) {
	sub(/.*\//, "", path)
	return path
}

function room_of(path) {
	return sub(/\/[^\/]*$/, "", path) ? path : "."
}

# The file that an include refers to: the one in the includer's folder, or else the
# first of that name. Header names are normally unique.
function resolve(includer, name,	beside) {
	name = base_of(name)
	beside = room_of(includer) "/" name
	if (beside in is_file)
		return beside
	return name in header ? header[name] : ""
}

function module_of(path) {
	sub(/(_internal)?\.(c|cc|h)$/, "", path)
	return path
}

function within(name, prefix) {
	return prefix == "" || name == prefix || index(name, prefix "/") == 1
}

# Analyzes the graph of `n` names in node[] with edges arrow[kind, from, to]. Sets the
# counts graph_floors, graph_arrows and graph_circles; floor_of[]; and circle_text[],
# from 1.
function analyse(n,	i, j, k, changed, left, out, into, group, top, floor) {
	graph_arrows = graph_circles = graph_floors = 0
	split("", floor_of)
	split("", left)
	split("", reach)
	split("", group)
	for (i = 1; i <= n; i++) {
		left[i] = 1
		group[i] = i
		for (j = 1; j <= n; j++)
			if ((kind, node[i], node[j]) in arrow)
				graph_arrows++
	}

	# Repeatedly drop nodes without edges in or out; they are in no cycle.
	do {
		changed = 0
		for (i = 1; i <= n; i++) {
			if (!left[i])
				continue
			out = into = 0
			for (j = 1; j <= n; j++) {
				if (left[j]) {
					out += (kind, node[i], node[j]) in arrow
					into += (kind, node[j], node[i]) in arrow
				}
			}
			if (!out || !into) {
				left[i] = 0
				changed = 1
			}
		}
	} while (changed)

	# Compute reachability among the few remaining nodes.
	for (i = 1; i <= n; i++)
		for (j = 1; j <= n; j++)
			if (left[i] && left[j] && (kind, node[i], node[j]) in arrow)
				reach[i, j] = 1
	for (k = 1; k <= n; k++)
		for (i = 1; left[k] && i <= n; i++)
			for (j = 1; (i, k) in reach && j <= n; j++)
				if ((k, j) in reach)
					reach[i, j] = 1
	for (i = 1; i <= n; i++) {
		if (!left[i] || group[i] != i)
			continue
		top = node[i]
		for (j = i + 1; j <= n; j++) {
			if ((i, j) in reach && (j, i) in reach) {
				group[j] = i
				top = top " " node[j]
			}
		}
		if (top != node[i])
			circle_text[++graph_circles] = top
	}

	# Longest paths, with each cycle as a single node.
	for (i = 1; i <= n; i++)
		floor[i] = 0
	do {
		changed = 0
		for (i = 1; i <= n; i++) {
			for (j = 1; j <= n; j++) {
				if (group[i] == group[j] ||
				    !((kind, node[i], node[j]) in arrow))
					continue
				if (floor[group[i]] <= floor[group[j]]) {
					floor[group[i]] = floor[group[j]] + 1
					changed = 1
				}
			}
		}
	} while (changed)
	for (i = 1; i <= n; i++) {
		floor_of[node[i]] = floor[group[i]]
		if (floor[group[i]] + 1 > graph_floors)
			graph_floors = floor[group[i]] + 1
	}
}

function rooms_within(prefix,	i, n) {
	kind = "room"
	for (i = 1; i <= rooms; i++)
		if (within(room[i], prefix))
			node[++n] = room[i]
	return n + 0
}

function modules_within(prefix,	i, n) {
	kind = "module"
	for (i = 1; i <= modules; i++)
		if (within(module[i], prefix))
			node[++n] = module[i]
	return n + 0
}

# The modules of one folder.
function modules_of(name,	i, n) {
	kind = "module"
	for (i = 1; i <= modules; i++)
		if (room_of(module[i]) == name)
			node[++n] = module[i]
	return n + 0
}

function sum(title, prefix,	n, line) {
	n = rooms_within(prefix)
	if (!n)
		return
	analyse(n)
	line = sprintf("%-10s %6d %6d %6d %7d", title, n, graph_floors,
		       graph_arrows, graph_circles)
	n = modules_within(prefix)
	analyse(n)
	printf("%s   %7d %6d %6d %7d\n", line, n, graph_floors, graph_arrows,
	       graph_circles)
}

$1 == "file" {
	is_file[$2] = 1
	if ($2 ~ /\.h$/ && !(base_of($2) in header))
		header[base_of($2)] = $2
	if (!(room_of($2) in files))
		room[++rooms] = room_of($2)
	files[room_of($2)]++
	if (!(module_of($2) in is_module)) {
		is_module[module_of($2)] = 1
		module[++modules] = module_of($2)
	}
}

$1 == "include" && $2 in is_file {
	target = resolve($2, $3)
	if (target == "")
		next
	if (module_of($2) != module_of(target))
		arrow["module", module_of($2), module_of(target)] = 1
	from = room_of($2)
	to = room_of(target)
	if (from != to && !(("room", from, to) in arrow)) {
		arrow["room", from, to] = 1
		example[from, to] = $2 " includes " target
		includes[from]++
	}
}

$1 == "allow" {
	table = 1
	for (i = 3; i <= NF; i++)
		allowed[$2, $i] = 1
}

END {
	# Sort folders by name, regardless of the order of the files.
	for (i = 2; i <= rooms; i++)
		for (j = i; j > 1 && room[j] < room[j - 1]; j--) {
			name = room[j]
			room[j] = room[j - 1]
			room[j - 1] = name
		}

	analyse(rooms_within(""))
	for (i = 1; i <= rooms; i++)
		room_floor[room[i]] = floor_of[room[i]]
	for (i = 1; i <= graph_circles; i++)
		fault[++faults] = "cycle of folders: " circle_text[i]
	for (i = 1; i <= rooms; i++)
		for (j = 1; j <= rooms; j++)
			if (table && ("room", room[i], room[j]) in arrow &&
			    !((room[i], room[j]) in allowed))
				fault[++faults] = "forbidden: " example[room[i], room[j]]

	printf("%-18s %5s %6s %7s %7s %7s %7s\n", "folder", "level", "files",
	       "modules", "levels", "cycles", "edges")
	for (i = 1; i <= rooms; i++) {
		n = modules_of(room[i])
		analyse(n)
		printf("%-18s %5d %6d %7d %7d %7d %7d\n", room[i],
		       room_floor[room[i]], files[room[i]], n, graph_floors,
		       graph_circles, includes[room[i]])
	}
	printf("\n%-10s %6s %6s %6s %7s   %7s %6s %6s %7s\n", "", "folders",
	       "levels", "edges", "cycles", "modules", "levels", "edges",
	       "cycles")
	sum("whole tree", "")
	sum("bench", "bench")
	sum("traces", "traces")

	analyse(modules_within(""))
	if (faults || graph_circles)
		print ""
	for (i = 1; i <= graph_circles; i++)
		print "cycle of modules: " circle_text[i]
	for (i = 1; i <= faults; i++)
		print fault[i]
	exit faults > 0
}
