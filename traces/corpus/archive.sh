# Archives a tree, packs it with three programs, unpacks it again and compares.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
mkdir -p /tmp/archive/tree
cd /tmp/archive
n=0
while [ "$n" -lt 24 ]; do
	n=$((n + 1))
	mkdir "tree/$n"
	for part in 1 2 3 4 5 6; do
		sed -n "$((n * 90)),$((n * 90 + 80))p" /proc/kallsyms >"tree/$n/$part"
	done
done
for round in 1 2 3 4; do
	tar -c -f "$round.tar" tree
	gzip -c "$round.tar" >"$round.gz"
	bzip2 -c "$round.tar" >"$round.bz2"
	mkdir "back$round"
	gunzip -c "$round.gz" | tar -x -C "back$round" -f -
	bunzip2 -c "$round.bz2" | cmp - "$round.tar"
	find tree | cpio -o -H newc 2>/dev/null | gzip -1 >"$round.cpio.gz"
	diff -r tree "back$round/tree"
	rm -r "back$round" "$round.tar"
done
