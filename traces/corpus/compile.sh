# Like a parallel build: eight jobs, each a chain of short processes over files of
# its own: read, transform, sort, pack, write, check.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
job() {
	mkdir -p "/tmp/build/$1"
	cd "/tmp/build/$1"
	n=0
	while [ "$n" -lt 25 ]; do
		n=$((n + 1))
		sed "s/a/$n/g" /proc/kallsyms 2>/dev/null | head -n 200 >"$n.i"
		awk '{ print $3, $1 }' "$n.i" | sort >"$n.s"
		gzip -c "$n.s" >"$n.o"
		cat ./*.o | md5sum >"$n.d"
		test -s "$n.d"
		rm "$n.i" "$n.s"
	done
}
for j in 1 2 3 4 5 6 7 8; do
	job "$j" &
done
wait
