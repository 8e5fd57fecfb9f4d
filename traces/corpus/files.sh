# Eight processes make, link, rename, list and remove many small files.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
job() {
	mkdir -p "/tmp/files/$1"
	cd "/tmp/files/$1"
	round=0
	while [ "$round" -lt 12 ]; do
		round=$((round + 1))
		n=0
		while [ "$n" -lt 60 ]; do
			n=$((n + 1))
			echo "$round $n" >"f$n"
			read -r line <"f$n"
		done
		mkdir sub
		mv f1 f2 f3 f4 f5 f6 f7 f8 sub
		ln -s sub/f1 link
		find . -type f -print >list
		cp -r sub copy
		rm -r sub copy f* link list
	done
}
for j in 1 2 3 4 5 6 7 8; do
	job "$j" &
done
wait
